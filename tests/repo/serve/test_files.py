"""Which files are served: those of the published folder, through no link, and whole also while they are replaced."""

from __future__ import annotations

import http.client
import os
from pathlib import Path
from typing import Any

import pytest

from haac_repo import Server, sync, write_file
from tests.repo.serve.asking import ask


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_planted_links_and_folders(tmp_path: Path) -> None:
    (tmp_path / "public" / "packs").mkdir(parents=True)
    (tmp_path / "secret").write_bytes(b"secret")
    packs = tmp_path / "public" / "packs"
    link = packs / f"{'1' * 64}.pack"
    link.symlink_to(tmp_path / "secret")
    (packs / f"{'2' * 64}.pack").mkdir()
    os.mkfifo(packs / f"{'3' * 64}.pack")
    with Server(tmp_path) as server:
        for digit in "123":
            assert ask(server, f"/packs/{digit * 64}.pack")[0] == 404


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_planted_links_of_folders(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(parents=True)
    (tmp_path / "elsewhere" / f"{'1' * 64}.pack").write_bytes(b"secret")
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "packs").symlink_to(tmp_path / "elsewhere")
    with Server(tmp_path) as server:
        assert ask(server, f"/packs/{'1' * 64}.pack")[0] == 404


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_planted_links_where_the_system_follows_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haac_repo._serve.files._REFUSES_LINKS", False)
    test_planted_links_and_folders(tmp_path / "first")
    test_planted_links_of_folders(tmp_path / "second")
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "head").write_bytes(b"head")
    with Server(tmp_path) as server:
        assert ask(server, "/head")[2] == b"head"


def test_the_published_folder_of_a_repository(tmp_path: Path) -> None:
    """What is in `public` is served, and what is beside it is not."""
    public = tmp_path / "public"
    served = {
        "head": b"{}",
        "log/00000001.jsonl.gz": b"log",
        f"packs/{'a' * 64}.pack": b"pack",
        f"targets/{'b' * 64}.head": b"target",
        **{
            f"metadata/{name}.json": name.encode()
            for name in (
                "root", "1.root", "12.root", "timestamp", "3.snapshot", "4.targets", "snapshot", "targets"
            )
        },
    }  # fmt: skip
    for name, data in served.items():
        (public / name).parent.mkdir(parents=True, exist_ok=True)
        (public / name).write_bytes(data)
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / f"{'c' * 64}.pack").write_bytes(b"not published")
    with Server(tmp_path) as server:
        for name, data in served.items():
            status, headers, body = ask(server, f"/{name}")
            assert (status, body) == (200, data), name
            immutable = name.startswith(("log/", "packs/", "targets/"))
            assert headers["Cache-Control"] == (
                "public, max-age=31536000, immutable" if immutable else "no-cache"
            )
        assert ask(server, f"/packs/{'c' * 64}.pack")[0] == 404


def test_the_heads_etag_changes_with_its_bytes(growing: Any, grow: Any) -> None:
    with Server(growing.folder) as server:
        etag = ask(server, "/head")[1]["ETag"]
        grow(growing, [99])
        status, headers, body = ask(server, "/head", If_None_Match=etag)
        assert status == 200
        assert headers["ETag"] != etag
        assert body == growing.files["head"]


def test_the_head_is_replaced_again_and_again(growing: Any) -> None:
    """Heads of one length, replaced faster than a file's time tells: the ETag always fits the bytes."""
    public = growing.folder / "public"
    heads = [f'{{"head": {number}}}'.encode() for number in range(10)]
    etags: dict[bytes, str] = {}
    with Server(growing.folder) as server:
        for number in range(100):
            data = heads[number % 10]
            write_file(public / "head", data)
            status, headers, body = ask(
                server, "/head", If_None_Match=etags.get(heads[(number - 1) % 10], '"x"')
            )
            assert (status, body) == (200, data)
            assert etags.setdefault(data, headers["ETag"]) == headers["ETag"]
            assert ask(server, "/head", If_None_Match=headers["ETag"])[0] == 304
    assert len(set(etags.values())) == 10


def test_each_head_has_a_second_of_its_own(growing: Any, grow: Any, tmp_path: Path) -> None:
    """nginx and Caddy make ETags of length and second: of two within a second, nobody would see the second one."""
    times: dict[Path, list[int]] = {growing.folder: [], tmp_path / "mirror": []}
    for seed in range(60, 64):
        grow(growing, [seed])
        sync(growing.folder, tmp_path / "mirror")
        for folder, found in times.items():
            found.append(int((folder / "public" / "head").stat().st_mtime))
    for found in times.values():
        assert found == sorted(set(found))


@pytest.mark.skipif(os.name == "nt", reason="there, open packs cannot be deleted")
def test_a_file_that_is_replaced_while_it_is_sent(tmp_path: Path) -> None:
    """The old one comes whole."""
    old, new = os.urandom(2**24), os.urandom(2**24)
    (tmp_path / "public").mkdir()
    write_file(tmp_path / "public" / "head", old)
    with Server(tmp_path) as server:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
        connection.request("GET", "/head")
        answer = connection.getresponse()
        first = answer.read(1000)
        write_file(tmp_path / "public" / "head", new)
        assert first + answer.read() == old
        connection.request("GET", "/head")
        assert connection.getresponse().read() == new
        connection.close()


def test_a_file_that_shrinks_while_it_is_sent(tmp_path: Path) -> None:
    """The client sees that bytes are missing, and the server goes on."""
    packs = tmp_path / "public" / "packs"
    packs.mkdir(parents=True)
    path = packs / f"{'1' * 64}.pack"
    path.write_bytes(os.urandom(2**25))
    with Server(tmp_path) as server:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
        connection.request("GET", f"/packs/{path.name}")
        answer = connection.getresponse()
        answer.read(1000)
        os.truncate(path, 10)
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            answer.read()
        connection.close()
        assert ask(server, f"/packs/{path.name}")[1]["Content-Length"] == "10"
