"""How well the quality of cut-outs agrees with a person: which of the bad ones it doubts, which of the good ones wrongly.

    python -m scripts.benchmark.cutouts.quality FOLDER...

FOLDERs have the photographs. The judgement is `benchmarks/cutout_judgement.json`; its set `tune` was fitted to, its set `test` was not.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

from haac_pipeline._segment.quality import GOOD, HOPELESS, judge
from scripts.benchmark.record import write
from scripts.lib.judged_cutouts import Judged, Spent, again, judgement


def row(chosen: list[tuple[Judged, int]]) -> dict[str, Any]:
    """Figures of (cut-out, quality)."""
    good = [quality for each, quality in chosen if each.good]
    bad = [quality for each, quality in chosen if not each.good]
    doubted = sum(q < GOOD for q in bad) + sum(q < GOOD for q in good)
    pairs = sum((a > b) + (a == b) / 2 for a in good for b in bad)
    return {
        "good": len(good),
        "bad": len(bad),
        "bad_found": _share(sum(q < GOOD for q in bad), len(bad)),
        "good_doubted": _share(sum(q < GOOD for q in good), len(good)),
        "precision": _share(sum(q < GOOD for q in bad), doubted),
        "bad_left_out": _share(sum(q < HOPELESS for q in bad), len(bad)),
        "good_left_out": _share(sum(q < HOPELESS for q in good), len(good)),
        "auc": _share(pairs, len(good) * len(bad)),
    }


def _share(count: float, total: int) -> float:
    return round(count / total, 4) if total else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--json", default="cutout_quality")
    options = parser.parse_args()
    spent: dict[str, Spent] = {}
    found = [
        (each, judge(each.measures, learned=each.learned).quality) for each in again(options.folders, spent)
    ]
    rows = []
    for name in ("tune", "test"):
        for model in (None, *spent):
            chosen = [(each, q) for each, q in found if each.set == name and model in (None, each.model)]
            rows.append({"set": name, "model": model or "both", **row(chosen)})
            print(rows[-1])
    reasons: dict[str, list[int]] = {}
    for each, quality in found:
        if each.set == "test" and not each.good:
            counted = reasons.setdefault(each.why, [0, 0])
            counted[0] += quality < GOOD
            counted[1] += 1
    payload = {
        "judged": len(judgement()),
        "measured": len(found),
        "rows": rows,
        "why_bad": {why: {"found": a, "of": b} for why, (a, b) in sorted(reasons.items())},
        "thresholds": {"good": GOOD, "hopeless": HOPELESS},
        "cost": {
            model: {
                "photographs": each.photographs,
                "inference_ms": round(each.inference / each.photographs * 1e3, 1),
                "quality_ms": round(each.quality / each.photographs * 1e3, 1),
                "share": round(each.quality / each.inference, 4),
            }
            for model, each in spent.items()
        },
    }
    print(write(options.json, payload))


if __name__ == "__main__":
    main()
