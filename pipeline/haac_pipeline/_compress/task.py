"""Request and result of compressing one picture file, as they travel to a worker process and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from haac_match import Options
    from haac_pipeline._compress.quality import Quality
    from haac_similar import SimilarOptions

INLINE = "(inline)"
"""In the place of an id."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """Files to write for one picture."""

    recipe: Path
    form: Literal["binary", "text"] = "binary"
    script: Path | None = None
    report: Path | None = None

    def paths(self) -> list[Path]:
        """All files that are written."""
        return [path for path in (self.recipe, self.script, self.report) if path is not None]


@dataclass(frozen=True, slots=True)
class Task:
    """One picture file to compress."""

    name: str
    data: bytes
    outputs: Outputs
    options: Options | SimilarOptions
    """Find elements that are in it, or tell it by similar ones."""
    repository: Path | None
    """None: no element is looked for."""
    fingerprint: bool | None = None
    """Add that of the repository to the recipe; None: where it has elements of it, and the budget allows."""
    segmenter: str | None = None
    """Salient-object model that weights the error; None: errors count everywhere alike."""
    seconds: float = 0.0
    """After which it comes to an end with the best recipe so far; 0: as long as it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressedFile:
    """Outcome of one picture file."""

    picture: str
    error: str = ""
    """Why there is no recipe; then nothing below says anything."""
    outputs: Outputs | None = None
    files: dict[Path, bytes] = field(default_factory=dict)
    """What is to be written, by whoever asked: a worker may be on another machine."""
    size: tuple[int, int] = (0, 0)
    """Width and height in pixels."""
    binary_bytes: int = 0
    text: str = ""
    background: str = ""
    """Id of the background plate; empty if there is none."""
    ids: list[str] = field(default_factory=list)
    """Of the layers, back to front; INLINE for those that the recipe carries."""
    exact: bool = False
    """Whether the recipe gives all pixels of the picture, alpha included."""
    quality: Quality | None = None
    element_bytes: int = 0
    """Of `binary_bytes`, those that canvas, background and elements take..."""
    rest: str = ""
    """...and as what the rest carries what no element explains, in words; empty if there is no rest."""
    lost: float = 0.0
    """Share of what is visible in the picture, 0 to 1, that cannot be made out in the recipe's render."""
    smaller: tuple[str, int] | None = None
    """A plain file that is as good and smaller: its format, and about its bytes."""
    unexplained: float = 0.0
    """Share of the picture, 0 to 1, that neither an element nor the background explains..."""
    compared: bool = True
    """...which says nothing where the elements that it shows were not looked for: by a recipe of similar ones, or a wash alone."""
    like: str = ""
    """What similar elements tell, in words; empty where the same ones were looked for."""
    notes: tuple[str, ...] = ()
    """What a person should know of how the file was read."""
