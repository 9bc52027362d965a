"""Krita itself, of Debian's package: it opens what is written here, and what it writes is read."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from haac_layers import flatten, read_document
from haac_layers._document import Document, Group, Raster
from haac_layers._read.kra import read_kra
from haac_layers._read.ora import read_ora
from haac_layers._write.ora import write_ora
from haac_pipeline._ingest.from_layers import compare as likeness
from tests.pipeline.layers.documents import document

pytestmark = pytest.mark.skipif(
    not (shutil.which("krita") and shutil.which("Xvfb")), reason="krita or xvfb is not installed"
)


@pytest.fixture(scope="module")
def screen() -> Iterator[str]:
    """A display without a screen, of which the server itself says when it can be used, and its number.

    It takes clients all the time: by itself it would begin anew after the last one, and turn away the next meanwhile.
    """
    command = [
        "Xvfb",
        "-displayfd",
        "1",
        "-noreset",
        "-screen",
        "0",
        "1280x1024x24",
        "-nolisten",
        "tcp",
        "-ac",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        number = server.stdout.readline().strip()
        assert number, "Xvfb did not start"
        yield f":{number}"
        server.terminate()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, screen: str) -> dict[str, Document]:
    """What Krita makes of the document, as .ora and as .kra."""
    folder = tmp_path_factory.mktemp("krita")
    write_ora(folder / "ours.ora", document())
    return {
        "ora": read_ora(krita(folder, "theirs.ora", screen).read_bytes()),
        "kra": read_kra(krita(folder, "theirs.kra", screen).read_bytes()),
    }


def krita(folder: Path, name: str, screen: str, source: str = "ours.ora") -> Path:
    command = ["krita", source, "--export", "--export-filename", name]
    own = os.environ | {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "DISPLAY": screen}
    done = subprocess.run(command, cwd=folder, env=own, capture_output=True, timeout=300)
    assert (folder / name).is_file(), done.stderr.decode(errors="replace")[-2000:]
    return folder / name


def pixels(layer: Raster) -> np.ndarray[tuple[int, int, int], np.dtype[np.int64]]:
    """Of the whole canvas, since boxes may be cropped."""
    canvas = Image.new("RGBA", (160, 160))
    canvas.paste(layer.image, (layer.x + 20, layer.y + 20))
    shown = np.asarray(canvas).astype(np.int64)
    shown[shown[:, :, 3] == 0] = 0
    return shown


def compare(left: tuple[Raster | Group, ...], right: tuple[Raster | Group, ...]) -> None:
    assert [layer.name for layer in left] == [layer.name for layer in right]
    for one, other in zip(left, right, strict=True):
        assert one.opacity == pytest.approx(other.opacity, abs=1 / 255)
        assert one.visible == other.visible
        if isinstance(one, Group):
            assert isinstance(other, Group)
            compare(one.children, other.children)
        else:
            assert isinstance(other, Raster)
            assert np.abs(pixels(one) - pixels(other)).max() == 0


@pytest.mark.parametrize("kind", ["ora", "kra"])
def test_layers_names_order_opacity_and_pixels_are_the_same(written: dict[str, Document], kind: str) -> None:
    compare(written[kind].layers, document().layers)


def test_both_files_have_the_same_merged_picture(written: dict[str, Document]) -> None:
    one, other = written["ora"].merged, written["kra"].merged
    assert one is not None
    assert other is not None
    assert np.array_equal(np.asarray(one), np.asarray(other))


def test_krita_shows_what_the_layers_show(written: dict[str, Document]) -> None:
    """Source-over of the layers that were written, in floating point, group by group."""
    merged = written["ora"].merged
    assert merged is not None
    shown = over(document().layers)
    found = np.asarray(merged).astype(float) / 255
    found[..., :3] *= found[..., 3:]
    assert np.abs(shown - found).max() * 255 <= 2.5


def over(layers: tuple[Raster | Group, ...]) -> np.ndarray[tuple[int, int, int], np.dtype[np.float64]]:
    """Premultiplied, 0 to 1."""
    shown = np.zeros((120, 160, 4))
    for layer in layers:
        if not layer.visible:
            continue
        if isinstance(layer, Group):
            on_top = over(layer.children)
        else:
            canvas = Image.new("RGBA", (160, 120))
            canvas.paste(layer.image, (layer.x, layer.y))
            on_top = np.asarray(canvas) / 255
            on_top[..., :3] *= on_top[..., 3:]
        on_top = on_top * round(layer.opacity * 255) / 255
        shown = on_top + shown * (1 - on_top[..., 3:])
    return shown


SIDE = 16
"""Pixels of each mode's square."""


@pytest.mark.parametrize("suffix", ["ora", "kra"])
def test_modes_show_what_krita_shows_of_them(suffix: str, tmp_path: Path, screen: str) -> None:
    """Two modes are left out that choose: where both colours are as light, Krita chooses otherwise."""
    pytest.importorskip("psd_tools")
    from psd_tools import PSDImage
    from psd_tools.constants import BlendMode

    others = ("PASS_THROUGH", "NORMAL", "DISSOLVE", "LIGHTER_COLOR", "HARD_MIX")
    modes = [mode for mode in BlendMode if mode.name not in others]
    psd = PSDImage.new("RGBA", (SIDE * len(modes), SIDE))
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (2, SIDE, SIDE * len(modes), 4), dtype=np.uint8)
    pixels[:, :, :, 3] = 255
    psd.create_pixel_layer(Image.fromarray(pixels[0]), "ground")
    for n, mode in enumerate(modes):
        square = Image.fromarray(pixels[1, :, n * SIDE : (n + 1) * SIDE])
        psd.create_pixel_layer(square, mode.name, left=n * SIDE).blend_mode = mode
    psd._updated = False
    psd.save(tmp_path / "modes.psd")
    shown = read_document(krita(tmp_path, f"theirs.{suffix}", screen, "modes.psd"))
    (flat,) = flatten(shown, one=True).layers
    assert shown.merged is not None
    for n, mode in enumerate(modes):
        box = (n * SIDE, 0, (n + 1) * SIDE, SIDE)
        assert likeness(flat.image.crop(box), shown.merged.crop(box)).faithful, mode
