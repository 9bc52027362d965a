"""Elements that other programs drew are found, whatever was done to the picture since; and nothing else is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from haac_match import Matcher, Options
from haac_match._detect.detect import Detection, Detector, intersection_over_union
from haac_match._fit.cutout import CutoutCache
from haac_match._index.index import load
from haac_repo import Repository
from tests.pipeline.match.detect.pictures import (
    Sticker,
    ball,
    chat,
    jpeg,
    ordered_dither,
    sloping,
    tight_bubbles,
    with_stickers,
)
from tests.pipeline.match.pictures import new_element, scenery

FEW = [
    Sticker(2, 90, 90, 80),
    Sticker(4, 60, 240, 90),
    Sticker(6, 120, 390, 110, mirrored=True),
    Sticker(9, 48, 80, 250),
    Sticker(12, 80, 230, 250, turn=12),
]
IN_CHAT = [
    Sticker(3, 36, 200, 58),
    Sticker(8, 36, 240, 58),
    Sticker(5, 30, 260, 156),
    Sticker(11, 60, 330, 254),
]


@pytest.fixture(scope="module")
def detector(repository: Repository) -> Detector:
    return Detector(load(repository), CutoutCache(repository))


def found(detector: Detector, picture: Image.Image) -> list[Detection]:
    return detector.detect(np.asarray(picture))[0]


def assert_found(detections: list[Detection], stickers: Sequence[Sticker], factor: float = 1.0) -> None:
    """Each sticker, and nothing else, at its place, size and turn."""
    assert sorted(one.pose.element for one in detections) == sorted(one.number for one in stickers)
    for sticker in stickers:
        pose = next(
            one.pose
            for one in detections
            if one.pose.element == sticker.number
            and math.hypot(one.pose.cx - sticker.x * factor, one.pose.cy - sticker.y * factor) < 3
        )
        assert pose.flip == sticker.mirrored
        assert math.degrees(math.remainder(pose.turn, math.tau)) == pytest.approx(sticker.turn, abs=3)


@pytest.mark.parametrize("resample", ["BILINEAR", "BICUBIC", "LANCZOS", "BOX", "HAMMING"])
def test_any_filter_is_found(detector: Detector, resample: str) -> None:
    picture = with_stickers(sloping(), FEW, Image.Resampling[resample])
    assert_found(found(detector, picture), FEW)


@pytest.mark.parametrize("background", ["white", "#121212", "#c03040"])
@pytest.mark.parametrize("quality", [95, 75, 60])
def test_jpeg_is_found(detector: Detector, background: str, quality: int) -> None:
    picture = with_stickers(Image.new("RGB", (480, 340), background), FEW, Image.Resampling.LANCZOS)
    assert_found(found(detector, jpeg(picture, quality)), FEW)


@pytest.mark.parametrize("factor", [0.5, 0.7, 0.9])
def test_a_scaled_picture_is_found(detector: Detector, factor: float) -> None:
    picture = with_stickers(sloping(), FEW, Image.Resampling.BICUBIC)
    small = picture.resize(
        (round(picture.width * factor), round(picture.height * factor)), Image.Resampling.LANCZOS
    )
    assert_found(found(detector, jpeg(small, 75)), FEW, factor)


@pytest.mark.parametrize("quality", [0, 85])
def test_small_ones_beside_words_in_a_chat_are_found(detector: Detector, quality: int) -> None:
    picture = with_stickers(chat(), IN_CHAT, Image.Resampling.LANCZOS)
    assert_found(found(detector, jpeg(picture, quality) if quality else picture), IN_CHAT)


def test_small_ones_in_bubbles_that_jpeg_left_noisy_are_found(detector: Detector) -> None:
    stickers = [Sticker(number, 20, 351, 28 + 50 * row) for row, number in enumerate((3, 8, 5, 11))]
    picture = with_stickers(tight_bubbles(len(stickers)), stickers, Image.Resampling.LANCZOS)
    assert_found(found(detector, jpeg(picture, 60)), stickers)


@pytest.mark.parametrize(("side", "outline"), [(24, 2), (24, 3), (40, 2), (70, 5)])
def test_stickers_with_an_outline_are_found(detector: Detector, side: int, outline: int) -> None:
    stickers = [
        Sticker(number, side, 60 + 120 * n, 60, outline=outline) for n, number in enumerate((3, 8, 5, 11))
    ]
    picture = with_stickers(Image.new("RGB", (520, 140), "#4250b4"), stickers, Image.Resampling.BICUBIC)
    assert_found(found(detector, picture), stickers)


@pytest.mark.parametrize("colours", [64, 200])
def test_a_dithered_picture_is_found(detector: Detector, colours: int) -> None:
    picture = with_stickers(sloping(), FEW, Image.Resampling.BICUBIC)
    palette = picture.quantize(colours, Image.Quantize.FASTOCTREE)
    made = picture.quantize(colours, palette=palette, dither=Image.Dither.FLOYDSTEINBERG).convert("RGB")
    detections = found(detector, made)
    assert_found(detections, FEW)
    assert all(one.pose.blur < 0.6 for one in detections)


def test_dots_of_a_dithered_picture_are_no_round_element(tmp_path: Path) -> None:
    """They look like one after the filter that takes the dithering away, and do not before."""
    image = ball()
    picture = Image.new("RGB", (480, 240), (60, 64, 67))
    pen = ImageDraw.Draw(picture)
    for n in range(6):
        pen.ellipse((10 + 30 * n, 10, 22 + 31 * n, 22 + n), fill=(255, 95, 87))
    small = image.resize((48, 48), Image.Resampling.LANCZOS)
    picture.paste(small, (300, 150), small)
    with Repository.create(tmp_path / "repo") as made:
        with made.writer() as writer:
            writer.add(new_element(image, ()))
        detections = found(Detector(load(made), CutoutCache(made)), ordered_dither(picture))
    assert [(round(one.pose.cx), round(one.pose.cy)) for one in detections] == [(324, 174)]


def test_on_a_photograph_they_are_found_by_keypoints(detector: Detector) -> None:
    stickers = [Sticker(2, 120, 100, 100), Sticker(6, 150, 330, 110, turn=30), Sticker(12, 110, 200, 300)]
    photograph = scenery(0).resize((480, 400), Image.Resampling.BICUBIC)
    picture = jpeg(with_stickers(photograph, stickers, Image.Resampling.LANCZOS), 85)
    assert_found(found(detector, picture), stickers)


@pytest.mark.parametrize("picture", ["chat", "scenery", "noise", "plain", "tiny"])
def test_where_there_is_none_none_is_found(detector: Detector, picture: str) -> None:
    pixels = {
        "chat": chat(),
        "scenery": scenery(1),
        "noise": Image.fromarray(np.random.default_rng(1).integers(0, 256, (120, 160, 3), np.uint8)),
        "plain": Image.new("RGB", (300, 200), "#336699"),
        "tiny": Image.new("RGB", (1, 1)),
    }[picture]
    assert found(detector, pixels.convert("RGB")) == []


def test_a_part_of_an_element_is_not_another_one(detector: Detector) -> None:
    """What lies within an element that explains it is not found a second time."""
    picture = with_stickers(
        Image.new("RGB", (460, 460), "white"), [Sticker(4, 400, 230, 230)], Image.Resampling.BICUBIC
    )
    assert_found(found(detector, picture), [Sticker(4, 400, 230, 230)])


def test_recipes_show_them_where_they_are(repository: Repository) -> None:
    picture = with_stickers(chat(words=False), IN_CHAT, Image.Resampling.LANCZOS)
    scene = Matcher(repository).compress(jpeg(picture, 85)).scene
    assert sorted(layer.number for layer in scene.layers if layer.number in {3, 5, 8, 11}) == [3, 5, 8, 11]
    for sticker in IN_CHAT:
        layer = next(layer for layer in scene.layers if layer.number == sticker.number)
        assert layer.rotation == 0
        assert abs(layer.x + (layer.width or 0) / 2 - sticker.x) <= 2


def test_only_tagged_elements_are_found(repository: Repository) -> None:
    picture = with_stickers(
        sloping(), [Sticker(1, 90, 90, 80), Sticker(4, 90, 300, 200)], Image.Resampling.BICUBIC
    )
    scene = Matcher(repository).compress(picture, Options(only_tags=("round",))).scene
    assert [layer.number for layer in scene.layers if layer.number in {1, 4}] == [1]


def test_the_overlap_of_boxes() -> None:
    assert intersection_over_union((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert intersection_over_union((0, 0, 2, 2), (2, 0, 3, 2)) == 0
