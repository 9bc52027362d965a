"""Table of pictures as people make and send them (`scripts/benchmark/life`)."""

from __future__ import annotations

from scripts.make.markdown import Figures, machine, share, table

TITLES = {"haac": "haac", "opencv": "OpenCV: SIFT, FLANN, RANSAC, matchTemplate"}


def life(figures: Figures) -> str:
    """As the goals are told; then by background, chain and size; what is held out first."""
    made = []
    for finder, of in figures["finders"].items():
        for kind, those in sorted(of.items()):
            made.append(f"**{TITLES[finder]}, {_said(kind)}**\n\n" + _part(those))
    return "\n\n".join(made) + (machine(figures) if "machine" in figures else "")


def _said(kind: str) -> str:
    return {
        "held out": "an engine and chains that nothing was tuned on",
        "tuned on": "engines and chains that were tuned on",
    }[kind]


def _part(those: Figures) -> str:
    made = []
    if "all" in those:
        rows = [
            (
                cell["case"],
                cell["pictures"],
                cell["elements"],
                share(cell["recall"]),
                share(cell["precision"]),
                cell["alike"],
                cell["wrong"],
                cell["twice"] + cell["junk"],
            )
            for cell in those["goals"]
        ]
        head = ("", "pictures", "elements", "recall", "precision", "look-alikes", "taken for another", "junk")
        made.append(table(head, rows))
        made.append(_grid(those["cells"]))
        of = those["all"]
        made.append(
            f"{of['pictures']} pictures: {of['cpu_median']:.1f} s of CPU each (median; mean {of['cpu_mean']:.1f}, longest"
            f" {of['cpu_max']:.1f}), peak memory {of['peak_mb']} MB, {of['failed']} failed;"
            f" {of['indistinguishable']} of {of['elements']} elements have look-alikes that cannot be told from them."
        )
    if "nothing" in those:
        of = those["nothing"]
        made.append(
            f"{of['pictures']} pictures that hold nothing of the catalog: {of['junk']} layers, in {of['with_junk']} of them;"
            f" {of['cpu_median']:.1f} s of CPU each."
        )
    return "\n\n".join(made)


def _grid(cells: list[Figures]) -> str:
    """Recall / precision: a line for each background and size, a column for each group of chains."""
    groups = list(dict.fromkeys(cell["group"] for cell in cells))
    bands = list(dict.fromkeys(cell["band"] for cell in cells))
    at = {(cell["background"], cell["band"], cell["group"]): cell for cell in cells}
    rows = []
    for background in dict.fromkeys(cell["background"] for cell in cells):
        for band in bands:
            those = [at.get((background, band, group)) for group in groups]
            rows.append((f"{background}, {band} px", *(_pair(cell) for cell in those)))
    return table(("recall / precision (elements)", *groups), rows)


def _pair(cell: Figures | None) -> str:
    if cell is None or not cell["elements"]:
        return ""
    return f"{share(cell['recall']) or '-'} / {share(cell['precision']) or '-'} ({cell['elements']})"
