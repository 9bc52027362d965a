"""Pictures, and the scripts that a describer wrote for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from haac_pipeline import PassedOver, Refused, Source, find_sources
from haac_repo import RecipeError


@dataclass(frozen=True, slots=True)
class Described:
    """A picture that can be read."""

    name: str
    source: Source
    script: Path | None
    """What tells it, by a person; None: nothing does."""


@dataclass(frozen=True, slots=True)
class Found:
    """The pictures of a command line."""

    pictures: list[Described]
    refused: dict[str, str]
    """Inputs that cannot be read, with the reason."""
    beside: int
    """Scripts that lie beside pictures, in folders that nobody named: they are not run."""


def find_described(paths: Iterable[str], scripts: Path | None) -> Found:
    """Find pictures and their scripts.

    A script has the name of its picture: `boat.py` tells `boat.png`. It is Python and will be run, so only those of a folder
    that was named as such are taken.

    Args:
        paths: files, folders, archives, addresses.
        scripts: folder of scripts; None: there are none.

    Raises:
        RecipeError: the folder has no script for any of the pictures.
    """
    sources: list[Source] = []
    refused: dict[str, str] = {}
    for each in find_sources(paths):
        if isinstance(each, Source):
            sources.append(each)
        elif isinstance(each, Refused):
            refused[each.name] = each.reason
        else:
            assert isinstance(each, PassedOver)
    stems = Counter(Path(source.name).stem for source in sources)
    pictures = []
    beside = 0
    for source in sources:
        name = Path(source.name)
        script = None if scripts is None else scripts / f"{name.stem}.py"
        if script is None and source.path is not None:
            beside += source.path.with_suffix(".py").is_file()
        found = script if script is not None and script.is_file() else None
        # Of a.png and a.jpg, the names are a.png and a.jpg.
        pictures.append(Described(name.stem if stems[name.stem] == 1 else name.name, source, found))
    if scripts is not None and pictures and not any(each.script for each in pictures):
        raise RecipeError(
            f"{scripts} has a script for none of the pictures: that of {pictures[0].name} would be"
            f" {scripts / Path(pictures[0].source.name).stem}.py"
        )
    return Found(pictures, refused, beside)
