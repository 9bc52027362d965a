"""What loads when: a worker that compresses needs nothing of the ingest, and the front door loads neither."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from haac_repo import Repository


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


_WATCHED = """
import os, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy":
            print("numpy", os.environ.get("OPENBLAS_NUM_THREADS"), os.environ.get("OMP_NUM_THREADS"))
            sys.meta_path.remove(self)
sys.meta_path.insert(0, Finder())
from haac._cli.main import main
main(sys.argv[1:])
"""


@pytest.mark.parametrize("where", ["--no-catalog", "--repo=repo"])
def test_compressing_with_one_job_loads_numpy_after_its_threads_are_set(tmp_path: Path, where: str) -> None:
    Repository.create(tmp_path / "repo").close()
    Image.new("RGB", (48, 48), "red").save(tmp_path / "a.png")
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", _WATCHED, "compress", "a.png", where, "--jobs", "1"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=environment,
    )
    assert done.stdout.splitlines()[0] == "numpy 1 1"
    assert (tmp_path / "a.haac").is_file()
