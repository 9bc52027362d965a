"""Where a package of `haac[ingest]` is not installed, commands that need it say so in one message, and all others work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image, ImageDraw

BLOCK = "import os, sys\nsys.modules.update(dict.fromkeys(os.environ['TEST_MISSING'].split()))\n"
"""As `sitecustomize`, so that worker processes miss the packages too."""
PROGRAM = """
import contextlib, io, json, sys
from haac._cli.main import _run
done = []
for command in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = _run(command)
    done.append((code, out.getvalue(), err.getvalue()))
print(json.dumps(done))
"""
EXTRA = "cv2 faiss numba onnxruntime rembg skimage"
INGEST = ["ingest", "photo.png", "--model", "offline", "--json"]
COMPRESS = ["compress", "photo.png", "--subject-weight", "1", "-o", "found.haac"]


class Done(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A photograph of a disc on plain ground, and a transparent picture."""
    y, x = np.mgrid[0:160, 0:240]
    disc = (x - 110) ** 2 + (y - 80) ** 2 < 50**2
    photo = np.where(disc[:, :, None], np.stack([x % 200, y, x // 2], 2), (60, 120, 200)).astype(np.uint8)
    Image.fromarray(photo).save(tmp_path / "photo.png")
    clear = Image.new("RGBA", (60, 50))
    ImageDraw.Draw(clear).ellipse((5, 5, 50, 40), "orange")
    clear.save(tmp_path / "clear.png")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(BLOCK)
    return tmp_path


def run(folder: Path, missing: str, *commands: list[str]) -> list[Done]:
    """Run commands, after `haac init`, in one Python without these modules."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("HAAC_")}
    env |= {"PYTHONPATH": str(folder / "site"), "TEST_MISSING": missing, "U2NET_HOME": str(folder / "none")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps([["init"], *commands])],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    found = [Done(*row) for row in json.loads(done.stdout.splitlines()[-1])]
    assert found[0].code == 0
    return found[1:]


def refused(done: Done, *packages: str, extra: str = "ingest") -> bool:
    """Whether a command ended with one message that names these packages and what to do."""
    lines = done.err.splitlines()
    errors = [line for line in lines if line.startswith("Error: ")]
    errors += [json.loads(line)["error"]["message"] for line in lines if line.startswith('{"error"')]
    named = f"needs {', '.join(packages)}, not installed here: pip install 'haac[{extra}]'"
    return done.code == 1 and len(errors) == 1 and named in errors[0] and "Traceback" not in done.err


def test_the_thin_client_by_itself(folder: Path) -> None:
    clear, cut, found, index, wash, inline, doctor, stats, models = run(
        folder,
        EXTRA,
        ["ingest", "clear.png"],
        INGEST,
        COMPRESS,
        ["index"],
        ["compress", "photo.png", "--no-catalog", "-o", "wash.haac"],
        ["compress", "photo.png", "--no-catalog", "--inline", "-o", "inline.haac"],
        ["doctor"],
        ["stats"],
        ["models"],
    )
    assert clear.code == 0
    assert "No match index was made: finding elements in pictures needs" in clear.err
    assert refused(cut, "opencv-python-headless")
    assert refused(found, "opencv-python-headless", "faiss-cpu", "numba")
    assert refused(index, "opencv-python-headless", "faiss-cpu", "numba")
    assert refused(inline, "opencv-python-headless")
    assert [done.code for done in (wash, doctor, stats, models)] == [0, 0, 0, 0]
    assert (folder / "wash.haac").stat().st_size <= 318
    assert "match index" in doctor.out


def test_opencv_alone_cuts_out_and_makes_no_index(folder: Path) -> None:
    cut, found, wash, model = run(
        folder,
        "faiss numba onnxruntime rembg skimage",
        INGEST,
        COMPRESS,
        ["compress", "photo.png", "--no-catalog", "--subject-weight", "4", "-o", "wash.haac"],
        ["ingest", "photo.png", "--model", "u2net"],
    )
    assert cut.code == 0, cut.err
    assert json.loads(cut.out)["counts"]["elements_new"] == 1
    assert "No match index was made: finding elements in pictures needs faiss-cpu, numba" in cut.err
    assert refused(found, "faiss-cpu", "numba")
    assert wash.code == 0, wash.err
    assert refused(model, "onnxruntime")


@pytest.mark.parametrize("missing", ["faiss", "numba"])
def test_without_what_matching_needs(folder: Path, missing: str) -> None:
    cut, found = run(folder, missing, INGEST, COMPRESS)
    package = {"faiss": "faiss-cpu"}.get(missing, missing)
    assert cut.code == 0, cut.err
    assert f"No match index was made: finding elements in pictures needs {package}, not" in cut.err
    assert refused(found, package)


def test_without_what_models_need_all_but_those_works(folder: Path) -> None:
    cut, found, model = run(
        folder, "onnxruntime rembg skimage", INGEST, COMPRESS, ["ingest", "photo.png", "--model", "u2net"]
    )
    assert cut.code == 0, cut.err
    assert "No match index" not in cut.err
    assert found.code == 0, found.err
    assert (folder / "found.haac").exists()
    assert refused(model, "onnxruntime")


def test_without_what_similar_elements_need(folder: Path) -> None:
    clear, *commands, doctor = run(
        folder,
        "onnx onnxruntime",
        ["ingest", "clear.png", "--no-index"],
        ["index", "--similar"],
        ["suggest", "photo.png"],
        ["search", "--like", "photo.png"],
        ["doctor"],
    )
    assert (clear.code, clear.err.count("similar")) == (0, 0)
    assert [refused(done, "onnx", "onnxruntime", extra="similar") for done in commands] == [True] * 3
    assert doctor.code == 0
    assert "similar index" in doctor.out
