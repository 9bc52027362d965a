"""What the files say together: scores at each budget, who leads, how many bytes another format takes for the same.

For every budget and score each format has the file that is best by that very score, of all that were made: the file that is best by
PSNR need not be the one that is best by SSIMULACRA2. Between budgets, scores are interpolated on the logarithm of bytes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import mean, median
from typing import Any

from haac_evidence._peers.files import Measured
from haac_evidence._peers.measure import HAAC
from haac_evidence._peers.similar import SIMILAR
from haac_evidence._scores.scores import MEASURES

Files = Mapping[str, Sequence[Measured]]
"""Of one picture, by format."""
Row = dict[str, Any]
CAP = 100.0
"""dB that a picture without any error counts for where PSNRs are averaged."""


def best(files: Sequence[Measured], budget: float, measure: str, *, counted: bool) -> Measured | None:
    """The best file by a measure within a budget; None if no file is so small, or the measure is not known."""
    fits = [
        each
        for each in files
        if (each.bytes if counted else each.payload) <= budget and each.scores[measure] is not None
    ]
    sign = MEASURES[measure].better
    return max(fits, key=lambda each: sign * value(each, measure), default=None)


def value(file: Measured, measure: str) -> float:
    """A score as a number that can be averaged."""
    found = file.scores[measure]
    assert found is not None
    return min(found, CAP)


def curves(pictures: Sequence[Files], budgets: Sequence[int], measure: str, *, counted: bool) -> Row:
    """Mean scores of each format at each budget, None where not all pictures have a file so small.

    Args:
        pictures: one for each; means are over those of which the measure is known.
        budgets: bytes.
        measure: a name of MEASURES.
        counted: with headers.
    """
    made: Row = {}
    pictures = of_known(pictures, measure)
    for name in pictures[0] if pictures else ():
        cells: list[float | None] = []
        for budget in budgets:
            found = [best(files[name], budget, measure, counted=counted) for files in pictures]
            there = [value(each, measure) for each in found if each is not None]
            cells.append(round(mean(there), 4) if len(there) == len(pictures) else None)
        made[name] = cells
    return made


def duel(
    pictures: Sequence[Files],
    budgets: Sequence[int],
    measure: str,
    peer: str,
    *,
    counted: bool,
    own: str = HAAC,
) -> Row:
    """haac beside another format at each budget.

    Args:
        pictures: one for each; those count of which the measure is known.
        budgets: bytes.
        measure: a name of MEASURES.
        peer: the other format.
        counted: with headers.
        own: what of haac.

    Returns:
        Lists by budget: `ahead`, mean score of haac above the peer's (worse if negative) over pictures that have both (where there is
        a least score, no file has that), None if none has; `wins`, pictures in which haac is better or alone; `alone`, pictures in
        which only haac has a file so small; `bytes`, median of how many times haac's bytes the peer takes for haac's score, None where
        the peer never reaches it.
    """
    made: Row = {"ahead": [], "wins": [], "alone": [], "bytes": []}
    sign, least = MEASURES[measure].better, MEASURES[measure].least
    pictures = of_known(pictures, measure)
    for budget in budgets:
        gaps, wins, alone, ratios = [], 0, 0, []
        for files in pictures:
            ours = best(files[own], budget, measure, counted=counted)
            theirs = best(files[peer], budget, measure, counted=counted)
            if ours is None:
                continue
            alone += theirs is None
            if theirs is None and least is None:
                wins += 1
            else:  # of no file, nothing is recognised
                other = value(theirs, measure) if theirs is not None else least or 0.0
                gap = sign * (value(ours, measure) - other)
                gaps.append(gap)
                wins += gap > 0
            if value(ours, measure) == least:
                continue
            needed = bytes_for(files[peer], measure, value(ours, measure), counted=counted)
            ratios.append(needed / ours.bytes if needed is not None else math.inf)
        made["ahead"].append(round(mean(gaps), 4) if gaps else None)
        made["wins"].append(wins)
        made["alone"].append(alone)
        middle = median(ratios) if ratios else math.inf
        made["bytes"].append(None if math.isinf(middle) else round(middle, 3))
    return made


def bytes_for(files: Sequence[Measured], measure: str, score: float, *, counted: bool) -> float | None:
    """Bytes that a format takes for a score: between its files, on the logarithm; None if it never reaches it."""
    sign = MEASURES[measure].better
    before: tuple[float, float] | None = None  # bytes and score of the best smaller file
    for size, reached in _staircase(files, measure, counted=counted):
        if sign * reached >= sign * score:
            if before is None or reached == before[1]:
                return size
            part = (score - before[1]) / (reached - before[1])
            return math.exp(math.log(before[0]) + part * (math.log(size) - math.log(before[0])))
        before = size, reached
    return None


def _staircase(files: Sequence[Measured], measure: str, *, counted: bool) -> list[tuple[int, float]]:
    """Bytes and score of the files that are better than every smaller one, by size."""
    sign = MEASURES[measure].better
    steps: list[tuple[int, float]] = []
    sized = [(each.bytes if counted else each.payload, each) for each in files]
    for size, each in sorted(sized, key=lambda pair: (pair[0], -sign * (pair[1].scores[measure] or 0))):
        if each.scores[measure] is None:
            continue
        reached = value(each, measure)
        if not steps or sign * reached > sign * steps[-1][1]:
            steps.append((max(size, 1), reached))
    return steps


def crossing(budgets: Sequence[int], ahead: Sequence[float | None], alone: Sequence[int]) -> float | None:
    """Bytes up to which haac leads: where the mean lead first turns negative, on the logarithm of bytes.

    Args:
        budgets: growing.
        ahead: mean lead at each; None where there is no other file.
        alone: pictures at each for which there is none.

    Returns:
        None if haac is nowhere behind; 0.0 if it is from the first, or never ahead. Where it leads last and not all pictures have
        another file, that budget: a mean over the others says little.
    """
    leads = [
        (budget, 1.0 if lead is None else lead, only)
        for budget, lead, only in zip(budgets, ahead, alone, strict=True)
        if lead is not None or only
    ]
    behind = next((n for n, (_, lead, _) in enumerate(leads) if lead < 0), len(leads))
    last = max((n for n, (_, lead, _) in enumerate(leads[:behind]) if lead > 0), default=None)
    if last is None:
        return 0.0
    if last == len(leads) - 1:
        return None
    (low, up, lacking), (high, down, _) = leads[last], leads[last + 1]
    if lacking:
        return low
    part = up / (up - down)
    return math.exp(math.log(low) + part * (math.log(high) - math.log(low)))


def summarised(pictures: Sequence[Files], budgets: Sequence[int]) -> Row:
    """Curves and duels of a group of pictures, by counting and measure; measures that no picture has are left out."""
    known = [name for name in MEASURES if of_known(pictures, name)]
    ways = list(pictures[0]) if pictures else []
    peers = [name for name in ways if name not in (HAAC, SIMILAR)]

    def duels(measure: str, own: str, counted: bool) -> Row:
        return {
            peer: _told(duel(pictures, budgets, measure, peer, counted=counted, own=own), budgets)
            for peer in peers
        }

    made: Row = {}
    for counting, counted in (("counted", True), ("uncounted", False)):
        made[counting] = {
            measure: {
                "pictures": len(of_known(pictures, measure)),
                "scores": curves(pictures, budgets, measure, counted=counted),
                "against": duels(measure, HAAC, counted),
                **({"similar_against": duels(measure, SIMILAR, counted)} if SIMILAR in ways else {}),
            }
            for measure in known
        }
    return made


def _told(found: Row, budgets: Sequence[int]) -> Row:
    until = crossing(budgets, found["ahead"], found["alone"])
    return {**found, "leads_to": None if until is None else round(until)}


def of_known(pictures: Sequence[Files], measure: str) -> list[Files]:
    """The pictures of which a measure is known: not too small for it, and of a kind that the judge knows."""
    return [files for files in pictures if _has(files, measure)]


def _has(files: Files, measure: str) -> bool:
    return any(each.scores[measure] is not None for row in files.values() for each in row)
