#!/bin/sh
# resvg-py 0.5.0: an SVG whose size is in millimetres, inches or points has "an invalid size", unless `dpi` is given.
#
# Programs for print write width="25.4mm". The dots per inch default to 0 and not to the 96 of CSS, so every physical length is 0.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check resvg-py==0.5.0 pillow==13.0.0
"$folder/venv/bin/python" - <<'PY'
import io
import resvg_py
from PIL import Image

drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{0}" viewBox="0 0 9 9"><rect width="9" height="9" fill="red"/></svg>'


def size(length, **options):
    try:
        return Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=drawing.format(length), **options)))).size
    except ValueError as error:
        return str(error)


for length in ("96px", "25.4mm", "1in", "72pt"):
    plain, with_dpi = size(length), size(length, dpi=96)
    print(f"{length:7} {plain}; with dpi=96: {with_dpi}")
    assert with_dpi == (96, 96)
    assert plain == ((96, 96) if length == "96px" else "SVG has an invalid size"), "changed"
PY
