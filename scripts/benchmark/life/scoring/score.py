"""What was found in a picture, beside what was drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scripts.benchmark.life.layout.wishes import BANDS
from scripts.benchmark.life.page import Frame
from scripts.benchmark.life.truth import TrueElement, band_of

LEAST_IOU = 0.6
"""Of two frames, turned as they are, from which they stand for one place."""
LEAST_VISIBLE = 0.5
"""Share that shows below which an element need not be found, and may be."""

HIT, ALIKE, WRONG, TWICE, JUNK, FREE = "hit", "alike", "wrong", "twice", "junk", "free"


@dataclass(frozen=True, slots=True)
class Found:
    """A layer of a recipe, or what a peer found."""

    number: int
    """Of the element."""
    frame: Frame


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of each true and each found element.

    Args:
        true: hit: found; alike: found as an element that cannot be told from it, counted apart; wrong: taken for another; free: hidden,
            or of no band, and not asked for; "": missed.
        found: hit; alike; wrong; twice: one that is found already; free: stands where nothing is asked for; junk: any other.
        true_bands: of each true element.
        found_bands: of the true element that it stands for, else of its own size.
    """

    true: list[str]
    found: list[str]
    true_bands: list[str]
    found_bands: list[str]


def judge(true: list[TrueElement], found: list[Found], number_of: Callable[[str], int]) -> Judged:
    """Pair found with true elements, best overlap first, each once: the same element, then look-alikes, then any.

    Args:
        number_of: name of an element -> its number.
    """
    asked = [bool(t.band) and t.visible >= LEAST_VISIBLE for t in true]
    overlaps = [
        (value, n, m)
        for n, t in enumerate(true)
        for m, f in enumerate(found)
        if (value := iou(t.frame, f.frame)) >= LEAST_IOU
    ]
    overlaps.sort(key=lambda o: (-o[0], o[1], o[2]))
    of_true, of_found = [""] * len(true), [""] * len(found)
    bands = [_nearest_band(f.frame) for f in found]

    def pair(kind: str, fits: Callable[[int, int], bool]) -> None:
        for _, n, m in overlaps:
            if not of_true[n] and not of_found[m] and fits(n, m):
                of_true[n], of_found[m] = (kind, kind) if asked[n] else (FREE, FREE)
                bands[m] = true[n].band or bands[m]

    alike = [{number_of(name) for name in t.alike} for t in true]
    pair(HIT, lambda n, m: number_of(true[n].name) == found[m].number)
    pair(ALIKE, lambda n, m: found[m].number in alike[n])
    pair(WRONG, lambda *_: True)
    for _, n, m in overlaps:
        if not of_found[m]:
            of_found[m] = TWICE if asked[n] else FREE
    return Judged(
        [kind or ("" if asked[n] else FREE) for n, kind in enumerate(of_true)],
        [kind or JUNK for kind in of_found],
        [t.band for t in true],
        bands,
    )


def iou(a: Frame, b: Frame) -> float:
    """Intersection over union of two turned rectangles."""
    both = _area(_clipped(a.corners(), b.corners()))
    return both / max(1e-9, a.width * a.height + b.width * b.height - both)


def _clipped(
    polygon: list[tuple[float, float]], window: list[tuple[float, float]]
) -> list[tuple[float, float]]:
    """The part of a convex polygon within another (Sutherland and Hodgman, 1974); corners clockwise as seen."""
    for (ax, ay), (bx, by) in zip(window, window[1:] + window[:1], strict=True):
        sides = [(bx - ax) * (y - ay) - (by - ay) * (x - ax) for x, y in polygon]
        made: list[tuple[float, float]] = []
        for n, (x, y) in enumerate(polygon):
            (px, py), before, here = polygon[n - 1], sides[n - 1], sides[n]
            if before * here < 0:
                at = before / (before - here)
                made.append((px + at * (x - px), py + at * (y - py)))
            if here >= 0:
                made.append((x, y))
        polygon = made
        if not polygon:
            break
    return polygon


def _area(polygon: list[tuple[float, float]]) -> float:
    edges = zip(polygon, polygon[1:] + polygon[:1], strict=True)
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in edges)) / 2


def _nearest_band(frame: Frame) -> str:
    names = list(BANDS)
    return band_of(frame.width, frame.height) or names[0 if max(frame.width, frame.height) < 40 else -1]
