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

from haac_pipeline._segment.quality import EMBEDDED, NETWORK, Judgement, fit_of, judge
from scripts.benchmark.record import write
from scripts.lib.judged_cutouts import Judged, Spent, again, judgement


def row(chosen: list[tuple[Judged, Judgement]]) -> dict[str, Any]:
    """Figures of cut-outs."""
    good = [judgement for each, judgement in chosen if each.good]
    bad = [judgement for each, judgement in chosen if not each.good]
    doubted = sum(_doubted(j) for j in bad + good)
    pairs = sum((a > b) + (a == b) / 2 for a in _qualities(good) for b in _qualities(bad))
    return {
        "good": len(good),
        "bad": len(bad),
        "bad_found": _share(sum(_doubted(j) for j in bad), len(bad)),
        "good_doubted": _share(sum(_doubted(j) for j in good), len(good)),
        "precision": _share(sum(_doubted(j) for j in bad), doubted),
        "bad_left_out": _share(sum(_left_out(j) for j in bad), len(bad)),
        "good_left_out": _share(sum(_left_out(j) for j in good), len(good)),
        "auc": _share(pairs, len(good) * len(bad)),
    }


def _qualities(judgements: list[Judgement]) -> list[int]:
    return [judgement.quality for judgement in judgements]


def _doubted(judgement: Judgement) -> bool:
    return judgement.quality < judgement.fit.good


def _left_out(judgement: Judgement) -> bool:
    return judgement.quality < judgement.fit.hopeless


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
    found = [(each, judge(each.measures, fit_of(each.model))) for each in again(options.folders, spent)]
    rows = []
    for name in ("tune", "test"):
        for model in (None, *spent):
            chosen = [pair for pair in found if pair[0].set == name and model in (None, pair[0].model)]
            rows.append({"set": name, "model": model or "both", **row(chosen)})
            print(rows[-1])
    reasons: dict[str, list[int]] = {}
    for each, verdict in found:
        if each.set == "test" and not each.good:
            counted = reasons.setdefault(each.why, [0, 0])
            counted[0] += _doubted(verdict)
            counted[1] += 1
    payload = {
        "judged": len(judgement()),
        "measured": len(found),
        "rows": rows,
        "why_bad": {why: {"found": a, "of": b} for why, (a, b) in sorted(reasons.items())},
        "thresholds": {
            name: {"good": fit.good, "hopeless": fit.hopeless}
            for name, fit in (("network", NETWORK), ("embedded", EMBEDDED))
        },
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
