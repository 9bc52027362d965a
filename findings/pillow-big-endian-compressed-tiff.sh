#!/bin/sh
# Pillow 13.0.0: a big-endian TIFF of 32-bit floats or of signed 16-bit samples comes out byte-swapped if it is compressed.
#
# libtiff hands over decompressed samples in the machine's order; Pillow swaps them once more, since the file says big-endian. The same
# samples uncompressed, or in a little-endian file, are right. No error: floats from 0 to 1 become numbers like 4.6e-19.
# tifffile 2026.3.3 wrote the files and reads all of them back right.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pillow==13.0.0 numpy==2.4.6 tifffile==2026.3.3
"$folder/venv/bin/python" - <<'PY'
import io
import numpy as np
import tifffile
from PIL import Image

samples = {
    "float32": np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8),
    "int16": (np.arange(64, dtype=np.int16) * 100 - 3000).reshape(8, 8),
}
wrong = []
for name, wanted in samples.items():
    for order in "<>":
        for compression in (None, "zlib"):
            file = io.BytesIO()
            tifffile.imwrite(file, wanted, byteorder=order, compression=compression)
            assert (tifffile.imread(io.BytesIO(file.getvalue())) == wanted).all()
            seen = np.asarray(Image.open(io.BytesIO(file.getvalue())))
            right = bool((seen == wanted).all())
            print(f"{name:8} {'little' if order == '<' else 'big'}-endian, {compression or 'uncompressed'}:", "right" if right else f"wrong, {seen[0, 1:3]} for {wanted[0, 1:3]}")
            if not right:
                wrong.append((name, order, compression))
assert wrong == [("float32", ">", "zlib"), ("int16", ">", "zlib")], f"changed: {wrong}"
PY
