"""Where pictures come from: files, folders, zip archives and web addresses, one picture's bytes at a time.

A name in an archive is only ever a label: nothing is unpacked onto the disk.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import socket
import stat
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urljoin, urlsplit, urlunsplit

from haac_pipeline._limits import INGEST_LIMITS
from haac_repo import LIMITS, HaacError, PictureError, TransportError

PICTURE_SUFFIXES = frozenset(
    (
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".mpo",
        ".png",
        ".apng",
        ".webp",
        ".avif",
        ".avifs",
        ".tif",
        ".tiff",
        ".gif",
        ".bmp",
        ".dib",
    )
)
_ARCHIVE_SUFFIXES = frozenset({".zip", ".cbz"})
_ENCRYPTED = 0x1  # flag of a zip entry
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_control = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Source:
    """A picture that can be had."""

    name: str
    """As the person would recognise it: the path as given, 'archive.zip/inner.png', or the address."""
    path: Path | None
    """The plain file that it is, which another process may read by itself (see `read_file`); None otherwise."""
    read: Callable[[], bytes]
    """Get the file's bytes; PictureError or TransportError if they cannot be had or are too many."""


@dataclass(frozen=True)
class Refused:
    """Something that was asked for and cannot be had."""

    name: str
    reason: str


def find_sources(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
) -> Iterator[Source | Refused]:
    """Find the pictures under what a person named, in a stable order.

    In folders and archives, hidden files and files without a picture's suffix are passed over in silence, and links to folders are
    not followed; a file named by itself is always tried. Archives are opened where they are named, not inside folders.

    Args:
        paths: Files, folders, zip archives, http and https addresses; or one of these.
    """
    for each in [paths] if isinstance(paths, str | os.PathLike) else paths:
        given = os.fspath(each)
        if re.match(r"https?://", given, re.IGNORECASE):
            yield from _from_web(given)
            continue
        path = Path(given)
        try:
            mode = path.stat().st_mode
        except (OSError, ValueError) as error:
            missing = isinstance(error, FileNotFoundError | NotADirectoryError)
            yield Refused(_label(given), "there is no such file or folder" if missing else _reason(error))
            continue
        if stat.S_ISDIR(mode):
            yield from _from_folder(given)
        elif not stat.S_ISREG(mode):
            yield Refused(_label(given), "neither a file nor a folder")
        elif _is_archive(path):
            yield from _from_archive(_label(given), lambda path=path: path.open("rb"))  # type: ignore[misc]
        else:
            yield _file(given)


def read_file(path: Path) -> bytes:
    """Read a picture file.

    Raises:
        PictureError: it cannot be read, or has more than INGEST_LIMITS.source_bytes.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            _check_bytes(size)
            data = file.read(INGEST_LIMITS.source_bytes + 1)  # it may have grown
    except OSError as error:
        raise PictureError(_reason(error)) from error
    _check_bytes(len(data))
    return data


def _file(name: str) -> Source:
    path = Path(name)
    return Source(_label(name), path, lambda: read_file(path))


def _from_folder(given: str) -> Iterator[Source | Refused]:
    waiting = [(given, True)]
    found = False
    while waiting:
        name, is_folder = waiting.pop()
        if not is_folder:
            found = True
            yield _file(name)
            continue
        try:
            with os.scandir(name) as scan:
                entries = sorted(
                    (entry for entry in scan if not entry.name.startswith(".")),
                    key=lambda entry: entry.name,
                    reverse=True,
                )
        except OSError as error:
            found = True
            yield Refused(_label(name), _reason(error))
            continue
        for entry in entries:
            with contextlib.suppress(OSError):  # a link that leads round in circles
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((os.path.join(name, entry.name), True))  # noqa: PTH118 (keeps './' as given)
                elif _is_picture(entry.name) and entry.is_file():
                    waiting.append((os.path.join(name, entry.name), False))  # noqa: PTH118
    if not found:
        yield Refused(_label(given), "there are no pictures in this folder")


class _File:
    """What zipfile reads from: closed when the last source of the archive is forgotten; never reads without bound.

    The directory is the one thing that zipfile reads whole, at the length that the archive itself states.
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


def _is_archive(path: Path) -> bool:
    if path.suffix.lower() in _ARCHIVE_SUFFIXES:
        return True
    with contextlib.suppress(OSError):
        return not _is_picture(path.name) and zipfile.is_zipfile(path)
    return False


def _from_archive(name: str, open_file: Callable[[], BinaryIO]) -> Iterator[Source | Refused]:
    try:
        archive = zipfile.ZipFile(cast(BinaryIO, _File(open_file())))
        members = archive.infolist()
    except PictureError as error:
        yield Refused(name, str(error))
        return
    except OSError as error:
        yield Refused(name, _reason(error))
        return
    except Exception as error:  # zipfile raises much on archives that lie
        yield Refused(name, f"not a readable zip archive ({error})")
        return
    if len(members) > INGEST_LIMITS.archive_members:
        yield Refused(
            name,
            f"the archive has {len(members):,} entries; at most {INGEST_LIMITS.archive_members:,} are read",
        )
        return
    total = sum(member.file_size for member in members)
    if total > INGEST_LIMITS.archive_bytes:
        yield Refused(
            name,
            f"the archive would inflate to {total:,} bytes; at most {INGEST_LIMITS.archive_bytes:,} are read",
        )
        return
    wanted = sorted((member for member in members if _is_wanted(member)), key=lambda member: member.filename)
    if not wanted:
        yield Refused(name, "there are no pictures in this archive")
    for member in wanted:
        yield _member(name, archive, member)


def _is_wanted(member: zipfile.ZipInfo) -> bool:
    parts = [part for part in re.split(r"[/\\]", member.filename) if part not in ("", ".", "..")]
    if member.is_dir() or not parts or any(part.startswith(".") or part == "__MACOSX" for part in parts):
        return False
    return _is_picture(parts[-1])


def _member(name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Source | Refused:
    label = _label(f"{name}/{member.filename}")
    if member.flag_bits & _ENCRYPTED:
        return Refused(label, "encrypted; unpack the archive with its password first")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # zipfile inflates the other methods without a bound.
        return Refused(label, f"packed with zip method {member.compress_type}; only deflate is read")
    if member.file_size > INGEST_LIMITS.source_bytes:
        return Refused(label, _too_many(member.file_size))

    def read() -> bytes:
        try:
            with archive.open(member) as file:
                data = file.read(member.file_size + 1)
        except Exception as error:  # zipfile, zlib and the disk
            raise PictureError(f"cannot be unpacked ({error or type(error).__name__})") from error
        if len(data) != member.file_size:
            raise PictureError(f"unpacks to {len(data):,} bytes; the archive promises {member.file_size:,}")
        return data

    return Source(label, None, read)


def _from_web(url: str) -> Iterator[Source | Refused]:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        yield Refused(_label(url), f"not a valid address ({error})")
        return
    if not host:
        yield Refused(_label(url), "not a complete address: it has no host")
        return
    # Without user and password, since names are kept and published.
    name = _label(urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="")))
    if Path(parts.path).suffix.lower() not in _ARCHIVE_SUFFIXES:
        yield Source(name, None, lambda: download(url))
        return
    try:
        data = download(url)
    except HaacError as error:
        yield Refused(name, str(error))
        return
    yield from _from_archive(name, lambda: io.BytesIO(data))


def download(url: str) -> bytes:
    """Download an http(s) address into memory.

    Raises:
        TransportError: it cannot be had, or not within the limits of bytes, redirects and time.
    """
    import httpx

    sockets: list[socket.socket] = []
    late = threading.Event()

    def trace(event: str, info: dict[str, Any]) -> None:
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            sockets.append(info["return_value"].get_extra_info("socket"))
            if late.is_set():
                hang_up()

    def hang_up() -> None:
        late.set()
        for each in sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    # httpx has a timeout for each read, none for all of them together: a server may drip for ever.
    watchdog = threading.Timer(INGEST_LIMITS.url_seconds, hang_up)
    watchdog.daemon = True
    watchdog.start()
    try:
        data = _download(url, {"trace": trace})
        if late.is_set():  # a body without a stated length simply ends when we hang up
            raise TransportError(f"not complete after {INGEST_LIMITS.url_seconds:g} seconds")
        return data
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # ValueError: redirects to nonsense
        if late.is_set():
            raise TransportError(f"not complete after {INGEST_LIMITS.url_seconds:g} seconds") from error
        reason = str(error) or f"the connection failed ({type(error).__name__})"
        raise TransportError(f"cannot be downloaded ({reason})") from error
    finally:
        watchdog.cancel()


def _download(url: str, extensions: dict[str, Any]) -> bytes:
    import httpx

    headers = {"User-Agent": "haac", "Accept-Encoding": "identity", "Accept": "image/*,*/*;q=0.5"}
    with httpx.Client(timeout=INGEST_LIMITS.silence_seconds, headers=headers) as client:
        for _ in range(INGEST_LIMITS.redirects + 1):
            with client.stream("GET", url, extensions=extensions) as response:
                if response.status_code in _REDIRECTS:
                    url = urljoin(url, response.headers.get("location", ""))
                    if urlsplit(url).scheme not in ("http", "https"):
                        raise TransportError(
                            f"redirects to {_label(url[:200])!r}; only http and https are followed"
                        )
                    continue
                return _body(response)
    raise TransportError(f"redirects more than {INGEST_LIMITS.redirects} times")


def _body(response: Any) -> bytes:
    if response.status_code != 200:
        raise TransportError(
            f"the server answered HTTP {response.status_code} {response.reason_phrase}".rstrip()
        )
    encoding = response.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        raise TransportError(
            f"the server packed the file ({_label(encoding[:40])}), which it was asked not to"
        )
    too_large = f"too large; at most {INGEST_LIMITS.url_bytes:,} bytes are downloaded"
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > INGEST_LIMITS.url_bytes:
        raise TransportError(too_large)
    data = bytearray()
    for block in response.iter_raw():
        data += block
        if len(data) > INGEST_LIMITS.url_bytes:
            raise TransportError(too_large)
    return bytes(data)


def _check_bytes(size: int) -> None:
    if size > INGEST_LIMITS.source_bytes:
        raise PictureError(_too_many(size))


def _too_many(size: int) -> str:
    return f"the file has {size:,} bytes; at most {INGEST_LIMITS.source_bytes:,} are read"


def _is_picture(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in PICTURE_SUFFIXES  # noqa: PTH122 (a name, not a path)


def _reason(error: Exception) -> str:
    return f"cannot be read ({getattr(error, 'strerror', None) or error})"


def _label(name: str) -> str:
    """A name that can be stored and printed: valid text, no control characters, the end of it where it is long."""
    text = _control.sub("\ufffd", name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
    most = LIMITS.text_chars
    return text if len(text) <= most else "…" + text[1 - most :]
