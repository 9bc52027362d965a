"""What loads when: a worker that compresses needs nothing of the ingest, and the front door loads neither."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


def loaded_by(code: str) -> set[str]:
    program = f"{code}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("module", ["haac_pipeline", "haac_pipeline._compress.run"])
def test_compressing_loads_no_ingest(module: str) -> None:
    loaded = loaded_by(f"import {module}")
    assert module in loaded
    assert not [
        name for name in loaded if name.startswith(("haac_pipeline._ingest", "haac_pipeline._segment"))
    ]
    assert not loaded & {"numpy", "PIL", "haac_match"}, "BLAS threads are set before numpy loads"


def test_a_worker_of_the_ingest_loads_numpy_after_its_threads_are_set() -> None:
    assert "numpy" not in loaded_by("import haac_pipeline._parallel, haac_pipeline._ingest.worker")
