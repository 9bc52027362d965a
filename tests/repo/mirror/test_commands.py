"""The commands publish, serve and sync."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from haac._cli.main import main
from haac_repo import Repository, format_id


def run(capsys: Any, *args: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(arg) for arg in args])
    out, err = capsys.readouterr()
    code = ended.value.code
    assert isinstance(code, int)
    assert "Traceback" not in err
    return code, out, err


def test_publish(capsys: Any, repository: Repository, make_element: Any) -> None:
    with repository.writer() as writer:
        writer.add(make_element(1))
    code, out, _ = run(capsys, "publish", "--repo", repository.path)
    assert (code, "published 1 new log records" in out) == (0, True)
    code, out, _ = run(capsys, "publish", "--repo", repository.path)
    assert (code, "nothing new" in out) == (0, True)
    code, out, _ = run(capsys, "publish", "--repo", repository.path, "--json")
    value = json.loads(out)
    assert (value["elements"], value["changed"], value["new_records"]) == (1, False, 0)


def test_sync(capsys: Any, published: Path, mirror: Path, disk: Any) -> None:
    code, out, _ = run(capsys, "sync", published, mirror)
    assert code == 0
    assert "30 new log records, 6 packs" in out
    code, out, _ = run(capsys, "sync", published, mirror)
    assert (code, "nothing new" in out) == (0, True)
    code, out, _ = run(capsys, "sync", "--json", published, mirror)
    assert json.loads(out)["missing_packs"] == 0
    disk.assert_sound(mirror)


def test_sync_for_recipes(capsys: Any, published: Path, mirror: Path, tmp_path: Path, disk: Any) -> None:
    from haac import Scene, to_binary, to_text

    first, second = Scene(40, 40), Scene(40, 40)
    first.element(format_id(3)).place(0, 0)
    second.element(format_id(12)).place(0, 0)
    (tmp_path / "first.haac").write_bytes(to_binary(first))
    code, out, _ = run(
        capsys, "sync", published, mirror, "--for", tmp_path / "first.haac", "--for", to_text(second)
    )
    assert code == 0
    assert "2 single elements" in out
    assert "6 packs are not here" in out
    assert disk.readable(mirror) == {3, 12}


def test_sync_start_over(capsys: Any, growing: Any, mirror: Path, disk: Any) -> None:
    """The publisher lost its repository and began a new one of the same elements: the message says the way out."""
    run(capsys, "sync", growing.folder, mirror)
    head = growing.folder / "public" / "head"
    head.write_bytes(replace(growing.head, repository="ab" * 16).to_bytes())
    code, _, err = run(capsys, "sync", growing.folder, mirror)
    assert code == 1
    assert "sync it into a folder of its own" in err
    code, out, err = run(capsys, "sync", "--start-over", growing.folder, mirror)
    assert code == 0, err
    assert "10 elements known" in out
    assert "0 ids mean other elements than before" in err
    disk.assert_sound(mirror)


def test_sync_for_a_withdrawn_element(capsys: Any, growing: Any, grow: Any, mirror: Path) -> None:
    from haac import Scene, to_text

    grow(growing, change=lambda writer: writer.withdraw(3, "stolen"))
    scene = Scene(40, 40)
    scene.element(format_id(3)).place(0, 0)
    code, _, err = run(capsys, "sync", growing.folder, mirror, "--for", to_text(scene))
    assert code == 0
    assert "withdrawn, and not to be had any more: 3" in err


def test_publish_on_a_mirror(capsys: Any, origin: Any, mirror: Path) -> None:
    origin.sync(mirror)
    code, _, err = run(capsys, "publish", "--repo", mirror)
    assert code == 1
    assert "is a mirror" in err


def test_serve_refuses_what_is_not_published(capsys: Any, repository: Repository) -> None:
    code, _, err = run(capsys, "serve", "--repo", repository.path)
    assert code == 1
    assert "publishes nothing yet" in err
    code, _, err = run(capsys, "serve", "--repo", repository.path / "nowhere")
    assert code == 1
    assert "`haac init` makes one" in err


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to send there")
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_serve_until_interrupted(published: Path, mirror: Path, disk: Any, host: str) -> None:
    from haac_repo import sync

    command = [
        sys.executable,
        "-c",
        "import haac._cli.main as m; m.main()",
        "serve",
        "--repo",
        str(published),
    ]
    with subprocess.Popen(
        [*command, "--port", "0", "--host", host], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        url = process.stdout.readline().split()[-1].replace("0.0.0.0", "127.0.0.1")
        assert sync(url, mirror).packs == 6
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    assert process.returncode == 0
    assert ("everybody who can reach" in err) == (host == "0.0.0.0")
    assert "Traceback" not in err
    disk.assert_sound(mirror)
