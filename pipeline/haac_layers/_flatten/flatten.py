"""A tree of layers to flat ones, as a recipe can say them: groups dissolved, blend modes baked into colours, opacity in whole per cent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from haac_layers._document import NORMAL, PASS_THROUGH, Document, Group, Raster
from haac_layers._flatten.blend import BLENDS, blended
from haac_layers._flatten.profile import srgb
from haac_repo._internal import bands


@dataclass(frozen=True, slots=True)
class Flat:
    """A layer that a recipe can say."""

    name: str
    image: Image.Image
    """RGBA, straight alpha; 0,0,0 under alpha 0."""
    x: int
    y: int
    opacity: int
    """Per cent."""

    @property
    def box(self) -> tuple[int, int, int, int]:
        """left, top, right, bottom on the canvas."""
        return self.x, self.y, self.x + self.image.width, self.y + self.image.height


@dataclass(frozen=True, slots=True)
class Baked:
    """What a recipe cannot say, and what became of it."""

    layer: str
    what: str
    why: str


@dataclass(slots=True)
class Flattened:
    """The flat layers of a document."""

    layers: list[Flat]
    """Back to front."""
    hidden: list[Flat]
    """Those that do not show, for the repository alone."""
    baked: list[Baked] = field(default_factory=list)


def flatten(document: Document, *, one: bool = False) -> Flattened:
    """Dissolve a document into flat layers that show the same picture.

    Args:
        document: as a reader gives it.
        one: merge all of them into one layer.
    """
    done = Flattened([], [])
    _take(done, document.layers, done.layers, (document.width, document.height))
    if one and done.layers:
        box = 0, 0, document.width, document.height
        done.layers = [Flat("picture", _composite(done.layers, box), 0, 0, 100)]
    if document.profile is not None:
        to_srgb = srgb(document.profile)
        for flats in done.layers, done.hidden:
            flats[:] = [replace(flat, image=_cleared(to_srgb(flat.image))) for flat in flats]
    return done


def _take(
    done: Flattened, children: Sequence[Raster | Group], below: list[Flat], size: tuple[int, int]
) -> None:
    """Append what is visible of some layers to those below them."""
    for child in children:
        if not child.visible:
            _hide(done, child, size)
        elif isinstance(child, Raster):
            done.baked += [Baked(child.name, what, "a recipe has pixels only") for what in child.baked]
            if (flat := _flat(child, size)) is not None:
                _put(done, flat, child.blend, below)
        elif child.blend == PASS_THROUGH and child.opacity >= 1:
            _take(done, child.children, below, size)
        else:
            _take_group(done, child, below, size)


def _take_group(done: Flattened, group: Group, below: list[Flat], size: tuple[int, int]) -> None:
    """A group that is composited by itself first; without mode and opacity that makes no difference to layers that are normal."""
    inside: list[Flat] = []
    _take(done, group.children, inside, size)
    plain = group.blend in (NORMAL, PASS_THROUGH)
    if not inside:
        return
    if group.opacity >= 1 and plain:
        below += inside
        return
    if plain and not _overlapping(inside):
        for flat in inside:
            below.append(_faded(flat, flat.opacity / 100 * group.opacity))
        return
    why = (
        f"the group has the mode {group.blend}"
        if not plain
        else "its layers overlap, and the group has an opacity"
    )
    done.baked.append(Baked(group.name, "group merged into one layer", why))
    left, top = min(f.x for f in inside), min(f.y for f in inside)
    box = left, top, max(f.box[2] for f in inside), max(f.box[3] for f in inside)
    box = max(0, box[0]), max(0, box[1]), min(size[0], box[2]), min(size[1], box[3])
    if box[0] >= box[2] or box[1] >= box[3]:
        return
    merged = _faded(Flat(group.name, _composite(inside, box), box[0], box[1], 100), group.opacity)
    _put(done, merged, NORMAL if plain else group.blend, below)


def _put(done: Flattened, flat: Flat, blend: str, below: list[Flat]) -> None:
    """Append a layer, with its mode baked into its colours."""
    if blend not in (NORMAL, PASS_THROUGH):
        if blend not in BLENDS:
            done.baked.append(
                Baked(flat.name, f"mode {blend}", "drawn as normal: this mode is not known here")
            )
        elif any(_touch(flat, other) for other in below):
            backdrop = _composite(below, flat.box)
            pixels = blended(np.asarray(backdrop), np.asarray(flat.image), blend)
            flat = replace(flat, image=_cleared(Image.fromarray(pixels)))
            done.baked.append(
                Baked(flat.name, f"mode {blend}", "baked into its colours over what is below it")
            )
        else:
            done.baked.append(Baked(flat.name, f"mode {blend}", "nothing is below it: shown as it is"))
    below.append(flat)


def _hide(done: Flattened, child: Raster | Group, size: tuple[int, int]) -> None:
    if isinstance(child, Group):
        for each in child.children:
            _hide(done, each, size)
    elif (flat := _flat(child, size)) is not None:
        done.hidden.append(flat)


def _flat(raster: Raster, size: tuple[int, int]) -> Flat | None:
    """A raster as a flat layer: without empty borders, and cut to the canvas if it is too large for an element."""
    from haac_repo import LIMITS

    image, x, y = raster.image, raster.x, raster.y
    width, height = image.size
    if max(width, height) > LIMITS.element_side or width * height > LIMITS.element_pixels:
        left, top = max(0, -x), max(0, -y)
        right, bottom = min(width, size[0] - x), min(height, size[1] - y)
        if left >= right or top >= bottom:
            return None
        image, x, y = image.crop((left, top, right, bottom)), x + left, y + top
    seen = image.getchannel("A").getbbox() if min(image.size) else None
    if seen is None or raster.opacity <= 0:
        return None
    if seen != (0, 0, *image.size):
        image = image.crop(seen)
    return _faded(Flat(raster.name, _cleared(image), x + seen[0], y + seen[1], 100), raster.opacity)


def _faded(flat: Flat, opacity: float) -> Flat:
    """With an opacity in whole per cent where 8 bits do not tell the difference, else in its alpha."""
    per_cent = max(0, min(100, round(opacity * 100)))
    if abs(opacity * 100 - per_cent) <= 50 / 255 + 1e-9:
        return replace(flat, opacity=per_cent)
    image = flat.image.copy()
    image.putalpha(image.getchannel("A").point([min(255, round(v * opacity)) for v in range(256)]))
    return replace(flat, image=_cleared(image), opacity=100)


def _cleared(image: Image.Image) -> Image.Image:
    """With 0,0,0 under alpha 0, which is how elements are stored."""
    if not any(_is_dirty(band) for band in bands(image)):
        return image
    pixels = np.array(image)
    pixels[pixels[:, :, 3] == 0] = 0
    return Image.fromarray(pixels)


def _is_dirty(image: Image.Image) -> bool:
    """Whether a pixel that does not show has a colour."""
    words = np.frombuffer(image.tobytes(), "<u4")  # alpha is the highest byte
    return bool(((words < 1 << 24) & (words != 0)).any())


def _touch(a: Flat, b: Flat) -> bool:
    return a.box[0] < b.box[2] and b.box[0] < a.box[2] and a.box[1] < b.box[3] and b.box[1] < a.box[3]


def _overlapping(layers: Sequence[Flat]) -> bool:
    return any(_touch(a, b) for n, a in enumerate(layers) for b in layers[:n])


def _composite(layers: Sequence[Flat], box: tuple[int, int, int, int]) -> Image.Image:
    """Composite flat layers as the renderer does; RGBA of the box alone."""
    canvas = Image.new("RGBA", (box[2] - box[0], box[3] - box[1]))
    for flat in layers:
        left, top = max(box[0], flat.x), max(box[1], flat.y)
        right, bottom = min(box[2], flat.box[2]), min(box[3], flat.box[3])
        if left >= right or top >= bottom:
            continue
        part = flat.image.crop((left - flat.x, top - flat.y, right - flat.x, bottom - flat.y))
        if flat.opacity != 100:
            part.putalpha(part.getchannel("A").point([(v * flat.opacity + 50) // 100 for v in range(256)]))
        canvas.alpha_composite(part, (left - box[0], top - box[1]))
    return canvas
