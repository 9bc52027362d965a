"""Documents that are zip archives inside: layered pictures, office files, programs. Pictures in them are thumbnails and parts."""

from __future__ import annotations

import contextlib
import re
import zipfile

_MIMETYPE = "mimetype"
"""The entry that says what a document is: OpenDocument 1.3 part 2, 3.3; EPUB OCF 3.3, 4.2.2; OpenRaster 0.0.6."""
_MIMETYPE_BYTES = 256
_ARCHIVES = frozenset({"application/zip", "application/x-cbz", "application/vnd.comicbook+zip"})

_IMPORTED = "a layered picture ({}): use `haac import`, which takes its layers"
_LAYERED = "a layered picture ({}), which is not read: export it as PNG"
_DOCUMENT = "{}, no archive of pictures: unpack it and name the folder to use pictures that are in it"

_MIMETYPES = (
    ("image/openraster", _IMPORTED.format("OpenRaster, .ora")),
    ("application/x-krita", _IMPORTED.format("Krita, .kra")),
    ("application/x-kra", _IMPORTED.format("Krita, .kra")),
    ("application/epub+zip", _DOCUMENT.format("a book (EPUB)")),
    ("application/vnd.oasis.opendocument.", _DOCUMENT.format("an office document (OpenDocument)")),
    ("application/vnd.sun.xml.", _DOCUMENT.format("an office document (OpenOffice.org)")),
    ("application/vnd.adobe.", _DOCUMENT.format("an Adobe document")),
)
"""(beginning of the media type, reason)."""

_ENTRIES = (
    ({"stack.xml", "mergedimage.png"}, _IMPORTED.format("OpenRaster, .ora")),
    ({"maindoc.xml", "documentinfo.xml"}, _IMPORTED.format("Krita, .kra")),
    ({"Document.archive"}, _LAYERED.format("Procreate, .procreate")),
    ({"document.json", "meta.json", "user.json"}, _LAYERED.format("Sketch, .sketch")),
    ({"canvas.fig", "meta.json"}, _LAYERED.format("Figma, .fig")),
    ({"META-INF/container.xml"}, _DOCUMENT.format("a book (EPUB)")),
    ({"[Content_Types].xml"}, _DOCUMENT.format("an office document (such as .docx, .xlsx, .pptx)")),
    ({"Index/Document.iwa"}, _DOCUMENT.format("an office document (iWork)")),
    ({"AndroidManifest.xml"}, _DOCUMENT.format("a program (Android, .apk)")),
    ({"META-INF/MANIFEST.MF"}, _DOCUMENT.format("a program (Java, .jar)")),
    ({"Document.xml", "GuiDocument.xml"}, _DOCUMENT.format("a model (FreeCAD)")),
)
"""(entries that all must be there, reason)."""


def document_in(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> str:
    """Why an archive is not read for pictures, since it is a document; empty if it is none that is known.

    Told by the archive's content alone: documents are renamed to .zip.
    """
    by_name = {member.filename: member for member in members}
    if _MIMETYPE in by_name and (media_type := _media_type(archive, by_name[_MIMETYPE])):
        for start, reason in _MIMETYPES:
            if media_type.startswith(start):
                return reason
        if media_type not in _ARCHIVES:
            return _DOCUMENT.format(f"a document of type {media_type}")
    return next((reason for entries, reason in _ENTRIES if entries <= by_name.keys()), "")


def _media_type(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> str:
    """What the entry says, in lower case; empty if that is no media type."""
    # zipfile inflates other methods without a bound.
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return ""
    with contextlib.suppress(Exception), archive.open(member) as file:  # zipfile, zlib and the disk
        text = file.read(_MIMETYPE_BYTES).decode("ascii").strip().lower()
        if re.fullmatch(r"[a-z]+/[a-z0-9.+_-]+", text):
            return text
    return ""
