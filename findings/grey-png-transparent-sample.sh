#!/bin/sh
# Pillow 13.0.0 and OpenCV 5.0.0: the transparent grey of a 2-bit or 4-bit PNG (tRNS) is lost.
#
# Pillow scales the samples to 0...255 but keeps the raw sample number in `info["transparency"]`, so `convert("RGBA")` finds no pixel of it: all opaque.
# Of 8 bits it is right. OpenCV drops tRNS of grey pictures of any depth, with IMREAD_UNCHANGED too. libvips 8.18.7 is right.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pillow==13.0.0 numpy==2.4.6 opencv-python-headless==5.0.0.93 pyvips==3.2.0 pyvips-binary==8.18.7
"$folder/venv/bin/python" - <<'PY'
import io
import struct
import zlib
import cv2
import numpy as np
import pyvips
from PIL import Image


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def ramp(bits, clear):
    """All greys in a row, one of them transparent."""
    text = "".join(f"{grey:0{bits}b}" for grey in range(2**bits))
    row = bytes(int(text[at : at + 8], 2) for at in range(0, len(text), 8))
    header = struct.pack(">IIBBBBB", 2**bits, 1, bits, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"tRNS", struct.pack(">H", clear)) + chunk(b"IDAT", zlib.compress(b"\0" + row)) + chunk(b"IEND", b"")


for bits, clear in ((2, 1), (4, 5), (8, 200)):
    data = ramp(bits, clear)
    pillow = np.flatnonzero(np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))[0, :, 3] == 0).tolist()
    vips = np.flatnonzero(pyvips.Image.new_from_buffer(data, "").numpy()[0, :, -1] == 0).tolist()
    opencv = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    print(f"{bits} bits, grey {clear} is transparent: Pillow {pillow}, libvips {vips}, OpenCV's shape {opencv.shape}")
    assert vips == [clear] and opencv.ndim == 2, "changed"
    assert pillow == ([] if bits < 8 else [clear]), "changed"
PY
