"""Memory and time of reading large pictures: the most that a process holds, the file's bytes included.

    python -m scripts.benchmark.readers
    python -m scripts.benchmark.readers --megapixels 12 50 --only WEBP

Each picture is read in a process of its own. The bound that the reader promises is 300 MB and 12 bytes a pixel.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from scripts.benchmark.record import write
from scripts.lib.profiles import rgb_profile

BASE_BYTES, BYTES_A_PIXEL = 300 * 10**6, 12
Samples = npt.NDArray[np.uint8]

READ = """
import sys, time, resource
from pathlib import Path
data = Path(sys.argv[1]).read_bytes()
{work}
start = time.process_time()
done = work(data)
took = time.process_time() - start
# Not ru_maxrss where it can be helped: Linux begins it at what the parent held when it started this process.
status = Path("/proc/self/status")
if status.exists():
    most = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) * 1024
else:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(most, took, *done)
"""
WORKS = {
    "read": "from haac_pipeline import read_picture\nwork = lambda data: read_picture(data).image.size",
    "blur": "from haac_pipeline import read_picture\nwork = lambda data: read_picture(data, at_least=1024).image.size",
    "ingest": (
        "from haac_pipeline import Cutting\nfrom haac_pipeline._ingest.worker import Task, make\n"
        "def work(data):\n    made = make(Task(data, Cutting(model='none'), None))\n    assert made.elements, made.refused\n"
        "    return made.elements[0].width, made.elements[0].height"
    ),
}


def picture(megapixels: float) -> Samples:
    """A photograph's kind of picture, (height, width, 3): smooth, with some noise; 3:2."""
    width = round((megapixels * 1e6 * 1.5) ** 0.5)
    height = round(width / 1.5)
    rng = np.random.default_rng(1)
    small = rng.integers(0, 256, (height // 64 + 2, width // 64 + 2, 3), dtype=np.uint8)
    made = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)).copy()
    noise = rng.integers(0, 9, (height, width), dtype=np.uint8)
    np.add(made, noise[..., None], out=made, where=made < 246)
    return made


def makers(made: Samples) -> dict[str, Callable[[], bytes]]:
    """What writes the files."""
    image = Image.fromarray(made)
    turned = Image.Exif()
    turned[0x0112] = 6

    def saved(kind: str, mode: str = "RGB", **options: object) -> bytes:
        file = io.BytesIO()
        image.convert(mode).save(file, kind, **options)
        return file.getvalue()

    def grey16() -> bytes:
        file = io.BytesIO()
        Image.fromarray(made[..., 0].astype(np.uint16) * 257).save(file, "PNG", compress_level=1)
        return file.getvalue()

    def floats() -> bytes:
        file = io.BytesIO()
        Image.fromarray(made[..., 0].astype(np.float32)).save(file, "TIFF")
        return file.getvalue()

    return {
        "JPEG": lambda: saved("JPEG", quality=85),
        "JPEG, progressive": lambda: saved("JPEG", quality=85, progressive=True),
        "JPEG, turned, with a profile": lambda: saved(
            "JPEG", quality=85, exif=turned, icc_profile=rgb_profile(1.0)
        ),
        "JPEG, CMYK": lambda: saved("JPEG", "CMYK", quality=85),
        "PNG": lambda: saved("PNG", compress_level=1),
        "PNG, alpha": lambda: saved("PNG", "RGBA", compress_level=1),
        "PNG, 16-bit grey": grey16,
        "WEBP": lambda: saved("WEBP", quality=80, method=0),
        "WEBP, lossless, alpha": lambda: saved("WEBP", "RGBA", lossless=True, quality=0, method=0),
        "AVIF": lambda: saved("AVIF", quality=60, speed=10),
        "TIFF, LZW": lambda: saved("TIFF", compression="tiff_lzw"),
        "TIFF, float": floats,
        "GIF": lambda: saved("GIF", "P"),
        "BMP": lambda: saved("BMP"),
    }


def measured(path: Path, work: str) -> dict[str, object]:
    """What one process took."""
    program = READ.format(work=WORKS[work])
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return {"refused": done.stderr.strip().splitlines()[-1]}
    most, took, width, height = done.stdout.split()
    return {"bytes": int(most), "seconds": round(float(took), 2), "width": int(width), "height": int(height)}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megapixels", type=float, nargs="+", default=[12, 50, 130])
    parser.add_argument("--only", default="")
    parser.add_argument("--output", default="readers")
    args = parser.parse_args()
    rows = []
    for megapixels in args.megapixels:
        made = picture(megapixels)
        pixels = made.shape[0] * made.shape[1]
        for name, make in makers(made).items():
            if not name.startswith(args.only):
                continue
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "picture")
                try:
                    path.write_bytes(make())
                except Exception as error:  # e.g. WebP has no more than 16,383 a side
                    print(f"{megapixels} {name}: not made: {error}")
                    continue
                for work in WORKS:
                    found = measured(path, work)
                    bound = BASE_BYTES + BYTES_A_PIXEL * pixels
                    row = {
                        "megapixels": megapixels,
                        "pixels": pixels,
                        "case": name,
                        "work": work,
                        "file_bytes": path.stat().st_size,
                    } | found
                    if "bytes" in found:
                        row["of_bound"] = round(int(str(found["bytes"])) / bound, 3)
                    rows.append(row)
                    print(json.dumps(row), flush=True)
    write(args.output, {"base_bytes": BASE_BYTES, "bytes_a_pixel": BYTES_A_PIXEL, "rows": rows})


if __name__ == "__main__":
    main()
