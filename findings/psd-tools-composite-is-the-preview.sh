#!/bin/sh
# psd-tools 1.26.0: `composite()` of a document that was saved and opened again is the stored preview, without its transparency.
#
# Before saving, `composite()` draws the layers: blue of alpha 128. After saving and opening the same document, `composite()` answers
# with the merged picture that the file carries: mode RGB, opaque. `composite(force=True)` draws the layers again. So a program that
# turns files into transparent pictures works in its tests, which make their documents, and not on files.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check psd-tools==1.26.0 pillow==13.0.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import io
from PIL import Image
from psd_tools import PSDImage

document = PSDImage.new("RGB", (16, 16))
document.create_pixel_layer(Image.new("RGBA", (8, 8), (0, 0, 255, 255)), name="a", top=4, left=4, opacity=128)
file = io.BytesIO()
document.save(file)
file.seek(0)
again = PSDImage.open(file)
seen = {
    "made": document.composite(),
    "opened": again.composite(),
    "opened, forced": again.composite(force=True),
}
for name, image in seen.items():
    print(f"{name:>15}: {image.mode} {image.getpixel((8, 8))}")
assert seen["made"].getpixel((8, 8)) == (0, 0, 255, 128)
assert seen["opened"].mode == "RGB" and seen["opened"].getpixel((8, 8)) == (0, 0, 255), "changed"
assert seen["opened, forced"].getpixel((8, 8)) == (0, 0, 255, 128)
PY
