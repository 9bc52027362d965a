"""Photoshop documents (.psd, .psb) through psd-tools: layers with masks and clipping in their alpha, and the stored merged picture.

What a layer has beyond pixels and shadows (strokes, overlays, fills, adjustments, masks of groups) is drawn by psd-tools, and said so.
"""

from __future__ import annotations

import gc
import io
import logging
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from haac_layers._document import NORMAL, PASS_THROUGH, Box, Document, Group, Raster
from haac_layers._limits import LAYER_LIMITS, Budget, check_canvas, check_file
from haac_layers._photoshop import adjust, artboard, effects, mask, shadow
from haac_layers._photoshop.described import mode_of
from haac_layers._photoshop.merged import merged_picture
from haac_layers._photoshop.style import (
    is_adjustment,
    knocks_out,
    left_out,
    opaque,
    prepare,
    reach,
    reaches_down,
    styled,
)
from haac_repo import MissingExtraError, PictureError

if TYPE_CHECKING:
    from PIL import Image

MAGIC = b"8BPS"


def read_psd(file: Path | bytes) -> Document:
    """Read a Photoshop document.

    Args:
        file: where it is, or its bytes.

    Raises:
        MissingExtraError: psd-tools is not installed.
        PictureError: the file is broken, or beyond the limits.
        OSError: it cannot be read.
    """
    with io.BytesIO(file) if isinstance(file, bytes) else file.open("rb") as opened:
        return _read(opened)


def _read(file: BinaryIO) -> Document:
    _check_header(file)
    if find_spec("psd_tools") is None:
        raise MissingExtraError(
            "Photoshop documents are read with psd-tools, not installed here: pip install 'haac[layers]'"
        )
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)  # what it thinks of a stranger's file is in the one error, if there is one
    try:
        return _Reader(file).document()
    except (PictureError, MissingExtraError):
        raise
    except ImportError as error:
        raise MissingExtraError(
            f"what is in the document is drawn with {error.name}, not installed here: pip install 'haac[layers]'"
        ) from None
    except MemoryError:
        raise PictureError("the document needs more memory than there is") from None
    except Exception as error:  # whatever a parser of strangers' bytes raises
        said = str(error) or type(error).__name__
        raise PictureError(f"the document is broken or cut short ({said[:200]})") from error
    finally:
        logging.disable(before)
        gc.collect()  # its layers know each other in circles, and hold the file's bytes


def _check_header(file: BinaryIO) -> None:
    """Compare the size of the canvas with the limits, before anything is parsed.

    Raises:
        PictureError: no header, or too large.
    """
    check_file(file.seek(0, io.SEEK_END))
    file.seek(0)
    header = file.read(26)
    file.seek(0)
    if len(header) < 26 or header[:4] != MAGIC:
        raise PictureError("this is no Photoshop document: it does not begin as one")
    check_canvas(int.from_bytes(header[18:22], "big"), int.from_bytes(header[14:18], "big"))


class _Reader:
    """One document."""

    def __init__(self, file: BinaryIO) -> None:
        from psd_tools import PSDImage
        from psd_tools.psd import PSD
        from psd_tools.psd.parse_limits import ParseLimits

        record = PSD.read(file, parse_limits=ParseLimits(max_nesting_depth=LAYER_LIMITS.depth))
        adjust.as_curves(record)
        self._psd: Any = PSDImage(record)
        self._psd.max_alloc_bytes = LAYER_LIMITS.memory_bytes
        self._notes: list[str] = []
        self._plain = self._psd.color_mode.name == "RGB" and self._psd.depth == 8
        """Whether layers come in the document's own colours, in which they are blended; else each as sRGB."""
        self._budget = Budget()
        self._check(self._psd, 0, self._budget)
        prepare(self._psd)
        # Whether each layer's pixels are read but once: nothing is drawn of several, or twice.
        self._once = not any(
            styled(each) or each.has_effects() or _changes_below(each) for each in self._psd.descendants()
        )

    def _check(self, group: Any, depth: int, budget: Budget) -> None:
        """Compare layers, their pixels, places and the depth of groups with the limits."""
        for layer in group:
            if layer.is_group():
                budget.layer(depth + 1)
                self._check(layer, depth + 1, budget)
                continue
            budget.layer(depth)
            if layer.has_pixels() and layer.width > 0 and layer.height > 0:
                budget.pixels(layer.width, layer.height)
                budget.offset(layer.left, layer.top)

    def document(self) -> Document:
        from psd_tools.compression import PSDDecompressionWarning

        psd = self._psd
        with warnings.catch_warnings():
            warnings.simplefilter(
                "error", PSDDecompressionWarning
            )  # else what is cut short is silently black
            merged = self._preview()
            layers = tuple(self._children(psd))
        if not len(psd) and merged is not None:
            layers = (Raster("picture", merged),)
        if not self._plain:
            self._notes.append(
                f"The document is {psd.color_mode.name} of {psd.depth} bits: its layers come as 8-bit RGB, one by one, and what the"
                " program computes between them in its own colours may differ."
            )
        return Document(psd.width, psd.height, layers, merged, self._notes, self._profile())

    def _profile(self) -> bytes | None:
        from psd_tools.constants import Resource

        from haac_layers._flatten.profile import other_than_srgb

        return (
            other_than_srgb(self._psd.image_resources.get_data(Resource.ICC_PROFILE)) if self._plain else None
        )

    def _preview(self) -> Image.Image | None:
        """The stored merged picture. It is there to compare with: if it is broken, the layers still are what they are."""
        if not self._psd.has_preview():
            return None
        image = merged_picture(self._psd, plain=self._plain)
        if image is None:
            self._notes.append("The file's own picture is broken or cut short: nothing was compared with it.")
            return None
        made = _rgba(image)
        if (profile := self._profile()) is not None:
            from haac_layers._flatten.profile import srgb

            made = srgb(profile)(made)
        return made

    def _children(self, group: Any) -> list[Raster | Group]:
        """The layers of a group, back to front."""
        made: list[Raster | Group] = []
        changing = [each for each in group if each.visible and not each.clipping and _changes_below(each)]
        for layer in group:
            if layer.clipping and made and _has_base(group, layer):
                if not layer.visible:
                    made += self._hidden(layer)
                continue
            if not layer.visible:
                made += self._hidden(layer)
            elif adjust.is_unknown(layer):
                self._notes += [f"{layer.name!r}: {said}" for said in left_out(layer)]
            elif layer in changing:
                # The uppermost takes all of those below it with it.
                if layer is changing[-1]:
                    hidden = [each for each in made if not each.visible]
                    what = [f"{_changes_below(each)}: {each.name!r}" for each in changing[:-1]]
                    made = [
                        *hidden,
                        *self._drawn(group, layer, [*_up_to(group, layer)], [_changes_below(layer), *what]),
                    ]
            elif layer.is_group() and not styled(layer):
                self._notes += [f"{layer.name!r}: {said}" for said in left_out(layer)]
                inside = self._children(layer)
                if layer.kind == "artboard":
                    inside = artboard.framed(layer, inside, self._budget.pixels)
                opacity = layer.opacity / 255
                made.append(Group(layer.name, tuple(inside), opacity, True, mode_of(layer)))
            else:
                made += self._layer(group, layer)
        return made

    def _layer(self, group: Any, layer: Any) -> list[Raster]:
        """A visible layer that is no plain group: its pixels where that is all, else drawn; shadows and glows around it and in it."""
        if what := styled(layer):
            clips = [each for each in layer.clip_layers if each.visible]
            made = self._filled(layer) if mask.is_soft(layer) and not clips else []
            if not made:
                with opaque(layer):
                    made = self._drawn(group, layer, [layer, *clips], what)
                made = [replace(each, opacity=layer.opacity / 255) for each in made]
        else:
            made = self._pixel(layer, visible=True)
        lost = tuple(left_out(layer, shadow.effects_of(layer)))
        made = [replace(each, baked=(*each.baked, *lost)) for each in made]
        if not effects.drawn_here(layer):
            return made
        outline = self._outline(group, layer)
        return made if outline is None else effects.applied(layer, made, outline, self._budget.pixels)

    def _outline(self, group: Any, layer: Any) -> Raster | None:
        """A layer without its opacities and effects, of which the alpha casts shadows."""
        if layer.has_pixels():
            made = self._pixel(layer, visible=True)
        else:
            with opaque(layer, outline=True):
                made = self._drawn(group, layer, [layer], [""])
        return made[0] if made else None

    def _hidden(self, layer: Any) -> list[Raster]:
        """A hidden layer or group: its stored pixels, which a recipe does not show."""
        if layer.is_group():
            return [each for child in layer for each in self._hidden(child)]
        return self._pixel(layer, visible=False)

    def _pixel(self, layer: Any, *, visible: bool) -> list[Raster]:
        """The stored pixels of a layer, with its pixel mask in their alpha."""
        if not layer.has_pixels() or layer.width <= 0 or layer.height <= 0:
            return []
        image = layer.topil(apply_icc=not self._plain)
        if image is None:
            return []
        from psd_tools.constants import ChannelID

        if "A" not in image.getbands():
            alpha = layer.topil(ChannelID.TRANSPARENCY_MASK)
            image = _rgba(image)
            if alpha is not None:
                image.putalpha(alpha.convert("L"))
        image = self._masked(_rgba(image), layer)
        if self._once:
            for channel in layer._channels:
                channel.data = b""  # no need to hold what all layers are packed in beside what they are
        fill = layer.fill_opacity / 255
        kind = {"type": ("text",), "smartobject": ("smart object",)}.get(layer.kind, ())
        return [
            Raster(
                layer.name,
                image,
                layer.left,
                layer.top,
                layer.opacity / 255 * fill,
                visible,
                mode_of(layer),
                kind,
            )
        ]

    def _masked(self, image: Image.Image, layer: Any) -> Image.Image:
        """Multiply the alpha with what the layer's masks leave of it. Its path has cut out the pixels of a shape already."""
        from PIL import ImageChops

        if layer.mask is None and layer.vector_mask is None:
            return image
        from psd_tools.composite.utils import has_fill

        left = mask.coverage(layer, layer.bbox, self._budget.pixels, path=not has_fill(layer))
        if left is None:
            return image
        made = image.copy()
        made.putalpha(ImageChops.multiply(image.getchannel("A"), left))
        return made

    def _filled(self, layer: Any) -> list[Raster]:
        """A fill of one colour whose masks are feathered or let it show everywhere, which its pixels in the file are without."""
        from PIL import Image
        from psd_tools.composite.paint import draw_solid_color_fill
        from psd_tools.constants import Tag

        described = layer.tagged_blocks.get_data(Tag.SOLID_COLOR_SHEET_SETTING)
        box = self._psd.viewbox
        left = (
            None
            if described is None or layer.has_effects()
            else mask.coverage(layer, box, self._budget.pixels, path=True)
        )
        if left is None or self._psd.color_mode.name != "RGB" or layer.has_stroke():
            return []
        (colour,) = draw_solid_color_fill((0, 0, 1, 1), self._psd.color_mode, described)[0][0]
        self._budget.pixels(*left.size)
        image = Image.new("RGBA", left.size, (*(round(float(v) * 255) for v in colour), 0))
        image.putalpha(left)
        opacity = layer.opacity / 255 * layer.fill_opacity / 255
        what = ("a fill with feathered or thin masks",)
        return [Raster(layer.name, image, 0, 0, opacity, True, mode_of(layer), what)]

    def _composited(self, group: Any, shows: Callable[[Any], bool], box: Box) -> Image.Image | None:
        """What psd-tools makes of a group's layers; RGBA of the box."""
        from PIL import Image
        from psd_tools.composite.composite import composite, composite_pil

        if self._plain:
            colour, _, alpha = composite(group, 1.0, 0.0, box, shows)
            values = np.concatenate((colour, alpha), axis=2) * 255  # rounded, where `composite_pil` cuts off
            return Image.fromarray(np.floor(values.clip(0, 255) + 0.5).astype(np.uint8))
        force = self._psd.color_mode.name not in ("RGB", "GRAYSCALE")
        image = composite_pil(group, 1.0, 0.0, box, shows, force)
        return None if image is None else _rgba(image)

    def _drawn(self, group: Any, layer: Any, shown: list[Any], what: list[str]) -> list[Raster]:
        """Layers of one group, drawn by psd-tools into one raster; blended as the given one is, if it is the lowest of them."""
        if find_spec("aggdraw") is None or find_spec("scipy") is None:
            raise MissingExtraError(
                f"the layer {layer.name!r} has {what[0]}, which is drawn with aggdraw and scipy, not installed here:"
                " pip install 'haac[layers]'"
            )
        drawn = {id(each): each for top in shown for each in _with_inside(top)}
        frame = reach(shown, self._psd.viewbox)
        if frame[0] >= frame[2] or frame[1] >= frame[3]:
            return []
        self._budget.pixels(frame[2] - frame[0], frame[3] - frame[1])
        image = self._composited(group, lambda each: id(each) in drawn and each.is_visible(), frame)
        box = None if image is None else image.getchannel("A").getbbox()
        if image is None or box is None:
            return []
        others = [each for each in drawn.values() if each is not layer and each.is_visible()]
        lost = {f"{said}: {each.name!r}" for each in others for said in left_out(each)}
        lost |= {f"mode dissolve: drawn as normal: {e.name!r}" for e in others if mode_of(e) == "dissolve"}
        blend = mode_of(layer) if shown[0] is layer else NORMAL
        return [
            Raster(
                layer.name,
                image.crop(box),
                frame[0] + box[0],
                frame[1] + box[1],
                1.0,
                True,
                NORMAL if blend == PASS_THROUGH else blend,
                (*what, *sorted(lost)),
            )
        ]


def _changes_below(layer: Any) -> str:
    """In words how a layer changes what is below it, beyond being composited over it; empty if it does not."""
    if is_adjustment(layer):
        return f"adjustment ({adjust.kind_of(layer)})"
    if reaches_down(layer):
        return "a group that reaches what is below it"
    return "knockout" if knocks_out(layer) else ""


def _has_base(group: Any, layer: Any) -> bool:
    """Whether a clipped layer has something that it is clipped to."""
    return any(not each.clipping for each in group[: group.index(layer)])


def _up_to(group: Any, layer: Any) -> Iterator[Any]:
    for each in group:
        yield each
        if each is layer:
            return


def _with_inside(layer: Any) -> Iterator[Any]:
    yield layer
    if layer.is_group():
        for child in layer:
            yield from _with_inside(child)
    yield from layer.clip_layers


def _rgba(image: Image.Image) -> Image.Image:
    """RGBA; its colours are sRGB already, where the document has a profile."""
    from PIL import ImageCms

    if image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
        assert converted is not None
        image = converted
    if image.mode in ("1", "CMYK", "I", "F", "YCbCr", "HSV"):
        image = image.convert("RGB")
    made = image if image.mode == "RGBA" else image.convert("RGBA")
    made.info.clear()
    return made
