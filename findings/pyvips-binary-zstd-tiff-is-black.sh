#!/bin/sh
# pyvips-binary 8.18.7: a TIFF packed with Zstandard or LZMA is read as a black picture, without an error.
#
# The libtiff in the package has neither codec. Reading starts (the header is fine), each strip fails, and by default libvips fills
# what it could not read with zeros. With `fail_on="error"` it raises. Pillow 13.0.0 reads both; OpenCV 5.0.0 refuses both.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pillow==13.0.0 numpy==2.4.6 tifffile==2026.3.3 imagecodecs==2026.3.6 \
    opencv-python-headless==5.0.0.93 pyvips==3.2.0 pyvips-binary==8.18.7
"$folder/venv/bin/python" - 2>/dev/null <<'PY'
import io
import cv2
import numpy as np
import pyvips
import tifffile
from PIL import Image

wanted = np.random.default_rng(1).integers(1, 256, (16, 16, 3), dtype=np.uint8)
for compression in ("zlib", "zstd", "lzma"):
    file = io.BytesIO()
    tifffile.imwrite(file, wanted, photometric="rgb", compression=compression)
    data = file.getvalue()
    vips = pyvips.Image.new_from_buffer(data, "").numpy()
    try:
        pyvips.Image.new_from_buffer(data, "", fail_on="error").numpy()
        strict = "reads"
    except pyvips.Error:
        strict = "raises"
    opencv = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    pillow = bool((np.asarray(Image.open(io.BytesIO(data))) == wanted).all())
    print(f"{compression}: libvips brightest sample {vips.max()} of {wanted.max()}, strict: {strict}; OpenCV {'refuses' if opencv is None else 'reads'}; Pillow {'right' if pillow else 'wrong'}")
    packed = compression != "zlib"
    assert (vips.max() == 0) == packed and (strict == "raises") == packed and (opencv is None) == packed and pillow, "changed"
PY
