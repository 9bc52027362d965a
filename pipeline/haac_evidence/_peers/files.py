"""What is kept of a measured file: its bytes, its scores, and how it was made; a line of text in the record."""

from __future__ import annotations

import math
from dataclasses import dataclass

from haac_evidence._scores.scores import MEASURES, Scores

COLUMNS = ("bytes", "payload", *MEASURES, "settings")
"""Of a line: whole files; without their headers; scores; how it was made. Apart by one space each, `-` for what is not known."""

LOSSLESS = "lossless"
"""Settings of a file that gives all pixels of the picture."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A file, or recipe, of one format for one picture."""

    bytes: int
    payload: int
    """Bytes without the header."""
    scores: Scores
    settings: str

    @property
    def exact(self) -> bool:
        """Whether it gives all pixels of the picture."""
        return self.scores["psnr"] == math.inf

    def line(self) -> str:
        """As it stands in the record."""
        told = ["-" if (value := self.scores[name]) is None else f"{value:.6g}" for name in MEASURES]
        return " ".join([str(self.bytes), str(self.payload), *told, self.settings])

    @classmethod
    def of_line(cls, line: str) -> Measured:
        """What `line` wrote."""
        size, payload, *rest = line.split(" ", 2 + len(MEASURES))
        numbers, settings = rest[: len(MEASURES)], rest[len(MEASURES)]
        scores = {
            name: None if number == "-" else float(number)
            for name, number in zip(MEASURES, numbers, strict=True)
        }
        return cls(int(size), int(payload), scores, settings)
