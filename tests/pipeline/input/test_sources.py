"""Files, folders, archives and addresses, friendly and hostile."""

import io
import os
import socketserver
import struct
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from haac_pipeline._input import archives
from haac_pipeline._input import source as files
from haac_pipeline._input import web as downloads
from haac_pipeline._input.source import PassedOver, Refused, Source, read_file
from haac_pipeline._input.sources import find_sources
from haac_pipeline._limits import INGEST_LIMITS
from haac_repo import PictureError, TransportError


def limited(monkeypatch: pytest.MonkeyPatch, **values: float) -> None:
    for module in (archives, files, downloads):
        monkeypatch.setattr(module, "INGEST_LIMITS", replace(INGEST_LIMITS, **values))  # type: ignore[arg-type]


def found(*paths: object) -> dict[str, bytes | str]:
    """Names to bytes, or to the reason of the refusal, without what is passed over."""
    result: dict[str, bytes | str] = {}
    for each in find_sources([str(path) for path in paths]):
        assert each.name not in result
        if isinstance(each, PassedOver):
            continue
        if isinstance(each, Refused):
            result[each.name] = each.reason
            continue
        try:
            result[each.name] = each.read()
        except (PictureError, TransportError) as error:
            result[each.name] = str(error)
    return result


def archive(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in members.items():
            file.writestr(zipfile.ZipInfo(name), data, method)
    return path


# Files and folders


def test_a_file_is_always_tried(tmp_path: Path) -> None:
    for name in ("a.png", "b.strange", ".hidden", "no_suffix"):
        (tmp_path / name).write_bytes(name.encode())
    names = [str(tmp_path / name) for name in ("b.strange", "a.png", ".hidden", "no_suffix")]
    assert found(*names) == {name: Path(name).name.encode() for name in names}


def test_a_file_can_be_read_by_another_process(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"A")
    (source,) = find_sources([str(tmp_path / "a.png")])
    assert isinstance(source, Source)
    assert source.path is not None
    assert read_file(source.path) == source.read() == b"A"


def test_a_folder_in_stable_order_without_what_is_no_picture(tmp_path: Path) -> None:
    wanted = ["A.JPG", "a/1.png", "a/b/c/deep.webp", "a/z.gif", "b.tiff", "c.avif", "d.bmp", "e.jpeg"]
    for name in [*wanted, "haac.csv", "x.jpg.json", "notes.txt", ".secret.png", ".git/x.png", "x.zip", "png"]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    assert list(found(tmp_path)) == [str(tmp_path / name) for name in wanted]


def test_names_are_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pics").mkdir()
    (tmp_path / "pics" / "a.png").write_bytes(b"A")
    monkeypatch.chdir(tmp_path)
    assert list(found("pics")) == ["pics/a.png"]
    assert list(found("./pics/")) == ["./pics/a.png"]
    assert list(found("pics/a.png")) == ["pics/a.png"]


def test_links(tmp_path: Path) -> None:
    folder = tmp_path / "pics"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"A")
    (folder / "again").symlink_to(folder)  # round in circles
    (folder / "up").symlink_to(tmp_path)
    (folder / "self.png").symlink_to("self.png")
    (folder / "broken.png").symlink_to("nowhere")
    (folder / "b.png").symlink_to("a.png")
    (tmp_path / "link").symlink_to(folder)
    assert found(folder) == {str(folder / "a.png"): b"A", str(folder / "b.png"): b"A"}
    assert len(found(tmp_path / "link")) == 2  # named by the person, so followed
    assert "cannot be read" in str(found(folder / "self.png")[str(folder / "self.png")])


def test_folders_deeper_than_python_recurses(tmp_path: Path) -> None:
    depth = 400
    limit = sys.getrecursionlimit()
    (tmp_path / Path(*["d"] * depth)).mkdir(parents=True)
    (tmp_path / Path(*["d"] * depth) / "a.png").write_bytes(b"A")
    try:
        sys.setrecursionlimit(250)
        assert list(found(tmp_path).values()) == [b"A"]
    finally:
        sys.setrecursionlimit(limit)


def test_what_is_not_there_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"A")
    result = found(tmp_path / "none.png", tmp_path / "a.png" / "x", "nul\0name", tmp_path / "a.png")
    reasons = [value for value in result.values() if isinstance(value, str)]
    assert len(reasons) == 3
    assert "no such file" in reasons[0]
    assert result[str(tmp_path / "a.png")] == b"A"


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert found(tmp_path) == {str(tmp_path): "there are no pictures in this folder"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert "neither a file" in str(found(tmp_path / "pipe.png")[str(tmp_path / "pipe.png")])
    assert "no pictures" in str(found(tmp_path)[str(tmp_path)])


def test_a_file_that_vanishes_or_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(bytes(100))
    first, second = find_sources([str(tmp_path)])
    assert isinstance(first, Source)
    assert isinstance(second, Source)
    (tmp_path / "a.png").unlink()
    with pytest.raises(PictureError, match=r"cannot be read \(No such file"):
        first.read()
    limited(monkeypatch, source_bytes=99)
    with pytest.raises(PictureError, match=r"100 bytes; at most 99"):
        second.read()


# Archives


def test_an_archive(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "pics.zip",
        {
            "b.png": b"B",
            "in/a.jpg": b"A" * 5000,
            "in/": b"",
            "readme.txt": b"",
            "haac.csv": b"",
            "__MACOSX/._b.png": b"",
            ".hid/x.png": b"",
            "in/.x.png": b"",
        },
    )
    assert found(path) == {f"{path}/b.png": b"B", f"{path}/in/a.jpg": b"A" * 5000}
    assert (
        sorted(type(each).__name__ for each in find_sources([str(path)]))
        == ["PassedOver"] * 2 + ["Source"] * 2
    )
    assert all(each.path is None for each in find_sources([str(path)]) if isinstance(each, Source))


def test_members_can_be_read_after_the_search_and_again(tmp_path: Path) -> None:
    path = archive(tmp_path / "pics.zip", {"a.png": b"A", "b.png": b"B"})
    sources = [each for each in find_sources([str(path)]) if isinstance(each, Source)]
    assert [each.read() for each in reversed(sources)] == [b"B", b"A"]
    assert sources[0].read() == b"A"


def test_an_archive_is_known_by_its_bytes(tmp_path: Path) -> None:
    path = archive(tmp_path / "upload.bin", {"a.png": b"A"})
    assert found(path) == {f"{path}/a.png": b"A"}


def test_names_in_an_archive_are_only_labels(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = archive(
        tmp_path / "in" / "slip.zip",
        {
            "../../evil.png": b"1",
            "/etc/evil.png": b"2",
            "..\\..\\win.png": b"3",
            "C:\\x.png": b"4",
            "a\x1b[0m.png": b"5",
        },
    )
    before = sorted(tmp_path.rglob("*"))
    result = found(path)
    assert sorted(value for value in result.values() if isinstance(value, bytes)) == [
        b"1",
        b"2",
        b"3",
        b"4",
        b"5",
    ]
    assert all(name.startswith(str(path)) and name.isprintable() for name in result)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("data", [b"", b"not a zip", b"PK\x05\x06" + bytes(10), b"PK\x05\x06" + b"\xff" * 18])
def test_broken_archives(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "broken.zip"
    path.write_bytes(data)
    (reason,) = found(path).values()
    assert isinstance(reason, str)


def test_an_empty_archive_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "empty.zip", {"readme.txt": b"x"})
    assert found(path) == {str(path): "there are no pictures in this archive"}


def test_a_damaged_member_does_not_stop_the_others(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", {"a.png": b"AAAA", "b.png": b"BBBB"}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"AAAA", b"AxAA"))
    result = found(path)
    assert "cannot be unpacked" in str(result[f"{path}/a.png"])
    assert result[f"{path}/b.png"] == b"BBBB"


def test_encrypted_members(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", {"a.png": b"A"}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert "encrypted" in str(found(path)[f"{path}/a.png"])


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_inflate_without_bound(tmp_path: Path, method: int) -> None:
    path = archive(tmp_path / "x.zip", {"a.png": bytes(10**6)}, method)
    assert "only deflate" in str(found(path)[f"{path}/a.png"])


def test_bombs_by_what_they_declare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive(tmp_path / "x.zip", {"a.png": bytes(10**6), "b.png": b"B"})
    limited(monkeypatch, source_bytes=10**6 - 1)
    result = found(path)
    assert "1,000,000 bytes; at most 999,999" in str(result[f"{path}/a.png"])
    assert result[f"{path}/b.png"] == b"B"
    limited(monkeypatch, archive_bytes=10**6)
    assert "would inflate to 1,000,001" in str(found(path)[str(path)])
    limited(monkeypatch, archive_bytes=10**6 + 1, archive_members=2)
    assert len(found(path)) == 2
    limited(monkeypatch, archive_members=1)
    assert "2 entries; at most 1" in str(found(path)[str(path)])


@pytest.mark.parametrize("claim", [10, 10**6 - 1, 10**6 + 1, 200 * 2**20])
def test_bombs_that_lie_about_their_size(tmp_path: Path, claim: int) -> None:
    path = archive(tmp_path / "x.zip", {"a.png": bytes(10**6)})
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, claim)
    path.write_bytes(data)
    assert isinstance(found(path)[f"{path}/a.png"], str)


def test_a_directory_that_is_a_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive(tmp_path / "x.zip", {f"{number}.png": b"" for number in range(2000)})
    limited(monkeypatch, archive_directory_bytes=70_000)
    assert "directory is too large" in str(found(path)[str(path)])


# The web


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path, _, argument = self.path.strip("/").partition("/")
        getattr(self, f"get_{path.partition('.')[0].partition('?')[0]}")(argument)

    def answer(self, data: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"content-length": str(len(data))} | headers).items():
            if value:
                self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def get_a(self, _: str) -> None:
        self.answer(b"A" * 1000)

    def get_hop(self, left: str) -> None:
        self.answer(b"", 302, location=f"/hop/{int(left) - 1}" if int(left) > 1 else "/a.png")

    def get_away(self, _: str) -> None:
        self.answer(b"", 301, location="file:///etc/passwd")

    def get_lost(self, _: str) -> None:
        self.answer(b"", 301)

    def get_nonsense(self, _: str) -> None:
        self.answer(b"", 301, location="http://[::1/x.png")

    def get_endless(self, _path: str) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(10**6):
                self.wfile.write(bytes(2**16))
        except OSError:
            pass

    def get_short(self, _: str) -> None:
        self.send_response(200)
        self.send_header("content-length", "1000")
        self.end_headers()
        self.wfile.write(b"x")

    def get_packed(self, _: str) -> None:
        self.answer(b"x", content_encoding="gzip")

    def get_drip(self, where: str) -> None:
        try:
            self.wfile.write(b"HTTP/1.0 200 OK\r\n" + (b"\r\n" if where == "body" else b"x-x: "))
            for _ in range(100):
                self.wfile.write(b"x")
                self.server.stopping.wait(0.05)  # type: ignore[attr-defined]
        except OSError:
            pass

    def get_pics(self, _: str) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as file:
            file.writestr("in/a.png", b"Z")
        self.answer(buffer.getvalue())

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    stopping = threading.Event()


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.stopping.set()
        server.shutdown()
        thread.join()


def test_a_download(web: str) -> None:
    assert found(f"{web}/a.png") == {f"{web}/a.png": b"A" * 1000}


def test_nothing_is_downloaded_before_it_is_read() -> None:
    (source,) = find_sources(["http://127.0.0.1:9/never.png"])
    assert isinstance(source, Source)
    assert source.path is None


def test_an_archive_from_the_web(web: str) -> None:
    assert found(f"{web}/pics.zip") == {f"{web}/pics.zip/in/a.png": b"Z"}
    # What stands behind the ? may be a signature; before the names of members nobody could cut it off.
    assert found(f"{web}/pics.zip?x=1/y") == {f"{web}/pics.zip/in/a.png": b"Z"}


def test_user_and_password_are_not_in_the_name(web: str) -> None:
    address = web.replace("//", "//me:secret@")
    assert found(f"{address}/a.png?size=3#top") == {f"{web}/a.png?size=3": b"A" * 1000}


def test_redirects(web: str) -> None:
    assert found(f"{web}/hop/5")[f"{web}/hop/5"] == b"A" * 1000
    assert "more than 5 times" in str(found(f"{web}/hop/6")[f"{web}/hop/6"])
    assert "only http and https" in str(found(f"{web}/away")[f"{web}/away"])
    assert isinstance(found(f"{web}/lost")[f"{web}/lost"], str)
    assert "cannot be downloaded" in str(found(f"{web}/nonsense")[f"{web}/nonsense"])


@pytest.mark.parametrize(
    ("path", "reason"),
    [("nothing.png", "HTTP 5|closed|disconnected"), ("short", "cannot be downloaded"), ("packed", "gzip")],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_failing_servers(web: str, path: str, reason: str, capfd: pytest.CaptureFixture[str]) -> None:
    import re

    assert re.search(reason, str(found(f"{web}/{path}")[f"{web}/{path}"]))
    capfd.readouterr()


def test_not_found() -> None:
    class Missing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with socketserver.TCPServer(("127.0.0.1", 0), Missing) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        address = f"http://127.0.0.1:{server.server_address[1]}/none.png"
        assert "404" in str(found(address)[address])
        thread.join()


def test_downloads_that_are_too_large(web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, url_bytes=1000)
    assert found(f"{web}/a.png")[f"{web}/a.png"] == b"A" * 1000
    limited(monkeypatch, url_bytes=999)
    assert "at most 999" in str(found(f"{web}/a.png")[f"{web}/a.png"])
    assert "at most 999" in str(found(f"{web}/endless")[f"{web}/endless"])


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_server_that_drips_is_hung_up_on(web: str, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, url_seconds=0.4)
    assert "not complete after 0.4 seconds" in str(found(f"{web}/drip/{where}")[f"{web}/drip/{where}"])


@pytest.mark.parametrize(
    "address", ["http://", "http:///x.png", "http://[::1/x.png", "https://a b/x.png", "http://x:99999/"]
)
def test_addresses_that_are_none(address: str) -> None:
    assert all(isinstance(reason, str) for reason in found(address).values())


def test_nobody_listens() -> None:
    assert "cannot be downloaded" in str(found("http://127.0.0.1:9/a.png")["http://127.0.0.1:9/a.png"])
