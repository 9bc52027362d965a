#!/bin/sh
# psd-tools 1.26.0: a group that was given a pixel mask is saved as a document that psd-tools itself cannot open.
#
# `Group.create_mask` and `save` raise nothing. Opened again, the channels of the group are read from the wrong place, and what is met
# there as the number of a compression is none: "ValueError: 57600 is not a valid Compression". The same mask on a pixel layer comes back.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check psd-tools==1.26.0 pillow==13.0.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import io
from PIL import Image
from psd_tools import PSDImage

mask = Image.new("L", (32, 32), 0)
mask.paste(255, (0, 0, 8, 8))


def saved(on_group: bool) -> io.BytesIO:
    document = PSDImage.new("RGBA", (32, 32))
    layer = document.create_pixel_layer(Image.new("RGB", (32, 32), "red"), name="red")
    group = document.create_group([layer], name="group")
    (group if on_group else layer).create_mask(mask, 0, 0)
    file = io.BytesIO()
    document.save(file)
    file.seek(0)
    return file


layer = PSDImage.open(saved(on_group=False))[0][0]
print("mask of a layer, read back:", layer.mask.topil().size, layer.mask.topil().getpixel((2, 2)))
assert layer.mask.topil().tobytes() == mask.tobytes()
try:
    PSDImage.open(saved(on_group=True))
except ValueError as error:
    print("mask of a group:", f"ValueError: {error}")
    assert "is not a valid Compression" in str(error), "changed: another error"
else:
    raise SystemExit("changed: a group with a mask is read back")
PY
