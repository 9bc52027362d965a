"""When haac is better than another format, by how much, and when not: in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from haac_evidence._peers.measure import PHOTOGRAPHS
from haac_evidence._peers.similar import SIMILAR
from haac_evidence._scores.scores import MEASURES

_TITLES = {
    PHOTOGRAPHS: "Photographs without a catalog",
    "scenes": "Scenes drawn from a catalog's elements",
}


def verdict(record: dict[str, Any], peer: str = "AVIF") -> Iterator[str]:
    """A sentence for each group and measure, and one for each quality at which scenes are compared.

    Args:
        record: what `haac bench peers` writes.
        peer: the format that haac is compared with.
    """
    budgets = record["budgets"]
    for group, found in record["groups"].items():
        for measure, cells in found["summary"]["counted"].items():
            against = cells["against"].get(peer)
            if against is None:
                continue
            free = found["summary"]["uncounted"][measure]["against"][peer]
            about, count = MEASURES[measure], cells["pictures"]
            title = about.title if count == found["pictures"] else f"{about.title} ({count} pictures)"
            yield f"{_TITLES[group]}, {title}: " + _sentence(budgets, against, free, about.unit, peer, count)
            if measure == "kind" and SIMILAR in cells["scores"]:
                against = cells["similar_against"][peer]
                free = found["summary"]["uncounted"][measure]["similar_against"][peer]
                yield f"Photographs told by similar elements, {title}: " + _sentence(
                    budgets, against, free, about.unit, peer, count
                )
        for row in found.get("break_even", ()):
            if "times" in row:
                yield _break_even(row, found["catalog"])


def _sentence(
    budgets: Sequence[int], against: dict[str, Any], free: dict[str, Any], unit: str, peer: str, count: int
) -> str:
    until, until_free = against["leads_to"], free["leads_to"]
    alone = [b for b, only in zip(budgets, against["alone"], strict=True) if only == count]
    told = [f"{peer} has no file of {alone[-1]:,} bytes or less"] if alone else []
    if until is None:
        told.append(f"haac leads at all of {budgets[0]:,} to {budgets[-1]:,} bytes")
    elif until == 0 and not any(against["ahead"]):
        told.append(f"neither haac nor {peer} is ahead anywhere")
    elif until == 0:
        told.append(f"{peer} leads wherever it has a file")
    else:
        told.append(f"haac leads up to {_round(until)} bytes")
    if until_free != until:
        where = (
            "haac leads everywhere"
            if until_free is None
            else f"haac leads up to {_round(until_free)} bytes"
            if until_free
            else f"{peer} leads everywhere"
        )
        told.append(f"without {peer}'s headers {where}")
    both = [(b, a) for b, a in zip(budgets, against["ahead"], strict=True) if a is not None]
    if both:
        most, least = max(both, key=lambda pair: pair[1]), min(both, key=lambda pair: pair[1])
        ends = [most] if most[0] == least[0] else [most, least]
        told.append(
            "; ".join(
                f"{'haac' if a > 0 else peer} is ahead by {abs(a):.3g}{f' {unit}' if unit else ''} at {b:,} bytes"
                for b, a in ends
            )
        )
    return "; ".join(told) + "."


def _break_even(row: dict[str, Any], catalog: dict[str, Any]) -> str:
    ours, best = row["bytes"]["haac"], row["best"]
    told = (
        f"{_TITLES['scenes']}, {row['quality']}: a recipe has {ours:,.0f} bytes, the best other file ({best})"
        f" {row['bytes'][best]:,.0f}, {row['times']:,g} times as many"
    )
    whole, used = row["pictures_whole_catalog"], row["pictures_used_elements"]
    if whole is None:
        return f"{told}: a catalog never pays."
    return (
        f"{told}; with the whole catalog of {catalog['bytes']:,} bytes, recipes take less from {whole:,} pictures on, with only the"
        f" elements that they use ({catalog['used_bytes']:,} bytes) from {used:,} on."
    )


def _round(number: float) -> str:
    """To two digits."""
    return f"{float(f'{number:.2g}'):,.0f}"
