"""Pictures of a drawn set, looked through one after the other; a row for each."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Protocol

from haac_repo import Repository
from scripts.benchmark.compress.measure import code
from scripts.benchmark.life.catalog import numbers
from scripts.benchmark.life.elements import Elements
from scripts.benchmark.life.scoring.score import Found, judge
from scripts.benchmark.life.truth import Drawing, read
from scripts.lib import one_core

Row = dict[str, Any]


class Finder(Protocol):
    """Finds elements of a catalog in a picture file."""

    name: str

    def find(self, file: Path) -> tuple[list[Found], int]:
        """Elements, and the bytes of a file that says so."""
        ...


def chosen(drawings: list[Drawing], patterns: list[str], limit: int | None) -> list[Drawing]:
    """Those of cells that match a pattern, at most `limit` a cell; cells take turns."""
    taken: dict[str, int] = defaultdict(int)
    made: list[tuple[int, Drawing]] = []
    for drawing in drawings:
        if any(fnmatch(drawing.cell, pattern) for pattern in patterns) and (
            limit is None or taken[drawing.cell] < limit
        ):
            made.append((taken[drawing.cell], drawing))
            taken[drawing.cell] += 1
    return [drawing for _, drawing in sorted(made, key=lambda m: m[0])]


def measured(args: argparse.Namespace) -> list[Row]:
    """Look through what is not done yet by this code; rows of all that was asked for."""
    one_core.settle()
    elements = Elements(args.elements)
    with Repository.open(args.repository) as repository:
        number_of = numbers(repository, elements)
    finder = finder_of(args)
    stamp = finder.name if finder.name != "haac" else code()
    have: dict[str, Row] = {}
    if args.rows.exists():
        for line in args.rows.read_text("utf-8").splitlines():
            row = json.loads(line)
            if row["code"] == stamp:
                have[row["file"]] = row
    wanted = [d for folder in args.pictures for d in chosen(read(folder), args.cells, args.limit)]
    where = {d.file: folder for folder in args.pictures for d in read(folder)}
    args.rows.parent.mkdir(parents=True, exist_ok=True)
    with args.rows.open("a", encoding="utf-8") as lines:
        for n, drawing in enumerate(wanted):
            if drawing.file in have:
                continue
            row = {"code": stamp} | look(
                finder, where[drawing.file], drawing, number_of.__getitem__, args.timeout
            )
            have[drawing.file] = row
            lines.write(json.dumps(row) + "\n")
            lines.flush()
            said = "; ".join(f"{row['true'].count(k)} {k or 'missed'}" for k in dict.fromkeys(row["true"]))
            wrong = len(row["found"]) - sum(row["found"].count(k) for k in ("hit", "alike", "free"))
            print(
                f"{n + 1}/{len(wanted)} {drawing.file}: {said}; {wrong} not right; {row['cpu']:.1f} s,"
                f" {row['peak_mb']} MB{' FAILED' if row['error'] else ''}",
                flush=True,
            )
    return [have[d.file] for d in wanted]


def finder_of(args: argparse.Namespace) -> Finder:
    """haac, or what it is compared with."""
    if args.baseline == "opencv":
        from scripts.benchmark.life.scoring.opencv_finder import OpenCvFinder

        return OpenCvFinder(args.repository, args.rows.with_suffix(".npz"))
    from scripts.benchmark.life.scoring.haac_finder import HaacFinder

    finder = HaacFinder(args.repository, args.effort)
    from haac_pipeline._internal import opened

    opened(args.repository)  # reading the index is of no picture
    return finder


def look(
    finder: Finder, folder: Path, drawing: Drawing, number_of: Callable[[str], int], timeout: int
) -> Row:
    """One picture: what was found of it, and what it took."""
    reset = _reset_peak()
    started, busy, error = time.perf_counter(), time.process_time(), ""
    found: list[Found] = []
    size = 0
    try:
        with within(timeout):
            found, size = finder.find(folder / drawing.file)
    except Exception:  # of one picture; the run goes on
        error = traceback.format_exc()
    seconds, cpu = time.perf_counter() - started, time.process_time() - busy
    judged = judge(drawing.elements, found, number_of)
    return {
        "file": drawing.file,
        "background": drawing.background,
        "group": drawing.group,
        "chain": drawing.chain,
        "engine": drawing.engine,
        "held_out": drawing.held_out,
        "true": judged.true,
        "true_bands": judged.true_bands,
        "found": judged.found,
        "found_bands": judged.found_bands,
        "indistinguishable": sum(bool(element.alike) for element in drawing.elements),
        "bytes": size,
        "file_bytes": (folder / drawing.file).stat().st_size,
        "seconds": round(seconds, 3),
        "cpu": round(cpu, 3),
        "peak_mb": _peak_mb() if reset else None,
        "error": error,
    }


@contextlib.contextmanager
def within(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in this, the main, thread when it takes more CPU time: that of the clock depends on who else is at work."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"not done after {seconds} seconds of CPU time")

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _reset_peak() -> bool:
    """Begin to count this process's peak memory anew; False where that cannot be (not Linux, or not allowed)."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def _peak_mb() -> int:
    """Peak resident memory of this process since it was reset."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) / 1024)
    return 0
