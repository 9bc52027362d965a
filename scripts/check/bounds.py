"""The lowest versions that pyproject.toml allows, as arguments for pip: `click==8.3.1 ...`, for scripts/check_bounds.

With --ingest, those of the extra too; where both name a package, the extra's bound is the higher one and counts.
"""

from __future__ import annotations

import argparse
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Environment markers are left out: on the lowest Python none of them excludes a package.
_BOUND = re.compile(r"([a-z0-9-]+)(\[[a-z,]+\])?>=([0-9.]+)(?:,<[0-9.]+)?(?:;.*)?")


def pins(requirements: list[str]) -> list[str]:
    """The lowest version of each requirement, pinned.

    Args:
        requirements: `name>=version`, perhaps with an upper bound or an environment marker; of a name, the last one counts.

    Raises:
        ValueError: one has no lower bound.
    """
    found: dict[str, str] = {}
    for requirement in requirements:
        bound = _BOUND.fullmatch(requirement.strip())
        if bound is None:
            raise ValueError(
                f"{requirement!r} in pyproject.toml states no lowest version: write name>=version"
            )
        name, extras, version = bound.groups()
        found[name] = f"{name}{extras or ''}=={version}"
    return list(found.values())


def stated(*, ingest: bool) -> list[str]:
    """The requirements in pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extra: list[str] = project["optional-dependencies"]["ingest"] if ingest else []
    return [*project["dependencies"], *extra]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ingest", action="store_true")
    print(*pins(stated(ingest=parser.parse_args().ingest)))
