"""Tables of the study of catalog sizes."""

from __future__ import annotations

from scripts.make.markdown import Figures, machine, table


def catalog_size(figures: Figures) -> str:
    """Exact and similar elements, a row a size, and what was found in sentences."""
    parts, sentences = _exact(figures["exact"]), list(figures["exact"]["sentences"])
    if "similar" in figures:
        parts += _similar(figures["similar"]["similar"])
        sentences += figures["similar"]["sentences"]
    else:
        parts.append("Similar elements are not measured yet.")
    parts.append("\n".join(f"- {said}" for said in sentences))
    return "\n\n".join(parts) + machine(figures)


def _exact(exact: Figures) -> list[str]:
    parts = []
    for way, title in (("most used first", "chosen by use"), ("random", "chosen at random")):
        head = (
            f"elements, {title}", "layers held", "a recipe, bytes", "WebP or AVIF as good", "PSNR", "exact",
            "a client mirrors", "of it used", "pays after", "indexing",
        )  # fmt: skip
        rows = [
            (
                f"{row['elements']:,}",
                f"{row['held_share']:.0%}",
                f"{row['recipe_bytes']:,.0f}",
                f"{row['peer_bytes']:,.0f}",
                f"{row['psnr']:.1f} dB",
                f"{row['exact']:.0%}",
                _size(row["mirror_bytes"]),
                _size(row["mirror_bytes_of_recipes"]),
                _count(row["pays_after"]),
                f"{row['indexing_seconds']:,.1f} s",
            )
            for row in exact["exact"][way]["rows"]
        ]
        parts.append(table(head, rows))
    paid = exact["prices"]
    parts.append(
        f"Costs of pictures chosen by use: a GB stored for a month {paid['stored']}, a GB sent {paid['transferred']},"
        f" {paid['pictures_a_day']:,} pictures a day for {paid['days']} days, {paid['clients']} clients: {_cheapest(exact)}."
    )
    return parts


def _similar(found: Figures) -> list[str]:
    head = (
        "elements, similar", "told", "likeness", "kind right", "nearest agree", "a recipe, bytes",
        "a wash as like", "a client mirrors", "of it used", "pays after", "a picture",
    )  # fmt: skip
    rows = [
        (
            f"{row['elements']:,}",
            f"{row['told']:.0%}",
            f"{row['likeness']:.3f}",
            "-" if row["kind_right"] is None else f"{row['kind_right']:.0%}",
            f"{row['agree']:.0%}",
            f"{row['recipe_bytes']:,.0f}",
            "more than was tried" if row["wash_bytes"] is None else f"{row['wash_bytes']:,.0f}",
            _size(row["mirror_bytes"]),
            _size(row["mirror_bytes_of_recipes"]),
            _count(row["pays_after"]),
            f"{row['seconds_a_picture']:.1f} s",
        )
        for row in found["rows"]
    ]
    judge = f"Judge: {found['judge']}" + ("" if found["judge_held_out"] else ", which also retrieves")
    washes = ", ".join(
        f"likeness {row['likeness']:.3f}"
        + ("" if row["kind_right"] is None else f" and {row['kind_right']:.0%} of the kinds right")
        + f" at {row['recipe_bytes']:.0f} bytes"
        for row in found["washes"]
    )
    known = found["rows"][0]["kinds_known"]
    return [
        table(head, rows),
        f"{judge}; it knows the kind of {known} of {found['photographs']} photographs. Washes alone: {washes}.",
    ]


def _cheapest(exact: Figures) -> str:
    way = exact["exact"]["most used first"]
    row = next(row for row in way["rows"] if row["elements"] == way["cheapest"])
    return (
        f"cheapest with {row['elements']:,} elements, {row['cost']:.4f} in all, where files of other formats that are as good"
        f" cost {row['cost_without']:.4f}"
    )


def _size(count: int) -> str:
    return f"{count / 1e6:,.2f} MB" if count >= 1e5 else f"{count / 1e3:,.1f} kB"


def _count(value: int | None) -> str:
    return "never" if value is None else f"{value:,}"
