"""Speed and memory of ingest.

1. Pictures that already have alpha, against Pillow alone: a process pool on all cores that opens each file, converts it to RGBA
   and encodes it as lossless WebP with the settings of `haac_repo.encode`, storing nothing. Both in turn, in one run, the start of
   processes included on both sides. The match index is another benchmark's.
   With --against REVISION also against the code of that revision, in turn with the code here: rates, and seconds of the processor
   of the one process that stores and of the workers.
2. Photographs through models: what ingest takes beyond inference, on one core, in CPU seconds. Inference is what runs inside onnxruntime
   (of `offline`, which has no network, all of its mask); decoding, resizing and normalising, cutting out, hashing and lossless encoding
   are beyond it. --model names one whose weights are here (`haac models --fetch u2netp`); may be repeated.
3. Peak memory (parent and the largest worker) over 1x and 4x as many pictures.

    python -m scripts.benchmark.ingest --alpha FOLDER --photos FOLDER --photos FOLDER --model u2netp [--only photos]
    python -m scripts.benchmark.ingest --alpha FOLDER --against REVISION --only alpha

Without folders, pictures are drawn for it. With --only, the other figures stay as they were.
"""

import argparse
import hashlib
import io
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

from PIL import Image

from haac._internal import DrawnElements
from haac_repo import Repository
from haac_repo._pixels import effort
from scripts.benchmark.record import cores, file_of, machine, write
from scripts.check.same import ROOT, checkout
from scripts.lib import one_core

JOBS = cores()


def encode_alone(path: str) -> int:
    """What Pillow needs at least: read, convert, encode."""
    with Image.open(path) as image:
        buffer = io.BytesIO()
        image.convert("RGBA").save(
            buffer, "WEBP", lossless=True, exact=True, **effort(image.width * image.height)
        )
    return buffer.tell()


def peer(paths: Sequence[str]) -> float:
    """Seconds of the pool."""
    start = time.perf_counter()
    with ProcessPoolExecutor(JOBS, get_context("spawn")) as pool:
        list(pool.map(encode_alone, paths, chunksize=16))
    return time.perf_counter() - start


@dataclass(frozen=True, slots=True)
class Took:
    """What a run of `haac ingest` took."""

    seconds: float
    driver: float
    """Seconds of the processor of the process that stores."""
    workers: float
    """And of all its workers."""
    peak: int
    """MiB: the storing process plus the largest worker."""
    head: str
    """Of what was stored, as it would be published, without times: the same for the same ids, packs and log."""


def ours(paths: Sequence[str], code: Path = ROOT) -> Took:
    """Run `haac ingest` with the code of a checkout."""
    sources = os.pathsep.join(str(code / folder) for folder in ("codec", "repo", "pipeline"))
    environment = {**os.environ, "PYTHONPATH": sources}
    with tempfile.TemporaryDirectory() as folder:
        haac = [sys.executable, "-c", MEASURED]
        asked = [["init"], ["ingest", "--no-index", *paths]]
        for command, *arguments in asked:
            start = time.perf_counter()
            run = subprocess.run(
                [*haac, command, "-q", "--repo", f"{folder}/repo", *arguments],
                capture_output=True,
                text=True,
                check=False,
                env=environment,
            )
            seconds = time.perf_counter() - start
            if run.returncode:
                raise SystemExit(run.stdout + run.stderr)
        driver, workers, peak = json.loads(run.stderr.splitlines()[-1])
        return Took(seconds, driver, workers, peak, stored(Path(folder) / "repo"))


def stored(folder: Path) -> str:
    """Hash of all elements and packs of a repository; times do not count."""
    digest = hashlib.sha256()
    with Repository.open(folder) as repository:
        for element in repository.elements():
            digest.update(repr(element).encode())
    for path in sorted(folder.glob("*/*.pack")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


MEASURED = """
import resource, sys
from haac._cli.main import _run
if __name__ == "__main__":
    code = _run(sys.argv[1:])
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    driver, workers = (used.ru_utime + used.ru_stime for used in both)
    print([driver, workers, sum(used.ru_maxrss for used in both) // 1024], file=sys.stderr)
    sys.exit(code)
"""


def against(paths: Sequence[str], revision: str, rounds: int) -> dict[str, Any]:
    """Rates of the code here and of another revision, which take turns."""
    with tempfile.TemporaryDirectory() as folder, checkout(revision, Path(folder) / "code") as other:
        pairs = []
        for turn in range(rounds):
            order = (other, ROOT) if turn % 2 else (ROOT, other)
            took = {code: ours(paths, code) for code in order}
            pairs.append((took[other], took[ROOT]))
    return {
        "revision": revision,
        "rounds": rounds,
        "same": all(before.head == after.head for before, after in pairs),
        "rate": round(median(before.seconds / after.seconds for before, after in pairs), 3),
        "processor": round(
            median(
                (before.driver + before.workers) / (after.driver + after.workers) for before, after in pairs
            ),
            3,
        ),
        "driver_seconds": [
            round(median(took.driver for took in side), 2) for side in zip(*pairs, strict=True)
        ],
        "worker_seconds": [
            round(median(took.workers for took in side), 2) for side in zip(*pairs, strict=True)
        ],
    }


def drawn(folder: Path, count: int) -> list[str]:
    """Cut-outs of 128 pixels, all different."""
    rng = random.Random(3)
    elements = DrawnElements()
    paths = []
    for n in range(count):
        image = elements.image(rng.choice([1, 3])).rotate(rng.uniform(0, 360), expand=True).resize((128, 128))
        paths.append(str(folder / f"{n}.png"))
        image.save(paths[-1])
    return paths


def photographs(folder: Path | None) -> list[Path]:
    """The pictures of a folder, or scikit-image's."""
    if folder is None:
        import skimage

        data = Path(skimage.__file__).parent / "data"
        return [data / name for name in ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")]
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in {".png", ".jpg", ".jpeg"})


class _Timed:
    """Passes calls on, and adds up the CPU seconds of one function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.seconds = 0.0

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        start = time.process_time()
        try:
            return self._function(*arguments, **options)
        finally:
            self.seconds += time.process_time() - start


class _TimedSession:
    """An onnxruntime session whose `run` is timed."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.run = _Timed(session.run)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


def beyond_inference(paths: list[Path], model: str) -> dict[str, Any]:
    """CPU seconds of making elements out of photographs, of inference in them, and of the larger parts of the rest, in this process."""
    from haac_pipeline._ingest import describe, worker
    from haac_pipeline._segment import inference, session
    from haac_pipeline._segment.models import MODELS, OFFLINE, verified

    if not verified(model):
        raise SystemExit(f"no weights of {model} are here: `haac models --fetch {model}`")

    def everything() -> float:
        start = time.process_time()
        for path in paths:
            worker.make(worker.Task(path.read_bytes(), worker.Cutting(model=model), model))
        return time.process_time() - start

    everything()  # loads and warms up
    rounds = []
    for _ in range(3):
        masks, elements = _Timed(session.mask), _Timed(describe.as_element)
        network = None if model == OFFLINE else _TimedSession(inference._session(MODELS[model]))
        with (
            mock.patch.object(session, "mask", masks),
            mock.patch.object(describe, "as_element", elements),
            mock.patch.object(inference, "_session", lambda _, network=network: network),
        ):
            whole = everything()
        rounds.append(
            (whole, network.run.seconds if network else masks.seconds, masks.seconds, elements.seconds)
        )
    whole, inside, masks_seconds, element_seconds = sorted(rounds, key=lambda r: r[0] / r[1])[1]
    pixels = sum(math.prod(Image.open(path).size) for path in paths)
    return {
        "pictures": len(paths),
        "megapixels_a_picture": round(pixels / len(paths) / 1e6, 2),
        "model": model,
        "seconds": round(whole, 2),
        "seconds_inference": round(inside, 2),
        "beyond_inference": round(whole / inside - 1, 3),
        "of_it": {
            "resizing and normalising": round((masks_seconds - inside) / inside, 3),
            "encoding and hashing": round(element_seconds / inside, 3),
            "decoding and cutting out": round((whole - masks_seconds - element_seconds) / inside, 3),
        },
    }


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--alpha", type=Path, help="folder of pictures with alpha; default: drawn ones")
    parser.add_argument(
        "--photos", type=Path, action="append", help="folder of photographs; default: scikit-image's"
    )
    parser.add_argument("--model", action="append", help="default: offline")
    parser.add_argument("--against", metavar="REVISION", help="compare with the code of another revision")
    parser.add_argument("--only", choices=("alpha", "photos"), help="the other figures stay as they were")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, default=Path("ingest"))
    given = parser.parse_args()
    figures: dict[str, Any] = {"benchmark": "ingest"}
    if given.only:
        figures |= json.loads(file_of(given.json).read_text("utf-8"))
    if given.only != "photos":
        figures |= alpha_and_memory(given.alpha, given.rounds, given.against)
        figures["alpha_machine"] = machine()
    if given.only != "alpha":
        figures["photos"] = photos(given.photos or [None], given.model or ["offline"])
        figures["photos_machine"] = machine()
    print(write(given.json, figures))


def photos(folders: Sequence[Path | None], models: Sequence[str]) -> list[dict[str, Any]]:
    """Time beyond inference, a row a folder and model."""
    one_core.settle()
    rows = []
    for folder in folders:
        for model in models:
            row = beyond_inference(photographs(folder), model)
            rows.append(row)
            print(
                f"{row['pictures']} photographs of {row['megapixels_a_picture']} megapixels, {model}:"
                f" {row['beyond_inference']:.1%} beyond inference, {row['of_it']}"
            )
    return rows


def alpha_and_memory(alpha: Path | None, count: int, revision: str | None) -> dict[str, Any]:
    """Rate beside Pillow's, and that of another revision if one is given, and peak memory, of pictures that have alpha."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(p) for p in sorted(alpha.glob("*.png"))] if alpha else drawn(Path(folder), 2000)
        compared = against(paths, revision, count) if revision else None
        if compared:
            print(json.dumps(compared, indent=2))
        rounds = [(peer(paths), ours(paths)) for _ in range(count)]
        ratio = median(alone / mine.seconds for alone, mine in rounds)
        quarter = ours(paths[::4]).peak
    rate = round(len(paths) / median(mine.seconds for _, mine in rounds), 1)
    peak = median(mine.peak for _, mine in rounds)
    print(f"with alpha: {rate} a second, {ratio:.2f} of what Pillow alone encodes")
    print(f"memory: {peak} MiB for {len(paths)}, {quarter} MiB for a quarter of them")
    return {
        "alpha": {
            "pictures": len(paths),
            "cores": JOBS,
            "pictures_a_second": rate,
            "pillow_alone_a_second": round(len(paths) / median(alone for alone, _ in rounds), 1),
            "share_of_pillow": round(ratio, 3),
            **({"against": compared} if compared else {}),
        },
        "memory": {"pictures": len(paths), "peak_mib": peak, "quarter_peak_mib": quarter},
    }


if __name__ == "__main__":
    main()
