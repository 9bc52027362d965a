"""Pictures as people make and send them: drawn by several engines, sent through chains of codecs, and looked for in a catalog.

    python -m scripts.benchmark.life catalog --elements DATA/emoji/128 --out REPO
    python -m scripts.benchmark.life draw --elements DATA/emoji/128 --photographs DATA/photos DATA/train --out FOLDER --count 12 --seed 1
    python -m scripts.benchmark.life draw ... --cells "photo:*" "nothing:lossless" --held-out
    python -m scripts.benchmark.life score --elements DATA/emoji/128 --repository REPO --pictures FOLDER ... --json life
    python -m scripts.benchmark.life score ... --baseline opencv --limit 5 --cells "chat:*" --json life

A cell is a background and a group of chains, such as `chat:scaled`. Every picture has elements of 16 to 400 pixels, most of them of one
band of sizes; the bands take turns. One engine (Skia) and two groups of chains (`twice`, `palette`) are drawn only with --held-out:
nothing is tuned on them. Needs `pip install --group life-bench`, and Debian's `chromium` and `fonts-dejavu-core`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    catalog = commands.add_parser("catalog", help="make a repository of the elements, with its match index")
    draw = commands.add_parser("draw", help="draw pictures and write what they show")
    score = commands.add_parser("score", help="look for the elements, and compare with what was drawn")
    for command in (catalog, draw, score):
        command.add_argument("--elements", type=Path, required=True, help="folder of PNG files with alpha")
    for command in (catalog, draw):
        command.add_argument("--out", type=Path, required=True, help="folder to make")
    for command in (draw, score):
        command.add_argument(
            "--cells", nargs="+", default=["*"], metavar="PATTERN", help="e.g. chat:* *:scaled"
        )
    draw.add_argument("--photographs", type=Path, nargs="+", required=True, help="folders; of no catalog")
    draw.add_argument("--count", type=int, default=12, help="pictures a cell; default: 12")
    draw.add_argument("--first", type=int, default=0, help="index of the first")
    draw.add_argument("--seed", type=int, default=1)
    draw.add_argument("--held-out", action="store_true", help="what nothing is tuned on, and nothing else")
    draw.add_argument("--engines", nargs="+", help="only these; default: all that are not held out")
    score.add_argument("--pictures", type=Path, nargs="+", required=True, help="folders that were drawn")
    score.add_argument("--repository", type=Path, required=True, help="made by `catalog`")
    score.add_argument("--limit", type=int, help="pictures a cell of each folder; default: all")
    score.add_argument(
        "--timeout", type=int, default=300, help="CPU seconds a picture may take, else it failed"
    )
    score.add_argument("--effort", type=int, default=5)
    score.add_argument("--baseline", choices=["opencv"], help="not haac, but what it is compared with")
    score.add_argument(
        "--rows", type=Path, help="finished pictures, a line each; default: in the first folder"
    )
    score.add_argument(
        "--json", help="file of the figures, such as life; those of the other finder stay in it"
    )
    return parser.parse_args()


def main() -> int:
    args = arguments()
    if args.command == "catalog":
        from scripts.benchmark.life.catalog import make

        make(args.elements, args.out)
    elif args.command == "draw":
        from scripts.benchmark.life.draw_set import draw_set

        draw_set(args)
    else:
        from scripts.lib import one_core  # noqa: F401  # before numpy: it reads the environment when it loads
        from scripts.benchmark.life.scoring.run import score  # isort: skip

        score(args)
    return 0


if __name__ == "__main__":
    sys.exit(main())
