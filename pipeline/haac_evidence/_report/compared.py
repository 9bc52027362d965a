"""One pair, read and measured: pixels, bytes, scores, and what a recipe says."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from haac import LIMITS, ElementCache, Scene, read_recipe, render, to_binary, to_text
from haac._internal import (
    NO_ELEMENTS,
    PICTURE_LIMITS,
    caption_by,
    check_fingerprint,
    element_names,
    explain,
    read_picture,
)
from haac_evidence._report.pairs import Pair, is_recipe
from haac_evidence._tables.columns import BOUNDARIES
from haac_repo import HaacError, PictureError, Repository
from haac_repo._internal import flattened, on_checkerboard

_MOST_PIXELS: Final = 2**26
"""Of a picture that is compared: 67 megapixels, of which a dozen arrays are held at a time."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a recipe says.

    Args:
        english: sentences, a line each.
        text: the text form.
        binary_bytes: of the binary form, whatever form the file has.
        layers: their number.
        similar: its elements are like what the original shows, not the same.
        caption: of a paraphrase, what it shows.
    """

    english: str
    text: str
    binary_bytes: int
    layers: int
    similar: bool
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """A file of a pair.

    Args:
        name: of the file.
        image: RGB, or RGBA where it is transparent.
        bytes: of the file; of a recipe, of its binary form.
        format: of the file.
        recipe: None for a picture.
    """

    name: str
    image: Image.Image
    bytes: int
    format: str
    recipe: Recipe | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A file of a pair as the page has it: of many pictures, not all pixels are held at a time.

    Args:
        name: of the file.
        size: width and height of what was measured, pixels.
        picture: WebP without loss or metadata, no larger than it is shown.
        bytes: of the file; of a recipe, of its binary form.
        format: of the file.
        recipe: None for a picture.
    """

    name: str
    size: tuple[int, int]
    picture: bytes
    bytes: int
    format: str
    recipe: Recipe | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """How near a picture comes to its original.

    Args:
        psnr: decibels, infinite if all pixels are equal.
        ssim: None where scikit-image is not installed.
        different: per cent of the pixels, for each of `BOUNDARIES`.
        largest: levels of a channel by which any pixel differs at most.
    """

    psnr: float
    ssim: float | None
    different: tuple[float, ...]
    largest: int


@dataclass(frozen=True, slots=True)
class Compared:
    """A pair that was measured.

    Args:
        name: of the pair.
        original: the picture that it should be.
        made: the picture that it is.
        scores: of the second against the first.
        notes: what a person should know.
    """

    name: str
    original: Shown
    made: Shown
    scores: Scores
    notes: Sequence[str] = field(default_factory=tuple)


def compared(pair: Pair, repository: Repository | None, side: int) -> Compared:
    """Read both files of a pair and measure them.

    Args:
        pair: the files.
        repository: gives the elements of recipes.
        side: pixels of the longer side beyond which pictures are shown smaller.

    Raises:
        HaacError: one of them cannot be read, or is outside the limits.
    """
    original, made = (side_of(path, repository) for path in (pair.original, pair.made))
    notes = []
    if made.image.size != original.image.size:
        notes.append(
            f"{made.name} has {_size(made.image)} pixels, the original {_size(original.image)}: it was resized for the comparison."
        )
        resized = made.image.resize(original.image.size, Image.Resampling.BICUBIC)
        made = replace(made, image=resized)
    if max(original.image.size) > side:
        notes.append(f"Shown smaller than the {_size(original.image)} pixels that were measured.")
    measured = scores(original.image, made.image)
    return Compared(pair.name, _shown(original, side), _shown(made, side), measured, notes)


def _shown(one: Side, side: int) -> Shown:
    image = on_checkerboard(one.image) if one.image.mode == "RGBA" else one.image.convert("RGB")
    if max(image.size) > side:
        image = image.copy()
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", lossless=True, quality=50, method=2)
    return Shown(one.name, one.image.size, buffer.getvalue(), one.bytes, one.format, one.recipe)


def _size(image: Image.Image) -> str:
    return f"{image.width:,}x{image.height:,}"


def scores(original: Image.Image, made: Image.Image) -> Scores:
    """Measure a picture against its original, of the same size; alpha is flattened on white."""
    from haac_pipeline._internal import percents_different, quality

    measured = quality(original, made)
    a, b = flattened(original), flattened(made)
    off = np.abs(np.asarray(a).astype(np.int16) - np.asarray(b))
    different = percents_different(a, b, BOUNDARIES)
    return Scores(psnr=measured.psnr, ssim=measured.ssim, different=tuple(different), largest=int(off.max()))


def scene_of(path: Path) -> Scene:
    """The scene of a recipe file.

    Raises:
        HaacError: it cannot be read, or is no recipe.
    """
    return read_recipe(_read(path, LIMITS.text_chars))


def side_of(path: Path, repository: Repository | None) -> Side:
    """A picture, or a recipe that is rendered.

    Raises:
        HaacError: it cannot be read, or is outside the limits.
    """
    try:
        if is_recipe(path):
            return _rendered(path, repository)
        data = _read(path, PICTURE_LIMITS.file_bytes)
        read = read_picture(data)
    except HaacError as error:
        raise type(error)(f"{path.name}: {error}") from error
    if read.image.width * read.image.height > _MOST_PIXELS:
        raise PictureError(
            f"{path.name}: the picture is {_size(read.image)}; at most {_MOST_PIXELS:,} pixels are compared: make it smaller first"
        )
    image = read.image if read.has_alpha else read.image.convert("RGB")
    return Side(path.name, image, len(data), read.format)


def _read(path: Path, most: int) -> bytes:
    """The bytes of a file, one more than `most` at most: whoever reads them refuses them then."""
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise PictureError(f"cannot be read: {error.strerror or error}") from error


def _rendered(path: Path, repository: Repository | None) -> Side:
    scene = scene_of(path)
    if scene.elements() and repository is None:
        raise HaacError("its elements are in a repository: name it with --repo")
    check_fingerprint(scene, repository)
    image = render(scene, ElementCache(repository or NO_ELEMENTS))
    if image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")
    return Side(path.name, image, len(to_binary(scene)), "recipe", _told(scene, repository))


def _told(scene: Scene, repository: Repository | None) -> Recipe:
    known = {number: repository.element(number) for number in scene.elements()} if repository else {}
    return Recipe(
        explain(scene, element_names(scene, known)),
        to_text(scene),
        len(to_binary(scene)),
        len(scene.layers),
        scene.similar,
        caption_by(scene, known) if scene.similar else "",
    )


def decibels(psnr: float) -> str:
    """PSNR in words."""
    return "identical" if math.isinf(psnr) else f"{psnr:.2f} dB"
