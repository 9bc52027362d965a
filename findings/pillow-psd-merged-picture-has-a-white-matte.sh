#!/bin/sh
# Pillow 13.0.0: the merged picture of a PSD document with transparency is opened with white mixed into its colours.
#
# Photoshop stores the merged picture over a white matte, beside its alpha, and so do writers that follow it (here ag-psd 31.0.2). Colours
# have to be taken out of the matte: (v - 255 (1 - a)) / a. psd-tools does so, as well as 8 bits allow. Pillow hands them out as they are stored, as mode RGBA: a
# blue-green at alpha 115 comes out as a pale green, and a cut-out with soft edges has a white seam on any background that is not white.
# Needs node and npm.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check pillow==13.0.0 psd-tools==1.26.0
npm install --silent --no-save --prefix . ag-psd@31.0.2 >/dev/null
cat >write.cjs <<'JS'
const fs = require("node:fs");
const { initializeCanvas, writePsdBuffer } = require("ag-psd");
const make = (width, height) => ({ width, height, data: new Uint8ClampedArray(width * height * 4) });
initializeCanvas(() => { throw new Error("no canvas is needed"); }, make);
const imageData = make(8, 8);
for (let n = 0; n < 64; n++) imageData.data.set([0, 140, 150, n % 2 ? 255 : 115], 4 * n);
const layer = { name: "layer", left: 0, top: 0, imageData };
fs.writeFileSync("made.psd", writePsdBuffer({ width: 8, height: 8, imageData, children: [layer] }));
JS
node write.cjs
cat >read.py <<'PY'
from PIL import Image
from psd_tools import PSDImage

with Image.open("made.psd") as picture:
    print("Pillow:", picture.mode, picture.getpixel((0, 0)), picture.getpixel((1, 0)))
document = PSDImage.open("made.psd")
merged = document.topil()
print("psd-tools:", merged.mode, merged.getpixel((0, 0)), merged.getpixel((1, 0)))
print("its layer:", document[0].topil().getpixel((0, 0)))
PY
venv/bin/python read.py | tee out.txt
cat >expected.txt <<'OUT'
Pillow: RGBA (140, 203, 207, 115) (0, 140, 150, 255)
psd-tools: RGBA (0, 139, 148, 115) (0, 140, 150, 255)
its layer: (0, 140, 150, 115)
OUT
cmp -s out.txt expected.txt || { echo "changed"; exit 1; }
