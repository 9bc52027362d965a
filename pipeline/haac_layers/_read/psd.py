"""Photoshop documents (.psd, .psb) through psd-tools: layers with masks and clipping in their alpha, and the stored merged picture.

What a layer has beyond pixels (effects, shapes, fills, adjustments, masks of groups) is drawn by psd-tools' compositor, and said so.
"""

from __future__ import annotations

import gc
import io
import logging
import math
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from haac_layers._document import NORMAL, PASS_THROUGH, Document, Group, Raster
from haac_layers._limits import LAYER_LIMITS, Budget, check_canvas, check_file
from haac_repo import MissingExtraError, PictureError

if TYPE_CHECKING:
    from PIL import Image

MAGIC = b"8BPS"


def read_psd(data: bytes) -> Document:
    """Read a Photoshop document.

    Args:
        data: the file.

    Raises:
        MissingExtraError: psd-tools is not installed.
        PictureError: the file is broken, or beyond the limits.
    """
    _check_header(data)
    if find_spec("psd_tools") is None:
        raise MissingExtraError(
            "Photoshop documents are read with psd-tools, not installed here: pip install 'haac[layers]'"
        )
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)  # what it thinks of a stranger's file is in the one error, if there is one
    try:
        return _Reader(data).document()
    except (PictureError, MissingExtraError):
        raise
    except MemoryError:
        raise PictureError("the document needs more memory than there is") from None
    except Exception as error:  # whatever a parser of strangers' bytes raises
        said = str(error) or type(error).__name__
        raise PictureError(f"the document is broken or cut short ({said[:200]})") from error
    finally:
        logging.disable(before)
        gc.collect()  # its layers know each other in circles, and hold the file's bytes


def _check_header(data: bytes) -> None:
    """Compare the size of the canvas with the limits, before anything is parsed.

    Raises:
        PictureError: no header, or too large.
    """
    check_file(len(data))
    if len(data) < 26 or data[:4] != MAGIC:
        raise PictureError("this is no Photoshop document: it does not begin as one")
    check_canvas(int.from_bytes(data[18:22], "big"), int.from_bytes(data[14:18], "big"))


class _Reader:
    """One document."""

    def __init__(self, data: bytes) -> None:
        from psd_tools import PSDImage
        from psd_tools.psd.parse_limits import ParseLimits

        self._psd: Any = PSDImage.open(
            io.BytesIO(data),
            max_alloc_bytes=LAYER_LIMITS.memory_bytes,
            parse_limits=ParseLimits(max_nesting_depth=LAYER_LIMITS.depth),
        )
        self._notes: list[str] = []
        self._check(self._psd, 0, Budget())

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
        if psd.color_mode.name != "RGB" or psd.depth != 8:
            self._notes.append(
                f"The document is {psd.color_mode.name} of {psd.depth} bits: its layers come as 8-bit RGB, one by one, and what the"
                " program computes between them in its own colours may differ."
            )
        return Document(psd.width, psd.height, layers, merged, self._notes)

    def _preview(self) -> Image.Image | None:
        """The stored merged picture. It is there to compare with: if it is broken, the layers still are what they are."""
        if not self._psd.has_preview():
            return None
        try:
            image = None if self._is_cut() else self._psd.topil()
        except MemoryError:
            raise
        except Exception:
            image = None
        if image is None:
            self._notes.append("The file's own picture is broken or cut short: nothing was compared with it.")
            return None
        return _rgba(image)

    def _is_cut(self) -> bool:
        """Whether the file ends before its merged picture does. Of lines packed as runs, psd-tools takes what is not there for zeros.

        Source: Adobe Photoshop File Formats Specification, "Image Data Section": the lengths of all lines of all channels come first.
        """
        from psd_tools.constants import Compression

        stored, header = self._psd._record.image_data, self._psd._record.header
        if stored.compression != Compression.RLE:
            return False
        size = 2 * header.version  # bytes of a length: 2, or 4 in a .psb
        table = stored.data[: header.height * header.channels * size]
        lengths = np.frombuffer(table[: len(table) // size * size], f">u{size}")
        return len(stored.data) < len(table) + int(lengths.sum(dtype=np.uint64))

    def _children(self, group: Any) -> list[Raster | Group]:
        """The layers of a group, back to front."""
        made: list[Raster | Group] = []
        for layer in group:
            if layer.clipping and made and _has_base(group, layer):
                if not layer.visible:
                    made += self._hidden(layer)
                continue
            if not layer.visible:
                made += self._hidden(layer)
            elif _is_adjustment(layer) or _reaches_down(layer):
                what = (
                    "a group that reaches what is below it"
                    if layer.is_group()
                    else f"adjustment ({layer.kind})"
                )
                hidden = [each for each in made if not each.visible]
                made = [*hidden, *self._drawn(group, layer, [*_up_to(group, layer)], [what])]
            elif layer.is_group() and not _styled(layer):
                blend = _mode(layer)
                made.append(Group(layer.name, tuple(self._children(layer)), layer.opacity / 255, True, blend))
            else:
                made += self._layer(group, layer)
        return made

    def _layer(self, group: Any, layer: Any) -> list[Raster | Group]:
        """A visible layer that is no plain group: its pixels where that is all, else drawn."""
        if what := _styled(layer):
            clips = [each for each in layer.clip_layers if each.visible]
            return self._drawn(group, layer, [layer, *clips], what)
        return self._pixel(layer, visible=True)

    def _hidden(self, layer: Any) -> list[Raster | Group]:
        """A hidden layer or group: its stored pixels, which a recipe does not show."""
        if layer.is_group():
            return [each for child in layer for each in self._hidden(child)]
        return self._pixel(layer, visible=False)

    def _pixel(self, layer: Any, *, visible: bool) -> list[Raster | Group]:
        """The stored pixels of a layer, with its pixel mask in their alpha."""
        image = layer.topil() if layer.has_pixels() and layer.width > 0 and layer.height > 0 else None
        if image is None:
            return []
        from psd_tools.constants import ChannelID

        if "A" not in image.getbands():
            alpha = layer.topil(ChannelID.TRANSPARENCY_MASK)
            image = _rgba(image)
            if alpha is not None:
                image.putalpha(alpha.convert("L"))
        image = _masked(_rgba(image), layer)
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
                _mode(layer),
                kind,
            )
        ]

    def _drawn(self, group: Any, layer: Any, shown: list[Any], what: list[str]) -> list[Raster | Group]:
        """Layers of one group, drawn by psd-tools into one raster; blended as the given one is, if it is the lowest of them."""
        from psd_tools.composite.composite import composite_pil

        if find_spec("aggdraw") is None or find_spec("scipy") is None:
            raise MissingExtraError(
                f"the layer {layer.name!r} has {what[0]}, which is drawn with aggdraw and scipy, not installed here:"
                " pip install 'haac[layers]'"
            )
        allowed = {id(each) for top in shown for each in _with_inside(top)}
        image = composite_pil(
            group,
            1.0,
            0.0,
            self._psd.viewbox,
            lambda each: id(each) in allowed and each.is_visible(),
            self._psd.color_mode.name not in ("RGB", "GRAYSCALE"),
        )
        if image is None:
            return []
        image = _rgba(image)
        box = image.getchannel("A").getbbox()
        if box is None:
            return []
        blend = _mode(layer) if shown[0] is layer else NORMAL
        return [
            Raster(
                layer.name,
                image.crop(box),
                box[0],
                box[1],
                1.0,
                True,
                NORMAL if blend == PASS_THROUGH else blend,
                tuple(what),
            )
        ]


def _is_adjustment(layer: Any) -> bool:
    from psd_tools.api.layers import AdjustmentLayer

    return isinstance(layer, AdjustmentLayer)


def _reaches_down(layer: Any) -> bool:
    """Whether a pass-through group changes what is below it in a way that its layers, one by one, do not say."""
    if not layer.is_group() or _mode(layer) != PASS_THROUGH:
        return False
    inside = [each for each in layer.descendants() if each.visible]
    if any(_is_adjustment(each) and each.parent is layer for each in inside):
        return True
    if (layer.opacity < 255 or _styled(layer)) and any(
        _mode(each) not in (NORMAL, PASS_THROUGH) for each in inside
    ):
        return True
    return any(_reaches_down(each) for each in layer if each.visible)


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


def _styled(layer: Any) -> list[str]:
    """What a layer has that its stored pixels do not say, in words; empty if nothing."""
    found = []
    if layer.has_effects():
        names = sorted({type(effect).__name__ for effect in layer.effects if effect.enabled})
        found.append(f"effects ({', '.join(names)})")
    clips = [each.name for each in layer.clip_layers if each.visible]
    if clips:
        found.append(f"layers clipped to it ({', '.join(clips)[:200]})")
    if layer.is_group():
        if (layer.has_mask() and not layer.mask.disabled) or layer.has_vector_mask():
            found.append("a mask of a group")
        if layer.kind == "artboard":
            found.append("an artboard")
    elif not layer.has_pixels() and layer.kind not in ("pixel", "type"):
        found.append({"shape": "a shape"}.get(layer.kind, f"a fill ({layer.kind})"))
    elif layer.has_vector_mask() and not layer.vector_mask.disabled:
        found.append("a vector mask")
    return found


def _masked(image: Image.Image, layer: Any) -> Image.Image:
    """Multiply the alpha with the layer's pixel mask, as its density says."""
    from PIL import Image, ImageChops

    mask = layer.mask
    if mask is None or mask.disabled:
        return image
    part = mask.topil()
    full = Image.new("L", image.size, mask.background_color)
    if part is not None:
        full.paste(part.convert("L"), (mask.left - layer.left, mask.top - layer.top))
    elif mask.width or mask.height:
        return image
    density = None if mask.parameters is None else mask.parameters.user_mask_density
    if density is not None:
        full = full.point([255 - math.floor((255 - v) * density / 255 + 0.5) for v in range(256)])
    made = image.copy()
    made.putalpha(ImageChops.multiply(image.getchannel("A"), full))
    return made


def _mode(layer: Any) -> str:
    name: str = layer.blend_mode.name.lower().replace("_", "-")
    return name


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
