"""Layered files: how well recipes show real Photoshop documents, and what an import takes beside psd-tools' own reading.

    python -m scripts.benchmark.layers FOLDER
    python -m scripts.benchmark.layers              # the large document alone; other figures stay as they are

FOLDER holds .psd and .psb files, such as those of psd-tools' own tests; none is committed. Where a recipe is below 40 dB beside the picture
that the file has of itself, psd-tools' own compositor is compared with that picture too: where it is below as well, the file has what
psd-tools does not draw.
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from scripts.benchmark.record import file_of, write

SIDE, HEIGHT, LAYERS = 4000, 3000, 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--out", default="layers")
    arguments = parser.parse_args()
    logging.disable(logging.ERROR)
    warnings.simplefilter("ignore")
    if arguments.folder is None:
        known = json.loads(file_of(arguments.out).read_text("utf-8"))
        del known["machine"]
        write(arguments.out, {**known, "large": large()})
        return
    files = sorted(path for path in arguments.folder.rglob("*") if path.suffix.lower() in (".psd", ".psb"))
    rows = [judged(path, arguments.folder) for path in files]
    plain = [row for row in rows if row["mode"] == "RGB 8" and row["psnr"] is not None]
    good = [row for row in plain if row["psnr"] >= 40]
    payload = {
        "files": len(rows),
        "tracebacks": sum(row["error"].startswith("traceback") for row in rows),
        "refused": [row for row in rows if row["error"]],
        "rgb_8": len(plain),
        "rgb_8_at_40_db": len(good),
        "below": [row for row in rows if row["psnr"] is not None and row["psnr"] < 40],
        "large": large(),
    }
    print(json.dumps({k: v for k, v in payload.items() if k not in ("below", "refused")}, indent=1))
    write(arguments.out, payload)


def judged(path: Path, folder: Path) -> dict[str, Any]:
    """Read, flatten and draw one file."""
    from haac_layers import flatten, read_document
    from haac_pipeline._ingest.from_layers import compare, drawn
    from haac_repo import HaacError

    data = path.read_bytes()
    modes = {
        0: "bitmap",
        1: "grey",
        2: "indexed",
        3: "RGB",
        4: "CMYK",
        7: "multichannel",
        8: "duotone",
        9: "Lab",
    }
    mode = f"{modes.get(data[25])} {data[23]}" if len(data) > 26 else ""
    row: dict[str, Any] = {"file": str(path.relative_to(folder)), "mode": mode, "psnr": None, "error": ""}
    try:
        document = read_document(data)
        flat = flatten(document)
        if document.merged is not None:
            row["psnr"] = round(compare(drawn(document, flat.layers), document.merged).psnr or 99.0, 2)
            if row["psnr"] < 40:
                row["psd_tools_psnr"] = own(path, document.merged)
                row["baked"] = sorted({each.what.partition(" (")[0] for each in flat.baked})
    except HaacError as error:
        row["error"] = str(error)
    except Exception as error:
        row["error"] = f"traceback: {error!r}"
    return row


def own(path: Path, merged: Image.Image) -> float | None:
    """PSNR of psd-tools' own compositor."""
    from psd_tools import PSDImage

    from haac_pipeline._ingest.from_layers import compare

    try:
        return round(
            compare(PSDImage.open(path).composite(force=True).convert("RGBA"), merged).psnr or 99.0, 2
        )
    except Exception:
        return None


_USED = """
used = time.perf_counter() - start, time.process_time() - worked
(peak,) = (line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(*used, peak)
"""
"""The peak is that of this program; `getrusage` tells its parent's, if that was larger when it began."""
READ = """
import sys, time
from psd_tools import PSDImage
start, worked = time.perf_counter(), time.process_time()
for layer in PSDImage.open(sys.argv[1]): layer.topil()
"""
HOLD = """
import sys, time
from psd_tools import PSDImage
start, worked = time.perf_counter(), time.process_time()
layers = [layer.topil() for layer in PSDImage.open(sys.argv[1])]
"""
IMPORT = """
import sys, time
from pathlib import Path
import psd_tools
from haac_repo import Repository
from haac_pipeline._ingest.from_layers import ImportSettings, import_layers
start, worked = time.perf_counter(), time.process_time()
with Repository.create(Path(sys.argv[2])) as repository:
    import_layers(repository, Path(sys.argv[1]), ImportSettings())
"""


def large() -> dict[str, Any]:
    """Import a document of our own beside psd-tools' reading of its layers; each in a process of its own.

    Processor seconds are those of all threads, and say more where other programs share the cores.
    """
    from haac import Layer, Scene, colour
    from haac_layers import write_psd

    rng = np.random.default_rng(1)
    pictures = []
    for n in range(LAYERS - 1):
        width, height = 400 + 60 * n, 300 + 45 * n
        small = Image.fromarray(rng.integers(0, 256, (12, 16, 4), dtype=np.uint8))
        pictures.append(small.resize((width, height), Image.Resampling.BICUBIC))

    class Source:
        def image(self, ref: int) -> Image.Image:
            return pictures[ref - 1]

    scene = Scene(SIDE, HEIGHT, background=colour("white"))
    for n in range(1, LAYERS):
        scene.layers.append(Layer(n, x=int(rng.integers(-200, 2000)), y=int(rng.integers(-200, 1500))))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "large.psd")
        start = time.perf_counter()
        write_psd(scene, Source(), path)
        wrote = time.perf_counter() - start
        done: dict[str, Any] = {"layers": LAYERS, "size": [SIDE, HEIGHT], "bytes": path.stat().st_size}
        done["write_seconds"] = round(wrote, 2)
        for name, code in (("psd_tools", READ), ("psd_tools_holding_all", HOLD), ("import", IMPORT)):
            ran = subprocess.run(
                [sys.executable, "-c", code + _USED, str(path), str(Path(folder, "repo"))],
                check=True,
                capture_output=True,
                text=True,
            )
            seconds, processor, peak = ran.stdout.split()[-3:]
            done[f"{name}_seconds"] = round(float(seconds), 2)
            done[f"{name}_processor_seconds"] = round(float(processor), 2)
            done[f"{name}_mb"] = round(int(peak) * 1024 / 1e6)
    done["times"] = round(done["import_seconds"] / done["psd_tools_seconds"], 2)
    done["processor_times"] = round(done["import_processor_seconds"] / done["psd_tools_processor_seconds"], 2)
    done["memory_holding_all"] = round(done["import_mb"] / done["psd_tools_holding_all_mb"], 2)
    done["memory"] = round(done["import_mb"] / done["psd_tools_mb"], 2)
    return done


if __name__ == "__main__":
    main()
