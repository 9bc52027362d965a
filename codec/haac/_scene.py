"""Scene graph of a recipe: canvas, background and layers; and the recording API with which a script builds it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal

from haac._inline import Inline
from haac._limits import LIMITS
from haac._wash_value import Wash
from haac_repo import LIMITS as REPO_LIMITS
from haac_repo import HaacError, RecipeError, format_id, parse_id

Flip = Literal["", "h", "v", "hv"]
FLIPS: tuple[Flip, ...] = ("", "h", "v", "hv")

FULL_TURN = 1440
"""Quarter degrees."""

SIMILAR = "similar, not the same"
"""What is said of a paraphrase, wherever it is shown."""


def _check(name: str, value: object, low: int, high: int, unit: str = "") -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise RecipeError(f"{name} is {value!r}; a whole number from {low} to {high}{unit} is allowed")


@dataclass(frozen=True, slots=True)
class Colour:
    """Background: one colour for the whole canvas.

    Args:
        rgba: 0xRRGGBBAA, straight (not premultiplied) alpha, sRGB.
    """

    rgba: int

    def __post_init__(self) -> None:
        _check("a colour", self.rgba, 0, 0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Gradient:
    """Background: a linear gradient between two opposite edges or corners.

    Args:
        start: 0xRRGGBBAA where the gradient begins.
        end: 0xRRGGBBAA where it ends.
        angle: quarter degrees, 0 to 1439, counter-clockwise from left-to-right: 1080 (270 degrees) runs from top to bottom.
    """

    start: int
    end: int
    angle: int = 1080

    def __post_init__(self) -> None:
        _check("a gradient's start", self.start, 0, 0xFFFFFFFF)
        _check("a gradient's end", self.end, 0, 0xFFFFFFFF)
        _check("a gradient's angle", self.angle, 0, FULL_TURN - 1, " quarter degrees")


@dataclass(frozen=True, slots=True)
class Plate:
    """Background: an element, stretched over the whole canvas.

    Args:
        element: number of the element.
    """

    element: int

    def __post_init__(self) -> None:
        _check("a background element", self.element, 1, REPO_LIMITS.id_max)


Background = Colour | Gradient | Plate | Wash | None
"""None is transparent."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One element with its operations and its position. They apply in the order of the fields; see docs/format.md.

    Args:
        element: number of the element, or its pixels.
        crop: box (left, top, right, bottom) to keep, pixels of the element; None keeps all.
        flip: "h" mirrors left and right, "v" top and bottom, "hv" both.
        brightness: per cent, 0 to 400, 100 changes nothing.
        contrast: per cent, 0 to 400, 100 changes nothing.
        saturation: per cent, 0 to 400, 100 changes nothing.
        width: pixels to resize to. With the height None the shape is kept.
        height: pixels to resize to. With the width None the shape is kept.
        scale: thousandths to resize to, keeping the shape; not together with width or height.
        rotation: quarter degrees counter-clockwise about the centre, 0 to 1439.
        blur: quarter pixels of a Gaussian's standard deviation, 0 to 1000.
        opacity: per cent, 0 to 100.
        x: left edge of the resized, not yet rotated, box; pixels of the canvas, may be outside.
        y: top edge of the same box.
    """

    element: int | Inline
    crop: tuple[int, int, int, int] | None = None
    flip: Flip = ""
    brightness: int = 100
    contrast: int = 100
    saturation: int = 100
    width: int | None = None
    height: int | None = None
    scale: int | None = None
    rotation: int = 0
    blur: int = 0
    opacity: int = 100
    x: int = 0
    y: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.element, Inline):
            _check("an element's number", self.element, 1, REPO_LIMITS.id_max)
        if self.crop is not None:
            left, top, right, bottom = self.crop
            for edge in self.crop:
                _check("an edge of a crop", edge, 0, REPO_LIMITS.element_side, " pixels")
            if left >= right or top >= bottom:
                raise RecipeError(
                    f"the crop {self.crop} keeps nothing: left must be below right, top below bottom"
                )
        if self.flip not in FLIPS:
            raise RecipeError(f"flip is {self.flip!r}; 'h', 'v' and 'hv' are allowed")
        for name in ("brightness", "contrast", "saturation"):
            _check(name, getattr(self, name), 0, LIMITS.adjust, " per cent")
        for name in ("width", "height"):
            if getattr(self, name) is not None:
                _check(name, getattr(self, name), 1, LIMITS.layer_side, " pixels")
        if self.scale is not None:
            _check("scale", self.scale, 1, LIMITS.scale, " thousandths")
            if self.width is not None or self.height is not None:
                raise RecipeError("a layer has either a scale or a width and height, not both")
        _check("rotation", self.rotation, 0, FULL_TURN - 1, " quarter degrees")
        _check("blur", self.blur, 0, LIMITS.blur, " quarter pixels")
        _check("opacity", self.opacity, 0, 100, " per cent")
        for name in ("x", "y"):
            _check(name, getattr(self, name), -LIMITS.position, LIMITS.position, " pixels")

    @property
    def number(self) -> int:
        """Number of the element.

        Raises:
            RecipeError: it is an inline one.
        """
        if isinstance(self.element, Inline):
            raise RecipeError("an inline element has no number: `haac ingest --from` gives it one")
        return self.element

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height after crop and resizing of an element of this size, in pixels, in integers.

        Raises:
            RecipeError: larger than the limits allow.
        """
        if self.crop is not None:
            left, top, right, bottom = self.crop
            if right > width or bottom > height:
                raise RecipeError(
                    f"the crop {self.crop} leaves {self._named()}, which has {width}x{height} pixels"
                )
            width, height = right - left, bottom - top
        if self.scale is not None:
            made = _scaled(width, self.scale, 1000), _scaled(height, self.scale, 1000)
        elif self.width is not None:
            made = self.width, self.height or _scaled(height, self.width, width)
        elif self.height is not None:
            made = _scaled(width, self.height, height), self.height
        else:
            made = width, height
        if max(made) > LIMITS.layer_side or max(made[0] * made[1], made[0] * height) > LIMITS.layer_pixels:
            raise RecipeError(
                f"{self._named()} would be resized to {made[0]}x{made[1]}; at most"
                f" {LIMITS.layer_side} pixels a side and {LIMITS.layer_pixels} in all are allowed"
            )
        return made

    def _named(self) -> str:
        return (
            "an inline element" if isinstance(self.element, Inline) else f"element {format_id(self.element)}"
        )


def _scaled(length: int, numerator: int, denominator: int) -> int:
    return max(1, (2 * length * numerator + denominator) // (2 * denominator))


@dataclass(slots=True)
class Scene:
    """A picture as canvas, background and layers.

    Args:
        width: canvas, pixels.
        height: canvas, pixels.
        background: None (transparent), a `Colour`, `Gradient`, `Plate` or `Wash`.
        layers: back to front.
        fingerprint: first 16 bits of the repository's id, to notice a wrong one; None if not given.
        similar: the repository's elements are like what the picture shows, not the same: a paraphrase.

    Raises:
        RecipeError: outside the limits.
    """

    width: int
    height: int
    background: Background = None
    layers: list[Layer] = field(default_factory=list)
    fingerprint: int | None = None
    similar: bool = False

    def __post_init__(self) -> None:
        self._check_values()

    def check(self) -> None:
        """Check the limits, and what `similar` says; also called before a scene is written or rendered.

        Raises:
            RecipeError: outside the limits, or nothing in the scene could be similar.
        """
        self._check_values()
        # Not when it is made: a script adds its layers afterwards.
        if self.similar and not self.elements():
            raise RecipeError(
                "the scene is marked as similar, but shows no element of a repository that could be: leave `similar` out"
            )

    def _check_values(self) -> None:
        _check("the canvas width", self.width, 1, LIMITS.canvas_side, " pixels")
        _check("the canvas height", self.height, 1, LIMITS.canvas_side, " pixels")
        if self.width * self.height > LIMITS.canvas_pixels:
            raise RecipeError(
                f"the canvas has {self.width}x{self.height} pixels; at most {LIMITS.canvas_pixels} in all are allowed"
            )
        if self.background is not None and not isinstance(self.background, Colour | Gradient | Plate | Wash):
            raise RecipeError(
                f"the background is {self.background!r}; None, colour(...), gradient(...), plate(...) and wash(...) are allowed"
            )
        if isinstance(self.background, Wash):
            self.background.check_canvas(self.width, self.height)
        if len(self.layers) > LIMITS.layers:
            raise RecipeError(f"the scene has {len(self.layers)} layers; at most {LIMITS.layers} are allowed")
        if self.fingerprint is not None:
            _check("a fingerprint", self.fingerprint, 0, 0xFFFF)
        if not isinstance(self.similar, bool):
            raise RecipeError(f"similar is {self.similar!r}; True and False are allowed")
        self._check_inlines()

    def _check_inlines(self) -> None:
        inlines = self.inlines()
        for name, found, allowed in (
            ("inline elements", len(inlines), LIMITS.inline_elements),
            ("bytes of inline elements", sum(len(inline.data) for inline in inlines), LIMITS.inline_bytes),
            (
                "pixels of inline elements",
                sum(math.prod(inline.size) for inline in inlines),
                LIMITS.inline_pixels,
            ),
        ):
            if found > allowed:
                raise RecipeError(f"the scene has {found} {name}; at most {allowed} are allowed")

    def element(self, id: str | Inline) -> Placement:
        """Append a layer that shows an element, on top. Its operations are methods of the result, and may be chained.

        Args:
            id: of an element, text such as "7k2"; or an inline element.

        Raises:
            RecipeError: not an id.
        """
        self.layers.append(Layer(id if isinstance(id, Inline) else element_number(id)))
        return Placement(self, len(self.layers) - 1)

    def elements(self) -> set[int]:
        """Numbers of the repository's elements that the picture needs."""
        used = {layer.element for layer in self.layers if not isinstance(layer.element, Inline)}
        if isinstance(self.background, Plate):
            used.add(self.background.element)
        return used

    def inlines(self) -> list[Inline]:
        """The different inline elements, in the order of their first use."""
        return list(
            dict.fromkeys(layer.element for layer in self.layers if isinstance(layer.element, Inline))
        )


@dataclass(frozen=True, slots=True)
class Placement:
    """Handle of one layer, with which a script sets its operations. Values between two steps of a grid go to the nearest one.

    The order of the calls does not matter (a layer's operations always apply in the order of docs/format.md), and calling one
    again overrides what it said before.
    """

    scene: Scene
    index: int

    def _set(self, **changes: object) -> Placement:
        layers = self.scene.layers
        layers[self.index] = replace(layers[self.index], **changes)  # type: ignore[arg-type]
        return self

    def crop(self, left: int, top: int, right: int, bottom: int) -> Placement:
        """Keep this box of the element, in its own pixels."""
        return self._set(crop=(left, top, right, bottom))

    def flip(self, axes: Flip = "h") -> Placement:
        """Mirror left and right ("h"), top and bottom ("v"), or both ("hv")."""
        return self._set(flip=axes)

    def resize(self, width: int | None = None, height: int | None = None) -> Placement:
        """Resize to these pixels; with one of the two left out, the shape is kept."""
        return self._set(width=width, height=height, scale=None)

    def scale(self, factor: float) -> Placement:
        """Resize to `factor` times the own size, keeping the shape. 0.001 to 16, steps of 0.001."""
        return self._set(scale=_steps("scale", factor, 1000), width=None, height=None)

    def rotate(self, degrees: float) -> Placement:
        """Rotate counter-clockwise about the centre, in steps of a quarter degree."""
        return self._set(rotation=_steps("rotate", degrees, 4) % FULL_TURN)

    def brightness(self, factor: float) -> Placement:
        """Multiply the colours: 0 is black, 1 changes nothing; 0 to 4, steps of 0.01."""
        return self._set(brightness=_steps("brightness", factor, 100))

    def contrast(self, factor: float) -> Placement:
        """Scale the contrast about mid-grey: 0 is mid-grey, 1 changes nothing; 0 to 4, steps of 0.01."""
        return self._set(contrast=_steps("contrast", factor, 100))

    def saturation(self, factor: float) -> Placement:
        """Scale the saturation: 0 is grey, 1 changes nothing; 0 to 4, steps of 0.01."""
        return self._set(saturation=_steps("saturation", factor, 100))

    def blur(self, radius: float) -> Placement:
        """Blur by a Gaussian; standard deviation in pixels, 0 to 250, steps of 0.25."""
        return self._set(blur=_steps("blur", radius, 4))

    def opacity(self, factor: float) -> Placement:
        """Scale the alpha: 0 is invisible, 1 changes nothing; steps of 0.01."""
        return self._set(opacity=_steps("opacity", factor, 100))

    def place(self, x: int, y: int) -> Placement:
        """Position the top left corner of the resized, not yet rotated, box. May be outside the canvas."""
        return self._set(x=x, y=y)


def _steps(name: str, value: float, steps: int) -> int:
    if not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > 1e9:
        raise RecipeError(f"{name} got {value!r}; an ordinary number is allowed")
    return math.floor(value * steps + 0.5)


def colour(text: str) -> Colour:
    """A colour background from '#rgb', '#rrggbb', '#rrggbbaa' or a CSS name.

    Raises:
        RecipeError: not a colour.
    """
    return Colour(parse_colour(text))


def gradient(start: str, end: str, angle: float = 270) -> Gradient:
    """A gradient background between two colours; degrees counter-clockwise from left-to-right (270: top to bottom)."""
    return Gradient(
        parse_colour(start), parse_colour(end), _steps("a gradient's angle", angle, 4) % FULL_TURN
    )


def plate(id: str) -> Plate:
    """An element as background, stretched over the whole canvas.

    Raises:
        RecipeError: not an id, or an inline element, which only layers may show.
    """
    if isinstance(id, Inline):
        raise RecipeError(
            "an inline element cannot be the background: put it as first layer, resized to the canvas"
        )
    return Plate(element_number(id))


def element_number(id: str) -> int:
    """Parse a short id to the number of its element.

    Raises:
        RecipeError: not an id.
    """
    if not isinstance(id, str):
        found = f"an element's id is text, such as '7k2'; this one is of the type {type(id).__name__}"
        # Whether a number is meant as digits of an id or as the element's number cannot be told.
        if type(id) is int and 1 <= id <= REPO_LIMITS.id_max:
            found += f": write '{id}' for the id, or format_id({id}), '{format_id(id)}', for the element of this number"
        raise RecipeError(found)
    try:
        return parse_id(id)
    except HaacError as error:
        raise RecipeError(str(error)) from error


def parse_colour(text: str) -> int:
    """Parse a colour to 0xRRGGBBAA: '#rgb', '#rrggbb', '#rrggbbaa' or a CSS name.

    Raises:
        RecipeError: not a colour.
    """
    from PIL import ImageColor

    try:
        red, green, blue, alpha = ImageColor.getcolor(text, "RGBA")  # type: ignore[misc]
    except (ValueError, AttributeError, TypeError) as error:
        raise RecipeError(f"{text!r} is not a colour; write '#rrggbb', '#rrggbbaa' or a CSS name") from error
    return int(red) << 24 | int(green) << 16 | int(blue) << 8 | int(alpha)


def format_colour(rgba: int) -> str:
    """Format a colour as '#rrggbb', or '#rrggbbaa' where it is not opaque."""
    return f"#{rgba >> 8:06x}" if rgba & 0xFF == 0xFF else f"#{rgba:08x}"
