#!/bin/sh
# Pillow 13.0.0 and OpenCV 5.0.0: an RGB TIFF of 16 bits with separate planes gives wrong pixels, without an error.
#
# Pillow takes the uncompressed planes for 8-bit ones; compressed, the same picture is right (cut to 8 bits). OpenCV is the other way
# round: IMREAD_UNCHANGED gives wrong samples whether it is compressed or not, IMREAD_COLOR and 8-bit planes are right. libvips 8.18.7 is
# right in all cases. tifffile writes such files for arrays of shape (3, height, width).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pillow==13.0.0 numpy==2.4.6 tifffile==2026.3.3 \
    opencv-python-headless==5.0.0.93 pyvips==3.2.0 pyvips-binary==8.18.7
"$folder/venv/bin/python" - <<'PY'
import io
import cv2
import numpy as np
import pyvips
import tifffile
from PIL import Image

wanted = np.random.default_rng(1).integers(0, 65536, (16, 16, 3), dtype=np.uint16)
right = {}
for compression in (None, "zlib"):
    file = io.BytesIO()
    tifffile.imwrite(file, wanted.transpose(2, 0, 1), photometric="rgb", planarconfig="separate", compression=compression)
    data = file.getvalue()
    whole, colour = (cv2.imdecode(np.frombuffer(data, np.uint8), how)[..., ::-1] for how in (cv2.IMREAD_UNCHANGED, cv2.IMREAD_COLOR))
    seen = {
        "libvips": (pyvips.Image.new_from_buffer(data, "").numpy(), wanted),
        "Pillow": (np.asarray(Image.open(io.BytesIO(data))), wanted >> 8),
        "OpenCV, unchanged": (whole, wanted),
        "OpenCV, colour": (colour, wanted >> 8),
    }
    for name, (found, asked) in seen.items():
        off = int(np.abs(found.astype(int) - asked).max())
        right[name, compression] = off <= 1
        print(f"{compression or 'uncompressed':12} {name:18} largest difference {off}")
wrong = {key for key, good in right.items() if not good}
assert wrong == {("Pillow", None), ("OpenCV, unchanged", None), ("OpenCV, unchanged", "zlib")}, f"changed: {wrong}"
PY
