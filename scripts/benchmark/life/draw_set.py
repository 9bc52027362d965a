"""A set of pictures in a folder, with `truth.jsonl`."""

from __future__ import annotations

import argparse

from scripts.benchmark.life.draw import ENGINES, Materials, cells, drawing, photographs_of
from scripts.benchmark.life.elements import Elements
from scripts.benchmark.life.truth import FILE, read


def draw_set(args: argparse.Namespace) -> None:
    """Draw what is not there yet; cells take turns, so that a run that is cut has some of each."""
    materials = Materials(
        Elements(args.elements),
        photographs_of(args.photographs, held_out=args.held_out),
        tuple(args.engines or ENGINES),
    )
    wanted = cells(args.cells, held_out=args.held_out)
    if not wanted:
        raise SystemExit(
            f"no cell is like {' or '.join(args.cells)}; there are {' '.join(cells(['*'], held_out=True))}"
        )
    args.out.mkdir(parents=True, exist_ok=True)
    have = set()
    if (args.out / FILE).exists():
        have = {(d.cell, d.index, d.seed, d.held_out) for d in read(args.out)}
    with (args.out / FILE).open("a", encoding="utf-8") as lines:
        for index in range(args.first, args.first + args.count):
            for cell in wanted:
                if (cell, index, args.seed, args.held_out) in have:
                    continue
                made, data = drawing(materials, cell, index, args.seed, held_out=args.held_out)
                (args.out / made.file).write_bytes(data)
                lines.write(made.line() + "\n")
                lines.flush()
                print(
                    f"{made.file} {made.engine} {made.chain} {made.width}x{made.height}: {len(made.elements)} elements",
                    flush=True,
                )
