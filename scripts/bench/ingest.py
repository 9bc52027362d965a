"""Speed and memory of ingest.

1. Pictures that already have alpha, against Pillow alone: a process pool on all cores that opens each file, converts it to RGBA
   and encodes it as lossless WebP with the settings of `haac_repo.encode`, storing nothing. Both in turn, in one run, the start of
   processes included on both sides.
2. Photographs through a model: what ingest takes beyond the model's own inference, on one core.
3. Peak memory (parent and the largest worker) over 1x and 4x as many pictures.

    python -m scripts.bench.ingest --alpha FOLDER --photos FOLDER

Without folders, pictures are drawn for it.
"""

import argparse
import io
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

from PIL import Image

from haac._internal import DrawnElements
from haac_repo._pixels import effort
from scripts.bench.record import cores, write

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


def ours(paths: Sequence[str], *options: str) -> tuple[float, int]:
    """Seconds of `haac ingest`, and its peak memory in MiB: itself plus its largest worker."""
    with tempfile.TemporaryDirectory() as folder:
        haac = [sys.executable, "-c", MEASURED]
        subprocess.run([*haac, "init", "-q", "--repo", f"{folder}/repo"], check=True, capture_output=True)
        start = time.perf_counter()
        run = subprocess.run(
            [*haac, "ingest", "-q", "--repo", f"{folder}/repo", *options, *paths],
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - start
    if run.returncode:
        raise SystemExit(run.stdout + run.stderr)
    return seconds, int(run.stderr.split()[-1])


MEASURED = """
import resource, sys
from haac._cli.main import _run
if __name__ == "__main__":
    code = _run(sys.argv[1:])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(peak // 1024, file=sys.stderr)
    sys.exit(code)
"""


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
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, default=Path("ingest"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = (
            [str(p) for p in sorted(given.alpha.glob("*.png"))] if given.alpha else drawn(Path(folder), 2000)
        )
        rounds = [(peer(paths), *ours(paths)) for _ in range(given.rounds)]
        ratio = median(alone / mine for alone, mine, _ in rounds)
        quarter = ours(paths[::4])[1]
    alpha = {
        "pictures": len(paths),
        "cores": JOBS,
        "pictures_a_second": round(len(paths) / median(mine for _, mine, _ in rounds), 1),
        "pillow_alone_a_second": round(len(paths) / median(alone for alone, _, _ in rounds), 1),
        "share_of_pillow": round(ratio, 3),
    }
    memory = {
        "pictures": len(paths),
        "peak_mib": median(peak for _, _, peak in rounds),
        "quarter_peak_mib": quarter,
    }
    print(f"with alpha: {alpha['pictures_a_second']} a second, {ratio:.2f} of what Pillow alone encodes")
    print(f"memory: {memory['peak_mib']} MiB for {len(paths)}, {quarter} MiB for a quarter of them")
    photos = beyond_inference(photographs(given.photos))
    print(f"photographs: {photos['beyond_inference']:.1%} beyond the model's inference")
    print(write(given.json, {"benchmark": "ingest", "alpha": alpha, "memory": memory, "photos": photos}))


if __name__ == "__main__":
    main()
