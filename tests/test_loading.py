"""What loads when: the thin client, its help and a decode stay light."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from haac import Layer, Scene, to_binary
from haac_repo import NewElement, Repository, Server, encode, pixel_hash, publish
from tests.house import package_of

SEGMENTATION = {
    "rembg",
    "onnxruntime",
    "cv2",
    "faiss",
    "torch",
    "skimage",
    "scipy",
    "numba",
    "pymatting",
    "haac_match",
    "haac_similar",
    "haac_layers",
    "haac_pipeline",
    "haac_evidence",
    "haac_studio",
}
HEAVY = (
    SEGMENTATION
    | {"PIL", "numpy", "httpx", "sqlite_utils"}
    | {
        *("cryptography", "securesystemslib", "tuf"),
        *("h11", "starlette", "uvicorn"),
        "obstore",
    }
)


def modules_after(code: str) -> set[str]:
    """The modules that a fresh Python has loaded after running this code."""
    program = f"{code}\nimport json, sys\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def loaded_by(code: str) -> set[str]:
    """Their top-level names."""
    return {package_of(module) for module in modules_after(code)}


def repository_of_one(path: Path) -> int:
    """Make a repository of one element; its number."""
    image = Image.new("RGBA", (8, 8), "red")
    new = NewElement(data=encode(image), width=8, height=8, pixels_sha256=pixel_hash(image))
    with Repository.create(path) as repository, repository.writer() as writer:
        return writer.add(new)[0].number


@pytest.mark.parametrize("package", ["haac", "haac_repo"])
def test_importing_loads_nothing_heavy(package: str) -> None:
    loaded = loaded_by(f"import {package}")
    assert package in loaded
    assert not loaded & HEAVY


def test_importing_the_pipeline_loads_no_segmentation() -> None:
    loaded = loaded_by("import haac_pipeline")
    assert not loaded & (SEGMENTATION - {"haac_pipeline"})


def test_help_loads_nothing_heavy() -> None:
    loaded = loaded_by("from haac._cli.main import _run\nassert _run(['--help']) == 0")
    assert "click" in loaded
    assert not loaded & (HEAVY - {"haac_pipeline", "haac_evidence", "haac_studio"})


@pytest.fixture(scope="module")
def after_a_decode(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The modules that `haac decompress` of a recipe without a wash loads, with a repository of this machine."""
    folder = tmp_path_factory.mktemp("decode")
    number = repository_of_one(folder / "repo")
    recipe, picture = folder / "a.haac", folder / "a.png"
    recipe.write_bytes(to_binary(Scene(20, 20, layers=[Layer(number, x=3, y=4)])))
    command = ["decompress", str(recipe), "--repo", str(folder / "repo"), "-o", str(picture)]
    found = modules_after(f"from haac._cli.main import _run\nassert _run({command}) == 0")
    assert picture.exists()
    assert "haac._render" in found
    return found


def test_decoding_with_a_local_repository_loads_no_mirror(after_a_decode: set[str]) -> None:
    assert not {name for name in after_a_decode if name.startswith("haac_repo._mirror")}
    assert "httpx" not in after_a_decode


@pytest.mark.parametrize("room", ["haac._wash", "haac._wash_encoder"])
def test_decoding_a_recipe_without_a_wash_loads_no_wash(after_a_decode: set[str], room: str) -> None:
    assert not {name for name in after_a_decode if name == room or name.startswith(f"{room}.")}


def test_decoding_loads_no_segmentation(after_a_decode: set[str]) -> None:
    assert not {package_of(name) for name in after_a_decode} & SEGMENTATION


@pytest.fixture(scope="module")
def after_a_sync(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The modules that `haac sync` of a whole repository into a new mirror loads."""
    folder = tmp_path_factory.mktemp("sync")
    repository_of_one(folder / "repo")
    with Repository.open(folder / "repo") as repository:
        publish(repository)
    with Server(folder / "repo") as server:
        command = ["sync", server.url, str(folder / "mirror")]
        found = modules_after(f"from haac._cli.main import _run\nassert _run({command}) == 0")
    assert "haac_repo._mirror.sync" in found
    assert "sqlite_utils" in found
    return found


def test_syncing_decodes_and_draws_nothing(after_a_sync: set[str]) -> None:
    loaded = {package_of(name) for name in after_a_sync}
    assert not loaded & (SEGMENTATION | {"PIL", "numpy", "pandas"})


def test_syncing_reads_no_recipe(after_a_sync: set[str]) -> None:
    assert not {
        name for name in after_a_sync if name.startswith(("haac._forms", "haac._scene", "haac._wash"))
    }
