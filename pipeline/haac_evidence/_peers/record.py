"""The record of a run, and its table for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from haac_evidence._codecs.codec import CODECS, available_codecs, codec_versions
from haac_evidence._codecs.headers import HEADERS
from haac_evidence._codecs.placeholders import placeholders
from haac_evidence._peers.breakeven import break_even
from haac_evidence._peers.drawn import CatalogBytes
from haac_evidence._peers.files import COLUMNS, Measured
from haac_evidence._peers.measure import HAAC, PHOTOGRAPHS, SCENES, Outcome, Work, formats
from haac_evidence._peers.run import Settings
from haac_evidence._peers.similar import SIMILAR
from haac_evidence._peers.summary import summarised
from haac_evidence._peers.verdict import answer, verdict
from haac_evidence._record import machine
from haac_evidence._scores.scores import MEASURES, absent

if TYPE_CHECKING:
    from haac_evidence._scores.judge import Judging

PACKAGES = ("scikit-image", "scipy")


def missing(no_judge: str = "") -> dict[str, str]:
    """What was not measured, and why.

    Args:
        no_judge: why there is no judge; empty if there is one.
    """
    codecs = {codec.name for codec in CODECS} - {codec.name for codec in available_codecs()}
    hashes = {"BlurHash", "ThumbHash"} - set(placeholders())
    return {
        **dict.fromkeys(sorted(codecs | hashes), "not installed: pip install 'haac[evidence]'"),
        **{MEASURES[name].title: why for name, why in absent(no_judge).items()},
    }


def record(
    works: Sequence[Work],
    outcomes: Sequence[Outcome],
    settings: Settings,
    catalog: CatalogBytes | None,
    seconds: float,
    no_judge: str = "",
) -> dict[str, Any]:
    """All that is written to the JSON file.

    Args:
        works: what was to be done.
        outcomes: of all of them, in any order.
        settings: of the run.
        catalog: of the repository that scenes were drawn from.
        seconds: that it took.
        no_judge: why kinds are not measured; empty if they are.
    """
    done = {(each.group, each.picture, each.format): each for each in outcomes}
    chosen = [name for name in (HAAC, SIMILAR, *formats()[1:]) if any(work.format == name for work in works)]
    groups: dict[str, Any] = {}
    for group in (PHOTOGRAPHS, SCENES):
        names = list(dict.fromkeys(work.picture for work in works if work.group == group))
        there = {work.format for work in works if work.group == group}
        ways = [format for format in chosen if format in there]
        rows = {name: {format: done[group, name, format] for format in ways} for name in names}
        whole = {name: row for name, row in rows.items() if not any(each.error for each in row.values())}
        if not names:
            continue
        files = [
            {format: [Measured.of_line(line) for line in each.files] for format, each in row.items()}
            for row in whole.values()
        ]
        groups[group] = {
            "pictures": len(whole),
            "lost": {
                f"{name}: {each.format}": each.error
                for name, row in rows.items()
                for each in row.values()
                if each.error
            },
            "summary": summarised(files, settings.budgets),
            "files": {name: {f: each.files for f, each in row.items()} for name, row in whole.items()},
        }
        if group == SCENES and catalog is not None:
            groups[group]["catalog"] = asdict(catalog)
            groups[group]["break_even"] = break_even(files, catalog)
    return {
        "machine": machine(PACKAGES),
        "versions": codec_versions(),
        "budgets": list(settings.budgets),
        "thorough": settings.thorough,
        "seconds": round(seconds, 1),
        "columns": list(COLUMNS),
        "headers": {name: HEADERS[name] for name in chosen},
        "absent": missing(no_judge),
        "judge": None if settings.judge is None else _judge(settings.judge),
        "similar": _similar(works),
        "groups": groups,
    }


def _judge(judge: Judging) -> dict[str, Any]:
    return {"name": judge.name, "sha256": judge.sha256, "retrieves": judge.path is None}


def _similar(works: Sequence[Work]) -> dict[str, Any] | None:
    """By what photographs were told."""
    told = next((work.telling for work in works if work.telling is not None), None)
    if told is None:
        return None
    return {"elements": int(told.state.rpartition(" ")[2]), "segmenter": told.segmenter}


def lines(record: dict[str, Any]) -> Iterator[str]:
    """A table for each group, measure by measure, and what it comes to."""
    budgets = record["budgets"]
    for group, found in record["groups"].items():
        yield f"{found['pictures']} {group}, mean at most so many bytes, headers counted:"
        for measure, cells in found["summary"]["counted"].items():
            about = MEASURES[measure]
            yield ""
            yield f"{about.title:<14}" + "".join(f"{_short(budget):>8}" for budget in budgets)
            for name, scores in cells["scores"].items():
                shown = ("-" if score is None else f"{score:.{about.digits}f}" for score in scores)
                yield f"  {name:<12}" + "".join(f"{text:>8}" for text in shown)
        yield ""
    yield from verdict(record)
    yield ""
    yield from (sentence.replace("**", "") for sentence in answer(record))


def _short(budget: int) -> str:
    return f"{budget // 1000}k" if budget >= 1000 and budget % 1000 == 0 else str(budget)
