"""Tables of what turns pictures into recipes: the matcher and the wash."""

from __future__ import annotations

from scripts.make.markdown import Figures, machine, share, table, times

CASE_COLUMNS = (
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


def compress(figures: Figures) -> str:
    """The cases at each size of the catalog, what is missed, and other codecs."""
    found = {(cell["case"], cell["size"]): cell for cell in figures["groups"] if cell["recall"] is not None}
    nothing = {cell["size"]: cell for cell in figures["groups"] if cell["recall"] is None}
    cases = list(dict.fromkeys(case for case, _ in found))
    sizes = sorted({size for _, size in found})
    made = table(
        CASE_COLUMNS, [_case(found[at]) for case in cases for size in sizes if (at := (case, size)) in found]
    )
    if earlier := sorted({cell["measured"] for cell in figures["groups"] if "measured" in cell}):
        made += f"\n\n\\* measured {', '.join(earlier)}, by the code of that day."
    if nothing:
        junk = ", ".join(f"{cell['junk']} with {size:,} elements" for size, cell in nothing.items())
        pictures = min(cell["pictures"] for cell in nothing.values())
        made += f"\n\nLayers found in {pictures} photographs that hold nothing of the catalog: {junk}."
    splits = []
    for case in cases:
        kinds = found[case, max(size for c, size in found if c == case)]["recall_of"]
        splits.append((case, *(f"{share(kind['recall'])} ({kind['layers']})" for kind in kinds.values())))
    made += (
        f"\n\nRecall by what makes it hard, with {max(sizes):,} elements (in brackets: how many layers):\n\n"
        + table(("", *next(iter(found.values()))["recall_of"]), splits)
    )
    if peers := figures.get("peers"):
        made += "\n\nBytes of other codecs' files of the same SSIM over ours, medians:\n\n" + _peers(peers)
    return made + machine(figures)


def _case(cell: Figures) -> tuple[object, ...]:
    psnr = cell["psnr_median"]
    return (
        cell["case"],
        f"{cell['size']:,}" + (" *" if "measured" in cell else ""),
        cell["pictures"],
        share(cell["recall"]),
        share(cell["precision"]),
        share(cell["exact_of_found"]),
        share(cell["identical"]),
        psnr if isinstance(psnr, str) else f"{psnr:.1f} dB",
        f"{cell['bytes_a_layer']:.1f}" if cell["bytes_a_layer"] else "",
        f"{cell['seconds_median']:.1f} s",
    )


def _peers(peers: list[Figures]) -> str:
    names = list(peers[0]["not_reached"])
    return table(
        ("", "pictures", "ours", "SSIM", *names, "the best but JPEG"),
        [
            (
                p["case"],
                p["pictures"],
                f"{p['bytes_median']:.0f} bytes",
                f"{p['ssim_median']:.4g}",
                *(times(p["ratio_median"].get(name)) for name in (*names, "best")),
            )
            for p in peers
        ],
    )


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


_WAYS = {
    "wash": "a wash",
    "composed": "similar elements, always",
    "rule": "similar elements where it is sure enough, else a wash",
}


def similar_several(figures: Figures) -> str:
    """Photographs with several objects."""
    rows = [
        (
            _WAYS[cell["row"]],
            cell["budget"],
            f"{cell['all_told']['share']:.2f} ± {cell['all_told']['error']:.2f}",
            f"{cell['one_told']['share']:.2f}",
        )
        for cell in figures["cells"]
    ]
    return table(
        (f"{len(figures['photographs'])} photographs", "bytes", "all told", "at least one"), rows
    ) + machine(figures)


def similar_times(figures: Figures) -> str:
    """What telling a photograph takes, beside a wash."""
    rows = [("a refined wash of 318 bytes", f"{figures['seconds']['wash']:.2f} s", "")]
    for name, ratio in figures["ratios"].items():
        way, budget = name.split()
        what = _WAYS["composed" if way == "always" else way]
        rows.append((f"{what}, {budget} bytes", f"{figures['seconds'][name]:.2f} s", f"{ratio:.2f}"))
    width, height = figures["size"]
    head = (f"{figures['photographs']} photographs of {width}x{height}", "CPU time", "of the wash")
    return table(head, rows) + machine(figures)


def similar(figures: Figures) -> str:
    """Ways to tell a photograph at each budget, by each judge."""
    made = []
    for judge, ways in figures["table"].items():
        rows = [
            (
                _WAYS.get(way, way),
                f"{cell['bytes']['mean']:.0f}",
                f"{cell['kind_right']['share']:.2f} ± {cell['kind_right']['error']:.2f}",
                f"{cell['confidently_wrong']['share']:.2f}",
                f"{cell['psnr']['mean']:.1f} dB",
                f"{cell['seconds']['mean']:.1f} s",
                cell["kind_right"]["count"],
            )
            for way, cells in ways.items()
            for cell in cells.values()
            if cell["kind_right"]["count"]
        ]
        made.append(
            f"Judge {figures['judge_names'].get(judge, judge)}:\n\n"
            + table(("", "bytes", "kind right", "confidently wrong", "PSNR", "CPU time", "photographs"), rows)
        )
    return "\n\n".join(made) + machine(figures)


def layers(figures: Figures) -> str:
    """Real Photoshop documents, and the import of a large one beside psd-tools' reading of its layers."""
    counts = [
        ("documents", figures["files"]),
        ("tracebacks", figures["tracebacks"]),
        ("refused with a reason", len(figures["refused"])),
        ("8-bit RGB with a merged picture", figures["rgb_8"]),
        ("of these at 40 dB or more", figures["rgb_8_at_40_db"]),
    ]
    large = figures["large"]
    ways = [
        ("psd-tools, one layer after the other", "psd_tools"),
        ("psd-tools, all layers held", "psd_tools_holding_all"),
        ("import", "import"),
    ]
    width, height = large["size"]
    return (
        table(("", ""), counts)
        + f"\n\nA document of {large['layers']} layers, {width}x{height}, {large['bytes'] / 1e6:.0f} MB:\n\n"
        + table(
            ("", "elapsed", "processor", "peak of memory"),
            [
                (
                    said,
                    f"{large[f'{way}_seconds']:.1f} s",
                    f"{large[f'{way}_processor_seconds']:.1f} s",
                    f"{large[f'{way}_mb']} MB",
                )
                for said, way in ways
            ],
        )
        + machine(figures)
    )


def cutout_edges(figures: Figures) -> str:
    """Errors and halo by mask; errors of the blurred mask by what was drawn."""
    masks, made = figures["masks"], figures["composites"]
    titles = {"true": "by the true alpha", "blurred": "by a blurred mask"}
    rows: list[tuple[object, ...]] = []
    for name, first in masks["blurred"].items():
        cells = [masks[kind].get(name) for kind in masks]
        seen = [f"{cell['error']:.2f} / {cell['halo']:.1f} %" if cell else "" for cell in cells]
        rows.append((name, *seen, f"{first['seconds']:.2f} s"))
    heads = [f"{titles.get(kind, f'by {kind}')} ({made[kind]})" for kind in masks]
    by_kind = figures["error_by_kind"]
    kinds = list(next(iter(by_kind.values())))
    return (
        table(("colours, alpha", *heads, "a megapixel"), rows)
        + "\n\nError / halo (in brackets: composites). Error by a blurred mask, by what was drawn:\n\n"
        + table(
            ("", *kinds), [(name, *(f"{row[kind]:.1f}" for kind in kinds)) for name, row in by_kind.items()]
        )
        + machine(figures)
    )


def best_peer(cell: Figures) -> float | None:
    """PSNR of the best other codec."""
    return max((row["psnr"] for name, row in cell.items() if name != "wash" and row), default=None)


def _seen(row: Figures | None) -> str:
    return f"{row['psnr']:.2f} / {row['ssim']:.3f} / {row['different']:.1f}" if row else "-"


def _pair(values: list[float] | None) -> str:
    return " / ".join(f"{value:.2f}" for value in values) if values else "-"


def _above(cell: Figures) -> tuple[str, int]:
    return f"{cell['above'][0]:+.2f} dB" if cell.get("above") else "", cell["beside"]


def report_picture(figures: Figures) -> str:
    """What `haac compress` says of the drawn scene of report.png, which is shown (`scripts/make/report_picture.py`)."""
    said = "\n".join(figures["said"])
    return (
        f"```console\n$ haac compress meadow.png --report meadow.report.png\n{said}\n```\n\n"
        f"![The report: a drawn meadow, what its recipe of {figures['bytes']} bytes gives, the difference; the kite and the ball,"
        " which are in no repository, are hatched](pictures/report.png)"
    )


def budget_sweep(figures: Figures) -> str:
    """haac beside the best WebP file of the same bytes, by budget; and what is readable without one."""
    rows = []
    for cell in figures["summary"]:
        if not cell["pictures"]:
            continue
        rows.append(
            (
                f"{'drawings' if cell['drawn'] else 'photographs'}, {cell['budget']:,} bytes",
                f"{cell['washes']} of {cell['pictures']}",
                str(cell["with_webp"]),
                "" if cell["mean_ahead"] is None else f"{cell['mean_ahead']:+.2f} dB",
                "" if cell["most_behind"] is None else f"{-cell['most_behind']:+.2f} dB",
                str(cell["losing"]),
            )
        )
    made = table(
        ("budget", "washes", "WebP has a file", "mean", "worst picture", "more than 0.05 dB behind"), rows
    )
    made += "\n\nPSNR of recipes without elements, above the best WebP file of at most as many bytes.\n\n"
    drawn = []
    for cell in figures["defaults"]:
        words = cell["words"]
        drawn.append(
            (
                cell["picture"],
                f"{cell['bytes']:,}",
                "none" if cell["webp_bytes"] is None else f"{cell['webp_bytes']:,}",
                f"{cell['ssim']:.4f}",
                "" if words is None else f"{100 * words['kept']:.0f} % of {words['in_it']}",
            )
        )
    head = (
        "drawn",
        "bytes without a budget",
        "smallest WebP of this SSIM",
        "SSIM",
        "words read as in the original",
    )
    return made + table(head, drawn) + machine(figures)
