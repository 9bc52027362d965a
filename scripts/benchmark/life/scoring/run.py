"""`score`: looks through drawn pictures, prints the figures, and keeps them."""

from __future__ import annotations

import argparse
import json

from scripts.benchmark.life.scoring.figures import Row, figures
from scripts.benchmark.life.scoring.measure import measured
from scripts.benchmark.record import file_of, write
from scripts.make.life.tables import life


def score(args: argparse.Namespace) -> None:
    """All of it."""
    name = args.baseline or "haac"
    args.rows = args.rows or args.pictures[0] / f"rows-{name}.jsonl"
    rows = measured(args)
    if not rows:
        raise SystemExit(f"no picture is of a cell like {' or '.join(args.cells)}")
    payload: Row = {"finders": {name: figures(rows)}}
    print("\n" + life(payload))
    if args.json:
        path = file_of(args.json)
        earlier = json.loads(path.read_text("utf-8"))["finders"] if path.exists() else {}
        print(f"written: {write(args.json, {'finders': earlier | payload['finders']})}")
