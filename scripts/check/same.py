"""Does the code here still do what another revision does, byte for byte, and as fast? For changes that only move or rename.

    scripts/check_same [REVISION]           the commit before, unless another one is named
    scripts/check_same REVISION --pictures 6

Both sides are asked for the same in turn, each in a process of its own: a repository with its match index and its published
tree, composites of all kinds compressed, photographs as washes, the golden vectors. Recipes, renders, index, packs and head are compared.
Exits with 1 on any difference; times are compared as the ratio of what the processor did, and never fail.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
WORKER = Path(__file__).with_name("same_worker.py")
VECTORS = "tests/vectors/golden.json"
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}

Answer = dict[str, Any]


class Side:
    """A worker that runs the code of one checkout."""

    def __init__(self, checkout: Path, scratch: Path) -> None:
        sources = [str(checkout / folder) for folder in ("codec", "repo", "pipeline")]
        sources.append(str(ROOT))  # for what the workers share
        caches = {"NUMBA_CACHE_DIR": str(scratch / "numba")}
        self._process = subprocess.Popen(
            [sys.executable, str(WORKER)],
            env={**os.environ, **ONE_THREAD, **caches, "PYTHONPATH": os.pathsep.join(sources)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, question: str) -> Answer:
        """The answer, as `scripts.check.same_worker` describes it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(question + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{question}: the worker ended with {self._process.wait()}")
        answer: Answer = json.loads(line)
        return answer

    def close(self) -> None:
        """Let it end."""
        self._process.communicate()


def differences(before: Answer, after: Answer) -> list[str]:
    """Names of what is not the same on both sides; times do not count."""
    names = sorted((before.keys() | after.keys()) - {"seconds"})
    return [name for name in names if before.get(name) != after.get(name)]


@contextmanager
def checkout(revision: str, folder: Path) -> Iterator[Path]:
    """A work tree of another revision."""
    subprocess.run(["git", "worktree", "add", "--quiet", "--detach", folder, revision], cwd=ROOT, check=True)
    try:
        yield folder
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", folder], cwd=ROOT, check=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("revision", nargs="?", default="HEAD~1")
    parser.add_argument("--pictures", type=int, default=30, help="of 30; ten kinds in turn")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="haac-same-") as name:
        scratch = Path(name)
        for side in ("before", "after"):
            (scratch / side).mkdir()
        with checkout(arguments.revision, scratch / "code") as other:
            sides = Side(other, scratch / "before"), Side(ROOT, scratch / "after")
            try:
                return compare(sides, scratch, arguments.pictures)
            finally:
                for one in sides:
                    one.close()


def compare(sides: tuple[Side, Side], scratch: Path, pictures: int) -> int:
    """Ask both sides everything; 1 if anything differs."""
    made = [
        side.ask(f"prepare {scratch / name}") for side, name in zip(sides, ("before", "after"), strict=True)
    ]
    wrong = {"repository": differences(*made)}
    print(f"repository: {len(made[0])} files, {said(wrong['repository'])}", flush=True)
    ratios: list[float] = []
    seconds = [0.0, 0.0]
    asked = {f"vectors {ROOT / VECTORS}": "golden vectors", **sides[1].ask(f"questions {pictures}")}
    for turn, (question, name) in enumerate(asked.items()):
        order = (0, 1) if turn % 2 else (1, 0)
        answers = {which: sides[which].ask(question) for which in order}
        wrong[name] = differences(answers[0], answers[1])
        took = ""
        if "seconds" in answers[0]:
            pair = answers[0]["seconds"], answers[1]["seconds"]
            seconds = [total + one for total, one in zip(seconds, pair, strict=True)]
            ratios.append(pair[1] / pair[0])
            took = f", {pair[0]:.2f} s before, {pair[1]:.2f} s after"
        layers = f", {answers[0]['layers']} layers" if "layers" in answers[0] else ""
        print(f"{name}: {said(wrong[name])}{layers}{took}", flush=True)
    if ratios:
        print(
            f"time after / before: {seconds[1] / seconds[0]:.3f} in all, {median(ratios):.3f} in the middle of {len(ratios)}"
        )
    failed = [name for name, names in wrong.items() if names]
    print(f"differ: {', '.join(failed)}" if failed else "nothing differs")
    return 1 if failed else 0


def said(wrong: list[str]) -> str:
    return f"DIFFERS in {', '.join(wrong[:4])}" if wrong else "the same"


if __name__ == "__main__":
    sys.exit(main())
