"""Pictures in zip archives, one picture's bytes at a time.

A name in an archive is only ever a label: nothing is unpacked onto the disk.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from haac_pipeline._input.documents import document_in
from haac_pipeline._input.kinds import ARCHIVE_SUFFIXES, is_picture, is_sidecar, kind_of, suffix_of
from haac_pipeline._input.source import PassedOver, Refused, Source, label, reason_of, too_many
from haac_pipeline._limits import INGEST_LIMITS
from haac_repo import PictureError

_ENCRYPTED = 0x1  # flag of a zip entry
_SIDECAR = "sidecar: not read inside an archive; unpack it, or name a copy with --sidecar"
_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")


class _File:
    """What zipfile reads from: closed when the last source of the archive is forgotten; never reads without bound.

    zipfile reads only the directory whole, at the length that the archive itself states.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        most = INGEST_LIMITS.archive_directory_bytes
        data = self._file.read(size if 0 <= size <= most else most + 1)
        if len(data) > most:
            raise PictureError(f"the archive's directory is too large; at most {most:,} bytes are read")
        return data

    def __del__(self) -> None:
        self._file.close()


def is_archive(path: Path) -> bool:
    """Whether a file is an archive, by its name or its content."""
    if suffix_of(path.name) in ARCHIVE_SUFFIXES:
        return True
    if is_picture(path.name):
        return False
    try:
        with path.open("rb") as file:
            # At its beginning: pictures and programs may have archives behind them.
            return file.read(4) in _SIGNATURES and zipfile.is_zipfile(file)
    except OSError:
        return False


def from_archive(name: str, open_file: Callable[[], BinaryIO]) -> Iterator[Source | Refused | PassedOver]:
    """Find the pictures in a zip archive.

    Args:
        name: Of the archive, as a label.
        open_file: Opens it; it stays open until the last of its sources is forgotten.
    """
    try:
        archive = zipfile.ZipFile(cast(BinaryIO, _File(open_file())))
        members = archive.infolist()
    except PictureError as error:
        yield Refused(name, str(error))
        return
    except OSError as error:
        yield Refused(name, reason_of(error))
        return
    except Exception as error:  # zipfile raises much on archives that lie
        yield Refused(name, label(f"not a readable zip archive ({error})"))
        return
    if len(members) > INGEST_LIMITS.archive_members:
        yield Refused(
            name,
            f"the archive has {len(members):,} entries; at most {INGEST_LIMITS.archive_members:,} are read",
        )
        return
    if reason := document_in(archive, members):
        yield Refused(name, reason)
        return
    total = sum(member.file_size for member in members if is_picture(member.filename))
    if total > INGEST_LIMITS.archive_bytes:
        yield Refused(
            name,
            f"its pictures would inflate to {total:,} bytes; at most {INGEST_LIMITS.archive_bytes:,} are read",
        )
        return
    found = False
    for member in sorted(members, key=lambda member: member.filename):
        parts = [part for part in re.split(r"[/\\]", member.filename) if part not in ("", ".", "..")]
        if member.is_dir() or not parts or any(_is_hidden(part) for part in parts):
            continue
        if is_picture(parts[-1]):
            found = True
            yield _member(name, archive, member)
        else:
            suffix = suffix_of(parts[-1])
            kind = _SIDECAR if is_sidecar(parts[-1]) else kind_of(suffix, packed=True)
            yield PassedOver(label(f"{name}/{member.filename}"), suffix, kind)
    if not found:
        yield Refused(name, "there are no pictures in this archive")


def _is_hidden(part: str) -> bool:
    return part.startswith(".") or part == "__MACOSX"


def _member(name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Source | Refused:
    labelled = label(f"{name}/{member.filename}")
    if member.flag_bits & _ENCRYPTED:
        return Refused(labelled, "encrypted; unpack the archive with its password first")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # zipfile inflates the other methods without a bound.
        return Refused(labelled, f"packed with zip method {member.compress_type}; only deflate is read")
    if member.file_size > INGEST_LIMITS.source_bytes:
        return Refused(labelled, too_many(member.file_size))

    def read() -> bytes:
        try:
            with archive.open(member) as file:
                data = file.read(member.file_size + 1)
        except Exception as error:  # zipfile, zlib and the disk
            raise PictureError(f"cannot be unpacked ({error or type(error).__name__})") from error
        if len(data) != member.file_size:
            raise PictureError(f"unpacks to {len(data):,} bytes; the archive promises {member.file_size:,}")
        return data

    return Source(labelled, None, read)
