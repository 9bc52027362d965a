"""Which files are compared with which: by their order, or by their names in a folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from haac_repo import HaacError

RECIPES: Final = frozenset({".haac", ".txt"})
PICTURES: Final = frozenset(
    {
        *(".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff"),
        *(".jxl", ".heic", ".heif", ".svg", ".ppm"),
    }
)
_LOSSLESS: Final = frozenset({".png", ".bmp", ".tif", ".tiff", ".ppm"})
MOST_PAIRS: Final = 500


@dataclass(frozen=True, slots=True)
class Pair:
    """Two files that show the same.

    Args:
        name: what the pair is called.
        original: a picture or a recipe.
        made: what is compared with it.
    """

    name: str
    original: Path
    made: Path


def is_recipe(path: Path) -> bool:
    """Whether a file is taken for a recipe, by its name."""
    return path.suffix.lower() in RECIPES


def pairs_of(paths: Sequence[Path]) -> list[Pair]:
    """The pairs of what was named on a command line.

    - A folder: in it, files of one NAME belong together, which is all of a file's name before its first dot. The original is the picture
      NAME.EXT; where there are several, the one of a format without loss. All other pictures and recipes of that NAME are compared with it:
      NAME.haac, NAME.txt, NAME.jpg, NAME.decoded.png.
    - Two folders: pictures of the first are originals; files of the same NAME in the second are compared with them.
    - Files: the first is the original of all others; of a recipe and one picture, the picture is.

    Raises:
        HaacError: nothing, or too much, is to be compared.
    """
    folders = [path for path in paths if path.is_dir()]
    if folders and len(folders) < len(paths):
        raise HaacError("a folder goes with no files: give one folder, two, or files")
    if len(folders) > 2:
        raise HaacError(f"{len(folders)} folders: one is compared in itself, two with each other")
    if folders:
        found = list(_of_folders(folders[0], folders[-1]))
        if not found:
            raise HaacError(_nothing(folders))
    else:
        found = _of_files(paths)
    if len(found) > MOST_PAIRS:
        raise HaacError(
            f"{len(found):,} pairs, a page has {MOST_PAIRS} at most: give fewer files, or folders with fewer"
        )
    return found


def _nothing(folders: Sequence[Path]) -> str:
    if len(folders) == 1:
        return f"{folders[0]} has no pair: beside a picture NAME.png, NAME.haac, NAME.decoded.png or NAME.webp is looked for"
    return f"no picture of {folders[0]} has a file of the same name in {folders[1]}"


def _of_files(paths: Sequence[Path]) -> list[Pair]:
    if len(paths) < 2:
        raise HaacError(f"{paths[0]} is compared with nothing: name another picture or a recipe, or a folder")
    first, *others = paths
    pictures = [path for path in paths if not is_recipe(path)]
    if is_recipe(first) and len(pictures) == 1:
        first, others = pictures[0], [path for path in paths if path is not pictures[0]]
    return [Pair(other.name, first, other) for other in others]


def _of_folders(originals: Path, made: Path) -> Iterator[Pair]:
    there = _by_name(made)
    for name, files in _by_name(originals).items():
        original = _original(name, files)
        if original is None:
            continue
        for other in there.get(name, []):
            if other != original:
                yield Pair(other.name, original, other)


def _by_name(folder: Path) -> dict[str, list[Path]]:
    """Name -> files, both in order."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        wanted = path.suffix.lower() in PICTURES | RECIPES and not path.name.startswith(".")
        if wanted and ".report." not in path.name and path.is_file():
            found.setdefault(path.name.partition(".")[0], []).append(path)
    return found


def _original(name: str, files: Sequence[Path]) -> Path | None:
    """The picture that is called nothing but the name; of several, the one without loss."""
    plain = [path for path in files if path.stem == name and not is_recipe(path)]
    if len(plain) > 1:
        plain = [path for path in plain if path.suffix.lower() in _LOSSLESS] or plain
    if len(plain) > 1:
        raise HaacError(
            f"{' and '.join(path.name for path in plain)} of {plain[0].parent} could both be the original: name the files, that one first"
        )
    return plain[0] if plain else None
