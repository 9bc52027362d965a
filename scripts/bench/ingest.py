"""Speed and memory of ingest.

1. Pictures that already have alpha, against Pillow alone: a process pool on all cores that opens each file, converts it to RGBA
   and encodes it as lossless WebP with the settings of `haac_repo.encode`, storing nothing. Both in turn, in one run, the start of
   processes included on both sides. The match index is another benchmark's.
   With --against REVISION also against the code of that revision, in turn with the code here: rates, and seconds of the processor
   of the one process that stores and of the workers.
2. Photographs through a model: what ingest takes beyond the model's own inference, on one core.
3. Peak memory (parent and the largest worker) over 1x and 4x as many pictures.

    python -m scripts.bench.ingest --alpha FOLDER --photos FOLDER
    python -m scripts.bench.ingest --alpha FOLDER --against main --only-alpha

Without folders, pictures are drawn for it.
"""

import argparse
import hashlib
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
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
from scripts.bench.record import cores, write
from scripts.check.same import ROOT, checkout

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


def beyond_inference(paths: list[Path]) -> dict[str, Any]:
    """CPU seconds of making elements out of photographs, and of the model's part in them, in this process."""
    from haac_pipeline._ingest import worker
    from haac_pipeline._segment import session

    inference = 0.0
    mask = session.mask

    def timed(picture: Image.Image, name: str) -> Image.Image:
        nonlocal inference
        start = time.perf_counter()
        result = mask(picture, name)
        inference += time.perf_counter() - start
        return result

    def everything() -> float:
        start = time.perf_counter()
        for path in paths:
            worker.make(worker.Task(path.read_bytes(), worker.Cutting(model="offline"), "offline"))
        return time.perf_counter() - start

    everything()  # loads and warms up
    rounds = []
    with mock.patch.object(session, "mask", timed):
        for _ in range(3):
            inference = 0.0
            whole = everything()
            rounds.append((whole, inference))
    whole, inference = sorted(rounds)[1]
    return {
        "pictures": len(paths),
        "model": "offline",
        "seconds": round(whole, 2),
        "seconds_inference": round(inference, 2),
        "beyond_inference": round(whole / inference - 1, 3),
    }


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--alpha", type=Path, help="folder of pictures with alpha; default: drawn ones")
    parser.add_argument("--photos", type=Path, help="folder of photographs; default: scikit-image's")
    parser.add_argument("--against", metavar="REVISION", help="compare with the code of another revision")
    parser.add_argument(
        "--only-alpha", action="store_true", help="with --against: nothing else; print, do not write"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, default=Path("ingest"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = (
            [str(p) for p in sorted(given.alpha.glob("*.png"))] if given.alpha else drawn(Path(folder), 2000)
        )
        compared = against(paths, given.against, given.rounds) if given.against else None
        if compared:
            print(json.dumps(compared, indent=2))
        if given.only_alpha:
            return
        rounds = [(peer(paths), ours(paths)) for _ in range(given.rounds)]
        ratio = median(alone / mine.seconds for alone, mine in rounds)
        quarter = ours(paths[::4]).peak
    alpha = {
        "pictures": len(paths),
        "cores": JOBS,
        "pictures_a_second": round(len(paths) / median(mine.seconds for _, mine in rounds), 1),
        "pillow_alone_a_second": round(len(paths) / median(alone for alone, _ in rounds), 1),
        "share_of_pillow": round(ratio, 3),
        **({"against": compared} if compared else {}),
    }
    memory = {
        "pictures": len(paths),
        "peak_mib": median(mine.peak for _, mine in rounds),
        "quarter_peak_mib": quarter,
    }
    print(f"with alpha: {alpha['pictures_a_second']} a second, {ratio:.2f} of what Pillow alone encodes")
    print(f"memory: {memory['peak_mib']} MiB for {len(paths)}, {quarter} MiB for a quarter of them")
    photos = beyond_inference(photographs(given.photos))
    print(f"photographs: {photos['beyond_inference']:.1%} beyond the model's inference")
    print(write(given.json, {"benchmark": "ingest", "alpha": alpha, "memory": memory, "photos": photos}))


if __name__ == "__main__":
    main()
