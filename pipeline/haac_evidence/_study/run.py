"""The study: exact and similar catalogs of growing size, their knees, what they cost, and all of it in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haac_evidence._study.cost import Prices, break_even, cost
from haac_evidence._study.draw import RANDOM, USED, sizes_up_to
from haac_evidence._study.exact import ExactMeasure, ExactOptions
from haac_evidence._study.kept import Kept
from haac_evidence._study.knee import enough, knee
from haac_evidence._study.sentence import sentence
from haac_evidence._study.similar import WASHES, SimilarMeasure, SimilarStudy, photographs, wash_as_like
from haac_repo import HaacError, Repository

if TYPE_CHECKING:
    from haac_evidence._scores.judge import Looks

Row = dict[str, Any]
Progress = Callable[[str, int, str], AbstractContextManager[Callable[[int], None]]]
"""Label, total and unit -> what is told of each that is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What is asked.

    Args:
        sizes: of the catalogs; empty: 8, 16, 32, ... and all.
        exact: measure exact elements; None: do not.
        similar: measure similar ones; None: do not.
        pictures: photographs that are told by similar elements.
        judge: file of a classifier; None: the network that retrieves.
        segmenter: model that finds the objects of photographs.
        prices: for what it costs.
        gain: share (0 to 1) that a doubling must bring to be worth it.
    """

    sizes: tuple[int, ...] = ()
    exact: ExactOptions | None = None
    similar: SimilarStudy | None = None
    pictures: tuple[Path, ...] = ()
    judge: Path | None = None
    segmenter: str = ""
    prices: Prices = field(default_factory=Prices)
    gain: float = 0.02


def study(
    world: Repository,
    asked: Study,
    progress: Progress,
    say: Callable[[str], None] = lambda _: None,
    part: Path | None = None,
) -> Row:
    """Measure catalogs of growing size.

    Args:
        world: the repository whose elements are drawn.
        asked: see there.
        progress: shows how far it is.
        say: told what a person should know.
        part: file in which an interrupted run leaves what it has measured.

    Returns:
        Figures for a JSON file, without the machine.

    Raises:
        HaacError: there are too few elements, or something that is needed is not here.
    """
    numbers = _drawable(world)
    sizes = sizes_up_to(len(numbers), asked.sizes)
    options = {
        "sizes": sizes,
        "exact": None if asked.exact is None else asdict(asked.exact),
        "similar": None if asked.similar is None else asdict(asked.similar),
        "segmenter": asked.segmenter,
    }
    # A run with other sizes, or more draws, takes over what is the same.
    lasting = {
        **options,
        "sizes": [],
        "similar": None if asked.similar is None else {**asdict(asked.similar), "draws": 0},
    }
    kept = Kept(part, {**lasting, "world": world.id, "numbers": numbers, "of": _stamps(asked)})
    if len(kept):
        say(f"{len(kept)} measurements of an interrupted run are taken over")
    found: Row = {"elements": len(numbers), "options": options, "prices": asdict(asked.prices)}
    found["gain"] = asked.gain
    if asked.exact is not None:
        found["exact"] = _exact(world, numbers, sizes, asked, kept, progress)
    if asked.similar is not None:
        found["similar"] = _similar(world, numbers, sizes, asked, kept, progress)
    found["sentences"] = sentence(found)
    return found


def _drawable(world: Repository) -> list[int]:
    """Numbers of the live elements that are no background."""
    from haac_similar._internal import PLATE_TAG

    here = {number for number, _ in world.held()}
    return [each.number for each in world.elements() if each.number in here and PLATE_TAG not in each.tags]


def _stamps(asked: Study) -> list[str]:
    """Of the files that are read, so that a run with others begins anew."""
    paths = [*asked.pictures, *([asked.judge] if asked.judge else [])]
    return [f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in paths]


def _similar(
    world: Repository,
    numbers: Sequence[int],
    sizes: Sequence[int],
    asked: Study,
    kept: Kept,
    progress: Progress,
) -> Row:
    from haac_similar import Embedder

    if asked.similar is None or not asked.pictures:
        raise HaacError("similar elements tell photographs: name some with --pictures")
    embedder = Embedder()
    judge = _judge(asked, embedder)
    with progress("Reading photographs", len(asked.pictures), "pictures") as advance:
        told = photographs(asked.pictures, asked.segmenter, judge, advance)
    measure = SimilarMeasure(world, told, judge, embedder, asked.similar)
    with progress("Washes to compare with", len(WASHES) * len(told), "pictures") as advance:
        washes = measure.washes(kept, advance)
    total = asked.similar.draws * len(sizes) * len(told)
    with progress("Similar elements", total, "pictures") as advance:
        rows = measure.rows(numbers, sizes, kept, advance)
    return {
        "photographs": len(told),
        "judge": judge.name,
        "judge_held_out": asked.judge is not None,
        "washes": washes,
        **_similar_concluded(rows, washes, asked),
    }


def _judge(asked: Study, embedder: Any) -> Looks:
    from haac_evidence._scores.judge import Judge, OwnJudge

    return OwnJudge(embedder) if asked.judge is None else Judge(asked.judge)


def _exact(
    world: Repository,
    numbers: Sequence[int],
    sizes: Sequence[int],
    asked: Study,
    kept: Kept,
    progress: Progress,
) -> Row:
    """Both ways to choose elements. What they hold is known for all sizes, so the knee is, too: it is measured beside the others."""
    assert asked.exact is not None
    measure, found = ExactMeasure(world, numbers, asked.exact), {}
    for way in (USED, RANDOM):
        shares = measure.shares(way)
        at = knee(range(1, len(shares) + 1), shares)
        measured = sorted({*sizes, *([] if at is None else [at])})
        total = len(measured) * (asked.exact.scenes + asked.exact.matched)
        with progress(f"Exact elements, {way}", total, "pictures") as advance:
            rows = measure.rows(way, measured, kept, advance)
        made = [_paid(row, row["peer_bytes"], asked.prices) for row in rows]
        cheapest = min(made, key=lambda row: row["cost"])["elements"]
        found[way] = {"rows": made, **_knees(made, "held_share", asked), "knee": at, "cheapest": cheapest}
    return found


def _similar_concluded(rows: Sequence[Row], washes: Sequence[Row], asked: Study) -> Row:
    made = []
    for row in rows:
        as_like = wash_as_like(washes, row["likeness"])
        more = {"wash_bytes": None if as_like is None else round(as_like, 1)}
        made.append(_paid(row | more, as_like, asked.prices))
    return {"rows": made, **_knees(made, "likeness", asked)}


def _paid(row: Row, other: float | None, prices: Prices) -> Row:
    """A row with what a catalog of that size and its recipes cost, beside `other` bytes a picture without one."""
    recipe, mirror = row["recipe_bytes"], row["mirror_bytes"]
    return row | {
        "cost": round(cost(prices, recipe, mirror), 6),
        "cost_without": None if other is None else round(cost(prices, other), 6),
        "pays_after": None if other is None else break_even(recipe, other, mirror),
    }


def _knees(rows: Sequence[Row], of: str, asked: Study) -> Row:
    """The knee, and the size after which doubling brings little."""
    sizes, values = [row["elements"] for row in rows], [row[of] for row in rows]
    return {"knee": knee(sizes, values), "enough": enough(sizes, values, asked.gain)}
