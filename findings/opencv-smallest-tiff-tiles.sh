#!/bin/sh
# OpenCV 5.0.0: an uncompressed TIFF in tiles of 16x16, the smallest that TIFF allows, is not read; tiles of 32x32 are.
#
# `imdecode` gives None and logs "Invalid tile byte count for tile 0. Expected 256, got 1024". The file is in order: four tiles
# of 256 bytes, as TileByteCounts says. Pillow 13.0.0 and libvips 8.18.7 read both.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pillow==13.0.0 numpy==2.4.6 tifffile==2026.3.3 \
    opencv-python-headless==5.0.0.93 pyvips==3.2.0 pyvips-binary==8.18.7
"$folder/venv/bin/python" - 2>/dev/null <<'PY'
import io
import cv2
import numpy as np
import pyvips
import tifffile
from PIL import Image

wanted = np.random.default_rng(2).integers(0, 256, (64, 64), dtype=np.uint8)
for side in (16, 32):
    file = io.BytesIO()
    tifffile.imwrite(file, wanted, tile=(side, side))
    data = file.getvalue()
    counts = tifffile.TiffFile(io.BytesIO(data)).pages[0].tags["TileByteCounts"].value
    assert set(counts) == {side * side}
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    others = [np.asarray(Image.open(io.BytesIO(data))), pyvips.Image.new_from_buffer(data, "").numpy()]
    print(f"tiles of {side}: OpenCV {'None' if found is None else found.shape}, Pillow and libvips right: {all((o == wanted).all() for o in others)}")
    assert (found is None) == (side == 16), "changed"
    assert all((other == wanted).all() for other in others)
PY
