"""What no element explains is carried along: words, bars and photographs; a flat background stays flat; budgets beat WebP."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from skimage import data

from haac import Colour, ElementCache, Layer, Scene, encode_inline, render, to_binary
from haac._render import NO_ELEMENTS
from haac_match import Monitor, Options
from haac_match._rate import webp
from haac_match._rate.cost import Cost
from haac_match._rate.filled import filled
from haac_match._rate.select import RateDistortion, without_carried
from haac_match._rate.visible import lost
from haac_pipeline._compress.quality import psnr

PHOTO = Image.fromarray(data.astronaut()).resize((160, 160), Image.Resampling.LANCZOS)
PAPER = Colour(0xE5DDD5FF)


def slide(photograph: Image.Image | None = None) -> Image.Image:
    """Words and a bar on a flat background, perhaps with a photograph."""
    page = Image.new("RGB", (360, 320), "#e5ddd5")
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, 359, 40), "#2b579a")
    draw.text((16, 8), "Quarterly results", "white", ImageFont.load_default(20))
    draw.text((20, 60), "New customers: 4,310", "#222222", ImageFont.load_default(18))
    draw.ellipse((300, 70, 312, 82), "#d02020")
    if photograph is not None:
        page.paste(photograph, (40, 120))
    return page


def cost(picture: Image.Image, monitor: Monitor | None = None, **options: Any) -> Cost:
    return Cost(picture, ElementCache(NO_ELEMENTS), Options(inline=True, **options), lambda: None, monitor)


def pixels(scene: Scene) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray(render(scene, NO_ELEMENTS).convert("RGB"))


def carried(picture: Image.Image, background: Colour | None = PAPER, layers: tuple[Layer, ...] = ()) -> Scene:
    scene = Scene(*picture.size, background, list(layers))
    return RateDistortion(cost(picture)).best(scene, known=True)


def test_words_are_carried_and_flat_ground_stays_flat() -> None:
    picture = slide()
    made = carried(picture)
    wanted, shown = np.asarray(picture), pixels(made)
    flat = (wanted == np.array([0xE5, 0xDD, 0xD5])).all(axis=2)
    assert made.background == PAPER
    assert (shown[flat] == wanted[flat]).all()
    assert lost(wanted, shown) == 0
    assert psnr(wanted, shown) > 40
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", lossless=True, quality=100, method=6)
    assert len(to_binary(made)) < len(buffer.getvalue())
    red = shown[76, 306].astype(int)
    assert red[0] > 180 > 60 > red[1], "a small spot keeps its colour"


def test_a_photograph_beside_words_goes_with_loss_and_the_words_without() -> None:
    picture = slide(PHOTO)
    made = carried(picture)
    wanted, shown = np.asarray(picture), pixels(made)
    assert made.background == PAPER
    assert [inline.data[:4] in (b"VP8L", b"VP8 ") for inline in made.inlines()] == [True, True]
    assert psnr(wanted[:110], shown[:110]) > 40
    assert psnr(wanted[120:280, 40:200], shown[120:280, 40:200]) > 30
    assert lost(wanted, shown) < 0.02
    whole = len(to_binary(Scene(*picture.size, None, [Layer(encode_inline(picture, 100))])))
    assert len(to_binary(made)) < 0.5 * whole


def test_a_photograph_is_one_webp() -> None:
    made = carried(PHOTO, Colour(0xFF))
    (inline,) = made.inlines()
    assert inline.size == PHOTO.size
    assert lost(np.asarray(PHOTO), pixels(made)) < 0.02
    assert without_carried(made, []).layers == []


def test_what_was_found_stays_on_top_and_what_it_explains_is_not_sent() -> None:
    sticker = Layer(encode_inline(PHOTO.resize((90, 90)), 100), x=200, y=150)
    picture = slide().convert("RGBA")
    picture.alpha_composite(render(Scene(*picture.size, None, [sticker]), NO_ELEMENTS))
    made = carried(picture, layers=(sticker,))
    assert made.layers[0] == sticker
    assert without_carried(made, [sticker]).layers == [sticker]
    own = [inline for inline in made.inlines() if inline != sticker.element]
    assert own[0].size[1] <= 120, "words and bar only"


def test_what_is_explained_needs_nothing_more() -> None:
    plain = Image.new("RGB", (100, 80), "#e5ddd5")
    assert carried(plain) == Scene(100, 80, PAPER)
    speck = plain.copy()
    speck.putpixel((50, 50), (0xE5, 0xDD, 0xC0))
    assert carried(speck) == Scene(100, 80, PAPER)


def test_transparent_ground_stays_transparent() -> None:
    picture = Image.new("RGBA", (120, 90))
    ImageDraw.Draw(picture).text((10, 20), "A word", "black", ImageFont.load_default(24))
    made = render(carried(picture, None), NO_ELEMENTS)
    alpha, wanted = (np.asarray(image.getchannel("A")) for image in (made, picture))
    assert not alpha[wanted == 0].any()
    assert (alpha[wanted > 128] > 100).all()


@pytest.mark.parametrize("drawn", [False, True])
def test_a_budget_is_never_worse_spent_than_on_a_webp_file(drawn: bool) -> None:
    picture = slide(PHOTO) if drawn else PHOTO
    wanted = np.asarray(picture)
    for quality, scale in ((70, 1.0), (40, 0.5)):
        buffer = io.BytesIO()
        size = round(scale * picture.width), round(scale * picture.height)
        picture.resize(size, Image.Resampling.LANCZOS).save(buffer, "WEBP", quality=quality, method=6)
        file = Image.open(buffer).convert("RGB").resize(picture.size, Image.Resampling.LANCZOS)
        room = len(buffer.getvalue())
        with_budget = cost(picture, budget=room)
        made = min(filled(with_budget, Scene(*picture.size, PAPER), room), key=with_budget.cost)
        assert len(to_binary(made)) <= room
        assert psnr(wanted, pixels(made)) > psnr(wanted, np.asarray(file)) - 0.05


def test_nothing_fits_in_a_few_bytes() -> None:
    assert list(filled(cost(PHOTO, budget=40), Scene(160, 160, PAPER), 40)) == []
    assert list(filled(cost(PHOTO, max_layers=0), Scene(160, 160, PAPER), 9000)) == []


def test_colours_survive_halved_chroma() -> None:
    wanted = np.asarray(PHOTO)

    def near(image: Image.Image) -> float:
        inline = webp.lossy(image, 97)
        assert inline is not None
        return psnr(wanted, np.asarray(inline.image().convert("RGB")))

    assert near(webp.sharpened(PHOTO)) > near(PHOTO) + 0.2


def test_the_highest_quality_that_fits_is_found() -> None:
    asked = []

    def encode(quality: float) -> webp.Pieces | None:
        asked.append(quality)
        inline = webp.lossy(PHOTO, quality, method=0)
        return None if inline is None else [inline]

    found = webp.filled(encode, 4000)
    assert found is not None
    quality, pieces = found
    assert 3700 < webp.size_of(pieces) <= 4000
    near = webp.filled(encode, 4000, quality + 30)
    assert near is not None
    assert abs(near[0] - quality) < 1.5
    assert webp.filled(encode, 50) is None


def test_what_is_lost_is_told() -> None:
    picture = np.asarray(slide())
    assert lost(picture, picture) == 0
    blurred = np.asarray(slide().resize((18, 16)).resize((360, 320)))
    assert lost(picture, blurred) > 0.1
    assert lost(picture, np.full_like(picture, 128)) > 0.9
    plain = np.full((40, 40, 3), 77, np.uint8)
    assert lost(plain, plain) == 0


def test_a_search_that_is_stopped_still_carries_what_is_visible() -> None:
    stages: list[str] = []
    stopped = Monitor(lambda stage, _layers: stages.append(stage), lambda: True)
    picture = slide()
    made = RateDistortion(cost(picture, stopped)).best(Scene(*picture.size, PAPER), known=True)
    assert lost(np.asarray(picture), pixels(made)) == 0
    assert stages
