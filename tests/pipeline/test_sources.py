"""Finding pictures: files, folders, zip archives, web addresses."""

import io
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from haac_pipeline import _sources
from haac_pipeline._limits import IngestLimits
from haac_pipeline._sources import Refused, Source, find_sources
from haac_repo import PictureError, TransportError


def names(*paths: object) -> list[str]:
    return [found.name for found in find_sources([str(path) for path in paths]) if isinstance(found, Source)]


def one(path: object) -> Source:
    (found,) = find_sources([str(path)])
    assert isinstance(found, Source)
    return found


def refused(path: object) -> Refused:
    (found,) = find_sources([str(path)])
    assert isinstance(found, Refused)
    return found


def limit(monkeypatch: pytest.MonkeyPatch, **limits: float) -> None:
    monkeypatch.setattr(_sources, "INGEST_LIMITS", IngestLimits(**limits))  # type: ignore[arg-type]


def test_folder(tmp_path: Path) -> None:
    for name in (
        "b.png",
        "a.JPG",
        "sub/c.webp",
        ".hidden.png",
        ".git/d.png",
        "haac.csv",
        "a.JPG.json",
        "notes.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "sub/loop").symlink_to(tmp_path)
    (tmp_path / "self.png").symlink_to("self.png")
    assert names(tmp_path) == [str(tmp_path / name) for name in ("a.JPG", "b.png", "sub/c.webp")]
    assert [source.read() for source in find_sources([str(tmp_path)]) if isinstance(source, Source)] == [
        b"a.JPG",
        b"b.png",
        b"sub/c.webp",
    ]


def test_file_named_by_itself_is_always_tried(tmp_path: Path) -> None:
    file = tmp_path / ".odd"
    file.write_bytes(b"x")
    assert one(file).read() == b"x"


def test_what_is_not_there(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "none").reason
    assert "no pictures" in refused(tmp_path).reason


def test_large_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, source_bytes=10)
    (tmp_path / "a.png").write_bytes(b"x" * 11)
    with pytest.raises(PictureError, match="at most 10"):
        one(tmp_path / "a.png").read()


def archive(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def test_archive_names_are_only_labels(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "a.zip",
        **{"../../evil.png": b"1", "/etc/b.png": b"2", "__MACOSX/c.png": b"", "d.txt": b""},
    )
    found = list(find_sources([str(path)]))
    assert {source.name: source.read() for source in found if isinstance(source, Source)} == {
        f"{path}/../../evil.png": b"1",
        f"{path}//etc/b.png": b"2",
    }
    assert [file.name for file in tmp_path.iterdir()] == ["a.zip"]


def test_bomb_by_what_it_declares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive(tmp_path / "a.zip", **{"a.png": b"0" * 5_000, "b.png": b"0" * 5_000})
    limit(monkeypatch, source_bytes=4_999)
    found = list(find_sources([str(path)]))
    assert len(found) == 2
    assert all(isinstance(each, Refused) and "at most 4,999" in each.reason for each in found)
    limit(monkeypatch, archive_bytes=9_999)
    assert "at most 9,999" in refused(path).reason
    limit(monkeypatch, archive_members=1)
    assert "at most 1 " in refused(path).reason


def test_bomb_that_lies(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", **{"a.png": b"0" * 1_000_000})
    data = path.read_bytes().replace((1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(data)
    with pytest.raises(PictureError):
        one(path).read()


def test_encrypted_member(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", **{"a.png": b"x"})
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    assert "encrypted" in refused(path).reason


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"not a zip"])
def test_broken_archive(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(data)
    assert "zip" in refused(tmp_path / "a.zip").reason


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/drip"):
            self.send_response(200)
            self.end_headers()
            try:
                for _ in range(100):
                    self.wfile.write(b"x")
                    time.sleep(0.05)
            except OSError:
                pass
            return
        targets = {
            "/once": "/a.png",
            "/loop": "/loop",
            "/file": "file:///etc/hostname",
            "/ftp": "ftp://localhost/a",
        }
        if self.path in targets:
            self.send_response(302)
            self.send_header("Location", targets[self.path])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = {"/a.png": b"picture", "/big": b"x" * 5_000, "/a.zip": self.zipped()}.get(self.path)
        self.send_response(404 if body is None else 200)
        if self.path != "/big":  # its length is found out on the way
            self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def zipped(self) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as zipped:
            zipped.writestr("in.png", b"inner")
        return file.getvalue()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_address(web: str) -> None:
    assert one(f"{web}/a.png").read() == b"picture"
    assert one(f"{web}/once").read() == b"picture"
    assert one(web.replace("//", "//user:secret@") + "/a.png").name == f"{web}/a.png"
    inner = one(f"{web}/a.zip")
    assert (inner.name, inner.read()) == (f"{web}/a.zip/in.png", b"inner")


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/none", "404"), ("/loop", "redirects more"), ("/file", "only http"), ("/ftp", "only http")],
)
def test_address_that_fails(web: str, path: str, reason: str) -> None:
    with pytest.raises(TransportError, match=reason):
        one(web + path).read()


def test_address_too_large(web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, url_bytes=4_999)
    with pytest.raises(TransportError, match="at most 4,999"):
        one(f"{web}/big").read()


def test_server_that_drips(web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, url_seconds=0.4)
    with pytest.raises(TransportError, match="not complete"):
        one(f"{web}/drip").read()


def test_address_of_nobody() -> None:
    with pytest.raises(TransportError):
        one("http://127.0.0.1:1/a.png").read()
    assert "host" in refused("http:///a.png").reason
