"""kill -9 at seeded points of ingest, import, publish, takedown, discard, compact, index and sync; writes benchmarks/kills.json.

    python -m scripts.check.kills --points 200

After each kill the repository must open and verify, nothing that was reported done may be lost, and the command started again must
end with the catalog rows and files of a run that was never killed. Figures of scenarios that are not run stay in the JSON as they are.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from scripts.benchmark.record import file_of, write
from scripts.check.kills.outcome import driver, kill
from scripts.check.kills.scenarios import SCENARIOS


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenarios", nargs="*", help=f"some of {', '.join(SCENARIOS)}; all if none is given")
    parser.add_argument("--points", type=int, default=200, help="of each (default: 200)")
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--output", default="kills", help="the JSON file, or its name in benchmarks/")
    given = parser.parse_args()
    unknown = set(given.scenarios) - set(SCENARIOS)
    if unknown:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    with driver() as drive:
        for name in given.scenarios or SCENARIOS:
            started = time.monotonic()
            with tempfile.TemporaryDirectory() as folder:
                done = kill(drive, name, Path(folder) / "kills", given.points, given.seed)
            print(f"{name}: {asdict(done)}, {time.monotonic() - started:.0f} s", flush=True)
            file = file_of(given.output)
            known = json.loads(file.read_text("utf-8"))["kills"] if file.exists() else {}
            known[name] = asdict(done)
            write(file, {"seed": given.seed, "kills": {key: known[key] for key in SCENARIOS if key in known}})


if __name__ == "__main__":
    main()
