"""Work and memory of a scene, predicted from sizes alone, before anything is decoded or drawn: a linear cost model of the renderer.

The weights are nanoseconds of one core, fitted to what `scripts/benchmark/limits/` measures (benchmarks/render_limits.json) and
rounded, mostly up. They are part of the format: which recipes are accepted must not depend on the machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from haac._drawing.boxes import QUARTER, Box, area, empty, grown, moved
from haac._drawing.plan import Warp, blur_margin, plan_blur, plan_warp
from haac._inline import Inline
from haac._limits import LIMITS
from haac._scene import Colour, Gradient, Layer, Plate, Scene
from haac._wash_value import Wash
from haac_repo import RecipeError, format_id

SizeOf = Callable[[int | Inline], tuple[int, int]]
"""Width and height of an element."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Units of work, about a nanosecond each."""

    layer: int = 1_000_000
    """A layer, visible or not: most of it for reading a recipe with thousands of them."""
    decode: int = 25
    """A pixel of an element that is decoded: each once, or for each layer where the decoded ones are more than are kept."""
    read: int = 2
    """A pixel of an element that is cut out and premultiplied."""
    flip: int = 1
    """A pixel that is mirrored, for each direction."""
    curve: int = 1
    """A pixel with another brightness or contrast."""
    saturation: int = 20
    """A pixel with another saturation."""
    weight: int = 15
    """A weight of a resizing filter: four for each pixel of the longer of the two sides, before and after."""
    tap: int = 2
    """A weight times a pixel: the lines that are resized, times the weights."""
    quarter: int = 4
    """A pixel that is made by a quarter turn, or by half a turn."""
    rotation: int = 20
    """A pixel that is made by another rotation."""
    blur_rows: int = 13
    """A pixel that is blurred along the rows."""
    blur_columns: int = 20
    """A pixel that is blurred along the columns."""
    compose: int = 14
    """A visible pixel of a layer: opacity, un-premultiplied, composited."""
    canvas: int = 1
    """A pixel of the canvas."""
    gradient: int = 20
    """A pixel of the canvas with a gradient."""
    wash: int = 30
    """A pixel of the canvas with a wash."""
    wash_grid: int = 2_000
    """A sample of a wash's grid."""
    wash_coefficient: int = 4_000
    """A coefficient of a wash that is coded."""


WEIGHTS = Weights()

DECODE_COPIES = 5
"""Times that the pixels of an element are in memory while it is decoded: the WebP decoder's own copies and Pillow's."""
WHILE_DECODING = 640 * 2**20
"""Bytes of elements, the copies of one that is decoded among them, for which others that are held are forgotten."""
_STRIPS = 32 * 2**20
"""Bytes of the steps that are done in strips, and of the program beside its pictures, over what it has at the start."""


@dataclass(frozen=True, slots=True)
class Work:
    """What drawing takes."""

    units: int
    """See `Weights`."""
    pixels: int
    """Pixels of four bytes that are in memory at the same time, at most."""


NOTHING = Work(0, 0)


def layer_work(layer: Layer, size: tuple[int, int], canvas: tuple[int, int]) -> Work:
    """Predict what drawing one layer takes, its element being decoded.

    Args:
        layer: how it stands.
        size: width and height of its element.
        canvas: width and height.

    Raises:
        RecipeError: the crop or the size is outside the limits.
    """
    seen = moved((0, 0, *canvas), -layer.x, -layer.y)
    plan = plan_warp(layer, size, grown(seen, blur_margin(layer.blur)))
    if plan is None:
        return NOTHING
    blurred, visible = plan_blur(layer, plan.turned, seen)
    if empty(visible):
        return NOTHING
    steps = [*_warping(layer, plan), *_blurring(layer, blurred, visible)]
    steps.append(Work(WEIGHTS.compose * area(visible), area(visible)))
    return Work(sum(step.units for step in steps), max(step.pixels for step in steps))


def _warping(layer: Layer, plan: Warp) -> Iterator[Work]:
    """Step by step, up to the rotation."""
    read, part, turned = area(plan.cut), area(plan.part), area(plan.turned)
    adjusted = (layer.brightness, layer.contrast) != (100, 100)
    units = WEIGHTS.read + WEIGHTS.flip * len(layer.flip) + WEIGHTS.curve * adjusted
    units += WEIGHTS.saturation * (layer.saturation != 100)
    yield Work(units * read, (3 if layer.saturation != 100 else 2) * read)
    (across, down), (width, height) = plan.cropped, plan.size
    rows, columns = plan.cut[3] - plan.cut[1], plan.part[2] - plan.part[0]
    if width != across:
        weights = 4 * max(across, width)
        yield Work(weights * (WEIGHTS.weight + WEIGHTS.tap * rows), read + width * rows)
    if height != down:
        weights = 4 * max(down, height)
        before = width * rows + columns * down
        yield Work(weights * (WEIGHTS.weight + WEIGHTS.tap * columns), max(before, columns * (down + height)))
        yield Work(0, columns * height + part)
    if layer.rotation % QUARTER:
        yield Work(WEIGHTS.rotation * turned + WEIGHTS.read * part, 2 * part + turned)
    elif layer.rotation:
        yield Work(WEIGHTS.quarter * turned, part + turned)


def _blurring(layer: Layer, blurred: Box, visible: Box) -> Iterator[Work]:
    """Step by step: along the rows, then along those columns that are visible."""
    if not layer.blur:
        return
    columns = (visible[2] - visible[0]) * (blurred[3] - blurred[1])
    yield Work(WEIGHTS.blur_rows * area(blurred), 2 * area(blurred))
    yield Work(WEIGHTS.blur_columns * columns, max(area(blurred) + columns, 4 * columns))


def is_visible(layer: Layer, size: tuple[int, int], canvas: tuple[int, int]) -> bool:
    """Whether any pixel of a layer with an element of this size may be on the canvas."""
    return layer_work(layer, size, canvas) is not NOTHING


def plate_layer(scene: Scene, plate: Plate) -> Layer:
    """A plate, as the layer that would show the same."""
    return Layer(plate.element, width=scene.width, height=scene.height)


def _background(scene: Scene, size_of: SizeOf) -> Work:
    pixels = scene.width * scene.height
    plain = WEIGHTS.canvas * pixels
    match scene.background:
        case Gradient():
            return Work(plain + WEIGHTS.gradient * pixels, 2 * pixels)
        case Wash(width, height, channels=channels):
            coefficients = sum(map(len, channels)) // 2
            units = WEIGHTS.wash_grid * width * height + WEIGHTS.wash_coefficient * coefficients
            return Work(plain + WEIGHTS.wash * pixels + units, 4 * pixels)
        case Plate(element) as plate:
            work = layer_work(plate_layer(scene, plate), size_of(element), (scene.width, scene.height))
            return Work(plain + work.units, work.pixels)
        case Colour() | None:
            return Work(plain, pixels)


@dataclass(frozen=True, slots=True)
class _Decoding:
    """What decoding the elements takes."""

    units: int
    held: int
    """Pixels that stay for the next use."""
    most: int
    """Pixels in memory while an element is decoded."""


def _decoding(shown: list[int | Inline], size_of: SizeOf, kept: int) -> _Decoding:
    """Each element once; or for each use, where they are not all kept."""
    pixels = {element: math.prod(size_of(element)) for element in shown}
    together, largest = sum(pixels.values()), max(pixels.values(), default=0)
    # With the copies of the one that is decoded: else others are forgotten to make room.
    once = 4 * together <= kept and 4 * (together + (DECODE_COPIES - 1) * largest) <= WHILE_DECODING
    count = together if once else sum(pixels[element] for element in shown)
    held = min(together, max(largest, kept // 4))
    most = min(held + DECODE_COPIES * largest, max(WHILE_DECODING // 4, DECODE_COPIES * largest))
    return _Decoding(WEIGHTS.decode * count, held, most)


def check_work(scene: Scene, size_of: SizeOf, kept: int) -> None:
    """Compare what a scene takes with the limits.

    Args:
        scene: what is to be drawn.
        size_of: asked for each element.
        kept: bytes of decoded elements that are kept for the next use.

    Raises:
        RecipeError: too much work, or too much memory; or a size is outside the limits.
        ElementError: there is no such element.
    """
    canvas = scene.width, scene.height
    background = _background(scene, size_of)
    works = [layer_work(layer, size_of(layer.element), canvas) for layer in scene.layers]
    shown = [layer.element for layer, work in zip(scene.layers, works, strict=True) if work is not NOTHING]
    if isinstance(scene.background, Plate):
        shown.append(scene.background.element)
    decoding = _decoding(shown, size_of, kept)
    units = decoding.units + background.units + sum(WEIGHTS.layer + work.units for work in works)
    if units > LIMITS.work:
        parts = {"decoding its elements": decoding.units, "its background": background.units}
        parts |= {_named(n, layer): works[n - 1].units for n, layer in enumerate(scene.layers, 1)}
        most = max(parts, key=lambda part: parts[part])
        raise RecipeError(
            f"drawing this recipe takes {units / 1e9:.1f} x 10^9 units of work, {parts[most] / 1e9:.2f} of them for {most}; at most"
            f" {LIMITS.work / 1e9:g} are allowed: use fewer or smaller layers, a smaller canvas, or less blur"
        )
    drawing = math.prod(canvas) + max((work.pixels for work in works), default=0) + decoding.held
    pixels = max(background.pixels + decoding.held, math.prod(canvas) + decoding.most, drawing)
    if 4 * pixels + _STRIPS > LIMITS.memory_bytes:
        raise RecipeError(
            f"drawing this recipe takes {(4 * pixels + _STRIPS) / 1e6:.0f} MB of memory; at most"
            f" {LIMITS.memory_bytes / 1e6:.0f} are allowed: use a smaller canvas, smaller elements, or smaller layers"
        )


def _named(n: int, layer: Layer) -> str:
    shown = (
        "an inline element" if isinstance(layer.element, Inline) else f"element {format_id(layer.element)}"
    )
    return f"layer {n} ({shown})"
