"""What Photoshop's documents say beyond pixels: artboards, knockouts, clipped groups, old adjustments, colours of their own."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms

pytest.importorskip("psd_tools")

from psd_tools import PSDImage
from psd_tools.constants import BlendMode, Resource, Tag
from psd_tools.psd.adjustments import (
    BrightnessContrast,
    Curves,
    CurvesExtraItem,
    CurvesExtraMarker,
    SelectiveColor,
)
from psd_tools.psd.base import ByteElement
from psd_tools.psd.image_resources import ImageResource, PascalString, VersionInfo

from haac_layers import Raster, _limits, flatten, read_document
from haac_repo import MissingExtraError, PictureError
from tests.pipeline.layers.photoshop.made import artboard, block, effect, picture, put, read, rgb, saved

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def ground(psd: PSDImage, colour: tuple[int, int, int] = WHITE) -> Any:
    return psd.create_pixel_layer(block(colour, *psd.size), "ground")


def shown(psd: PSDImage) -> npt.NDArray[np.int32]:
    return np.asarray(picture(read(psd))).astype(np.int32)


@pytest.mark.parametrize(
    ("kind", "seen"), [(1, (*WHITE, 255)), (2, (0, 0, 0, 255)), (3, (0, 0, 0, 0)), (4, (18, 108, 200, 255))]
)
def test_an_artboard_has_its_ground_and_cuts_its_layers(kind: int, seen: tuple[int, ...]) -> None:
    psd = PSDImage.new("RGBA", (60, 40))
    group = psd.create_group(name="board")
    group.create_pixel_layer(block(RED, 30, 10), "bar", top=10, left=20)
    artboard(group, (5, 0, 40, 30), kind, rgb(18, 108, 200))
    pixels = shown(psd)
    assert tuple(pixels[2, 6]) == seen
    assert tuple(pixels[15, 39]) == (*RED, 255)
    assert tuple(pixels[15, 41]) == (0, 0, 0, 0)
    assert tuple(pixels[35, 6]) == (0, 0, 0, 0)
    names = [each.name for each in flatten(read(psd)).layers]
    assert names == (["bar"] if kind == 3 else ["board", "bar"])


def test_a_layer_that_knocks_out_shows_no_layer_of_its_group_below_it() -> None:
    psd = PSDImage.new("RGB", (40, 40))
    ground(psd)
    group = psd.create_group(name="group")
    group.blend_mode = BlendMode.NORMAL
    group.create_pixel_layer(block(RED, 40, 20), "below")
    top = group.create_pixel_layer(block(GREEN, 20, 40), "top")
    top.blend_mode = BlendMode.MULTIPLY
    assert tuple(shown(psd)[10, 10, :3]) == (0, 0, 0)
    put(top, Tag.KNOCKOUT_SETTING, ByteElement(1))
    assert tuple(shown(psd)[10, 10, :3]) == GREEN
    assert tuple(shown(psd)[10, 30, :3]) == RED


@pytest.mark.parametrize("photoshop", [False, True])
def test_a_clipped_group_shows_within_its_base_unless_photoshop_wrote_it(photoshop: bool) -> None:
    psd = PSDImage.new("RGB", (40, 40))
    if not photoshop:
        psd.image_resources.pop(Resource.VERSION_INFO, None)
    elif Resource.VERSION_INFO not in psd.image_resources:
        said = VersionInfo(1, True, "Adobe Photoshop", "Adobe Photoshop", 1)
        psd.image_resources[Resource.VERSION_INFO] = ImageResource(
            key=Resource.VERSION_INFO, data=said.tobytes()
        )
    ground(psd)
    psd.create_pixel_layer(block(BLUE, 20, 40), "base")
    group = psd.create_group(name="clipped")
    group.blend_mode = BlendMode.NORMAL
    group.create_pixel_layer(block(RED, 40, 20), "in")
    group._record.clipping = type(psd[1]._record.clipping)(1)
    pixels = shown(psd)
    assert tuple(pixels[10, 10, :3]) == RED
    assert tuple(pixels[10, 30, :3]) == (RED if photoshop else WHITE)


class Old(BrightnessContrast):
    """psd-tools 1.26 reads this block and fails to write it."""

    def write(self, fp: IO[bytes], **_: Any) -> int:
        return fp.write(struct.pack(">3HBx", self.brightness, self.contrast, self.mean, self.lab_only))


@pytest.mark.parametrize(
    ("brightness", "contrast", "values"),
    [(20, 57, {64: 27, 128: 176, 48: 0, 200: 255}), (-23, -26, {24: 28, 72: 63, 152: 123})],
)
def test_brightness_and_contrast_as_they_were_before_cs3(
    brightness: int, contrast: int, values: dict[int, int]
) -> None:
    psd = PSDImage.new("RGB", (len(values), 4))
    row = np.array([[[v, v, v, 255] for v in values]] * 4, np.uint8)
    psd.create_pixel_layer(Image.fromarray(row), "values")
    old(psd, brightness, contrast)
    assert list(shown(psd)[2, :, 0]) == list(values.values())


def adjustment(psd: PSDImage, tag: Tag, data: Any, name: str = "adjust") -> Any:
    """A layer without pixels, which changes those below it."""
    layer = psd.create_pixel_layer(block(RED, 1, 1), name)
    layer._record.right = layer._record.left
    layer._record.bottom = layer._record.top
    for channel in layer._channels:
        channel.data = b""
    put(layer, tag, data)
    return layer


def old(psd: PSDImage, brightness: int, contrast: int) -> Any:
    """Brightness and contrast as they were before CS3."""
    return adjustment(
        psd, Tag.BRIGHTNESS_AND_CONTRAST, Old(brightness % 65536, contrast % 65536, 127, 0), "old"
    )


def test_an_old_adjustment_is_blended_and_faded_as_it_says() -> None:
    psd = PSDImage.new("RGB", (4, 4))
    ground(psd, (100, 60, 200))
    layer = old(psd, 50, 0)
    assert tuple(shown(psd)[0, 0, :3]) == (150, 110, 250)
    layer.blend_mode = BlendMode.MULTIPLY
    assert np.abs(shown(psd)[0, 0, :3] - (100 * 150 / 255, 60 * 110 / 255, 200 * 250 / 255)).max() <= 1
    layer.opacity = 128
    assert np.abs(shown(psd)[0, 0, :3] - (79.4, 43, 198)).max() <= 1.5


def test_an_old_adjustment_that_is_clipped_changes_its_base_alone() -> None:
    psd = PSDImage.new("RGB", (40, 40))
    ground(psd, (100, 60, 200))
    psd.create_pixel_layer(block((10, 20, 30), 20, 40), "base")
    old(psd, 50, 0).clipping = True
    pixels = shown(psd)
    assert tuple(pixels[5, 30, :3]) == (100, 60, 200)
    assert tuple(pixels[5, 5, :3]) == (60, 70, 80)


def test_curves_drawn_by_hand_are_what_they_are_for_each_value() -> None:
    psd = PSDImage.new("RGB", (4, 4))
    ground(psd, (100, 60, 200))
    table: Any = [(255 - v) // 16 * 16 for v in range(256)]
    tables: Any = [table]
    items: Any = [CurvesExtraItem(0, table)]
    extra = CurvesExtraMarker(items=items)
    adjustment(psd, Tag.CURVES, Curves(True, 1, 1, tables, extra))
    assert tuple(shown(psd)[0, 0, :3]) == tuple(table[v] for v in (100, 60, 200))


def test_several_adjustments_are_drawn_at_once_and_all_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    psd = PSDImage.new("RGB", (40, 40))
    ground(psd, (100, 60, 200))
    for _ in range(3):
        old(psd, 10, 0)
    psd.create_pixel_layer(block(RED, 10, 10), "over")
    limits = replace(
        _limits.LAYER_LIMITS, layers_pixels=2 * 40 * 40 + 100
    )  # the ground, what is drawn, the layer over it
    monkeypatch.setattr(_limits, "LAYER_LIMITS", limits)
    document = read(psd)
    assert [each.name for each in document.layers] == ["old", "over"]
    assert isinstance(document.layers[0], Raster)
    assert sum("brightnesscontrast" in each for each in document.layers[0].baked) == 3
    assert tuple(shown(psd)[30, 30, :3]) == (130, 90, 230)


def test_an_adjustment_that_nobody_draws_is_named_and_leaves_the_layers_as_they_are() -> None:
    psd = PSDImage.new("RGB", (40, 40))
    ground(psd)
    psd.create_pixel_layer(block(RED, 10, 10), "over")
    table: Any = [(0, 0, 0, 0)] * 10
    adjustment(psd, Tag.SELECTIVE_COLOR, SelectiveColor(1, 0, table), "selective")
    document = read(psd)
    assert [each.name for each in document.layers] == ["ground", "over"]
    assert "'selective': adjustment (selectivecolor: left out)" in document.notes


def test_an_adjustment_below_all_layers_changes_nothing() -> None:
    psd = PSDImage.new("RGB", (40, 40))
    old(psd, 50, 0)
    psd.create_pixel_layer(block(RED, 10, 10), "over")
    assert [each.name for each in read(psd).layers] == ["over"]


def test_layers_drawn_together_are_named_if_they_have_what_nobody_draws() -> None:
    psd = PSDImage.new("RGB", (40, 40))
    ground(psd)
    dots = psd.create_pixel_layer(block(RED, 10, 10), "dots", opacity=128)
    dots.blend_mode = BlendMode.DISSOLVE
    effect(psd.create_pixel_layer(block(RED, 10, 10), "shiny"), b"ChFX", b"Mltp")
    old(psd, 50, 0)
    (drawn,) = read(psd).layers
    assert isinstance(drawn, Raster)
    assert {"mode dissolve: drawn as normal: 'dots'", "effects (Satin: left out): 'shiny'"} <= {*drawn.baked}


def other_profile() -> bytes:
    """One whose red and blue stand for each other's place."""
    import io

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    swapped = bytearray(profile)
    swapped[red : red + 4], swapped[blue : blue + 4] = b"bXYZ", b"rXYZ"
    ImageCms.ImageCmsProfile(io.BytesIO(bytes(swapped)))
    return bytes(swapped)


def test_colours_are_blended_as_the_document_has_them_and_come_as_srgb() -> None:
    psd = PSDImage.new("RGB", (20, 20))
    ground(psd, (255, 128, 0))
    psd.create_pixel_layer(block((128, 255, 255)), "top").blend_mode = BlendMode.MULTIPLY
    plain = tuple(shown(psd)[5, 5, :3])
    assert plain == (128, 128, 0)
    psd.image_resources[Resource.ICC_PROFILE] = ImageResource(key=Resource.ICC_PROFILE, data=other_profile())
    assert np.abs(shown(psd)[5, 5, :3] - (0, 128, 128)).max() <= 2
    same = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    psd.image_resources[Resource.ICC_PROFILE] = ImageResource(key=Resource.ICC_PROFILE, data=same)
    assert read(psd).profile is None
    assert tuple(shown(psd)[5, 5, :3]) == plain


@pytest.mark.parametrize("named", [False, True])
def test_a_fourth_channel_without_a_name_is_the_transparency_of_the_merged_picture(named: bool) -> None:

    psd = PSDImage.new("RGBA", (20, 20))
    psd.create_pixel_layer(block(RED, 20, 10), "half")
    psd.composite(force=True)
    planes = [bytes([v]) * 200 + bytes([w]) * 200 for v, w in ((255, 0), (0, 0), (0, 0), (255, 0))]
    psd._record.image_data.set_data(planes, psd._record.header)
    data = saved(psd)
    at = data.index(struct.pack(">h", -1), 26)  # the number of layers
    for key in (Resource.ALPHA_NAMES_PASCAL, Resource.ALPHA_NAMES_UNICODE):
        assert key not in psd.image_resources
    if named:
        psd.image_resources[Resource.ALPHA_NAMES_PASCAL] = ImageResource(
            key=Resource.ALPHA_NAMES_PASCAL, data=PascalString("saved").tobytes()
        )
        data = saved(psd)
        at = data.index(struct.pack(">h", -1), 26)
    merged = read_document(data[:at] + struct.pack(">h", 1) + data[at + 2 :]).merged
    assert merged is not None
    assert merged.getpixel((5, 15)) == (0, 0, 0, 255 if named else 0)


def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: object) -> None:
        raise ModuleNotFoundError("No module named 'scipy'", name="scipy")

    monkeypatch.setattr("haac_layers._photoshop.read.prepare", missing)
    with pytest.raises(MissingExtraError, match=r"scipy, not installed here: pip install 'haac\[layers\]'"):
        read(PSDImage.new("RGB", (10, 10)))


def test_an_artboard_counts_for_what_is_drawn_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    psd = PSDImage.new("RGBA", (600, 400))
    for left in range(0, 600, 60):
        group = psd.create_group(name="board")
        group.create_pixel_layer(block(RED, 30, 10), "bar", top=10, left=left)
        artboard(group, (left, 0, left + 40, 30), 1, rgb(0, 0, 0))
    limits = replace(_limits.LAYER_LIMITS, layers_pixels=10 * (40 * 30 + 30 * 10))
    monkeypatch.setattr(_limits, "LAYER_LIMITS", limits)
    assert len(read(psd).layers) == 10
    monkeypatch.setattr(_limits, "LAYER_LIMITS", replace(limits, layers_pixels=limits.layers_pixels - 1))
    with pytest.raises(PictureError, match="pixels together"):
        read(psd)


def test_an_artboard_of_no_colour_has_no_background() -> None:
    psd = PSDImage.new("RGBA", (60, 40))
    group = psd.create_group(name="board")
    group.create_pixel_layer(block(RED, 30, 10), "bar", top=10, left=20)
    artboard(group, (5, 0, 40, 30), 4, rgb(float("nan"), 0, 0))
    assert [each.name for each in flatten(read(psd)).layers] == ["bar"]


@pytest.mark.parametrize("profile", [b"", b"no profile"])
def test_a_profile_that_is_none_is_passed_over(profile: bytes) -> None:
    psd = PSDImage.new("RGB", (20, 20))
    ground(psd, BLUE)
    psd.image_resources[Resource.ICC_PROFILE] = ImageResource(key=Resource.ICC_PROFILE, data=profile)
    assert (shown(psd)[..., :3] == BLUE).all()


def test_shadows_below_an_adjustment_are_said_to_be_left_out() -> None:
    psd = PSDImage.new("RGB", (60, 40))
    ground(psd)
    square = psd.create_pixel_layer(block(RED), "square", top=10, left=10)
    effect(
        square,
        b"DrSh",
        b"Nrml",
        Clr=rgb(0, 0, 0),
        uglg=False,
        Opct=50.0,
        Dstn=5.0,
        blur=3.0,
        Ckmt=0.0,
        lagl=180.0,
        Nose=0.0,
    )
    brightness = psd.create_pixel_layer(block(WHITE, 1, 1), "brightness")
    put(brightness, Tag.BRIGHTNESS_AND_CONTRAST, BrightnessContrast(10, 0, 127, False))
    (drawn,) = read(psd).layers
    assert isinstance(drawn, Raster)
    assert any("DropShadow: left out" in each for each in drawn.baked)
