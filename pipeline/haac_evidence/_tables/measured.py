"""What is measured of one picture, and of all."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING, Any

from haac_evidence._tables.columns import BOUNDARIES, BYTES, CONCLUDED, DIFFERENT, PAPER

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, slots=True)
class Used:
    """An element that a recipe shows."""

    id: str
    name: str
    own: bool
    """Whether it was cut out of this very picture."""
    bytes: int
    """In the repository, which no recipe carries."""


@dataclass(slots=True)
class Row:
    """One picture in both tables. A column that it has no way for is missing."""

    name: str
    file: str
    size: tuple[int, int]
    """Width and height, pixels."""
    bytes: dict[str, int] = field(default_factory=dict)
    """By column of table 1."""
    different: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """By column of table 2: per cent of the pixels, for each of the boundaries."""
    elements: dict[str, list[Used]] = field(default_factory=dict)
    """Which ones each recipe shows, by column of table 2."""
    like: str = ""
    """What similar elements tell; or why there is only a wash."""
    shown: dict[str, Image.Image] = field(default_factory=dict)
    """Small pictures to look at, by column of table 2, and the original."""

    def has_own(self, way: str) -> bool:
        """Whether the recipe of this column shows elements that were cut out of the picture."""
        return any(each.own for each in self.elements.get(way, ()))

    def is_wash_alone(self, way: str) -> bool:
        """Whether the recipe of this column, which a program made, shows no element."""
        return way in ("automatic", "similar") and way in self.elements and not self.elements[way]

    def as_json(self) -> dict[str, Any]:
        """All but the pictures."""
        return {
            "name": self.name,
            "file": self.file,
            "size": list(self.size),
            "bytes": self.bytes,
            "different": {way: [round(each, 4) for each in its] for way, its in self.different.items()},
            "elements": {way: [asdict(each) for each in its] for way, its in self.elements.items()},
            "like": self.like,
        }


@dataclass(slots=True)
class Tables:
    """All pictures."""

    rows: list[Row] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    """Pictures that have no row, with the reason."""
    notes: list[str] = field(default_factory=list)
    """What a person should know of how it was measured."""

    def as_json(self) -> dict[str, Any]:
        """Rows, their means, and the paper's conclusions beside ours."""
        return {
            "pictures": len(self.rows),
            "boundaries": list(BOUNDARIES),
            "rows": [row.as_json() for row in self.rows],
            "means": self.means(),
            "conclusions": {"paper": PAPER, **self.conclusions()},
            "failed": self.failed,
            "notes": self.notes,
        }

    def means(self) -> dict[str, Any]:
        """Of each column, over the pictures that have it: their number, bytes or per cent, and what is saved of the originals."""
        found: dict[str, Any] = {"bytes": {}, "different": {}}
        for way in BYTES:
            if rows := [row for row in self.rows if way in row.bytes]:
                found["bytes"][way] = {
                    "pictures": len(rows),
                    "bytes": round(fmean(row.bytes[way] for row in rows), 2),
                    "saved_percent": round(
                        fmean(100 * (1 - row.bytes[way] / row.bytes["original"]) for row in rows), 4
                    ),
                }
        for way in DIFFERENT:
            if those := [row.different[way] for row in self.rows if way in row.different]:
                found["different"][way] = {
                    "pictures": len(those),
                    "percent": [round(fmean(column), 4) for column in zip(*those, strict=True)],
                }
        return found

    def behind(self, way: str) -> dict[str, int]:
        """How many elements the recipes of a column show, and their bytes in the repository; each once."""
        used = {each.id: each.bytes for row in self.rows for each in row.elements.get(way, ())}
        return {"count": len(used), "bytes": sum(used.values())}

    def conclusions(self) -> dict[str, dict[str, Any]]:
        """The paper's three figures, for each form of ours that some picture has."""
        means = self.means()
        return {
            name: {
                **means["bytes"][size],
                "different_percent": means["different"][way]["percent"],
                "elements": self.behind(way),
            }
            for name, (size, way) in CONCLUDED.items()
            if size in means["bytes"]
        }
