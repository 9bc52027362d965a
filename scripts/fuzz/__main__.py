"""Coverage-guided fuzzing of all that reads bytes from strangers, by atheris (libFuzzer).

    .venv/bin/python -m pip install --group fuzz
    .venv/bin/python -m scripts.fuzz TARGET --runs 100000
    .venv/bin/python -m scripts.fuzz all --runs 1000000 --write        # shared out; the report is benchmarks/fuzz.json

A target is one of `scripts/fuzz/targets.py`. Inputs that reached something new are kept in --corpus, and are where the next run
begins. An input that surprises is kept beside it, as crash-..., timeout-... or oom-..., and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from scripts.benchmark.record import file_of, write
from scripts.fuzz.targets import SLOW, TARGETS

MEGABYTES, LONGEST, HANGING = 1024, 2048, 300
"""Memory of the process, bytes of an input, and seconds of the clock after which it counts as hanging, on however busy a machine."""
SHARES = {
    "text": 8,
    "binary": 8,
    "recipe": 4,
    "blur": 8,
    "inline": 12,
    "head": 25,
    "segment": 10,
    "records": 25,
}
"""Of the executions, with `all`."""


def started(name: str, runs: int, corpus: Path) -> dict[str, Any]:
    """Fuzz one target in a process of its own; what came out."""
    artifacts = corpus / "surprises"
    artifacts.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    process = subprocess.run(
        [
            *(sys.executable, "-m", "scripts.fuzz.worker", name, str(corpus / name)),
            *(f"-runs={runs}", f"-timeout={HANGING}", f"-rss_limit_mb={MEGABYTES}"),
            *(f"-max_len={LONGEST}", f"-artifact_prefix={artifacts}/{name}-", "-print_final_stats=1"),
        ],
        capture_output=True,
        check=False,
    )
    said = process.stderr.decode("utf-8", "replace")
    (corpus / f"{name}.log").write_text(said, "utf-8")
    statistics = dict(re.findall(r"^stat::(\w+):\s+(\d+)", said, re.M))
    covered = [(int(edges), int(features)) for edges, features in re.findall(r"cov: (\d+) ft: (\d+)", said)]
    return {
        "target": name,
        "executions": int(statistics.get("number_of_executed_units", 0)),
        "seconds": round(time.monotonic() - begun, 1),
        "edges": max((edges for edges, _ in covered), default=None),
        "features": max((features for _, features in covered), default=None),
        "peak_mb": int(statistics.get("peak_rss_mb", 0)),
        "surprises": sorted(
            path.name for path in artifacts.glob(f"{name}-*") if "slow-unit" not in path.name
        ),
        "exit": process.returncode,
    }


def report(rows: list[dict[str, Any]]) -> None:
    """Write benchmarks/fuzz.json; targets that were not run now keep their rows."""
    path = file_of("fuzz")
    before = json.loads(path.read_text("utf-8"))["targets"] if path.exists() else []
    kept = {row["target"]: row for row in before} | {row["target"]: row for row in rows}
    targets = [kept[name] for name in TARGETS if name in kept]
    bounds = {"cpu_seconds": SLOW, "megabytes": MEGABYTES, "bytes": LONGEST}
    total = sum(row["executions"] for row in targets)
    write(
        "fuzz", {"fuzzer": "atheris", "bounds_of_an_input": bounds, "executions": total, "targets": targets}
    )


def main() -> None:
    """One target, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("target", choices=[*TARGETS, "all"])
    parser.add_argument("--runs", type=int, default=100_000, help="executions; with `all`, of all together")
    parser.add_argument("--corpus", type=Path, default=Path("fuzz-corpus"))
    parser.add_argument("--write", action="store_true", help="benchmarks/fuzz.json")
    given = parser.parse_args()
    names = list(TARGETS) if given.target == "all" else [given.target]
    whole = sum(SHARES[name] for name in names)
    rows = []
    for name in names:
        rows.append(started(name, -(-given.runs * SHARES[name] // whole), given.corpus))
        print(rows[-1], flush=True)
    if given.write:
        report(rows)
    sys.exit(1 if any(row["surprises"] or row["exit"] for row in rows) else 0)


if __name__ == "__main__":
    main()
