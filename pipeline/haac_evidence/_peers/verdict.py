"""When haac is better than another format, by how much, and when not: in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from haac_evidence._peers.measure import HAAC, PHOTOGRAPHS
from haac_evidence._peers.similar import SIMILAR
from haac_evidence._scores.scores import MEASURES

_LARGE = 30_000
"""Bytes of a photograph as it usually is, at the sizes that are measured."""
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
            title = about.title if count == found["pictures"] else f"{about.title} ({_pictures(count)})"
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


def answer(record: dict[str, Any], peer: str = "AVIF") -> Iterator[str]:
    """When haac is better than another format, by how much, and when not: a sentence for each use that was measured.

    Args:
        record: what `haac bench peers` writes.
        peer: the format that haac is compared with.
    """
    budgets, groups = record["budgets"], record["groups"]
    exact = next((row for row in groups.get("scenes", {}).get("break_even", ()) if "times" in row), None)
    if exact is not None and exact["pictures_whole_catalog"] is not None:
        yield (
            f"**Pictures made of a catalog's elements: better.** With all pixels equal, a recipe has {exact['bytes']['haac']:,.0f} bytes"
            f" and the best other file ({exact['best']}) {exact['bytes'][exact['best']]:,.0f}, {exact['times']:,g} times as many; the"
            f" catalog is paid for after {_pictures(exact['pictures_whole_catalog'])}."
        )
    if PHOTOGRAPHS not in groups or not groups[PHOTOGRAPHS]["pictures"]:
        return
    summary = groups[PHOTOGRAPHS]["summary"]
    if peer not in summary["counted"]["psnr"]["against"]:
        return
    yield _small_photographs(budgets, summary, peer)
    kind = summary["counted"].get("kind")
    if kind is not None and SIMILAR in kind["scores"]:
        yield _kinds(budgets, summary, peer)
    yield from _large_photographs(budgets, summary, peer)


def _small_photographs(budgets: Sequence[int], summary: dict[str, Any], peer: str) -> str:
    """Where washes lead."""
    against = summary["counted"]["psnr"]["against"][peer]
    ends = [
        f"up to {_round(until)} bytes by {MEASURES[measure].title}"
        if (until := summary["counted"][measure]["against"][peer]["leads_to"])
        else f"everywhere by {MEASURES[measure].title}"
        if until is None
        else f"nowhere by {MEASURES[measure].title}"
        for measure in ("psnr", "ssimulacra2")
        if measure in summary["counted"]
    ]
    pictures = summary["counted"]["psnr"]["pictures"]
    alone = [budget for budget, only in zip(budgets, against["alone"], strict=True) if only == pictures]
    how = "not better" if against["leads_to"] == 0 else "better while it is small"
    told = f"**A photograph that no catalog knows: {how}**, {' and '.join(ends)}"
    if alone:
        told += f"; {peer} has no file of {alone[-1]:,} bytes or less"
    first = next(iter(_both(budgets, against, pictures)), None)
    if first is not None:
        told += f", and is {'behind' if first[1] > 0 else 'ahead'} by {abs(first[1]):.1f} dB at {first[0]:,}"
    free = summary["uncounted"]["psnr"]["against"][peer]["leads_to"]
    if free is not None and free != against["leads_to"]:
        told += f" (if {peer}'s headers were free, haac would lead " + (
            f"up to {_round(free)} bytes)" if free else "nowhere)"
        )
    return f"{told}."


def _kinds(budgets: Sequence[int], summary: dict[str, Any], peer: str) -> str:
    """What a judge recognises, at the budget at which similar elements lead by most."""
    counted, free = summary["counted"]["kind"], summary["uncounted"]["kind"]
    scores = counted["scores"]
    told, washes, files, bare = (
        [0.0 if score is None else score for score in row]
        for row in (scores[SIMILAR], scores[HAAC], scores[peer], free["scores"][peer])
    )
    ahead = [t - max(w, f) for t, w, f in zip(told, washes, bare, strict=True)]
    at = max(range(len(budgets)), key=lambda n: ahead[n])
    if ahead[at] <= 0:
        return "**What a photograph shows, told by similar elements: not better** by what a judge recognises."
    reached = next((b for b, f in zip(budgets, files, strict=True) if f >= told[at]), None)
    psnr = summary["counted"]["psnr"]["scores"]
    gap = (psnr[HAAC][at] or 0.0) - (psnr[SIMILAR][at] or 0.0)
    later = (
        f"no budget reaches that with {peer}" if reached is None else f"{peer} reaches that at {reached:,}"
    )
    return (
        f"**What a photograph shows, told by similar elements: better in a few dozen bytes.** At {budgets[at]:,} bytes a judge recognises"
        f" the kind of {told[at]:.0f} % of {counted['pictures']} photographs, in {washes[at]:.0f} % of washes, and in"
        f" {bare[at]:.0f} % of {peer} files with their headers not counted; {later}. It is a paraphrase:"
        f" by PSNR it is {gap:.1f} dB below the wash."
    )


def _large_photographs(budgets: Sequence[int], summary: dict[str, Any], peer: str) -> Iterator[str]:
    """Where washes lose, if so much was measured."""
    rows = [
        (MEASURES[measure], summary["counted"][measure]["against"][peer]["ahead"])
        for measure in ("psnr", "ssimulacra2")
        if measure in summary["counted"]
    ]
    last = max((at for at, budget in enumerate(budgets) if budget <= _LARGE), default=0)
    behind = [
        f"{-ahead[last]:.1f} {about.unit or 'of ' + about.title}"
        for about, ahead in rows
        if ahead[last] is not None and ahead[last] < 0
    ]
    if not behind:
        return
    further = all(None not in (ahead[-1], ahead[last]) and ahead[-1] <= ahead[last] for _, ahead in rows)
    more = ", and further with more" if further and last < len(budgets) - 1 else ""
    yield (
        f"**A photograph in the bytes that photographs usually have: worse.** At {budgets[last]:,} bytes {peer} is ahead by"
        f" {' and '.join(behind)}{more}."
    )


def _both(budgets: Sequence[int], against: dict[str, Any], count: int) -> list[tuple[int, float]]:
    """Budgets at which all pictures have a file of the other format, or none has, which can be a score too; how far haac is ahead."""
    rows = zip(budgets, against["ahead"], against["alone"], strict=True)
    return [(budget, ahead) for budget, ahead, alone in rows if ahead is not None and alone in (0, count)]


def _pictures(count: int) -> str:
    return f"{count:,} picture{'' if count == 1 else 's'}"


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
        later = any(ahead is not None and ahead > 0 for ahead in against["ahead"])
        told.append(f"{peer} leads {'at first' if later else 'wherever it has a file'}")
    else:
        told.append(f"haac leads up to {_round(until)} bytes")
    if until_free != until:
        where = (
            "haac leads everywhere"
            if until_free is None
            else f"haac leads up to {_round(until_free)} bytes"
            if until_free
            else "haac is nowhere ahead"
        )
        told.append(f"without {peer}'s headers {where}")
    both = _both(budgets, against, count)
    if any(ahead for _, ahead in both):
        most, least = max(both, key=lambda pair: pair[1]), min(both, key=lambda pair: pair[1])
        ends = [most] if most[0] == least[0] else [most, least]
        told.append(
            "; ".join(
                f"{'haac' if a > 0 else peer} is ahead by {abs(a):.3g}{f' {unit}' if unit else ''} at {b:,} bytes"
                if a
                else f"they are level at {b:,} bytes"
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
