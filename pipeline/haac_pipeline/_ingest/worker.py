"""A worker's task: decode one picture file, segment it, split it into objects, encode each as an element."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from haac_pipeline._ingest.keep import Keep, LeftOut, Preview, is_small, reason_to_leave
from haac_pipeline._parallel import attempt
from haac_repo import NewElement, PictureError
from haac_repo._internal import flattened

if TYPE_CHECKING:
    from PIL import Image

    from haac._internal import Picture
    from haac_pipeline._segment.cutout import Part
    from haac_pipeline._segment.quality import Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutting:
    """Segmentation settings: what makes other elements out of the same file."""

    model: str | None = None
    """Name in the table of models; None: the best that is here or can be fetched, else `offline`; 'none': keep opaque pictures whole."""
    split: bool | None = None
    """Separate objects become separate elements. None: of pictures that are segmented, not of those with alpha."""
    max_side: int = 2048
    """Pixels; pictures with a longer side are made smaller. 0: as large as elements may be."""
    frames: int | None = 1
    """How many frames of an animation, or pages of a TIFF, are read, from the first on; None: all."""
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
    notes: tuple[str, ...] = ()
    """What a person should know of how the file was read."""
    frames: int = 1
    """Of the file: of an animation, or pages of a TIFF."""
    frames_read: int = 1
    """How many of them were looked at, from the first on."""
    frame_of: list[int] = field(default_factory=list)
    """From which frame each element is, the first being 1; empty: all are from that."""
    left: list[LeftOut] = field(default_factory=list)
    """Cut-outs that are not stored."""
    previews: list[Preview] = field(default_factory=list)
    """Of all cut-outs, if they were asked for."""
    places: list[tuple[int, int]] = field(default_factory=list)
    """Left and top, in the first frame as it was cut, of the elements that are cut out of that."""


def make(task: Task) -> Made:
    """Make elements out of one picture file. Whatever is wrong with it comes back as `refused`."""
    return attempt(lambda: _make(task), lambda reason: Made(refused=reason))


def _make(task: Task) -> Made:
    """The steps of one file: decode it, and make elements of its first frame, or of more."""
    most = task.cutting.frames
    frames = frames_for(task.data, most, task.cutting.max_side)
    first = next(frames)
    made = _cut(first, task)
    made.frames = first.frames
    if most != 1 and first.frames > 1 and not made.needs_model:
        _add_frames(made, first, frames, task)
    return made


def _add_frames(made: Made, first: Picture, others: Iterator[Picture], task: Task) -> None:
    """Add what further frames show that those before did not: animations stand still, and come back to what they showed."""
    frames, elements = {_digest(first)}, {element.pixels_sha256 for element in made.elements}
    objects, plates = _numbered(1, made)
    try:
        for number, frame in enumerate(others, 2):
            made.frames_read = number
            if not _add(_digest(frame), frames):
                continue
            more = _cut(frame, task)
            if more.needs_model:
                made.needs_model = True
                return
            made.segmented |= more.segmented
            made.left += [replace(each, frame=number) for each in more.left]
            made.previews += more.previews
            for found, into in zip(_numbered(number, more), (objects, plates), strict=True):
                into += [(of, each) for of, each in found if _add(each.pixels_sha256, elements)]
    except PictureError as error:
        made.notes += (f"frame {made.frames_read + 1} and those after it are left out: {error}",)
    made.plates = len(plates)
    made.frame_of = [number for number, _ in objects + plates]
    made.elements = [element for _, element in objects + plates]
    if made.elements or made.left:
        made.refused = ""


_Numbered = list[tuple[int, NewElement]]


def _numbered(number: int, made: Made) -> tuple[_Numbered, _Numbered]:
    """Objects and background plates, each with the number of its frame."""
    all_ = [(number, element) for element in made.elements]
    at = len(all_) - made.plates
    return all_[:at], all_[at:]


def _digest(frame: Picture) -> str:
    return f"{frame.image.size} {sha256(frame.image.tobytes()).hexdigest()}"


def _add(digest: str, seen: set[str]) -> bool:
    """Whether it was not there."""
    new = digest not in seen
    seen.add(digest)
    return new


def _cut(read: Picture, task: Task) -> Made:
    """The steps of one frame: fit, segment (unless its alpha does), split into objects, encode."""
    import numpy as np

    from haac_pipeline._ingest.describe import as_element
    from haac_pipeline._segment.cutout import Part, cut_out, parts, picture, plate
    from haac_pipeline._segment.models import NONE
    from haac_pipeline._segment.quality import judged
    from haac_pipeline._segment.session import mask

    cutting = task.cutting
    image = fitted(read.image if read.has_alpha else read.image.convert("RGB"), cutting.max_side)
    made = Made(notes=read.notes)
    judgements: Sequence[Judgement | None] = ()
    if image.mode == "RGBA" and is_cut_out(image):
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
    if made.plates and made.elements:
        made.elements.append(background)
    else:  # of a mask that nobody would keep, the background is not worth keeping either
        made.plates = 0
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

            made.previews.append(Preview(thumbnail(part.pixels), width, height, quality, doubts, reason))
        if reason:
            poor = not is_small(part, task.cutting.min_size)
            made.left.append(LeftOut(number, width, height, quality, doubts, reason, poor=poor))
        else:
            made.elements.append(replace(as_element(picture(part.pixels)), quality=quality, doubts=doubts))
            made.places.append((part.left, part.top))


def frames_for(data: bytes, most: int | None, max_side: int) -> Iterator[Picture]:
    """Decode frames of a picture file, not larger than is good for elements of `max_side`."""
    from haac._internal import read_frames

    # Twice what is kept: what a JPEG decodes at half its size is then made smaller once more, which hides how it was done.
    return read_frames(data, most, at_least=2 * kept_side(max_side))


def is_cut_out(image: Image.Image) -> bool:
    """Whether enough of an RGBA picture shows what is behind it: one in 500 pixels, not just a soft corner or a stray dot."""
    clear = sum(image.getchannel("A").histogram()[:250])
    return clear * 500 >= image.width * image.height


def kept_side(max_side: int) -> int:
    """Pixels of the longest side that an element gets."""
    from haac_repo import LIMITS

    return min(max_side or LIMITS.element_side, LIMITS.element_side)


def fitted(image: Image.Image, max_side: int) -> Image.Image:
    """A picture made smaller, so that no element out of it has a longer side than `max_side` (0: than elements may have)."""
    from PIL import Image

    from haac_repo import LIMITS

    width, height = image.size
    side = kept_side(max_side)
    scale = min(1.0, side / max(width, height), (LIMITS.element_pixels / (width * height)) ** 0.5)
    if scale == 1.0:
        return image
    size = max(1, int(width * scale)), max(1, int(height * scale))
    return image.resize(size, Image.Resampling.LANCZOS)  # Pillow does it in premultiplied alpha
