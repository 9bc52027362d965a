"""A folder as the destination of a published tree: a disk, or a share that is mounted. Files come by renames."""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from haac_repo._errors import RepositoryError, TransportError
from haac_repo._files import TEMPORARY, replacing, sync_folder, write_file, write_newer
from haac_repo._store.layout import IDENTITY
from haac_repo._store.schema import CATALOG
from haac_repo._upload.destination import ChangedError

_is_ours = re.compile(rf".+\.[0-9a-f]{{8}}{re.escape(TEMPORARY)}").fullmatch
_FOLDERS = ("log", "packs", "metadata", "targets")


class FolderDestination:
    """Destination in the folder `path`, which is made if its parent is there.

    Raises:
        RepositoryError: it is a repository or mirror itself.
        TransportError: it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        # In `public` of one may be packs that no head lists yet: they would be taken for old ones.
        here = path.resolve()
        if any((folder / name).exists() for folder in (here, here.parent) for name in (CATALOG, IDENTITY)):
            raise RepositoryError(
                f"{path} is a repository or a mirror itself, or stands in one: `haac sync` makes and updates mirrors; give another folder"
            )
        self._path = path
        with self._errors():
            path.mkdir(exist_ok=True)
            for folder in (path, *(path / name for name in _FOLDERS)):
                for part in folder.glob(f"*{TEMPORARY}"):  # what a crash left
                    if _is_ours(part.name):
                        part.unlink(missing_ok=True)

    def listing(self) -> dict[str, int]:
        """See Destination."""
        with self._errors():
            return {file.relative_to(self._path).as_posix(): file.stat().st_size for file in self._files()}

    def read(self, path: str, most: int) -> tuple[bytes, str] | None:
        """See Destination."""
        with self._errors():
            try:
                with (self._path / path).open("rb") as file:
                    data = file.read(most + 1)
            except FileNotFoundError:
                return None
        if len(data) > most:
            raise TransportError(f"{self._path / path} has more than {most:,} bytes")
        return data, hashlib.sha256(data).hexdigest()

    def put(self, path: str, file: Path, data: bytes | None) -> None:
        """See Destination."""
        target = self._path / path
        with self._errors():
            target.parent.mkdir(exist_ok=True)
            if data is not None:
                write_file(target, data)
                return
            with file.open("rb") as source, replacing(target) as copy:
                shutil.copyfileobj(source, copy, 2**20)

    def guards(self, path: str, data: bytes) -> bool:  # noqa: ARG002
        """See Destination. Between looking and renaming there is a moment; the repository's own lock keeps its writers apart."""
        return True

    def replace(self, path: str, data: bytes, tag: str | None) -> None:
        """See Destination."""
        found = self.read(path, 2**30)
        if (found and found[1]) != tag:
            raise ChangedError(f"somebody else wrote {self._path / path} meanwhile")
        with self._errors():
            (self._path / path).parent.mkdir(exist_ok=True)
            write_newer(self._path / path, data)

    def delete(self, path: str) -> None:
        """See Destination."""
        with self._errors():
            (self._path / path).unlink(missing_ok=True)
            sync_folder((self._path / path).parent)

    def _files(self) -> Iterator[Path]:
        for name in _FOLDERS:
            for file in sorted((self._path / name).glob("*")):
                if file.is_file() and TEMPORARY not in file.name:
                    yield file

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            raise TransportError(
                f"cannot publish to {self._path}: {error.strerror or error}{where}"
            ) from error
