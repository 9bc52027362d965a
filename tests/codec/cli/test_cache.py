"""The cache of `--repo URL`, and folders in a home, where nothing can be written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from haac import Scene, to_text
from haac_repo import Repository, Server, publish
from tests.repo.elements import element_of


@pytest.fixture
def served(tmp_path: Path) -> Any:
    with Repository.create(tmp_path / "repo") as repository:
        with repository.writer() as writer:
            writer.add(element_of(1, 20))
        publish(repository)
    with Server(tmp_path / "repo") as server:
        yield server.url


def haac(tmp_path: Path, *args: str, home: bool = True) -> subprocess.CompletedProcess[str]:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "tmp").mkdir(exist_ok=True)
    nowhere = str(tmp_path / "file" / "nowhere")
    env = os.environ | {"HOME": nowhere, "TMPDIR": str(tmp_path / "tmp"), "XDG_CACHE_HOME": nowhere}
    code = "from haac._cli.main import main; import sys; main(sys.argv[1:])"
    if not home:  # as of a number that no user has
        del env["HOME"], env["XDG_CACHE_HOME"]
        code = f"import os; os.getuid = lambda: 54321; {code}"
    return subprocess.run(
        [sys.executable, "-c", code, *args],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=tmp_path,
    )


def recipe() -> str:
    scene = Scene(40, 40)
    scene.element("1").place(0, 0)
    return to_text(scene)


def test_decoding_from_a_url_without_a_home(served: str, tmp_path: Path) -> None:
    done = haac(tmp_path, "decompress", recipe(), "--repo", served, "-o", "out.png")
    assert done.returncode == 0, done.stderr
    assert "cannot be written: what is fetched is kept for this command only" in done.stderr
    assert (tmp_path / "out.png").is_file()
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.skipif(os.name == "nt", reason="users have no numbers there")
def test_a_user_without_a_home(served: str, tmp_path: Path) -> None:
    done = haac(tmp_path, "decompress", recipe(), "--repo", served, "-o", "out.png", home=False)
    assert done.returncode == 0, done.stderr
    assert "There is no home for a cache: what is fetched is kept for this command only" in done.stderr
    assert not list((tmp_path / "tmp").iterdir())
    done = haac(tmp_path, "models", "-q", home=False)
    assert (done.returncode, done.stderr) == (0, "")
