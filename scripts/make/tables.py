"""Writes the tables of figures in README.md and docs/*.md anew, out of benchmarks/*.json.

A table stands between `<!-- table: NAME -->` and `<!-- end -->`; its function is below, under the same name. With --check
nothing is written, and the exit code is 1 where a table is out of date.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MARKED = re.compile(r"(<!-- table: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
Figures = dict[str, Any]


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Markdown; the first column to the left, the others to the right."""
    titles = list(head)
    lines = ["| " + " | ".join(titles) + " |", "|---|" + "---:|" * (len(titles) - 1)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines)


def machine(figures: Figures) -> str:
    """The line under a table that says where it was measured."""
    m = figures["machine"]
    return (
        f"\n\nMeasured {m['date']} with haac {m['haac']}, Python {m['python']}, Pillow {m['pillow']},"
        f" on {m['cpus']} cores ({m['cpu']}, {m['arch']})."
    )


def bytes_(figures: Figures) -> str:
    rows = [
        (
            r["case"],
            f"{r['binary']:.1f}",
            f"{r['binary_a_layer']:.2f}",
            f"{r['text']:.0f}",
            f"{r['text_deflate']:.0f}",
            f"{r['script']:.0f}",
            f"{r['binary_over_text']:.3f}",
        )
        for r in figures["rows"]
    ]
    head = ("scenes", "binary", "a layer", "text", "text, deflated", "script", "binary / text")
    made = table(head, rows) + f"\n\nMeans in bytes over {figures['scenes']} random scenes each."
    if "composites" not in figures:
        return made
    floors = [
        (
            {"catalog": "catalog photograph"}.get(r["background"], r["background"]),
            f"{r['layers']:.1f}",
            f"{r['binary_a_layer']:.2f}",
            f"{r['as_drawn_a_layer']:.2f}",
            f"{r['floor_a_layer']:.2f}",
            f"{r['floor_of_background_a_layer']:.2f}",
        )
        for r in figures["composites"]
    ]
    head = ("composites on", "layers", "binary", "in the order drawn", "the rng", "of it for the background")
    count = figures["composites"][0]["scenes"]
    return made + "\n\n" + table(head, floors) + f"\n\nBytes a layer, over {count} scenes each."


def decode(figures: Figures) -> str:
    rows = [
        (
            r["case"],
            f"{r['ratio']:.2f}",
            f"{r['ratio_min']:.2f} to {r['ratio_max']:.2f}",
            f"{r['ms_a_picture']:.0f} ms",
        )
        for r in figures["rows"]
    ]
    folder = figures["folder"]
    return (
        table(("layers", "time / bare Pillow", "range", "a picture"), rows)
        + f"\n\nA folder of {folder['pictures']} recipes: {folder['seconds_one_thread']:.1f} s on one core,"
        + f" {folder['seconds_all_cores']:.1f} s on {folder['cores']} ({folder['speed_up']:.1f} times as fast)."
        + machine(figures)
    )


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
    rows = [(name, _ms(small[key]), _ms(large[key])) for key, name in names.items()]
    rows.append(
        (
            "a fresh process: open and fetch one element",
            *(_ms(c["first"]["open_and_fetch"]) for c in (small, large)),
        )
    )
    return table(("", f"{small['rows']:,} elements", f"{large['rows']:,} elements"), rows) + machine(figures)


def _ms(value: float) -> str:
    return f"{value:.3f} ms" if value < 0.1 else f"{value:.2f} ms" if value < 10 else f"{value:,.0f} ms"


def sync(figures: Figures) -> str:
    rows = [
        (WAYS[way], f"{figures['seconds'][way]:.2f} s", f"{figures['objects_per_second'][way]:,}")
        for way in WAYS
        if way in figures["seconds"]
    ]
    parts = {
        "full": "everything",
        "no_change": "nothing changed",
        "one_new": "one new element",
        "for_500": "`--for`: 500 of the elements",
    }
    asked = [
        (text, figures[key]["requests"], f"{figures[key]['bytes']:,}", f"{figures[key]['seconds']:.2f} s")
        for key, text in parts.items()
        if key in figures
    ]
    peak = " and ".join(f"{mb:.0f} MB for {what}" for what, mb in figures["peak_mb"].items())
    return (
        table(
            (f"{figures['objects']:,} objects of {figures['object_bytes']:,} bytes", "time", "objects/s"),
            rows,
        )
        + "\n\n"
        + table(("a sync of", "requests", "bytes", "time"), asked)
        + f"\n\nPeak memory: {peak}."
        + machine(figures)
    )


def segmentation(figures: Figures) -> str:
    own = (figures["mean_iou"], figures["mean_f_beta"], figures["mean_mae"])
    rows = [(f"`{figures['model']}`", own, f"{figures['seconds_per_picture']:.2f} s")]
    rows += [(f"`{figures['model']}`, pictures {name}", row, "") for name, row in figures["altered"].items()]
    rows += [(name, row, "") for name, row in figures["references"].items()]
    return table(
        ("model", "mean IoU", "F-beta", "mean absolute error", "a picture"),
        [(name, f"{iou:.2f}", f"{f:.2f}", f"{error:.3f}", time) for name, (iou, f, error), time in rows],
    ) + machine(figures)


WAYS = {
    "haac": "`haac sync`, every hash checked, catalog built",
    "rsync": "rsync of loose files, no hashes",
    "curl": "curl of one file and `sha256sum`: what is possible at all",
}


def ingest(figures: Figures) -> str:
    alpha, memory, photos = figures["alpha"], figures["memory"], figures["photos"]
    rows = [
        (
            "pictures that have alpha",
            f"{alpha['pictures_a_second']:.0f} a second",
            f"{alpha['share_of_pillow']:.2f} of Pillow's rate",
            "0.70",
        ),
        (
            "photographs",
            f"{photos['seconds'] / photos['pictures']:.2f} s each, one core",
            f"{photos['beyond_inference']:.1%} beyond the model",
            "15 %",
        ),
        (
            "peak memory",
            f"{memory['peak_mib']:.0f} MiB for {memory['pictures']:,}",
            f"{memory['quarter_peak_mib']} MiB for a quarter",
            "no growth",
        ),
    ]
    return table(("what", "haac ingest", "compared", "goal"), rows) + machine(figures)


def compress(figures: Figures) -> str:
    """The cases at each size of the catalog, what is missed, and other codecs."""
    found = {(cell["case"], cell["size"]): cell for cell in figures["groups"] if cell["recall"] is not None}
    nothing = {cell["size"]: cell for cell in figures["groups"] if cell["recall"] is None}
    cases = list(dict.fromkeys(case for case, _ in found))
    sizes = sorted({size for _, size in found})
    rows, splits = [], []
    for case in cases:
        for size in sizes:
            cell = found.get((case, size))
            if cell is None:
                continue
            psnr = cell["psnr_median"]
            rows.append(
                (
                    case,
                    f"{size:,}" + (" *" if "measured" in cell else ""),
                    cell["pictures"],
                    _share(cell["recall"]),
                    _share(cell["precision"]),
                    _share(cell["exact_of_found"]),
                    _share(cell["identical"]),
                    psnr if isinstance(psnr, str) else f"{psnr:.1f} dB",
                    f"{cell['bytes_a_layer']:.1f}" if cell["bytes_a_layer"] else "",
                    f"{cell['seconds_median']:.1f} s",
                )
            )
        kinds = found[case, max(size for c, size in found if c == case)]["recall_of"]
        splits.append((case, *(f"{_share(kind['recall'])} ({kind['layers']})" for kind in kinds.values())))
    head = (
        "",
        "elements",
        "pictures",
        "recall",
        "precision",
        "exact layers",
        "identical",
        "PSNR",
        "bytes a layer",
        "time",
    )
    made = table(head, rows)
    if earlier := sorted({cell["measured"] for cell in figures["groups"] if "measured" in cell}):
        made += f"\n\n\\* measured {', '.join(earlier)}, by the code of that day."
    if nothing:
        junk = ", ".join(f"{cell['junk']} with {size:,} elements" for size, cell in nothing.items())
        pictures = min(cell["pictures"] for cell in nothing.values())
        made += f"\n\nLayers found in {pictures} photographs that hold nothing of the catalog: {junk}."
    kinds = next(cell["recall_of"] for cell in found.values())
    made += (
        f"\n\nRecall by what makes it hard, with {max(sizes):,} elements (in brackets: how many layers):\n\n"
        + table(("", *kinds), splits)
    )
    if peers := figures.get("peers"):
        names = list(peers[0]["not_reached"])
        made += "\n\nBytes of other codecs' files of the same SSIM over ours, medians:\n\n" + table(
            ("", "pictures", "ours", "SSIM", *names, "the best but JPEG"),
            [
                (
                    p["case"],
                    p["pictures"],
                    f"{p['bytes_median']:.0f} bytes",
                    f"{p['ssim_median']:.4g}",
                    *(_times(p["ratio_median"].get(name)) for name in (*names, "best")),
                )
                for p in peers
            ],
        )
    return made + machine(figures)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}".removeprefix("0") if value < 1 else "1"


def _times(value: float | None) -> str:
    return "not reached" if value is None else f"{value:,.0f} times"


def wash(figures: Figures) -> str:
    """PSNR, SSIM and different pixels by bytes; the times; ThumbHash and BlurHash; subjects."""
    names = [name for name in next(iter(figures["budgets"].values())) if name != "wash"]
    rows = []
    for budget, cell in figures["budgets"].items():
        own, best = cell["wash"], best_peer(cell)
        above = f"{own['psnr'] - best:+.2f} dB" if best else ""
        each = figures["beside"][budget]
        nearest = f"{each['psnr']:+.2f} dB ({each['pictures']})" if each["pictures"] else ""
        rows.append((budget, _seen(own), *(_seen(cell[name]) for name in names), above, nearest))
    made = table(("bytes", "wash", *names, "above the best codec", "above each picture's best file"), rows)
    made += (
        f"\n\nMeans of {figures['pictures']} photographs: PSNR in dB / SSIM / per cent of the pixels different. Last column: of those"
        " photographs of which any other codec has a file that small, with their number.\n\n"
    )
    hashes = [(name, f"{row['bytes']:.1f}", _seen(row)) for name, row in figures["placeholders"].items()]
    made += table(("placeholder", "bytes", "PSNR / SSIM / different"), hashes)
    times = [
        (b, *(f"{1000 * cell['wash'][way]:.0f} ms" for way in ("encode", "decode")))
        for b, cell in figures["budgets"].items()
    ]
    made += "\n\nTime of one on one core, means:\n\n" + table(("bytes", "encode", "decode"), times)
    if subjects := figures.get("subjects"):
        rows = [
            (b, *(_pair(cell[way]) for way in ("plain", "weighted", "avif")), *_above(cell))
            for b, cell in subjects.items()
            if b.isdigit()
        ]
        made += (
            f"\n\nPSNR of subject / background of {subjects['pictures']} pictures, errors on the subject weighing {subjects['weight']}"
            " times as much, beside the AVIF files that show the subject best:\n\n"
            + table(
                ("bytes", "wash", "weighted", "AVIF", "subject above AVIF", "pictures AVIF has a file of"),
                rows,
            )
        )
    return made + machine(figures)


def best_peer(cell: Figures) -> float | None:
    """PSNR of the best other codec."""
    return max((row["psnr"] for name, row in cell.items() if name != "wash" and row), default=None)


def _seen(row: Figures | None) -> str:
    return f"{row['psnr']:.2f} / {row['ssim']:.3f} / {row['different']:.1f}" if row else "-"


def _pair(values: list[float] | None) -> str:
    return " / ".join(f"{value:.2f}" for value in values) if values else "-"


def _above(cell: Figures) -> tuple[str, int]:
    return f"{cell['above'][0]:+.2f} dB" if cell.get("above") else "", cell["beside"]


TABLES: dict[str, Callable[[Figures], str]] = {
    "bytes": bytes_,
    "decode": decode,
    "catalog": catalog,
    "sync": sync,
    "segmentation": segmentation,
    "ingest": ingest,
    "compress": compress,
    "wash": wash,
}
"""Name of a table, which is that of its benchmark -> function."""


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
                _ms(large["first"]["open_and_fetch"]),
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
        rows.append(
            (
                "things cut out by `offline`, beside U-2-Net's masks",
                f"{figures['mean_iou']:.2f} mean IoU",
                "goal: at least 0.70",
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


def load(benchmark: str) -> Figures | None:
    """A benchmark's figures; None if it has not been run yet."""
    source = ROOT / "benchmarks" / f"{benchmark}.json"
    return json.loads(source.read_text("utf-8")) if source.exists() else None


def rendered(text: str) -> str:
    """A page with its tables made anew. A benchmark that has not been run yet says so."""

    def replace(match: re.Match[str]) -> str:
        if match[2] == "summary":
            made = summary()
        else:
            figures = load(match[2])
            made = TABLES[match[2]](figures) if figures else "Not measured yet."
        return f"{match[1]}\n{made}\n\n{match[3]}"

    return MARKED.sub(replace, text)


def main() -> int:
    stale = []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        before = page.read_text("utf-8")
        after = rendered(before)
        if before != after:
            stale.append(page.name)
            if "--check" not in sys.argv[1:]:
                page.write_text(after, encoding="utf-8")
    if stale:
        print(f"{'Out of date' if '--check' in sys.argv[1:] else 'Written'}: {', '.join(stale)}")
    return 1 if stale and "--check" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
