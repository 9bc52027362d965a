"""What a source of pictures gives: a picture file that can be read, or an input that is refused or passed over."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from haac_pipeline._limits import INGEST_LIMITS
from haac_repo import LIMITS, PictureError

_control = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Source:
    """A picture file that can be read."""

    name: str
    """As the person would recognise it: the path as given, 'archive.zip/inner.png', or the address. Valid text: see `label`."""
    path: Path | None
    """The plain file that it is, under its own bytes, which another process may read by itself (see `read_file`); None otherwise."""
    read: Callable[[], bytes]
    """Get the file's bytes; PictureError or TransportError if they cannot be had or are too many."""


@dataclass(frozen=True)
class Refused:
    """An input that was named, or is a picture by its name, and cannot be read."""

    name: str
    reason: str


@dataclass(frozen=True)
class PassedOver:
    """A file in a folder or an archive that is not tried, since by its name it is no picture of a kind that is read."""

    name: str
    suffix: str
    """In lower case, with its dot; empty if it has none."""
    kind: str
    """What it is and what can be done, where that is known: 'camera raw: develop it to TIFF, PNG or JPEG'; or empty."""


def read_file(path: Path) -> bytes:
    """Read a picture file.

    Raises:
        PictureError: it cannot be read, or has more than INGEST_LIMITS.source_bytes.
    """
    try:
        with open(path, "rb", opener=_open) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise PictureError("neither a file nor a folder")
            _check_bytes(status.st_size)
            data = file.read(INGEST_LIMITS.source_bytes + 1)  # it may have grown
    except OSError as error:
        raise PictureError(reason_of(error)) from error
    _check_bytes(len(data))
    return data


def _open(path: str, flags: int) -> int:
    """Does not wait for somebody to write, if a pipe has taken the file's place."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _check_bytes(size: int) -> None:
    if size > INGEST_LIMITS.source_bytes:
        raise PictureError(too_many(size))


def too_many(size: int) -> str:
    """The reason why a file of `size` bytes is refused."""
    return f"the file has {size:,} bytes; at most {INGEST_LIMITS.source_bytes:,} are read"


def reason_of(error: Exception) -> str:
    """The reason why what raised `error` is refused."""
    return label(f"cannot be read ({getattr(error, 'strerror', None) or error})")


def label(name: str) -> str:
    """A name that can be stored and printed: valid text, no control characters, the end of it where it is long.

    Bytes that are not UTF-8, which Python keeps as lone surrogates, become U+FFFD.
    """
    text = _control.sub("\ufffd", name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
    most = LIMITS.text_chars
    return text if len(text) <= most else "…" + text[1 - most :]
