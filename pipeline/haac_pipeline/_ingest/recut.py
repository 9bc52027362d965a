"""Re-cut: an element cut out of its photograph again, as a new element that names the old one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from haac_repo import (
    ElementWithdrawnError,
    HaacError,
    NewElement,
    PictureError,
    Repository,
    RepositoryError,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

    from haac_pipeline._segment.cutout import Part
    from haac_pipeline._segment.refine import Hint
    from haac_repo import Element

    Bytes = npt.NDArray[np.uint8]

_SAMPLES = 256
"""Pixels of an element that are compared at every place of its photograph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recutting:
    """How an element is cut out again."""

    photo: Path | None = None
    """Its photograph; None: where its provenance says."""
    model: str | None = None
    """None: the one that cut it out before, where that can be had."""
    hints: Sequence[Hint] = ()
    """In pixels of the whole photograph, upright."""
    matting: bool = False
    split: bool | None = None
    """None: the objects that the old element shows, as one element; True: each of them; False: all that is found, as one."""
    largest: bool = False
    """Only the largest object."""
    max_side: int = 2048
    """As when it was ingested."""


@dataclass(frozen=True, slots=True)
class Recut:
    """What was cut out anew."""

    old: Element
    elements: list[NewElement]
    """Ready to be stored."""
    before: Image.Image
    after: list[Image.Image] = field(default_factory=list)
    """RGBA, one an element."""


def recut(
    repository: Repository, ref: int | str, how: Recutting, *, say: Callable[[str], None] = lambda _: None
) -> Recut:
    """Cut an element out of its photograph again. Nothing is stored.

    Args:
        repository: not a mirror.
        ref: number or id of the element.
        how: what is to be different.
        say: told what a person should know.

    Raises:
        RepositoryError: this is a mirror.
        ElementNotFoundError, ElementWithdrawnError: there is no such element, or not any more.
        PictureError: the photograph is not there, is another, or has no such place.
        MissingExtraError: something is not installed.
        HaacError: the element was not cut out of a photograph, or nothing is left of it.
    """
    import numpy as np

    from haac_pipeline._ingest.describe import as_element, software
    from haac_pipeline._segment.cutout import cut_out, parts, picture
    from haac_pipeline._segment.models import MODELS, NONE

    old = _editable(repository, ref)
    if how.model == NONE:
        raise HaacError(f"the model {NONE!r} cuts nothing out: give another one (`haac models` lists them)")
    data = _photograph(old, how.photo)
    rgb, scale = _opened(old, data, how)
    before = repository.image(old.number)
    name, mask = _mask(old, rgb, how, scale, say)
    found = parts(cut_out(rgb, mask), split=how.split is not False or how.largest)
    if how.split is not False:
        place = locate(np.asarray(before), rgb)
        if place is not None:
            found = _shown(found, np.asarray(before), place, [hint.scaled(scale) for hint in how.hints])
        elif found and not how.largest and not any(hint.keep for hint in how.hints):
            raise HaacError(
                f"element {old.id} cannot be found in the photograph: its pixels are nowhere in it, so it was made smaller, or is"
                " of a later frame, or a background that was painted over. Give the --max-side that it was ingested with; or what"
                " is meant: all (--no-split), the --largest, or places to --keep"
            )
    if how.largest and found:
        found = [max(found, key=lambda part: int((part.pixels[:, :, 3] > 127).sum()))]
    if not found:
        raise HaacError(
            f"nothing is left of element {old.id}: give other boxes or points, or another --model"
        )
    if not how.split:
        found = [_together(found)]
    means = [
        MODELS[name].identity,
        *(["GrabCut with hints"] if how.hints else []),
        *(["closed-form matting"] if how.matting else []),
    ]
    provenance = replace(old.provenance, model=" + ".join(means), software=software())
    images = [picture(part.pixels) for part in found]
    elements = [
        replace(
            as_element(image), name=old.name, tags=old.tags, provenance=provenance, derived_from=old.number
        )
        for image in images
    ]
    return Recut(old, elements, before, images)


def _editable(repository: Repository, ref: int | str) -> Element:
    """The element, if it can be cut out again at all."""
    if repository.role == "mirror":
        raise RepositoryError(
            f"{repository.path} is a mirror: only `haac sync` writes to it. Cut anew where its elements come from"
        )
    old = repository.element(ref)
    if old.withdrawn is not None:
        raise ElementWithdrawnError(f"element {old.id} was withdrawn: {old.withdrawn or 'no reason given'}")
    if not old.provenance.source_sha256:
        raise HaacError(
            f"element {old.id} was not made of a photograph (it came from"
            f" {old.provenance.source or 'another program'}): there is nothing to cut it out of again"
        )
    return old


def _photograph(old: Element, given: Path | None) -> bytes:
    """The bytes of the photograph that an element came from, as its provenance promises them."""
    from haac_pipeline._input.source import read_file

    source, wanted = old.provenance.source, old.provenance.source_sha256
    if given is not None:
        data = read_file(given)
        if hashlib.sha256(data).hexdigest() != wanted:
            raise PictureError(
                f"{given} is not the photograph of element {old.id}: its SHA-256 is {hashlib.sha256(data).hexdigest()[:12]}...,"
                f" that of {source} was {wanted[:12]}...; to cut something out of another photograph, use `haac ingest`"
            )
        return data
    found = _from_source(source)
    if found is None:
        raise PictureError(
            f"the photograph of element {old.id}, {source}, is not there: say where it is (--photo FILE)"
        )
    if hashlib.sha256(found).hexdigest() != wanted:
        raise PictureError(
            f"{source} is not the picture any more that element {old.id} was cut out of (its SHA-256 differs): say where that"
            " is (--photo FILE)"
        )
    return found


def _from_source(source: str) -> bytes | None:
    """What is there under the name that `find_sources` gave: a file, an archive's member, an address."""
    from haac_pipeline._input.source import Source
    from haac_pipeline._input.sources import find_sources

    path = Path(source)
    places = [source] if "://" in source else [str(p) for p in (path, *path.parents) if p.is_file()]
    for place in places[:1]:
        for found in find_sources([place]):
            if isinstance(found, Source) and found.name == source:
                return found.read()
    return None


def _opened(old: Element, data: bytes, how: Recutting) -> tuple[Bytes, float]:
    """Pixels (height, width, 3) of a photograph, as large as ingest takes them, and their scale."""
    import numpy as np

    from haac._internal import full_size
    from haac_pipeline._ingest.worker import fitted, frames_for, is_cut_out
    from haac_repo._internal import flattened

    read = next(
        frames_for(data, 1, how.max_side)
    )  # as ingest does: large photographs may come at a half of their size
    width, height = full_size(data, read)
    for hint in how.hints:
        if (
            hint.x < 0
            or hint.y < 0
            or hint.x + max(hint.width, 1) > width
            or hint.y + max(hint.height, 1) > height
        ):
            place = f"{hint.x:g},{hint.y:g}" + ("" if hint.is_point else f",{hint.width:g},{hint.height:g}")
            raise PictureError(
                f"{place} is not inside the photograph, which has {width}x{height} pixels (turned upright; 0,0 is its upper"
                " left corner)"
            )
    image = fitted(read.image if read.has_alpha else read.image.convert("RGB"), how.max_side)
    if image.mode == "RGBA" and is_cut_out(image):
        raise HaacError(
            f"element {old.id} is of a picture that is transparent already, which no model cut out: change that picture, and"
            " ingest it"
        )
    return np.asarray(flattened(image)), image.width / width


def _mask(
    old: Element, rgb: Bytes, how: Recutting, scale: float, say: Callable[[str], None]
) -> tuple[str, Bytes]:
    """Name of the model, and its mask (height, width), corrected by the hints, matted if that is wanted."""
    import numpy as np
    from PIL import Image

    from haac_pipeline._extra import MATTING, need
    from haac_pipeline._segment.models import MODELS, OFFLINE
    from haac_pipeline._segment.session import choose_model, mask, need_segmentation

    need_segmentation(OFFLINE)
    if how.matting:
        need("alpha matting", *MATTING, without="Without it, leave --matting out")
    earlier = old.provenance.model.partition(" ")[0]
    wanted = how.model
    if wanted is None and earlier in MODELS:
        try:
            wanted = choose_model(earlier, say)
        except HaacError as error:  # then the default, or what serves instead of it
            say(f"The model {earlier}, which cut element {old.id} out, cannot be had ({error})")
    name = choose_model(wanted, say)
    from haac_pipeline._segment.matting import matted
    from haac_pipeline._segment.refine import refined

    found = refined(
        rgb, np.asarray(mask(Image.fromarray(rgb), name)), [hint.scaled(scale) for hint in how.hints]
    )
    return name, matted(rgb, found) if how.matting else found


def shown_again(
    rgb: Bytes, mask: Bytes, before: Bytes, place: tuple[int, int], hints: Sequence[Hint]
) -> Part:
    """Cut an object out of a picture again, by another mask: what an earlier cut-out shows, and what hints to keep stand in.

    Args:
        rgb: (height, width, 3).
        mask: (height, width), corrected by the hints.
        before: (height, width, 4), the earlier cut-out.
        place: its left and top in the picture.
        hints: in pixels of `rgb`.

    Raises:
        HaacError: nothing is left.
    """
    from haac_pipeline._segment.cutout import cut_out, parts

    found = _shown(parts(cut_out(rgb, mask), split=True), before, place, hints)
    if not found:
        raise HaacError("nothing is left of it: remove less, or keep something")
    return _together(found)


def _shown(found: list[Part], before: Bytes, place: tuple[int, int], hints: Sequence[Hint]) -> list[Part]:
    """Those objects that the old element, which stands at `place`, shows, or that a hint to keep stands in."""
    x, y = place
    height, width = before.shape[:2]
    chosen = []
    for part in found:
        left, top = max(x, part.left), max(y, part.top)
        right = min(x + width, part.left + part.pixels.shape[1])
        bottom = min(y + height, part.top + part.pixels.shape[0])
        overlap = (
            left < right
            and top < bottom
            and bool(
                (
                    (before[top - y : bottom - y, left - x : right - x, 3] > 127)
                    & (
                        part.pixels[
                            top - part.top : bottom - part.top, left - part.left : right - part.left, 3
                        ]
                        > 127
                    )
                ).any()
            )
        )
        if overlap or any(hint.keep and _in(hint, part) for hint in hints):
            chosen.append(part)
    return chosen


def _in(hint: Hint, part: Part) -> bool:
    """Whether the middle of a hint is on an object."""
    row, column = int(hint.y + hint.height / 2) - part.top, int(hint.x + hint.width / 2) - part.left
    height, width = part.pixels.shape[:2]
    return 0 <= row < height and 0 <= column < width and bool(part.pixels[row, column, 3])


def locate(cut: Bytes, rgb: Bytes) -> tuple[int, int] | None:
    """Where in a picture a cut-out was taken: (left, top), by its opaque pixels, which cutting out leaves as they are.

    Args:
        cut: (height, width, 4).
        rgb: (height, width, 3), at the scale at which it was cut out.

    Returns:
        None if it is nowhere; the first place, row by row, if there are several.
    """
    import numpy as np

    rows, columns = np.nonzero(cut[:, :, 3] == 255)
    down, right = rgb.shape[0] - cut.shape[0], rgb.shape[1] - cut.shape[1]
    if not len(rows) or down < 0 or right < 0:
        return None
    weights = np.array([1 << 16, 1 << 8, 1], np.uint32)
    there, wanted = rgb @ weights, cut[:, :, :3] @ weights
    mixed = np.random.default_rng(0).permutation(len(rows))
    _, kinds, counts = np.unique(wanted[rows, columns], return_inverse=True, return_counts=True)
    # The rarest colours first: plain areas rule out little.
    rare = mixed[np.argsort(counts[kinds][mixed], kind="stable")]
    some = np.concatenate([rare[: _SAMPLES // 2], mixed[: _SAMPLES // 2]])
    tops, lefts = np.mgrid[0 : down + 1, 0 : right + 1].reshape(2, -1).astype(np.int32)
    for row, column in zip(rows[some].tolist(), columns[some].tolist(), strict=True):
        same = there[tops + row, lefts + column] == wanted[row, column]
        tops, lefts = tops[same], lefts[same]
        if not len(tops):
            return None
    return int(lefts[0]), int(tops[0])


def _together(found: list[Part]) -> Part:
    """Objects as one, where they stand in the picture."""
    import numpy as np

    from haac_pipeline._segment.cutout import Part

    left, top = min(part.left for part in found), min(part.top for part in found)
    right = max(part.left + part.pixels.shape[1] for part in found)
    bottom = max(part.top + part.pixels.shape[0] for part in found)
    pixels = np.zeros((bottom - top, right - left, 4), np.uint8)
    for part in found:
        height, width = part.pixels.shape[:2]
        place = pixels[part.top - top : part.top - top + height, part.left - left : part.left - left + width]
        np.copyto(place, part.pixels, where=part.pixels[:, :, 3:] > 0)
    return Part(pixels, left, top)
