"""Cut-outs: trimmed, apart, with clean edges, on backgrounds that are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

pytest.importorskip("cv2")

from haac_pipeline._segment.cutout import cut_out, objects, picture, plate, trimmed
from scripts.benchmark.cutout_edges.composites import drawn
from tests.pipeline.segment.backgrounds import plain

skimage = pytest.importorskip("skimage")

Bytes = npt.NDArray[np.uint8]


def disc(height: int, width: int, y: float, x: float, radius: float, softness: float = 0) -> Bytes:
    """A mask: 255 inside, falling to 0 over `softness` pixels."""
    rows, columns = np.mgrid[0:height, 0:width]
    inside = radius - np.hypot(rows - y, columns - x)
    mask: Bytes = np.rint(np.clip(inside / max(softness, 1e-9) + 0.5, 0, 1) * 255).astype(np.uint8)
    return mask


def coloured(alpha: Bytes, colour: tuple[int, int, int] = (200, 90, 30)) -> Bytes:
    return np.dstack([np.full((*alpha.shape, 3), colour, np.uint8), alpha])


def test_trimming_leaves_the_visible_box_and_no_hidden_colour() -> None:
    alpha = np.zeros((20, 30), np.uint8)
    alpha[5:9, 7:20] = 255
    alpha[6, 8] = 0
    alpha[8, 19] = 1
    found = trimmed(coloured(alpha))
    assert found is not None
    assert found.shape == (4, 13, 4)
    assert found[1, 1].tolist() == [0, 0, 0, 0]
    assert found[3, 12].tolist() == [200, 90, 30, 1]


def test_of_nothing_nothing_is_left() -> None:
    nothing = coloured(np.zeros((9, 12), np.uint8))
    assert trimmed(nothing) is None
    assert objects(nothing, split=True) == objects(nothing, split=False) == []
    assert not cut_out(nothing[:, :, :3], nothing[:, :, 3])[:, :, 3].any()


@pytest.mark.parametrize(
    ("background", "colour"), [((250, 250, 250), (30, 60, 20)), ((10, 90, 240), (240, 200, 40))]
)
def test_soft_edges_lose_the_colour_of_the_ground(
    background: tuple[int, int, int], colour: tuple[int, int, int]
) -> None:
    mask = disc(160, 200, 80, 100, 50, softness=8)
    share = mask[:, :, None] / 255
    mixed = np.rint(np.array(colour) * share + np.array(background) * (1 - share)).astype(np.uint8)
    found = cut_out(mixed, mask)
    edge = (found[:, :, 3] > 32) & (found[:, :, 3] < 255)
    assert edge.any()

    def off(rgb: Bytes) -> float:
        return float(np.abs(rgb[edge].astype(int) - colour).mean())

    assert off(found[:, :, :3]) < off(mixed) / 4


@pytest.mark.parametrize("kind", ["fur", "hair", "soft"])
@pytest.mark.parametrize("ground", [(20, 160, 60), (240, 240, 240), (15, 15, 30)])
def test_on_hair_and_fur_little_of_the_old_background_shines(kind: str, ground: tuple[int, int, int]) -> None:
    """Seen on any new background: what is wrong with alpha known is alpha times the wrong of the colour."""
    made = drawn(kind, 3, 192, plain(ground))
    found = cut_out(made.picture, np.rint(made.alpha * 255).astype(np.uint8))
    edge = (made.alpha > 0.04) & (made.alpha < 0.96)
    share = made.alpha[edge, None]

    def wrong(rgb: Bytes) -> float:
        return float((share * np.abs(rgb[edge] - made.foreground[edge])).mean())

    assert wrong(found[:, :, :3]) < wrong(made.picture) / 3


def test_sure_pixels_stay_as_they_are() -> None:
    with Image.open(Path(skimage.__path__[0], "data", "astronaut.png")) as file:
        rgb = np.asarray(file.convert("RGB"))
    mask = disc(512, 512, 250, 220, 150, softness=10)
    found = cut_out(rgb, mask)
    sure = mask == 255
    assert np.array_equal(found[sure][:, :3], rgb[sure])
    assert (found[mask < 8][:, 3] == 0).all()
    assert (found[mask > 247][:, 3] == 255).all()
    assert np.array_equal(found, cut_out(rgb, mask))


def test_things_come_apart_from_left_to_right() -> None:
    alpha = np.maximum(disc(100, 300, 50, 240, 30, 4), disc(100, 300, 40, 50, 20, 4))
    left, right = objects(coloured(alpha), split=True)
    assert left.shape[0] == pytest.approx(43, abs=3)
    assert right.shape[0] == pytest.approx(63, abs=3)
    assert int(left[:, :, 3].sum()) + int(right[:, :, 3].sum()) == pytest.approx(int(alpha.sum()), rel=0.01)
    [both] = objects(coloured(alpha), split=False)
    assert both.shape[1] > left.shape[1] + right.shape[1]


def test_things_that_almost_touch_stay_together() -> None:
    alpha = np.zeros((100, 400), np.uint8)
    alpha[20:80, 100:200] = alpha[20:80, 203:300] = 255
    [found] = objects(coloured(alpha), split=True)
    assert found.shape[:2] == (60, 200)


def test_specks_are_dropped() -> None:
    alpha = disc(200, 200, 100, 80, 50)
    alpha[4:9, 180:185] = 255
    [found] = objects(coloured(alpha), split=True)
    assert found.shape[:2] == trimmed(coloured(disc(200, 200, 100, 80, 50))).shape[:2]  # type: ignore[union-attr]


def test_a_small_picture_is_no_speck() -> None:
    """What is all there is, is the object, be it an icon of a few pixels."""
    [found] = objects(coloured(np.full((5, 7), 255, np.uint8)), split=True)
    assert found.shape == (5, 7, 4)


def test_parts_of_one_thing_do_not_carry_parts_of_another() -> None:
    """Two hooks whose boxes overlap: each keeps only its own pixels."""
    alpha = np.zeros((120, 120), np.uint8)
    alpha[10:110, 10:20] = alpha[100:110, 10:90] = 255
    alpha[10:20, 40:110] = alpha[10:80, 100:110] = 255
    parts = objects(coloured(alpha), split=True)
    assert len(parts) == 2
    assert sum(int((part[:, :, 3] > 0).sum()) for part in parts) == int((alpha > 0).sum())


def test_the_plate_has_the_ground_in_place_of_the_thing() -> None:
    ramp = np.linspace(60, 180, 240).astype(np.uint8)
    background = np.dstack([np.tile(ramp, (180, 1))] * 3)
    mask = disc(180, 240, 90, 120, 30)
    rgb = np.where(mask[:, :, None] > 0, np.uint8(255), background)
    found = plate(rgb, mask)
    assert found.shape == (180, 240, 4)
    assert (found[:, :, 3] == 255).all()
    far = disc(180, 240, 90, 120, 50) == 0
    assert np.array_equal(found[far][:, :3], background[far])
    assert np.abs(found[:, :, :3].astype(int) - background).max() < 40


def test_without_ground_there_is_no_plate() -> None:
    with pytest.raises(ValueError, match="no background"):
        plate(np.zeros((20, 30, 3), np.uint8), np.full((20, 30), 255, np.uint8))


def test_pictures_are_made_of_parts_of_arrays() -> None:
    image = picture(coloured(disc(50, 60, 25, 30, 20))[10:40:2, 5:50])
    assert (image.mode, image.size) == ("RGBA", (45, 15))
