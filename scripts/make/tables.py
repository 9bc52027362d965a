"""Writes the tables of figures in README.md and docs/*.md anew, out of benchmarks/*.json.

    python -m scripts.make.tables [--check]

A table stands between `<!-- table: NAME -->` and `<!-- end -->`; its function is below, under the same name. A figure in a sentence
stands between `<!-- figure: NAME PATH FORMAT -->` and `<!-- end -->`. With --check nothing is written, and the exit code is 1 where
something is out of date.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

from scripts.make.codec_tables import bytes_, calls, decode, fuzz, reader_peers, readers, render_limits
from scripts.make.evidence.first_screen import FIRST_SCREEN
from scripts.make.evidence.peers import answers
from scripts.make.evidence.peers import headers as peer_headers
from scripts.make.evidence.peers import peers as evidence_peers
from scripts.make.evidence.study import catalog_size
from scripts.make.evidence.tables import paper_tables
from scripts.make.life.tables import life
from scripts.make.markdown import Figures, figures_in_words, load, machine, milliseconds, table
from scripts.make.mirror_tables import kills, serve, sync
from scripts.make.pipeline_tables import (
    best_peer,
    budget_sweep,
    compress,
    cutout_edges,
    layers,
    report_picture,
    similar,
    similar_several,
    similar_times,
    wash,
)
from scripts.make.web.tables import studio, web

ROOT = Path(__file__).resolve().parents[2]

MARKED = re.compile(r"(<!-- table: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def catalog(figures: Figures) -> str:
    small, large = figures["small"], figures["large"]
    names = {
        "open_and_element": "open the repository, look one element up",
        "element": "look an element up by id",
        "data": "fetch an element's bytes by id",
        "by_pixels": "find an element by its pixels",
        "search_rare_word": "search: a rare word",
        "search_two_words": "search: two words",
        "search_colour": "search: by colour",
        "near_first": "find near duplicates: the first time (builds an index in memory)",
        "near": "find near duplicates: from then on",
        "open_writer_add_commit": "add one element, durably",
    }
    rows: list[tuple[str, ...]] = [
        (name, milliseconds(small[key]), milliseconds(large[key])) for key, name in names.items()
    ]
    fetched = (milliseconds(figures[size]["first"]["open_and_fetch"]) for size in ("small", "large"))
    rows.append(("a fresh process: open and fetch one element", *fetched))
    return table(("", f"{small['rows']:,} elements", f"{large['rows']:,} elements"), rows) + machine(figures)


def words(figures: Figures) -> str:
    names = {
        "beginnings": "beginnings of words only (as before)",
        "forms and spelling": "other forms and spellings",
        "with keywords": "the same, with keywords of emoji",
    }
    kinds = list(figures["ways"]["beginnings"]["test"])
    rows = []
    for way, name in names.items():
        sets = figures["ways"][way]["test"]
        rows.append((name, *(f"{sets[kind]['answered']} of {sets[kind]['queries']}" for kind in kinds)))
    made = table(("", *kinds), rows)
    times = ", ".join(f"{key} {milliseconds(value)}" for key, value in figures["ms"].items())
    return f"{made}\n\nA search among {figures['rows']:,} generated elements: {times}." + machine(figures)


def segmentation(figures: Figures) -> str:
    made = []
    titles = {
        "given": f"{{pictures}} photographs, masks of {figures['against']}",
        "pasted": "{pictures} photographs with an emoji pasted on",
    }
    for name, those in figures["sets"].items():
        rows: list[tuple[str, list[float], str]] = []
        for model, own in those["models"].items():
            rows.append((f"`{model}`", own["mean"], f"{own['seconds_per_picture']:.2f} s"))
            rows += [(f"`{model}`, pictures {way}", row, "") for way, row in own["altered"].items()]
        rows += [(way, row, "") for way, row in those["references"].items()]
        head = (
            titles[name].format(pictures=those["pictures"]),
            "mean IoU",
            "F-beta",
            "mean absolute error",
            "a picture",
        )
        made.append(
            table(
                head,
                [
                    (what, f"{iou:.2f}", f"{f:.2f}", f"{error:.3f}", time)
                    for what, (iou, f, error), time in rows
                ],
            )
        )
    return "\n\n".join(made) + machine(figures)


def cutout_quality(figures: Figures) -> str:
    """Which of the bad cut-outs are doubted, and which of the good ones wrongly."""
    sets = {"tune": "fitted to", "test": "other photographs"}
    rows = [
        (
            sets[r["set"]],
            r["model"] if r["model"] == "both" else f"`{r['model']}`",
            f"{r['bad']} / {r['good']}",
            f"{r['bad_found']:.0%}",
            f"{r['good_doubted']:.0%}",
            f"{r['bad_left_out']:.0%}",
            f"{r['good_left_out']:.0%}",
            f"{r['auc']:.2f}",
        )
        for r in figures["rows"]
    ]
    head = (
        "cut-outs", "model", "bad / good", "bad ones doubted", "good ones doubted", "bad ones left out",
        "good ones left out", "area under the curve",
    )  # fmt: skip
    reasons = ", ".join(f"{why} {r['found']} of {r['of']}" for why, r in figures["why_bad"].items())
    costs = ", ".join(
        f"`{name}` {c['quality_ms']:.0f} ms of CPU a photograph ({c['share']:.1%} of its inference; {c['photographs']} photographs)"
        for name, c in figures["cost"].items()
    )
    return (
        table(head, rows)
        + f"\n\nBad ones of other photographs that are doubted: {reasons}. Cost: {costs}."
        + machine(figures)
    )


def ingest(figures: Figures) -> str:
    alpha, memory = figures["alpha"], figures["memory"]
    rows = [
        (
            "pictures that have alpha",
            f"{alpha['pictures_a_second']:.0f} a second",
            f"{alpha['share_of_pillow']:.2f} of Pillow's rate",
            "0.70",
        ),
        (
            "peak memory",
            f"{memory['peak_mib']:.0f} MiB for {memory['pictures']:,}",
            f"{memory['quarter_peak_mib']} MiB for a quarter",
            "no growth",
        ),
    ]
    photos = [
        (
            f"{row['pictures']} of {row['megapixels_a_picture']} megapixels, `{row['model']}`",
            f"{row['seconds'] / row['pictures']:.2f} s",
            f"{row['beyond_inference']:.1%}",
            *(f"{share:.1%}" for share in row["of_it"].values()),
        )
        for row in figures["photos"]
    ]
    head = ("photographs, one core", "each", "beyond inference", *figures["photos"][0]["of_it"])
    return (
        table(("what", "haac ingest", "compared", "goal"), rows)
        + machine(figures)
        + "\n\n"
        + table(head, photos)
        + machine({"machine": figures["photos_machine"]})
    )


def crossings(figures: Figures) -> str:
    """The totals, and the pairs of files between which it goes most often."""
    rows = [(f"`{row['from']}`", f"`{row['to']}`", f"{row['calls']:,}") for row in figures["pairs"][:10]]
    packages = ", ".join(f"{count} of `{name}`" for name, count in figures["files_of"].items())
    return (
        f"{figures['crossings']:,} crossings between {figures['files']} files ({packages}), in which"
        f" {figures['functions']} functions ran.\n\n" + table(("from", "to", "calls"), rows)
    )


def thresholds(figures: Figures) -> str:
    """For each group, how many of its tuned numbers matter on the training pictures."""
    groups: dict[str, list[Figures]] = {}
    for row in figures["rows"]:
        groups.setdefault(row["group"], []).append(row)
    counts = {group: [0, 0, 0, 0] for group in groups}
    for group, rows in groups.items():
        for row in rows:
            ways = [row[way] for way in ("up", "down") if "recipes_changed" in row.get(way, {})]
            matters = any(way["recipes_changed"] for way in ways)
            finds = any(way["recall"] or way["precision"] for way in ways)
            for column, counted in enumerate((True, bool(ways), matters, finds)):
                counts[group][column] += counted
    made = [(f"`{group}`", *numbers) for group, numbers in counts.items()]
    totals = ("all", *(sum(column) for column in zip(*counts.values(), strict=True)))
    head = ("group", "numbers", "perturbed", "of which change a recipe", "and what is found")
    return table(head, [*made, totals])


def cluster(figures: Figures) -> str:
    faults = figures["faults"]
    rows: list[tuple[object, ...]] = [
        (
            row["what"],
            f"{row['pictures']:,}",
            f"{row['local_seconds']:.1f} s",
            f"{row['cluster_seconds']:.1f} s",
            f"{row['ratio']:.2f}",
            f"{row['cpu_ratio']:.2f}",
            "yes" if row["same"] else "NO",
        )
        for row in figures["times"]
    ]
    head = ("", "pictures", "local processes", "cluster", "ratio", "of CPU", "same ids and pixels")
    away = [
        f"{row['client']}: {'turned away' if row['turned_away'] else 'LET IN'}"
        for row in figures["strangers"]
    ]
    return (
        table(head, rows)
        + f"\n\nFaults: {faults['pictures']:,} photographs, {faults['workers_killed']} workers killed and started anew, the"
        f" scheduler killed once (the driver ended within {faults['seconds_until_the_driver_ended']:.1f} s, {faults['elements_kept']:,}"
        f" of {faults['elements']:,} elements were kept) and the command given again: {faults['accounted_for']:,} accounted for,"
        f" {faults['refused']:,} refused, ids and pixels {'those' if faults['same_ids_and_pixels'] else 'NOT those'} of a local run."
        f" {'; '.join(away)}." + machine(figures)
    )


TABLES: dict[str, Callable[[Figures], str]] = {
    **FIRST_SCREEN,
    "bytes": bytes_,
    "budget_sweep": budget_sweep,
    "decode": decode,
    "calls": calls,
    "catalog": catalog,
    "words": words,
    "sync": sync,
    "serve": serve,
    "segmentation": segmentation,
    "cutout_quality": cutout_quality,
    "ingest": ingest,
    "cluster": cluster,
    "compress": compress,
    "report_picture": report_picture,
    "kills": kills,
    "life": life,
    "life_nothing": life,
    "layers": layers,
    "similar": similar,
    "similar_personal": similar,
    "similar_several": similar_several,
    "similar_times": similar_times,
    "wash": wash,
    "crossings": crossings,
    "cutout_edges": cutout_edges,
    "thresholds": thresholds,
    "readers": readers,
    "reader_peers": reader_peers,
    "render_limits": render_limits,
    "fuzz": fuzz,
    "web": web,
    "studio": studio,
    "evidence_catalog_size": catalog_size,
    "evidence_catalog_size_large": catalog_size,
    "evidence_tables": paper_tables,
    "evidence_tables_large": paper_tables,
    "evidence_answer": answers,
    "evidence_headers": peer_headers,
    "evidence_peers": evidence_peers,
    "evidence_peers_large": evidence_peers,
}
"""Name of a table, which is that of its benchmark -> function."""

_OF = {"evidence_answer": "evidence_peers_large", "evidence_headers": "evidence_peers"}
"""Tables out of the figures of another benchmark."""


def summary() -> str:
    """The few figures that say most, with the goal that stands beside each."""
    rows: list[tuple[object, ...]] = []
    if figures := load("bytes"):
        scene = figures["rows"][0]
        rows.append(
            (
                f"a recipe ({scene['case']})",
                f"{scene['binary']:.0f} bytes",
                f"{scene['binary_a_layer']:.1f} a layer",
            )
        )
    if figures := load("decode"):
        worst = max(r["ratio"] for r in figures["rows"])
        rows.append(("decoding, beside bare Pillow calls", f"{worst:.2f} times as long", "goal: at most 1.5"))
    if figures := load("catalog"):
        large = figures["large"]
        rows.append(
            (
                f"{large['rows']:,} elements: open, fetch one",
                milliseconds(large["first"]["open_and_fetch"]),
                "milliseconds",
            )
        )
    if figures := load("sync"):
        times = figures["ratio"].get("haac/rsync")
        if times:
            rows.append(
                ("syncing, beside rsync of loose files", f"{times:.1f} times as fast", "every hash checked")
            )
    if figures := load("segmentation"):
        those = figures["sets"]["given"]["models"]
        rows.append(
            (
                "objects cut out, beside U-2-Net's masks",
                ", ".join(f"{own['mean'][0]:.2f} by `{model}`" for model, own in reversed(those.items())),
                "mean IoU",
            )
        )
    if figures := load("compress"):
        case = figures["groups"][0]["case"]
        cell = max((c for c in figures["groups"] if c["case"] == case), key=lambda c: c["size"])
        rows.append(
            (
                f"elements found ({case}, {cell['size']:,} elements)",
                f"{cell['recall']:.1%}, {cell['identical']:.0%} of the pictures bit-identical",
                f"{cell['seconds_median']:.1f} s a picture on one core",
            )
        )
    if figures := load("wash"):
        cell = figures["budgets"]["318"]
        best = best_peer(cell)
        rows.append(
            (
                "any photograph in 318 bytes",
                f"{cell['wash']['psnr']:.2f} dB, {cell['wash']['different']:.1f} % of the pixels different",
                f"{cell['wash']['psnr'] - best:.1f} dB above the best other file" if best else "",
            )
        )
    return table(("", "figure", "note"), rows)


def rendered(text: str) -> str:
    """A page with its tables made anew. A benchmark that has not been run yet says so."""

    def replace(match: re.Match[str]) -> str:
        if match[2] == "summary":
            made = summary()
        else:
            figures = load(_OF.get(match[2], match[2]))
            made = TABLES[match[2]](figures) if figures else "Not measured yet."
        return f"{match[1]}\n{made}\n\n{match[3]}"

    return figures_in_words(MARKED.sub(replace, text))


def main() -> int:
    """Write, or compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="exit with 1 if a table is out of date")
    check = parser.parse_args().check
    stale = []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        before = page.read_text("utf-8")
        after = rendered(before)
        if before != after:
            stale.append(page.name)
            if not check:
                page.write_text(after, encoding="utf-8")
    if stale:
        print(f"{'Out of date' if check else 'Written'}: {', '.join(stale)}")
    return 1 if stale and check else 0


if __name__ == "__main__":
    sys.exit(main())
