"""Input sources: picture files from folders, zip archives and addresses."""

from __future__ import annotations

import io
import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from haac_pipeline._input.archives import from_archive, is_archive
from haac_pipeline._input.kinds import ARCHIVE_SUFFIXES, is_picture, is_sidecar, kind_of, suffix_of
from haac_pipeline._input.source import PassedOver, Refused, Source, label, read_file, reason_of
from haac_pipeline._input.web import address_name, download
from haac_repo import HaacError


def find_sources(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
) -> Iterator[Source | Refused | PassedOver]:
    """Find the pictures under what a person named, in a stable order.

    In folders and archives, files without the suffix of a picture that is read are passed over, and links to folders are not
    followed; hidden files and sidecars are not mentioned at all. A file named by itself is always tried. Archives are opened where
    they are named, not inside folders; documents that are zip archives inside (.ora, .docx) are refused.

    Args:
        paths: Files, folders, zip archives, http and https addresses; or one of these.
    """
    for each in [paths] if isinstance(paths, str | os.PathLike) else paths:
        given = os.fspath(each)
        if re.match(r"https?://", given, re.IGNORECASE):
            yield from _from_web(given)
            continue
        if not given:  # a path would take it for the folder that we are in
            yield Refused("''", "an empty name: name a file, a folder or an address")
            continue
        path = Path(given)
        try:
            mode = path.stat().st_mode
        except (OSError, ValueError) as error:
            missing = isinstance(error, FileNotFoundError | NotADirectoryError)
            yield Refused(label(given), "there is no such file or folder" if missing else reason_of(error))
            continue
        if stat.S_ISDIR(mode):
            yield from _from_folder(given)
        elif not stat.S_ISREG(mode):
            yield Refused(label(given), "neither a file nor a folder")
        elif is_archive(path):
            yield from from_archive(label(given), lambda path=path: path.open("rb"))  # type: ignore[misc]
        else:
            yield _file(given)


def _file(name: str) -> Source:
    path = Path(name)
    return Source(label(name), path, lambda: read_file(path))


def _from_folder(given: str) -> Iterator[Source | Refused | PassedOver]:
    waiting: list[str | Source | Refused | PassedOver] = [given]
    found = False
    while waiting:
        each = waiting.pop()
        if not isinstance(each, str):
            found = found or not isinstance(each, PassedOver)
            yield each
            continue
        try:
            with os.scandir(each) as scan:
                entries = sorted(
                    (
                        entry
                        for entry in scan
                        if not entry.name.startswith(".") and not is_sidecar(entry.name)
                    ),
                    key=lambda entry: entry.name,
                    reverse=True,
                )
        except OSError as error:
            found = True
            yield Refused(label(each), reason_of(error))
            continue
        # Joined as text, so that './' stays as it was given.
        waiting += [_entry(entry, os.path.join(each, entry.name)) for entry in entries]  # noqa: PTH118
    if not found:
        yield Refused(label(given), "there are no pictures in this folder")


def _entry(entry: os.DirEntry[str], name: str) -> str | Source | Refused | PassedOver:
    """What an entry of a folder is; a folder's name, if that is what it is."""
    suffix = suffix_of(entry.name)
    try:
        if entry.is_dir(follow_symlinks=False):
            return name
        if entry.is_dir():
            return PassedOver(label(name), "", "link to a folder: name it by itself to read what is in it")
        if entry.is_file():
            return _file(name) if is_picture(entry.name) else PassedOver(label(name), suffix, kind_of(suffix))
    except OSError as error:
        if not entry.is_symlink():
            return Refused(label(name), reason_of(error))
    # Of a link to a pipe both are true; whoever looks at it sees what it is.
    kind = "link that cannot be followed" if entry.is_symlink() else "neither a file nor a folder"
    return PassedOver(label(name), suffix, kind)


def _from_web(url: str) -> Iterator[Source | Refused | PassedOver]:
    try:
        name, path = address_name(url)
    except HaacError as error:
        yield Refused(label(url), str(error))
        return
    if suffix_of(path) not in ARCHIVE_SUFFIXES:
        yield Source(name, None, lambda: download(url))
        return
    try:
        data = download(url)
    except HaacError as error:
        yield Refused(name, str(error))
        return
    # Without the query, which may be a signature: behind it, the names of members could not be told from it.
    yield from from_archive(re.split(r"[?;]", name)[0], lambda: io.BytesIO(data))
