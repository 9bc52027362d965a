"""What verification finds: problems, harmless remains of a crash, and for each the fault that a repair goes by."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from haac_repo._ids import format_id

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """An inconsistency, or damaged or lost bytes."""

    text: str
    elements: tuple[int, ...] = ()
    """Elements whose bytes are damaged, gone or not what their records say."""

    def __str__(self) -> str:
        if not self.elements:
            return self.text
        shown = ", ".join(format_id(number) for number in self.elements[:_SHOWN])
        more = f" and {len(self.elements) - _SHOWN:,} more" if len(self.elements) > _SHOWN else ""
        return f"{self.text}; elements: {shown}{more}"


@dataclass(slots=True)
class VerifyReport:
    """Result of an integrity check."""

    problems: list[Problem] = field(default_factory=list)
    """What is wrong now, after any repair."""
    repaired: list[str] = field(default_factory=list)
    """What was wrong and is right again."""
    notes: list[str] = field(default_factory=list)
    """What a person should know and is not wrong: remains of a crash, which the next writer or `repair` tidies up; a mirror that holds
    only a part of its repository."""
    elements: int = 0
    """Elements whose bytes were hashed."""
    bytes: int = 0
    """Their bytes."""
    live: int = 0
    """Elements of the repository that were not withdrawn."""
    held: int = 0
    """Those of them whose bytes are here, as far as the catalog knows."""

    @property
    def ok(self) -> bool:
        """Whether no problem is left."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Miscounted:
    """The counters of `meta` do not fit its rows; these do."""

    elements: int
    standing: int
    records: int


@dataclass(frozen=True, slots=True)
class Unindexed:
    """The full-text index does not fit the elements."""


@dataclass(frozen=True, slots=True)
class BadPack:
    """A pack is damaged, too short or gone."""

    number: int
    state: str
    """'open' or 'sealed'."""
    path: Path
    what: str
    """What is wrong with it, after its name."""


@dataclass(frozen=True, slots=True)
class BadSegment:
    """A published log segment is damaged or gone."""

    number: int
    path: Path


@dataclass(frozen=True, slots=True)
class Stray:
    """A file that no record accounts for."""

    path: Path


Fault = Miscounted | Unindexed | BadPack | BadSegment | Stray


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    text: str
    elements: tuple[int, ...] = ()
    """As of `Problem`."""
    harmless: bool = False
    """A note, not a problem."""
    fault: Fault | None = None
    """What there is to mend, if a repair can do anything about it."""
