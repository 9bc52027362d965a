"""Batch decoding: recipes to picture files, in threads."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from haac._forms.recipe import read_recipe
from haac._render import NO_ELEMENTS, ElementCache, render
from haac._scene import Scene
from haac_repo import HaacError, PictureError, RecipeError, Repository, pixel_hash, write_file
from haac_repo._internal import flattened

SUFFIXES = {".haac", ".txt"}
"""What a folder is searched for."""

_OPTIONS: dict[str, dict[str, Any]] = {"WEBP": {"lossless": True, "exact": True}, "JPEG": {"quality": 92}}


@dataclass(frozen=True, slots=True)
class Decoded:
    """Result of decoding one recipe."""

    recipe: str
    picture: Path
    size: tuple[int, int] | None = None
    pixels: str = ""
    """Hash of the pixels; empty if it failed."""
    error: str = ""
    similar: bool = False
    """Whether its elements are like what the original shows, not the same."""


def fits(scene: Scene, fingerprint: int | None) -> bool:
    """Whether a recipe can have been made for the repository with this fingerprint, which is None where nobody knows it."""
    return fingerprint is None or scene.fingerprint in (None, fingerprint)


def check_fingerprint(scene: Scene, repository: Repository | None) -> None:
    """Check that the repository at hand is the one that a recipe was made for, if the recipe says.

    Raises:
        RecipeError: it is another one.
    """
    if repository is not None and not fits(scene, repository.fingerprint):
        raise RecipeError(
            f"the recipe was made for a repository with the fingerprint {scene.fingerprint:04x}, this one has"
            f" {repository.fingerprint:04x}: decode it with a mirror of the right repository (--repo)"
        )


def picture_format(suffix: str) -> str:
    """Picture format of a suffix, by Pillow's name.

    Raises:
        PictureError: no format that haac writes has it.
    """
    Image.init()
    format = Image.EXTENSION.get(suffix.lower())
    if format not in {"PNG", "WEBP", "TIFF", "JPEG", "BMP", "PPM"}:
        known = "use .png, .webp, .tiff, .jpg, .bmp or .ppm"
        if not suffix:
            raise PictureError(f"the picture's name has no suffix, which says the format: {known}")
        raise PictureError(f"{suffix!r} is no picture format that haac writes; {known}")
    return format


def picture_bytes(image: Image.Image, suffix: str) -> bytes:
    """Encode RGBA pixels for a file of this suffix. PNG and WebP are lossless; formats without alpha get a white background.

    Raises:
        PictureError: as `picture_format`.
    """
    format = picture_format(suffix)
    if format in {"JPEG", "BMP", "PPM"}:
        image = flattened(image)
    buffer = io.BytesIO()
    image.save(buffer, format, **_OPTIONS.get(format, {}))
    return buffer.getvalue()


def _shows(path: Path, image: Image.Image) -> bool:
    """Whether a file holds these pixels."""
    try:
        with Image.open(path) as there:
            return there.size == image.size and pixel_hash(there.convert("RGBA")) == pixel_hash(image)
    except (OSError, ValueError, Image.DecompressionBombError):
        return False


def decode_files(
    recipes: Iterable[tuple[str, Callable[[], bytes], Path]],
    repository: Repository | None,
    jobs: int,
    *,
    force: bool = True,
) -> Iterator[Decoded]:
    """Decode recipes to picture files. One that fails does not stop the others.

    Args:
        recipes: name, a function that reads its bytes, and the picture to write (by its suffix), each.
        repository: gives the elements; shared by all threads (Pillow works outside the interpreter's lock). None: no element is needed.
        jobs: threads.
        force: replace files that show something else. If not, those are errors: a picture may lie beside the recipe that was made of it.

    Yields:
        One result a recipe, in the order given.
    """
    cache = ElementCache(repository or NO_ELEMENTS)

    def decode(name: str, read: Callable[[], bytes], path: Path) -> Decoded:
        try:
            scene = read_recipe(read())
            check_fingerprint(scene, repository)
            image = render(scene, cache)
            if not force and path.exists() and not _shows(path, image):
                raise PictureError(
                    f"{path} exists and shows something else: name another file with -o, or use --force"
                )
            data = picture_bytes(image, path.suffix)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_file(path, data)
        except HaacError as error:
            return Decoded(name, path, error=str(error))
        except OSError as error:
            where = f": {error.filename}" if error.filename not in (None, name) else ""
            return Decoded(name, path, error=f"{error.strerror or error}{where}")
        return Decoded(name, path, image.size, pixel_hash(image), similar=scene.similar)

    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda recipe: decode(*recipe), recipes)
