"""The package for npm: packed, installed into an empty folder without network, and used as its README says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
import tomllib
from pathlib import Path
from typing import Any

import pytest

from haac import from_text, render
from haac_repo import NewElement, Repository, Server, encode, pixel_hash, publish
from haac_web import FOLDER
from tests.codec.scenes import ELEMENTS
from tests.codec.web.engines import ROOT, node

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
PACKAGE = json.loads((FOLDER / "package.json").read_text("utf-8"))
README = (FOLDER / "README.md").read_text("utf-8")
_fences = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S).findall
NODE_EXAMPLES = [code for language, code in _fences(README) if language == "js" and 'from "haac"' in code]


def _run(command: list[str], folder: Path, **variables: str) -> str:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        timeout=300,
        env={**os.environ, **variables},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _npm(folder: Path, *arguments: str) -> str:
    """npm of the package that Node comes from, which needs no network for what is here."""
    program = node()
    npm = Path(program).parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not npm.is_file():
        pytest.skip("npm is not installed")
    return _run(
        [program, str(npm), *arguments, "--offline", "--no-audit", "--no-fund", "--no-update-notifier"],
        folder,
        npm_config_cache=str(folder / "npm-cache"),
        PATH=f"{Path(program).parent}{os.pathsep}{os.environ['PATH']}",
    )


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `npm pack` makes of a checkout; of a copy, since other tests read this one meanwhile."""
    checkout = tmp_path_factory.mktemp("checkout")
    shutil.copytree(FOLDER, checkout / "codec" / "haac_web", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "LICENSE", checkout)
    _npm(checkout, "pack", "./codec/haac_web")
    assert not (checkout / "codec" / "haac_web" / "LICENSE").exists()
    return checkout / f"haac-{VERSION}.tgz"


@pytest.fixture(scope="module")
def installed(packed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that had nothing in it, and now has the package."""
    folder = tmp_path_factory.mktemp("empty")
    (folder / "package.json").write_text('{"type": "module", "private": true}', "utf-8")
    _npm(folder, "install", str(packed))
    return folder


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published repository with the elements of the golden vectors."""
    folder = tmp_path_factory.mktemp("published") / "repository"
    with Repository.create(folder) as repository:
        with repository.writer() as writer:
            for number in range(1, 6):
                image = ELEMENTS.image(number)
                element = NewElement(
                    data=encode(image),
                    width=image.width,
                    height=image.height,
                    pixels_sha256=pixel_hash(image),
                )
                writer.add(element)
        publish(repository)
    return folder


def test_its_version_is_that_of_python() -> None:
    assert PACKAGE["version"] == VERSION


def test_all_modules_and_the_licence_are_packed(packed: Path) -> None:
    with tarfile.open(packed) as archive:
        names = {name.removeprefix("package/") for name in archive.getnames()}
        licence = archive.extractfile("package/LICENSE")
        assert licence is not None
        assert licence.read() == (ROOT / "LICENSE").read_bytes()
    modules = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.js")}
    page = {name for name in modules if name.startswith("page/")}
    assert names == modules - page | {"package.json", "README.md", "LICENSE"}


def test_all_that_it_exports_can_be_imported(installed: Path) -> None:
    for name, path in PACKAGE["exports"].items():
        assert (installed / "node_modules" / "haac" / path).is_file()
        if "worker" not in name and "custom" not in name and path.endswith(".js"):
            _example(installed, f"import {json.dumps('haac' + name.removeprefix('.'))};")


def _example(folder: Path, code: str, *arguments: Any) -> str:
    (folder / "example.js").write_text(code, "utf-8")
    return _run([node(), "example.js", *map(str, arguments)], folder)


def test_the_examples_of_its_readme(installed: Path, repository: Path) -> None:
    first, from_repository, own, painter = NODE_EXAMPLES
    drawn = render(from_text("haac1:40x30:g0000ffff,00ff0080,5a"), ELEMENTS)
    sizes = [*drawn.size, 4 * drawn.width * drawn.height]
    assert _example(installed, first).split() == [*map(str, sizes), pixel_hash(drawn)]
    (installed / "1.webp").write_bytes(encode(ELEMENTS.image(1)))
    assert _example(installed, own).split() == [str(4 * 64 * 64)]
    (installed / "picture.haac").write_bytes(b"haac1:40x40:cff8800ff;1.w20.h20.p28,28")
    with Server(repository) as server:
        assert _example(installed, from_repository, server.url, "picture.haac").split() == ["64", "64"]
        last = _example(installed, painter, server.url).splitlines()
    assert last[0] == "background 64 64"
    assert last[-1] == "drawn 64 64"
