"""What the study found, in plain sentences."""

from __future__ import annotations

from typing import Any

from haac_evidence._study.cost import break_even
from haac_evidence._study.draw import RANDOM, USED
from haac_evidence._study.similar import wash_as_like

Row = dict[str, Any]


def sentence(found: Row) -> list[str]:
    """One sentence for each way to choose elements that was measured."""
    said = []
    ways = found.get("exact", {})
    if USED in ways:
        said.append(_exact(ways[USED], found, "chosen by use"))
    if RANDOM in ways:
        said.append(_exact(ways[RANDOM], found, "chosen at random"))
    if "similar" in found:
        said.append(_similar(found["similar"], found))
        said += _kinds(found["similar"])
    return said


def _exact(way: Row, found: Row, chosen: str) -> str:
    rows = way["rows"]
    row = _row_at(rows, way["knee"])
    return (
        f"With {_elements(row)} {chosen}, a catalog holds {row['held_share']:.0%} of the layers of pictures that are made from"
        f" {found['elements']:,} elements, and a recipe has {row['recipe_bytes']:,.0f} bytes ({rows[0]['recipe_bytes']:,.0f} with"
        f" {rows[0]['elements']:,}, {rows[-1]['recipe_bytes']:,.0f} with {rows[-1]['elements']:,}):"
        f" {_pays(row, 'the smallest WebP or AVIF that is as good')};"
        f" {_after(way, found['gain'], 'of the layers')}."
    )


def _similar(way: Row, found: Row) -> str:
    rows = way["rows"]
    row = _row_at(rows, way["knee"])
    whose = "" if way["judge_held_out"] else ", which also chose them"
    return (
        f"With {_elements(row)}, {row['told']:.0%} of {way['photographs']} photographs are told by similar ones in"
        f" {row['recipe_bytes']:,.0f} bytes, and {way['judge']}{whose} finds the recipes {row['likeness']:.2f} like the photographs"
        f" ({rows[0]['likeness']:.2f} with {rows[0]['elements']:,}, {rows[-1]['likeness']:.2f} with {rows[-1]['elements']:,}):"
        f" {_pays(row, 'a wash that is as like')}; {_after(way, found['gain'], 'of likeness')}."
    )


def _kinds(way: Row) -> list[str]:
    """How often a judge recognises what a photograph shows, where it knows that of any."""
    first, row, wash = way["rows"][0], way["rows"][-1], _wash_beside(way)
    if row["kind_right"] is None or wash["kind_right"] is None:
        return []
    said = (
        f"Of the {row['kinds_known']} photographs whose kind {way['judge']} knows, it takes {row['kind_right']:.0%} of the recipes with"
        f" {row['elements']:,} elements for that kind ({first['kind_right']:.0%} with {first['elements']:,}), and"
        f" {wash['kind_right']:.0%} of washes of {wash['recipe_bytes']:,.0f} bytes"
    )
    if row["kind_right"] <= wash["kind_right"]:
        return [f"{said}."]
    needed = wash_as_like(way["washes"], row["kind_right"], "kind_right")
    if needed is None:
        return [f"{said}: none of the washes that were tried reaches that."]
    pays = break_even(row["recipe_bytes"], needed, row["mirror_bytes"])
    paid = "" if pays is None else f", beside which the catalog pays after {pays:,} pictures"
    return [f"{said}: a wash reaches that at {needed:,.0f} bytes{paid}."]


def _wash_beside(way: Row) -> Row:
    """Washes of about as many bytes as the recipes."""
    found: Row = min(
        way["washes"], key=lambda row: abs(row["recipe_bytes"] - way["rows"][-1]["recipe_bytes"])
    )
    return found


def _row_at(rows: list[Row], size: int | None) -> Row:
    """The row of the knee; of the largest catalog where there is none."""
    found: Row = next((row for row in rows if row["elements"] == size), rows[-1])
    return found


def _elements(row: Row) -> str:
    return f"{row['elements']:,} elements ({row['mirror_bytes'] / 1e6:,.2f} MB)"


def _pays(row: Row, beside: str) -> str:
    if "wash_bytes" in row and row["wash_bytes"] is None:
        return f"beside {beside}, no number of pictures can be told, since none that was tried is"
    if row["pays_after"] is None:
        return f"beside {beside}, it never pays"
    return f"beside {beside}, it pays after {row['pays_after']:,} pictures"


def _after(way: Row, gain: float, of: str) -> str:
    """Where the knee is, and where doubling ends to be worth it."""
    named = "the curve has no knee" if way["knee"] is None else f"the knee is at {way['knee']:,} elements"
    if way["enough"] is None:
        return f"{named}, and the last doubling still brings {gain:.0%} {of} or more"
    return f"{named}, and beyond {way['enough']:,} elements each doubling brings less than {gain:.0%} {of}"
