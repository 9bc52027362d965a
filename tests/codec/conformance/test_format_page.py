"""docs/format.md says what the code does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_tables_example_and_limits_are_up_to_date() -> None:
    command = [sys.executable, "-m", "scripts.make.format_tables", "--check"]
    run = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
