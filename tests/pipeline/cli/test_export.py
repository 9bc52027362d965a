"""`haac export`, as a user runs it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

from haac import Scene, gradient, read_recipe, render, to_text
from haac_layers._document import Document, Raster
from haac_layers._read.ora import read_ora
from haac_layers._read.svg import read_svg
from haac_repo import Repository
from tests.command_line import Run, run
from tests.repo.elements import element_of

__all__ = ["run"]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    with Repository.create(tmp_path / "repo") as repository, repository.writer() as writer:
        for seed in range(3):
            writer.add(element_of(seed, 32, name=f"name {seed}"))
    return tmp_path / "repo"


def scene() -> Scene:
    made = Scene(160, 120, background=gradient("skyblue", "white"))
    made.element("1").resize(40).rotate(12).place(60, 20).opacity(0.5)
    made.element("2").resize(90).place(100, 80)
    return made


def shown(document: Document) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Rendered again, as inline pixels would be: premultiplied, rounded as Pillow composites."""
    from PIL import Image

    canvas = Image.new("RGBA", (document.width, document.height))
    for layer in document.layers:
        assert isinstance(layer, Raster)
        faded = layer.image.copy()
        faded.putalpha(layer.image.getchannel("A").point(lambda a, by=layer.opacity: round(a * by)))
        on_top = Image.new("RGBA", canvas.size)
        on_top.paste(faded, (layer.x, layer.y))
        canvas = Image.alpha_composite(canvas, on_top)
    return np.asarray(canvas)


def test_openraster(run: Run, repo: Path, tmp_path: Path) -> None:
    code, out, _ = run("export", to_text(scene()), "-o", tmp_path / "new" / "a.ora", "--repo", repo, "--json")
    assert code == 0
    told = json.loads(out)
    assert told["layers"] == ["background", "name 0", "name 1"]
    read = read_ora((tmp_path / "new" / "a.ora").read_bytes())
    assert [layer.name for layer in read.layers] == told["layers"]
    assert [layer.opacity for layer in read.layers] == [1, 0.5, 1]
    with Repository.open(repo) as repository:
        expected = np.asarray(render(scene(), repository))
    assert read.merged is not None
    assert np.array_equal(np.asarray(read.merged), expected)
    assert np.abs(shown(read).astype(int) - expected).max() <= 2


def test_svg_from_standard_input(
    run: Run, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("resvg_py")
    stream = io.TextIOWrapper(io.BytesIO(to_text(scene()).encode()))
    monkeypatch.setattr("sys.stdin", stream)
    code, out, _ = run("export", "-", "-o", tmp_path / "a.SVG", "--repo", repo)
    assert (code, out.strip().endswith("160x120, 3 layers")) == (0, True)
    read = read_svg((tmp_path / "a.SVG").read_bytes())
    assert [layer.name for layer in read.layers] == ["background", "name 0", "name 1"]


def test_a_scene_without_elements_needs_no_repository(run: Run, tmp_path: Path) -> None:
    plain = Scene(9, 7, background=gradient("red", "blue"))
    assert run("export", to_text(plain), "-o", tmp_path / "a.ora", "--repo", tmp_path / "none")[0] == 0
    assert (tmp_path / "a.ora").is_file()


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [("a.xcf", 2, ".ora (OpenRaster)"), ("a", 2, "does not say the format"), ("there.ora", 2, "--force")],
)
def test_names_that_are_refused(
    run: Run, repo: Path, tmp_path: Path, name: str, code: int, said: str
) -> None:
    (tmp_path / "there.ora").write_bytes(b"mine")
    result = run("export", to_text(scene()), "-o", tmp_path / name, "--repo", repo)
    assert result[0] == code
    assert said in " ".join(result[2].split())
    assert (tmp_path / "there.ora").read_bytes() == b"mine"


def test_an_element_that_is_not_there_leaves_nothing(run: Run, repo: Path, tmp_path: Path) -> None:
    made = Scene(160, 120)
    made.element("zz").place(1, 1)
    code, _, err = run("export", to_text(made), "-o", tmp_path / "a.ora", "--repo", repo)
    assert code == 1
    assert "zz" in err
    assert not list(tmp_path.glob("a.*"))


def test_photoshop(run: Run, repo: Path, tmp_path: Path) -> None:
    pytest.importorskip("psd_tools")
    assert run("export", to_text(scene()), "-o", tmp_path / "a.psd", "--repo", repo)[0] == 0
    from haac_layers import read_document

    read = read_document(tmp_path / "a.psd")
    assert [layer.name for layer in read.layers] == ["background", "name 0", "name 1"]


def test_what_is_exported_is_imported_to_the_same_picture(run: Run, repo: Path, tmp_path: Path) -> None:
    """From a repository to another one, through OpenRaster."""
    assert run("export", to_text(scene()), "-o", tmp_path / "a.ora", "--repo", repo)[0] == 0
    other = tmp_path / "other"
    Repository.create(other).close()
    code, _, err = run("import", tmp_path / "a.ora", "-o", tmp_path / "b.haac", "--repo", other, "--no-index")
    assert code == 0, err
    with Repository.open(repo) as before, Repository.open(other) as after:
        made = render(read_recipe((tmp_path / "b.haac").read_bytes()), after)
        assert np.array_equal(np.asarray(made), np.asarray(render(scene(), before)))
