"""Pack files: append-only, encoded elements back to back.

A pack grows as open/<number>.pack and, once sealed, is public/packs/<sha256>.pack.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from haac_repo._errors import IntegrityError, RepositoryError
from haac_repo._files import TEMPORARY, sync_folder
from haac_repo._store.layout import published_folder

_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Place:
    """Location of an object: pack and offset."""

    pack: int
    """Number of the pack."""
    state: str
    """'open', 'sealed' or 'absent'."""
    sha256: str | None
    """Of the pack, hex; None while it is open."""
    offset: int


class Packs:
    """Pack files of a repository: open ones in `open`, sealed ones in `public/packs` under their SHA-256."""

    def __init__(self, folder: Path) -> None:
        self.open_folder = folder / "open"
        self.sealed_folder = published_folder(folder) / "packs"

    def open_path(self, number: int) -> Path:
        """Path of pack `number` while it is open."""
        return self.open_folder / f"{number}.pack"

    def sealed_path(self, sha256: str) -> Path:
        """Path of a sealed pack."""
        if not re.fullmatch("[0-9a-f]{64}", sha256):  # it may have come from a stranger
            raise ValueError(f"not a SHA-256 in lower-case hex: {sha256!r}")
        return self.sealed_folder / f"{sha256}.pack"

    def path(self, number: int, sha256: str | None) -> Path:
        """Current path of a pack: a sealed one that a crash kept from its new name is still in `open`."""
        if sha256 is None:
            return self.open_path(number)
        sealed = self.sealed_path(sha256)
        return sealed if sealed.exists() or not self.open_path(number).exists() else self.open_path(number)

    def read(self, place: Place, length: int, sha256: str) -> bytes:
        """Read and verify one object.

        Raises:
            FileNotFoundError: the pack is not there (or was renamed this moment).
            IntegrityError: they are not what `sha256` (hex) promises.
        """
        path = self.path(place.pack, place.sha256)
        with path.open("rb") as file:
            file.seek(place.offset)
            data = file.read(length)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise IntegrityError(
                f"{length} bytes at {place.offset} of {path.name} are damaged: their SHA-256 is not {sha256}."
                " `haac verify --repair` says what is lost"
            )
        return data

    def write_sealed(self, pieces: Iterable[bytes]) -> tuple[str, int]:
        """Write a sealed pack of these bytes, under a temporary name until they are known; SHA-256 (hex) and size. Durable on return.

        Should `pieces` raise, nothing is left of it.
        """
        temporary = self.sealed_folder / f"{secrets.token_hex(8)}{TEMPORARY}"
        digest, size = hashlib.sha256(), 0
        try:
            with temporary.open("xb") as file:
                for piece in pieces:
                    file.write(piece)
                    digest.update(piece)
                    size += len(piece)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.sealed_path(digest.hexdigest()))
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        sync_folder(self.sealed_folder)
        return digest.hexdigest(), size

    def finish(self, number: int, sha256: str) -> None:
        """Rename a sealed pack to its SHA-256, if that was not done yet. Durable on return."""
        old, new = self.open_path(number), self.sealed_path(sha256)
        if old.exists():
            old.replace(new)
            sync_folder(self.sealed_folder)
            sync_folder(self.open_folder)


def short_pack(path: Path, size: int, needed: int) -> RepositoryError:
    """The error that an open pack has fewer bytes than the catalog says."""
    return RepositoryError(
        f"{path} has {size} bytes and should have {needed}: `haac verify --repair` says what is lost"
    )


class OpenPack:
    """The pack that is appended to. Nothing counts before `sync()` and the catalog's transaction."""

    def __init__(self, path: Path, committed: int) -> None:
        """Go on behind the `committed` bytes; what a crash left after them is cut off.

        Raises:
            RepositoryError: the file is shorter than that.
        """
        self.path = path
        is_new = not path.exists()
        self._file = path.open("ab", buffering=0)
        try:
            size = self._file.seek(0, os.SEEK_END)
            if size < committed:
                raise short_pack(path, size, committed)
            if size > committed:
                self._file.truncate(committed)
            if is_new:
                sync_folder(path.parent)
        except BaseException:
            self._file.close()
            raise
        self.size = self.synced = committed

    def append(self, data: bytes) -> int:
        """Append an object; returns its offset. After an error the pack is as it was before."""
        offset = self.size
        view = memoryview(data)
        try:
            while view:  # a disk that is filling up may take a part
                view = view[self._file.write(view) :]
        except BaseException:
            self._file.truncate(offset)
            raise
        self.size += len(data)
        return offset

    def sync(self) -> None:
        """Fsync what was appended."""
        if self.synced < self.size:
            os.fsync(self._file.fileno())
            self.synced = self.size

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def file_sha256(path: Path) -> str:
    """SHA-256 (hex) of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            digest.update(piece)
    return digest.hexdigest()
