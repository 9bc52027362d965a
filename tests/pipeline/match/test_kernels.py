"""Compiled code where no cache can be written: a service without a home, a package that root installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from haac_repo import NewElement, Repository, encode, pixel_hash

# As where the package's folder cannot be written; root can write everywhere.
RUN = """
import sys
from numba.core import caching
if {installed_by_root}:
    caching.InTreeCacheLocator.from_function = classmethod(lambda *_: None)
if {without_temporary}:
    import tempfile
    def nowhere(*_, **__):
        raise FileNotFoundError(2, "No usable temporary directory found")
    tempfile.mkdtemp = nowhere
from haac._cli.main import main
main(sys.argv[1:])
"""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(1).integers(0, 256, (40, 40, 4), dtype=np.uint8)
    image = Image.fromarray(pixels, "RGBA")
    with Repository.create(tmp_path / "repo") as made, made.writer() as writer:
        writer.add(
            NewElement(data=encode(image), width=40, height=40, pixels_sha256=pixel_hash(image), name="x")
        )
    return tmp_path / "repo"


def haac(tmp_path: Path, *args: str, **how: bool) -> subprocess.CompletedProcess[str]:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "tmp").mkdir(exist_ok=True)
    # Below a file no folder can be made, not even by root.
    nowhere = str(tmp_path / "file" / "nowhere")
    env = os.environ | {"HOME": nowhere, "XDG_CACHE_HOME": nowhere, "XDG_CONFIG_HOME": nowhere}
    env |= {"TMPDIR": str(tmp_path / "tmp")}
    env.pop("NUMBA_CACHE_DIR", None)
    code = RUN.format(**{"installed_by_root": True, "without_temporary": False, **how})
    return subprocess.run(
        [sys.executable, "-c", code, *args], env=env, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize("without_temporary", [False, True])
def test_an_index_without_a_home(repo: Path, tmp_path: Path, without_temporary: bool) -> None:
    done = haac(tmp_path, "index", "--repo", str(repo), "--jobs", "1", without_temporary=without_temporary)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 elements described")
    assert done.stderr.count("No folder for compiled code can be written") == 1
    assert len(done.stderr.splitlines()) == 1
    assert not list((tmp_path / "tmp").iterdir())


def test_compressing_without_a_home(repo: Path, tmp_path: Path) -> None:
    names = ["a.png", "b.png"]
    for seed, name in enumerate(names):
        noise = np.random.default_rng(seed).integers(0, 256, (24, 24, 3), dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / name)
    done = haac(
        tmp_path, "compress", *(str(tmp_path / name) for name in names), "--repo", str(repo), "--jobs", "2"
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("No folder for compiled code can be written") == 1
    assert not list((tmp_path / "tmp").iterdir())


def test_a_home_that_can_be_written_is_used_without_a_word(repo: Path, tmp_path: Path) -> None:
    done = haac(tmp_path, "index", "--repo", str(repo), "--jobs", "1", installed_by_root=False)
    assert (done.returncode, done.stderr) == (0, "")
