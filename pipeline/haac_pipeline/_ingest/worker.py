"""A worker's task: decode one picture file, segment it, split it into objects, encode each as an element."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from haac_pipeline._ingest.keep import Keep, LeftOut, Preview, reason_to_leave
from haac_pipeline._parallel import attempt
from haac_repo import NewElement
from haac_repo._internal import flattened

if TYPE_CHECKING:
    from PIL import Image

    from haac_pipeline._segment.cutout import Part
    from haac_pipeline._segment.quality import Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutting:
    """Segmentation settings: what makes other elements out of the same file."""

    model: str | None = None
    """Name in the table of models; None: the default, or `offline`; 'none': keep opaque pictures whole."""
    split: bool | None = None
    """Separate objects become separate elements. None: of pictures that are segmented, not of those with alpha."""
    max_side: int = 2048
    """Pixels; pictures with a longer side are made smaller. 0: as large as elements may be."""
    keep_background: bool = False
    """Also make an inpainted background plate."""
    keep: Keep = "doubtful"
    """Which cut-outs are stored; of pictures that have alpha always all."""
    min_size: int = 0
    """Pixels that the shorter side of an element must have."""


@dataclass(frozen=True, slots=True)
class Task:
    """One picture file for a worker."""

    data: bytes
    cutting: Cutting
    model: str | None
    """Chosen and in place; None while none was needed."""
    preview: bool = False
    """Make previews."""


@dataclass(slots=True)
class Made:
    """Outcome of a task: elements, or the reason why there are none."""

    elements: list[NewElement] = field(default_factory=list)
    """Without names, tags and provenance."""
    plates: int = 0
    """How many of them, at the end, are background plates."""
    refused: str = ""
    """Why nothing came out."""
    needs_model: bool = False
    """It has no alpha, and the task came without a model: send it again with one."""
    segmented: bool = False
    left: list[LeftOut] = field(default_factory=list)
    """Cut-outs that are not stored."""
    previews: list[Preview] = field(default_factory=list)
    """Of all cut-outs, if they were asked for."""


def make(task: Task) -> Made:
    """Make elements out of one picture file. Whatever is wrong with it comes back as `refused`."""
    return attempt(lambda: _make(task), lambda reason: Made(refused=reason))


def _make(task: Task) -> Made:
    """The steps of one file: decode, fit, segment (unless its alpha does), split into objects, encode."""
    import numpy as np

    from haac_pipeline._ingest.describe import as_element
    from haac_pipeline._input.read import read_picture
    from haac_pipeline._segment.cutout import Part, cut_out, parts, picture, plate
    from haac_pipeline._segment.models import NONE
    from haac_pipeline._segment.quality import judged
    from haac_pipeline._segment.session import mask

    cutting = task.cutting
    read = read_picture(task.data)
    image = _fitted(read.image if read.has_alpha else read.image.convert("RGB"), cutting.max_side)
    made = Made()
    judgements: Sequence[Judgement | None] | None = None
    if image.mode == "RGBA" and _is_cut_out(image):
        found = parts(np.asarray(image), split=bool(cutting.split))
    elif cutting.model == NONE:
        found = [Part(np.asarray(image.convert("RGBA")), 0, 0)]
    elif task.model is None:
        made.needs_model = True
        return made
    else:
        made.segmented = True
        with contextlib.suppress(ImportError):
            import cv2

            cv2.setNumThreads(1)  # the processes share the cores
        opaque = flattened(image)
        where = np.asarray(mask(opaque, task.model))
        rgb = np.asarray(opaque)
        found = parts(cut_out(rgb, where), split=cutting.split is not False)
        judgements = judged(rgb, where, found, task.model)
        if found and cutting.keep_background:
            with contextlib.suppress(ValueError):
                background = as_element(picture(plate(rgb, where)))
                made.plates = 1
    if not found:
        made.refused = "nothing was found to cut out" if made.segmented else "nothing in it is visible"
        return made
    _choose(task, made, found, judgements or [None] * len(found))
    made.elements += [background] if made.plates else []
    return made


def _choose(task: Task, made: Made, found: list[Part], judgements: Sequence[Judgement | None]) -> None:
    """Encode the parts that are to be stored, and list the others."""
    from haac_pipeline._ingest.describe import as_element
    from haac_pipeline._segment.cutout import picture

    for number, (part, judgement) in enumerate(zip(found, judgements, strict=True), 1):
        height, width = part.pixels.shape[:2]
        quality, doubts = (judgement.quality, judgement.doubts) if judgement else (None, ())
        reason = reason_to_leave(part, judgement, task.cutting.keep, task.cutting.min_size)
        if task.preview:
            from haac_pipeline._ingest.preview import thumbnail

            small = thumbnail(part.pixels)
            made.previews.append(Preview(small, width, height, quality, doubts, reason))
        if reason:
            made.left.append(LeftOut(number, width, height, quality, doubts, reason))
        else:
            made.elements.append(replace(as_element(picture(part.pixels)), quality=quality, doubts=doubts))


def _is_cut_out(image: Image.Image) -> bool:
    """Whether enough of an RGBA picture shows what is behind it: one in 500 pixels, not just a soft corner or a stray dot."""
    clear = sum(image.getchannel("A").histogram()[:250])
    return clear * 500 >= image.width * image.height


def _fitted(image: Image.Image, max_side: int) -> Image.Image:
    from PIL import Image

    from haac_repo import LIMITS

    width, height = image.size
    side = min(max_side or LIMITS.element_side, LIMITS.element_side)
    scale = min(1.0, side / max(width, height), (LIMITS.element_pixels / (width * height)) ** 0.5)
    if scale == 1.0:
        return image
    size = max(1, int(width * scale)), max(1, int(height * scale))
    return image.resize(size, Image.Resampling.LANCZOS)  # Pillow does it in premultiplied alpha
