"""Photoshop documents: a scene written and imported shows the same pixels; strangers' files are one error."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from haac import Layer, Scene, colour, read_recipe, render
from haac._cli.main import _run
from haac_layers import _limits, flatten, read_document, write_psd
from haac_pipeline._ingest import from_layers
from haac_repo import PictureError, Repository

pytest.importorskip("psd_tools")


Haac = Callable[..., tuple[int, str, str]]


class Pictures:
    """Elements of a test."""

    def __init__(self, *pictures: Image.Image) -> None:
        self._pictures = pictures

    def image(self, ref: int) -> Image.Image:
        return self._pictures[ref - 1]


def blob(seed: int, width: int = 40, height: int = 30) -> Image.Image:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (height, width, 4), dtype=np.uint8)
    pixels[: height // 4, :, 3] = 0
    pixels[height // 2 :, :, 3] = 255
    pixels[pixels[:, :, 3] == 0] = 0
    return Image.fromarray(pixels)


NAMES = {1: "Möwe 鳥", 2: "boat"}
SOURCE = Pictures(blob(1), blob(2, 25, 50))
SCENE = Scene(
    120,
    90,
    background=colour("#306090"),
    layers=[
        Layer(1, x=5, y=7),
        Layer(2, x=60, y=-10, opacity=37, rotation=93),
        Layer(1, x=90, y=50, flip="h", width=70, blur=5, saturation=40),
    ],
)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "scene.psd"
    write_psd(SCENE, SOURCE, path, lambda ref: NAMES[ref] if isinstance(ref, int) else "")
    return path


def differences(a: Image.Image, b: Image.Image) -> int:
    x, y = (np.asarray(image.convert("RGBa")).astype(int) for image in (a, b))
    return int(np.abs(x - y).max())


@pytest.fixture
def haac(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Haac:
    """Runs a command with a new repository."""
    Repository.create(tmp_path / "repo").close()

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = _run([*arguments, "--no-index", "--repo", str(tmp_path / "repo")])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return run


def test_layers_keep_names_order_opacity_and_places(written: Path) -> None:
    document = read_document(written)
    flat = flatten(document)
    assert [each.name for each in flat.layers] == ["background", NAMES[1], NAMES[2], NAMES[1]]
    assert [each.opacity for each in flat.layers] == [100, 100, 37, 100]
    assert not flat.baked
    assert not flat.hidden
    assert (document.width, document.height) == (120, 90)


def test_the_stored_picture_is_the_renderers(written: Path) -> None:
    merged = read_document(written).merged
    assert merged is not None
    assert differences(merged, render(SCENE, SOURCE)) == 0


@pytest.mark.skipif(shutil.which("identify") is None, reason="ImageMagick is not installed")
def test_imagemagick_shows_the_same_picture(written: Path, tmp_path: Path) -> None:
    subprocess.run(["convert", f"{written}[0]", str(tmp_path / "seen.png")], check=True)
    with Image.open(tmp_path / "seen.png") as seen:
        assert differences(seen.convert("RGBA"), render(SCENE, SOURCE)) <= 1


def test_import_gives_elements_and_a_recipe_of_the_same_pixels(
    haac: Haac, written: Path, tmp_path: Path
) -> None:
    code, _, _ = haac("import", str(written), "--tags", "sea")
    assert code == 0
    scene = read_recipe((tmp_path / "scene.haac").read_bytes())
    with Repository.open(tmp_path / "repo") as repository:
        assert differences(render(scene, repository), render(SCENE, SOURCE)) <= 1
        elements = [repository.element(layer.number) for layer in scene.layers]
        assert [each.name for each in elements] == ["background", NAMES[1], NAMES[2], NAMES[1]]
        assert {each.tags for each in elements} == {("sea",)}
        assert scene.fingerprint == repository.fingerprint


def test_the_same_file_again_stores_nothing_new(haac: Haac, written: Path) -> None:
    haac("import", str(written))
    code, said, _ = haac("import", str(written), "--force", "--json")
    assert code == 0
    (facts,) = json.loads(said)
    assert facts["new"] == 0
    assert facts["faithful"] is True
    assert facts["largest_difference"] <= 1


def test_many_pixels_are_encoded_quickly_and_stay_what_they_are(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stored(name: str) -> list[tuple[str, int | None, int]]:
        with Repository.create(tmp_path / name) as repository:
            done = from_layers.import_layers(repository, written, from_layers.ImportSettings())
            assert done.likeness is not None
            assert done.likeness.largest <= 1
            elements = [repository.element(each) for each in done.ids]
            return [(each.pixels_sha256, each.colour, each.length) for each in elements]

    usual = stored("usual")
    monkeypatch.setattr(from_layers, "_MANY", 100)
    quick = stored("quick")
    assert [each[:2] for each in quick] == [each[:2] for each in usual]
    assert sum(each[2] for each in quick) > sum(each[2] for each in usual)


def test_a_file_is_read_as_its_bytes_are(written: Path) -> None:
    by_path, by_bytes = (flatten(read_document(file)) for file in (written, written.read_bytes()))
    assert [f.image.tobytes() for f in by_path.layers] == [f.image.tobytes() for f in by_bytes.layers]


def test_a_dry_run_writes_nothing(haac: Haac, written: Path, tmp_path: Path) -> None:
    code, said, _ = haac("import", str(written), "--dry-run", "--json")
    assert code == 0
    assert json.loads(said)[0]["new"] == 4
    assert not (tmp_path / "scene.haac").exists()
    with Repository.open(tmp_path / "repo") as repository:
        assert repository.stats().elements == 0


def test_a_recipe_that_is_there_is_left_alone(haac: Haac, written: Path, tmp_path: Path) -> None:
    (tmp_path / "scene.haac").write_bytes(b"mine")
    code, _, _ = haac("import", str(written))
    assert code == 2
    assert (tmp_path / "scene.haac").read_bytes() == b"mine"


def header(width: int, height: int) -> bytes:
    return b"8BPS" + struct.pack(">H6xHIIHH", 1, 4, height, width, 8, 3)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty", b""),
        ("no-document", b"hello" * 100),
        ("header-alone", header(10, 10)),
        ("huge-canvas", header(300_000, 300_000) + bytes(100)),
        ("no-canvas", header(0, 10) + bytes(100)),
        ("huge-section", header(10, 10) + bytes(8) + b"\xff" * 4 + bytes(100)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_hostile_file_is_one_error(haac: Haac, name: str, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.psd"
    path.write_bytes(data)
    code, _, said = haac("import", str(path))
    assert code == 1
    assert path.name in said
    assert not path.with_suffix(".haac").exists()


@pytest.mark.parametrize("share", [10, 35, 50])
def test_a_truncated_document_is_one_error(share: int, written: Path) -> None:
    data = written.read_bytes()
    with pytest.raises(PictureError):
        read_document(data[: len(data) * share // 100])


@pytest.mark.parametrize("lost", [1, 2000, 8000])
def test_a_document_cut_in_its_stored_picture_is_read_and_it_is_said(
    lost: int, haac: Haac, written: Path
) -> None:
    whole = flatten(read_document(written)).layers
    cut = read_document(written.read_bytes()[:-lost])
    assert cut.merged is None
    assert "cut short" in "".join(cut.notes)
    assert [(f.name, f.x, f.y) for f in flatten(cut).layers] == [(f.name, f.x, f.y) for f in whole]
    assert all(differences(a.image, b.image) == 0 for a, b in zip(flatten(cut).layers, whole, strict=True))
    written.write_bytes(written.read_bytes()[:-lost])
    code, said, _ = haac("import", str(written))
    assert code == 0
    assert "nothing was compared" in said


def test_a_broken_channel_of_a_layer_is_one_error_and_not_black(written: Path) -> None:
    from psd_tools import PSDImage

    psd = PSDImage.open(written)
    info = psd._record.layer_and_mask_information.layer_info
    assert info is not None
    channel = info.channel_image_data[1][1]
    assert channel.compression == 1
    channel.data = channel.data[:9]  # not even the lengths of its lines
    psd.save(written)
    with pytest.raises(PictureError, match="broken or cut short"):
        read_document(written)


def test_groups_too_deep_are_refused(tmp_path: Path) -> None:
    from psd_tools import PSDImage

    psd = PSDImage.new("RGBA", (8, 8))
    group = psd.create_group(name="0")
    for depth in range(70):
        group = group.create_group(name=str(depth))
    group.create_pixel_layer(blob(3, 8, 8))
    psd._updated = False
    psd.save(tmp_path / "deep.psd")
    with pytest.raises(PictureError, match="groups inside each other"):
        read_document(tmp_path / "deep.psd")


@pytest.mark.parametrize(
    ("limit", "most", "said"),
    [
        ("layers", 3, "more than 3 layers"),
        ("pixels", 100, "a layer is"),
        ("layers_pixels", 12_000, "12,000 pixels together"),
        ("offset", 4, "a layer stands at"),
        ("canvas_side", 100, "the canvas is 120x90"),
        ("file_bytes", 2000, "the file has"),
    ],
)
def test_the_limits_of_layered_files_hold(
    limit: str, most: int, said: str, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_limits, "LAYER_LIMITS", replace(_limits.LAYER_LIMITS, **{limit: most}))
    with pytest.raises(PictureError, match=said):
        read_document(written)


def test_what_is_hidden_is_stored_and_not_shown(tmp_path: Path) -> None:
    from psd_tools import PSDImage

    psd = PSDImage.new("RGBA", (60, 40))
    psd.create_pixel_layer(blob(4), name="seen")
    psd.create_pixel_layer(blob(5), name="hidden").visible = False
    psd.save(tmp_path / "two.psd")
    flat = flatten(read_document(tmp_path / "two.psd"))
    assert [each.name for each in flat.layers] == ["seen"]
    assert [each.name for each in flat.hidden] == ["hidden"]


def test_a_file_that_takes_too_long_is_one_error(haac: Haac, written: Path) -> None:
    slow = written.with_name("slow.psd")
    write_psd(Scene(2500, 2000, layers=[Layer(1)]), Pictures(blob(6, 2500, 2000)), slow)
    code, _, error = haac("import", str(slow), "--timeout", "0.2", "--dry-run")
    assert code == 1
    assert "slow.psd: it took longer than 0.2 seconds: allow more with --timeout" in error


def test_what_needs_no_drawing_loads_nothing_that_draws(written: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from haac_layers import read_document\n"
        "read_document(Path(sys.argv[1])); print('scipy' in sys.modules, 'aggdraw' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, written], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
