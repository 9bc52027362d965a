"""What a describer's script is worth: as words, as it stands, and compiled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from haac import Scene, run_script, to_binary, to_text
from haac._internal import check_fingerprint, element_names, explain
from haac_repo import Repository
from haac_repo._internal import require


@dataclass(frozen=True, slots=True)
class Script:
    """A script that was run."""

    scene: Scene
    bytes: dict[str, int]
    """Of the files, by column of table 1: what `haac explain` says, the script, what `haac compile` writes as text and as binary."""


def describe(path: Path, repository: Repository) -> Script:
    """Run a describer's script, and count the bytes of its forms.

    Args:
        path: of the script; it is executed.
        repository: has its elements, and gives its fingerprint to the recipes, as `haac compile` does.

    Raises:
        RecipeError: the script fails, leaves no scene, or is for another repository.
        ElementError: an element is not there.
    """
    scene = run_script(path)
    check_fingerprint(scene, repository)
    elements = {each.number: each for each in require(repository, sorted(scene.elements()))}
    if elements:
        scene.fingerprint = repository.fingerprint
    return Script(
        scene,
        {
            "english": len(f"{explain(scene, element_names(scene, elements))}\n".encode()),
            "script": path.stat().st_size,
            "text": len(f"{to_text(scene)}\n".encode()),
            "binary": len(to_binary(scene)),
        },
    )
