#!/bin/sh
# psd-tools 1.26.0: a transparent picture put into an "RGB" document comes back opaque from `topil()`.
#
# `create_pixel_layer` stores the alpha of an RGBA picture as a layer *mask*, not as the layer's transparency, and `topil()` leaves masks
# out: the pixels that were transparent come back with alpha 255, in the colour that nobody was meant to see. `composite()` of the
# layer applies the mask. Pillow 13.0.0, reading the same file, has no such layer at all in `layers`.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check psd-tools==1.26.0 pillow==13.0.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import io
from PIL import Image
from psd_tools import PSDImage

sticker = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
sticker.paste((0, 0, 255, 255), (2, 2, 6, 6))
document = PSDImage.new("RGB", (16, 16))
document.create_pixel_layer(Image.new("RGB", (8, 8), "green"), name="opaque", top=0, left=0)
document.create_pixel_layer(sticker, name="sticker", top=4, left=4)
file = io.BytesIO()
document.save(file)

file.seek(0)
layer = list(PSDImage.open(file))[1]
given, raw, shown = (image.getpixel((0, 0)) for image in (sticker, layer.topil(), layer.composite()))
print("corner given:", given, " topil():", raw, " composite():", shown, " has a mask:", layer.has_mask())
assert given == (255, 0, 0, 0)
assert raw == (255, 0, 0, 255), "changed: topil() is transparent"
assert shown[3] == 0 and layer.has_mask()

file.seek(0)
with Image.open(file) as image:
    image.load()
    names = [entry[0] for entry in image.layers]
print("layers that Pillow lists:", names, "of ['opaque', 'sticker']")
assert names == ["opaque"], "changed: Pillow lists layers with masks"
PY
