"""A repository to sync from, in memory or over sockets, that can be made to lie and to fail; and what is on disk."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from haac_repo import (
    ElementError,
    Head,
    NewElement,
    Repository,
    TransportError,
    encode,
    pixel_hash,
    publish,
    sync,
)
from haac_repo._check.verify import verify
from haac_repo._mirror.download import Patience
from haac_repo._mirror.fetch import Fetched, HttpFetcher, NotThereError, _measured
from haac_repo._mirror.wire import (
    HEAD_PATH,
    PackInfo,
    Record,
    pack_path,
    read_segment,
    segment_path,
    write_segment,
)

IMPATIENT = Patience(tries=3, first=0.001, longest=5)
CHUNK = 700
END = b"\r\n\r\n"


def picture(seed: int, side: int = 20) -> NewElement:
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 4), dtype=np.uint8)
    image = Image.fromarray(pixels, "RGBA")
    return NewElement(
        data=encode(image),
        width=side,
        height=side,
        pixels_sha256=pixel_hash(image),
        name=f"thing {seed}",
        tags=("test", f"t{seed % 3}"),
        colour=seed,
        phash=seed << 50,
    )


def add(repository: Repository, seeds: Iterable[int], per_pack: int = 5) -> None:
    with repository.writer() as writer:
        for count, seed in enumerate(seeds, 1):
            writer.add(picture(seed))
            if count % per_pack == 0:
                writer.seal()


class Origin:
    """What a repository publishes, as a Fetcher: it counts, and it can be made to send anything."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, bytes] = {}
        self.requests: list[tuple[str, int, int | None]] = []
        self.on_chunk: Callable[[str, int], None] = lambda _path, _at: None
        self.ignores_ranges = False
        self.etags = True
        self.load()

    def load(self) -> None:
        """Publish what the repository's folder publishes now."""
        self.files = {
            path.relative_to(self.folder / "public").as_posix(): path.read_bytes()
            for pattern in (HEAD_PATH, "log/*.gz", "packs/*.pack")
            for path in (self.folder / "public").glob(pattern)
        }

    @contextlib.contextmanager
    def fetch(
        self, path: str, size: int | None, *, start: int = 0, stop: int | None = None, etag: str = ""
    ) -> Iterator[Fetched]:
        self.requests.append((path, start, stop))
        if path not in self.files:
            raise NotThereError(f"{path} is not there")
        data = self.files[path]
        tag = hashlib.sha256(data).hexdigest()[:8] if self.etags else ""
        if etag and etag == tag:
            yield Fetched(iter(()), tag, unchanged=True)
            return
        end = size if stop is None else stop
        if self.ignores_ranges:
            start, end = 0, size
        whole = start == 0 and end == size
        body = data[start:end] if not whole else data
        yield Fetched(_measured(self._chunks(path, body), start, end, path), tag, whole=whole)

    def _chunks(self, path: str, body: bytes) -> Iterator[bytes]:
        for at in range(0, len(body), CHUNK):
            self.on_chunk(path, at)
            yield body[at : at + CHUNK]

    def close(self) -> None:
        pass

    # Reading and forging

    @property
    def head(self) -> Head:
        return Head.from_bytes(self.files[HEAD_PATH])

    @property
    def packs(self) -> list[str]:
        return [pack_path(pack.sha256) for pack in self.head.packs]

    def records(self) -> list[list[Record]]:
        """The log, segment by segment."""
        import io

        return [
            list(read_segment(io.BytesIO(self.files[segment_path(n)]), info))
            for n, info in enumerate(self.head.segments, 1)
        ]

    def forge(self, segments: list[list[Record]], **head: Any) -> None:
        """Publish these records instead, under a head that fits them but for what is given."""
        infos = []
        for number, records in enumerate(segments, 1):
            data, info = write_segment(records)
            self.files[segment_path(number)] = data
            infos.append(info)
        adds = [r["id"] for records in segments for r in records if r["op"] == "add"]
        made = {
            "segments": tuple(infos),
            "records": sum(len(records) for records in segments),
            "elements": max(adds, default=0),
            **head,
        }
        self.files[HEAD_PATH] = replace(self.head, **made).to_bytes()

    def forge_pack(self, data: bytes) -> PackInfo:
        info = PackInfo(sha256=hashlib.sha256(data).hexdigest(), length=len(data))
        self.files[pack_path(info.sha256)] = data
        return info

    def sync(self, mirror: Path, **options: Any) -> Any:
        """Sync from here; `requests` are those of this sync."""
        self.requests.clear()
        options.setdefault("patience", IMPATIENT)
        return sync("origin", mirror, fetcher=self, **options)

    def fetched(self) -> list[str]:
        return [path for path, _, _ in self.requests]


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 elements in 6 packs, in 2 log segments. Not to be changed."""
    folder = tmp_path_factory.mktemp("published") / "repository"
    with Repository.create(folder) as repository:
        add(repository, range(20))
        publish(repository)
        add(repository, range(20, 30))
        publish(repository)
    return folder


@pytest.fixture
def origin(published: Path) -> Origin:
    return Origin(published)


@pytest.fixture
def growing(tmp_path: Path) -> Origin:
    """10 elements in 2 packs, in one segment; its folder may be written to."""
    with Repository.create(tmp_path / "growing") as repository:
        add(repository, range(10))
        publish(repository)
    return Origin(tmp_path / "growing")


@pytest.fixture
def grow() -> Callable[..., None]:
    """grow(origin, seeds): add elements and publish them."""

    def grow(
        origin: Origin, seeds: Iterable[int] = (), change: Callable[[Any], None] = lambda _: None
    ) -> None:
        with Repository.open(origin.folder) as repository:
            add(repository, seeds)
            with repository.writer() as writer:
                change(writer)
            publish(repository)
        origin.load()

    return grow


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    return tmp_path / "mirror"


class Disk:
    """What is in a mirror's folder."""

    @staticmethod
    def tree(mirror: Path) -> dict[str, str]:
        """Hash of every file that is published or waits to be; not the catalog, nor evidence."""
        return {
            str(path.relative_to(mirror)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(mirror.rglob("*"))
            if path.is_file()
            and not path.name.startswith(("catalog", "lock", "repository.json"))
            and mirror / "lost" not in path.parents
        }

    @staticmethod
    def catalog(mirror: Path) -> list[Any]:
        with Repository.open(mirror) as opened:
            rows = [
                opened._db.execute(f"select * from {table} order by 1").fetchall()
                for table in ("element", "pack", "copy", "published", "log")
            ]
            meta = opened._db.execute("select repository, role, elements, standing, records from meta")
            return [*rows, meta.fetchall()]

    @staticmethod
    def readable(mirror: Path) -> set[int]:
        """Elements whose bytes can be read; what can be read is right, or this fails."""
        found = set()
        with Repository.open(mirror) as opened:
            for element in opened.elements():
                with contextlib.suppress(ElementError):
                    assert hashlib.sha256(opened.data(element.number)).hexdigest() == element.sha256
                    found.add(element.number)
        return found

    @classmethod
    def assert_sound(cls, mirror: Path, *, complete: bool = True) -> None:
        """The mirror is sound: verify finds nothing, each file is what its name says."""
        report = verify(mirror)
        assert report.ok, report.problems
        for path in (mirror / "public" / "packs").glob("*" if complete else "*.pack"):
            assert path.name == f"{hashlib.sha256(path.read_bytes()).hexdigest()}.pack"
        if complete:
            assert list((mirror / "open").iterdir()) == []
            with Repository.open(mirror) as opened:
                assert cls.readable(mirror) == {element.number for element in opened.elements()}


@pytest.fixture
def disk() -> type[Disk]:
    return Disk


class Rigged:
    """A server that sends for each request exactly the bytes that `answer(path, headers)` yields."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.answer: Callable[[str, dict[str, str]], Iterator[bytes]] = self.honest
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            received = b""
            while END not in received:
                more = connection.recv(65536)
                if not more:
                    return
                received += more
            first, *lines = received.decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
            path = first.split()[1].removeprefix("/")
            self.requests.append((path, headers))
            try:
                for part in self.answer(path, headers):
                    connection.sendall(part)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):  # until the client has closed, so that it loses nothing
                    pass
            except OSError:
                pass

    def body(self, path: str) -> bytes:
        return bytes(self.origin.files[path])

    def honest(self, path: str, headers: dict[str, str]) -> Iterator[bytes]:
        data = self.body(path)
        if "range" in headers:
            start, last = map(int, headers["range"].removeprefix("bytes=").split("-"))
            yield (
                f'HTTP/1.1 206 x\r\nContent-Range: bytes {start}-{last}/{len(data)}\r\nETag: "1"\r\n'
                f"Content-Length: {last + 1 - start}{END.decode()}"
            ).encode()
            yield data[start : last + 1]
        else:
            yield f'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: {len(data)}{END.decode()}'.encode() + data

    def only_for(self, prefix: str, answer: Callable[..., Iterator[bytes]], times: int = 1000) -> None:
        """Answer like this `times` for paths that begin so, and honestly otherwise."""
        left = [times]

        def chosen(path: str, headers: dict[str, str]) -> Iterator[bytes]:
            if path.startswith(prefix) and left[0] > 0:
                left[0] -= 1
                yield from answer(path, headers)
            else:
                yield from self.honest(path, headers)

        self.answer = chosen

    def sync(self, mirror: Path, **options: Any) -> Any:
        fetcher = HttpFetcher(self.url, timeout=2, window=0.3, min_rate=2000)
        options.setdefault("patience", Patience(tries=3, first=0.01, longest=3))
        return sync(self.url, mirror, fetcher=fetcher, **options)

    def asked(self, prefix: str) -> list[str]:
        return [headers.get("range", "all") for path, headers in self.requests if path.startswith(prefix)]

    def close(self) -> None:
        self._listener.close()

    @staticmethod
    def simple(status: str, *headers: str, body: bytes = b"") -> Callable[..., Iterator[bytes]]:
        """An answer with this status line, these headers and this body."""

        def answer(_path: str, _headers: dict[str, str]) -> Iterator[bytes]:
            lines = "\r\n".join([f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"])
            yield lines.encode() + END + body

        return answer

    def assert_sync_fails(self, mirror: Path, words: str, kind: type[Exception] = TransportError) -> None:
        """The sync fails, with nothing unverified on disk; and works once the server does."""
        with pytest.raises(kind, match=words):
            self.sync(mirror)
        if mirror.exists():
            Disk.assert_sound(mirror, complete=False)
            assert not (mirror / "public" / "head").exists()
        self.answer = self.honest
        self.sync(mirror)
        Disk.assert_sound(mirror)


@pytest.fixture
def rigged(growing: Origin) -> Iterator[Rigged]:
    server = Rigged(growing)
    yield server
    server.close()
