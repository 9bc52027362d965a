"""Members of a zip archive that a stranger made, by name and within limits; nothing is ever unpacked to disk."""

from __future__ import annotations

import io
import zipfile
import zlib

from haac_layers._limits import LAYER_LIMITS, check_file
from haac_repo import PictureError

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Archive:
    """The members of an archive.

    Args:
        data: the file.
        what: what kind of file it is, for messages.

    Raises:
        PictureError: no zip archive, too large, or two of its members have the same name.
    """

    def __init__(self, data: bytes, what: str) -> None:
        check_file(len(data))
        self._what = what
        self._left = LAYER_LIMITS.archive_bytes
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
            raise PictureError(f"a broken {what} file: its zip archive cannot be read ({error})") from error
        members = self._zip.infolist()
        if len(members) > LAYER_LIMITS.members:
            raise PictureError(
                f"the {what} file has {len(members):,} members; at most {LAYER_LIMITS.members:,} are read"
            )
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in members:
            name = _plain(member.filename)
            if name in self._members:
                raise PictureError(
                    f"the {what} file has two members with the name {name[:80]!r}: which one counts is not known"
                )
            self._members[name] = member

    def __contains__(self, name: str) -> bool:
        return _plain(name) in self._members

    def names(self) -> list[str]:
        """Names of all members, in the order of the file, without a slash in front."""
        return list(self._members)

    def read(self, name: str, most: int = LAYER_LIMITS.member_bytes) -> bytes:
        """One member, inflated.

        Args:
            name: of the member.
            most: bytes that it may have.

        Raises:
            PictureError: it is not there, broken, encrypted, packed in an unusual way or too large.
        """
        member = self._members.get(_plain(name))
        if member is None:
            raise PictureError(f"a broken {self._what} file: it has no member {name[:80]!r}")
        most = min(most, self._left)
        if member.file_size > most:
            raise PictureError(
                f"{name[:80]!r} of the {self._what} file has {member.file_size:,} bytes; at most {most:,} are read"
            )
        if member.flag_bits & 1 or member.compress_type not in _METHODS:
            raise PictureError(
                f"{name[:80]!r} of the {self._what} file is encrypted or packed in a way that is not read"
            )
        try:
            with self._zip.open(member) as file:
                data = file.read(most + 1)
        except (zipfile.BadZipFile, OSError, EOFError, zlib.error, ValueError, NotImplementedError) as error:
            raise PictureError(
                f"a broken {self._what} file: {name[:80]!r} cannot be read ({error})"
            ) from error
        if len(data) > most:
            raise PictureError(
                f"{name[:80]!r} of the {self._what} file has more than {most:,} bytes, which are not read"
            )
        self._left -= len(data)
        return data


def _plain(name: str) -> str:
    """A member's name without a slash in front, with which some programs write it: it is looked up, never used as a path."""
    return name.lstrip("/")
