"""Recipes beside other formats, for docs/evidence.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from haac_evidence._internal import MEASURES, answer, verdict
from scripts.make.markdown import Figures, load, machine, table

_SHOWN = ("psnr", "ssimulacra2", "different", "kind")
"""Measures of which all formats are listed; of the others only what haac is ahead of AVIF."""
FEW = " \\*"
"""Beside a mean over some of the pictures."""
_TITLES = {
    "photographs": "{count} photographs, without a catalog",
    "scenes": "{count} scenes, drawn from the elements of a catalog",
}


def peers(figures: Figures) -> str:
    """For each group: scores of all formats, haac beside AVIF, what a catalog's bytes come to; and all that in sentences."""
    parts = []
    for group, found in figures["groups"].items():
        title = _TITLES[group].format(count=found["pictures"])
        summary = found["summary"]
        for measure in _SHOWN:
            if measure in summary["counted"]:
                parts.append(_scores(title, measure, figures["budgets"], summary))
        if group == "photographs":
            parts.append(_duel(summary, figures["budgets"]))
        if "break_even" in found:
            parts.append(_break_even(found["break_even"], found["catalog"]))
    parts.append("\n".join(f"- {sentence}" for sentence in verdict(figures)))
    parts.append(_about(figures))
    return "\n\n".join(parts)


def _scores(title: str, measure: str, budgets: list[int], summary: dict[str, Any]) -> str:
    about = MEASURES[measure]
    counted = summary["counted"][measure]["scores"]
    free = summary["uncounted"][measure]["scores"]
    rows = []
    for name, scores in counted.items():
        cells = (_cell(own, without, about.digits) for own, without in zip(scores, free[name], strict=True))
        rows.append((name, *cells))
    unit = f", {about.unit}" if about.unit else ""
    count = summary["counted"][measure]["pictures"]
    if measure == "kind":
        unit += f", of {count} whose kind the judge knows"
    return f"{title}: {about.title}{unit} (in brackets: where the header does not count):\n\n" + table(
        ("bytes at most", *(f"{budget:,}" for budget in budgets)), rows
    )


def _cell(counted: float | None, free: float | None, digits: int) -> str:
    """The score with headers; that without them in brackets, where it is another one."""
    told = "-" if counted is None else f"{counted:.{digits}f}"
    return told if free is None or free == counted else f"{told} ({free:.{digits}f})"


def _duel(summary: dict[str, Any], budgets: list[int]) -> str:
    """How far haac is ahead of AVIF, and how many times its bytes AVIF takes for the same."""
    rows = []
    for measure, cells in summary["counted"].items():
        if "AVIF" not in cells["against"]:
            continue
        about = MEASURES[measure]
        for counting in ("counted", "uncounted"):
            against = summary[counting][measure]["against"]["AVIF"]
            ahead = (
                "no AVIF"
                if lead is None
                else f"{lead:+.{about.digits}f}{'' if n is None else f' ({n:.2g}x)'}{FEW if alone else ''}"
                for lead, n, alone in zip(against["ahead"], against["bytes"], against["alone"], strict=True)
            )
            rows.append((about.title if counting == "counted" else "without headers", *ahead))
    return (
        "How far haac is ahead of AVIF, and how many times haac's bytes AVIF takes for haac's score (median):\n\n"
        + table(("bytes at most", *(f"{budget:,}" for budget in budgets)), rows)
        + f"\n\n{FEW.strip()} Not all pictures have an AVIF so small: a mean of those that have, for kinds of all."
    )


def _break_even(rows: list[dict[str, Any]], catalog: dict[str, Any]) -> str:
    names = [name for name in rows[0]["bytes"] if any(row["bytes"][name] is not None for row in rows)]
    made = [
        (
            row["quality"],
            *("-" if row["bytes"][name] is None else f"{row['bytes'][name]:,.0f}" for name in names),
            _count(row.get("pictures_whole_catalog")),
            _count(row.get("pictures_used_elements")),
        )
        for row in rows
    ]
    head = ("mean bytes for", *names, "pictures until the whole catalog pays", "until the used elements pay")
    return (
        f"{table(head, made)}\n\nThe catalog: {catalog['elements']:,} elements, {catalog['bytes']:,} bytes as published; the scenes use"
        f" {catalog['used_elements']:,} of them, {catalog['used_bytes']:,} bytes."
    )


def _count(number: int | None) -> str:
    return "never" if number is None else f"{number:,}"


def _about(figures: Figures) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in figures["versions"].items() if number)
    lost = [f"{name}: {why}" for group in figures["groups"].values() for name, why in group["lost"].items()]
    absent = "; ".join(f"{name} ({why})" for name, why in figures["absent"].items())
    told = f"Libraries: {versions}."
    if judge := figures["judge"]:
        told += f" Judge of kinds: {judge['name']}{', which also retrieves' if judge['retrieves'] else ''}."
    if similar := figures["similar"]:
        told += f" Similar elements: {similar['elements']:,}; objects found by {similar['segmenter']}."
    told += f" Not measured: {absent}." if absent else ""
    return told + (f" Lost: {'; '.join(lost)}." if lost else "") + machine(figures)


def answers(figures: Figures) -> str:
    """When haac is better than AVIF, by how much, and when not; of kinds, also what the study of catalog sizes says."""
    told = list(answer(figures))
    study = load("evidence_catalog_size_large") or {}
    more = [said for said in study.get("similar", {}).get("sentences", ()) if said.startswith("Of the ")]
    return "\n".join(
        f"- {' '.join([sentence, *more]) if 'similar elements' in sentence else sentence}"
        for sentence in told
    )


def headers(figures: Figures) -> str:
    """What of a file of each format is its header."""
    return table(("format", "not counted"), _headers(figures))


def _headers(figures: Figures) -> Iterator[tuple[str, str]]:
    yield from figures["headers"].items()
