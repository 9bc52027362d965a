"""Renders the golden vectors under the oldest, a middle and the newest supported Pillow; exits with 1 on any difference.

Each Pillow gets a virtual environment of its own (`.venv-determinism/`, kept for the next run) with the thin client
only. Needs nothing installed but a Python >= 3.11.

Two kinds of output are compared, always as pixel hashes:
  1. every vector of tests/vectors/, with the hash that is published beside it;
  2. recipes decoded in a repository, in a full mirror of it and in a mirror that holds only what they need.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = ROOT / ".venv-determinism"
VECTORS = ROOT / "tests" / "vectors" / "golden.json"
MIRRORS = "-m", "scripts.check.mirrors"
PILLOWS = ("10.4.0", "12.3.0", "13.0.0")
"""Oldest and newest that pyproject.toml allows, and one between."""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--pillow", action="append", metavar="VERSION", help=f"instead of {', '.join(PILLOWS)}"
    )
    parser.add_argument("--all", action="store_true", help="print every hash, not only those that differ")
    arguments = parser.parse_args()
    versions = arguments.pillow or list(PILLOWS)

    base = _base_python()
    with ThreadPoolExecutor() as pool:
        pythons = dict(zip(versions, pool.map(lambda v: _environment(base, v), versions), strict=True))

    lists = json.loads(VECTORS.read_text("utf-8")).values()
    expected = {vector["name"]: vector["pixels"] for vectors in lists for vector in vectors}
    results = {
        v: json.loads(_run(python, "-m", "haac._vectors", str(VECTORS))) for v, python in pythons.items()
    }
    wrong = _compare("golden vector", expected, results, arguments.all)

    with tempfile.TemporaryDirectory(prefix="haac-determinism-") as scratch:
        repository = f"{scratch}/repository"
        expected = json.loads(_run(pythons[versions[-1]], *MIRRORS, "make", repository))
        results = {
            v: json.loads(_run(python, *MIRRORS, "decode", repository, f"{scratch}/{v}"))
            for v, python in pythons.items()
        }
        wrong += _compare("recipe in a place", expected, results, arguments.all)
    return 1 if wrong else 0


def _compare(what: str, expected: dict[str, str], results: dict[str, dict[str, str]], show_all: bool) -> int:
    """Print a table of what each Pillow gave; returns how many hashes are not as expected."""
    names = sorted(set(expected).union(*results.values()))
    wrong = {
        version: [n for n in names if result.get(n) != expected.get(n)] for version, result in results.items()
    }
    shown = [name for name in names if show_all or any(name in bad for bad in wrong.values())]
    width = max(map(len, [what, "as expected", *shown]))

    print()
    print(f"{what:{width}}  {'expected':12}" + "".join(f"  {'Pillow ' + v:13}" for v in results))
    for name in shown:
        row = [
            f"{result.get(name, 'missing')[:12]}{'!' if name in wrong[version] else ' '}"
            for version, result in results.items()
        ]
        print(f"{name:{width}}  {expected.get(name, 'missing')[:12]:12}" + "".join(f"  {c:13}" for c in row))
    counts = [f"{len(names) - len(bad)} of {len(names)}" for bad in wrong.values()]
    print(f"{'as expected':{width}}  {len(expected):<12}" + "".join(f"  {count:13}" for count in counts))
    if not expected:
        print("Nothing to compare: that is a failure.")
        return 1
    return sum(map(len, wrong.values()))


def _environment(base: str, pillow: str) -> str:
    """The Python of an environment with this Pillow and the thin client, made or brought up to date."""
    folder = ENVIRONMENTS / pillow
    python = str(folder / "bin" / "python")
    stamp = folder / "haac-stamp"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + str(ROOT).encode()).hexdigest()
    if not (stamp.exists() and stamp.read_text() == wanted and _works(python)):
        print(f"Installing the thin client with Pillow {pillow}...", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        _run(base, "-m", "venv", str(folder))
        pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
        _run(*pip, "--editable", str(ROOT), f"pillow=={pillow}")
        stamp.write_text(wanted)
    return python


def _base_python() -> str:
    """A Python for which every one of these Pillows has wheels: of those installed, the oldest from 3.11 on."""
    for name in ("python3.11", "python3.12", "python3.13"):
        if (found := shutil.which(name)) and _works(found):
            return found
    return sys.executable


def _works(python: str) -> bool:
    try:
        return subprocess.run([python, "-c", "import venv, ensurepip"], capture_output=True).returncode == 0
    except OSError:
        return False


def _run(*command: str) -> str:
    # Nothing of the calling environment may leak in: PYTHONPATH would bring another Pillow.
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV", "HAAC_"))}
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
