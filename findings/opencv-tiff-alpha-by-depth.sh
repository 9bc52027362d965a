#!/bin/sh
# OpenCV 5.0.0: colours of a transparent TIFF are multiplied by alpha if it has 8 bits a sample, and are not if it has 16.
#
# Both files say "unassociated alpha": straight colours. IMREAD_UNCHANGED of the 8-bit one gives red 127 where the file has 255 under alpha
# 127; of the 16-bit one 65535 under 32767, as stored. A program that tells the two apart by nothing darkens edges, or does not.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 tifffile==2026.3.3 opencv-python-headless==5.0.0.93
"$folder/venv/bin/python" - <<'PY'
import io
import cv2
import numpy as np
import tifffile

seen = {}
for depth, top in ((np.uint8, 255), (np.uint16, 65535)):
    pixels = np.zeros((8, 8, 4), depth)
    pixels[..., 0], pixels[..., 3] = top, top // 2
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, photometric="rgb", extrasamples=["unassalpha"])
    found = cv2.imdecode(np.frombuffer(file.getvalue(), np.uint8), cv2.IMREAD_UNCHANGED)[0, 0]
    seen[top] = (int(found[2]), int(found[3]))
    print(f"{top.bit_length()} bits: stored red {top}, alpha {top // 2}; read red {found[2]}, alpha {found[3]}")
assert seen == {255: (127, 127), 65535: (65535, 32767)}, "changed"
PY
