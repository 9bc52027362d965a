"""The reader against the truth, libvips and OpenCV, over generated files of every kind, and over a folder of real ones.

    .venv/bin/python -m pip install --group readers
    python -m scripts.check.readers
    python -m scripts.check.readers --folder PICTURES --list

What was generated must come out as it was meant. Each difference between haac and another reader must have a reason, named in
`reasons.py` and explained in docs/formats.md under the same name; without one, or with a reason that nothing needs, the exit code is 1.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from haac._internal import read_picture
from scripts.benchmark.record import write
from scripts.check.readers import others, peers, png, tiff
from scripts.check.readers.case import Case, Samples
from scripts.check.readers.reasons import REASONS, reason_for

Reader = Callable[[bytes], Samples]
PEERS: dict[str, Reader] = {"libvips": peers.vips, "opencv": peers.opencv}
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "formats.md"


def haac(data: bytes) -> Samples:
    """Read by haac."""
    return np.asarray(read_picture(data).image)


def attempted(read: Reader, data: bytes) -> Samples | str:
    """The pixels, or why there are none."""
    try:
        return read(data)
    except Exception as error:  # readers raise what they like
        text = str(error).strip().splitlines()
        return (text[0] if text else type(error).__name__)[:100]


def difference(ours: Samples | str, other: Samples | str, tolerance: float, lossy: bool) -> str:
    """What differs: empty if nothing does."""
    if isinstance(ours, str) or isinstance(other, str):
        both = isinstance(ours, str) and isinstance(other, str)
        return "" if both else "refused" if isinstance(ours, str) else "refuses"
    if ours.shape != other.shape:
        return "size"
    apart = np.abs(ours.astype(int) - other)
    if apart[..., 3].max() > (2 if lossy else 1):
        return "alpha"
    # Weighed by alpha: where little is to be seen, many colours look the same.
    colour = apart[..., :3] * (ours[..., 3:] / 255)
    most = 0 if not colour.size else colour.mean() if lossy else colour.max()
    return "colour" if most > tolerance else ""


SUFFIXES = {
    ".png",
    ".jpg",
    ".jpeg",
    ".tif",
    ".tiff",
    ".gif",
    ".bmp",
    ".webp",
    ".avif",
    ".heic",
    ".jxl",
    ".dng",
    ".psd",
}


def real(folder: Path) -> Iterator[Case]:
    """Files of a folder. Nobody knows how they should look: their truth is what haac gives."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix.lower() in SUFFIXES:
            data = path.read_bytes()
            ours = attempted(haac, data)
            lossy = path.suffix.lower() not in {".png", ".gif", ".bmp"}
            truth = np.zeros((1, 1, 4), np.uint8) if isinstance(ours, str) else ours
            tags = facts(data) | ({"named"} if isinstance(ours, str) and " read" in ours else set())
            yield Case(
                path.name, path.suffix[1:].upper(), data, truth, frozenset(tags | {"real"}), 2.0, lossy
            )


def facts(data: bytes) -> set[str]:
    """What may be special about a file."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            found = {"cmyk"} if image.mode == "CMYK" else set()
            if profile := image.info.get("icc_profile"):
                found |= {"profile", *(["odd-profile"] if int.from_bytes(profile[64:68], "big") > 3 else [])}
            exif = image.getexif()
            return (
                found
                | ({"exif"} if exif.get(0x0112, 1) != 1 else set())
                | ({"tRNS"} if "transparency" in image.info else set())
            )
    except Exception:  # Pillow knows it not
        return {"rare-tiff"} if data[:2] in (b"II", b"MM") else set()


def judged(cases: list[Case], *, listed: bool) -> tuple[list[str], Counter[tuple[str, str, str]]]:
    """What is wrong, and how often what was found: by format, peer and reason ("" where they agree)."""
    wrong: list[str] = []
    found: Counter[tuple[str, str, str]] = Counter()
    for case in cases:
        ours = attempted(haac, case.data)
        why = "" if "real" in case.tags else difference(ours, case.truth, case.tolerance, case.lossy)
        if why:
            wrong.append(
                f"{case.format} {case.name}: haac is wrong ({why}: {ours if isinstance(ours, str) else ''})"
            )
        for name, read in PEERS.items():
            other = attempted(read, case.data)
            what = difference(ours, other, max(case.tolerance, 2.0), case.lossy)
            key = reason_for(case, name, what) if what else ""
            if what and not key:
                wrong.append(
                    f"{case.format} {case.name}: {name} differs, no reason ({what}: {other if isinstance(other, str) else ''})"
                )
            found[case.format, name, key] += 1
            if listed and what:
                print(f"{case.format} {case.name}: {name}: {what}: {key or '?'}")
    return wrong, found


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, help="real pictures too")
    parser.add_argument("--list", action="store_true", help="print every difference")
    parser.add_argument("--write", action="store_true", help="write benchmarks/reader_peers.json")
    args = parser.parse_args()
    generated = [*png.cases(), *tiff.cases(), *others.cases()]
    wrong, found = judged(generated, listed=args.list)
    text = DOCUMENT.read_text("utf-8")
    used = {key for _, _, key in found if key}
    wrong += [f"docs/formats.md does not explain {key!r}" for key in sorted(used) if f"`{key}`" not in text]
    wrong += [f"the reason {key!r} is needed by no file" for key in sorted(REASONS.keys() - used)]
    if args.folder:
        pictures = list(real(args.folder))
        more, others_found = judged(pictures, listed=args.list)
        wrong += more
        used |= {key for _, _, key in others_found if key}
        print(
            f"{len(pictures)} real files, {sum(n for (_, _, key), n in others_found.items() if key)} differences with a reason"
        )
    for line in wrong:
        print(line, file=sys.stderr)
    rows = [
        {"format": form, "reader": peer, "reason": key, "files": count}
        for (form, peer, key), count in sorted(found.items())
    ]
    differing = sum(row["files"] for row in rows if row["reason"])  # type: ignore[misc]
    print(f"{len(generated)} generated files, {differing} differences with a reason, {len(wrong)} problems")
    if args.write and not wrong:
        write("reader_peers", {"files": len(generated), "versions": peers.versions(), "rows": rows})
    return 1 if wrong else 0


if __name__ == "__main__":
    os.environ.setdefault("VIPS_WARNING", "0")
    sys.exit(main())
