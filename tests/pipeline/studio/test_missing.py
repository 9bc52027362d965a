"""The studio where only `haac[studio]` is installed: scenes are made and saved; what needs more says what to install."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from haac_repo import Repository
from tests.repo.elements import element_of

_SCRIPT = """
import json, sys
for name in ("cv2", "faiss", "numba", "onnx", "onnxruntime", "psutil", "pymatting", "rembg", "scipy", "skimage"):
    sys.modules[name] = None
import haac_studio._cli.studio, haac_studio._server.opening
from haac_repo import Repository
from haac_studio._server.features import features
with Repository.open(sys.argv[1]) as repository:
    print(json.dumps(features(repository)))
"""


def test_without_what_ingest_needs_all_else_works(tmp_path: Path) -> None:
    with Repository.create(tmp_path / "r") as repository, repository.writer() as writer:
        writer.add(element_of(1))
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(tmp_path / "r")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["publish"] is True
    assert not found["similar"]
    for name in ("compress", "ingest"):
        assert "pip install 'haac[ingest]'" in found[name]
