#!/bin/sh
# upng-js 2.1.0 (npm): the lossless PNG of a small picture of many colours is cut off, without an error.
#
# `UPNG.encode` writes into a buffer of as many bytes as the raw pixels have, and 100 more. A palette with alpha (made of up to 255 colours,
# also where all are opaque) takes 4 bytes a colour beside the chunks' own: an icon of 16x16 with 255 colours needs more, and what does
# not fit is lost: the last bytes of the pixels, and IEND. Signature and header are whole, so it is noticed only by who decodes the file:
# Pillow says that it is truncated, UPNG's own decoder ends with a TypeError. 196 colours fit; 256 have no palette, and fit too.
# Needs node and npm.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check pillow==12.1.0
npm install --silent --no-save --prefix . upng-js@2.1.0 >/dev/null
cat >write.cjs <<'JS'
const fs = require("node:fs");
const UPNG = require("upng-js");
const [side, colours] = process.argv.slice(2).map(Number);
const pixels = new Uint8Array(side * side * 4);
for (let n = 0; n < side * side; n++) pixels.set([n % colours & 255, (n % colours) >> 8, 9, 255], 4 * n);
fs.writeFileSync("made.png", Buffer.from(UPNG.encode([pixels.buffer], side, side, 0)));
let said = "equal";
try {
  const back = new Uint8Array(UPNG.toRGBA8(UPNG.decode(fs.readFileSync("made.png")))[0]);
  if (Buffer.compare(Buffer.from(back), Buffer.from(pixels))) said = "other pixels";
} catch (error) {
  said = error.constructor.name;
}
console.log(said);
JS
cat >read.py <<'PY'
from PIL import Image

try:
    with Image.open("made.png") as picture:
        picture.load()
    print("whole")
except OSError as error:
    print(error)
PY
check() {
    own=$(node write.cjs "$1" "$2")
    pillow=$(venv/bin/python read.py)
    echo "${1}x$1, $2 opaque colours: UPNG reads its own file: $own; Pillow: $pillow"
    [ "$own / $pillow" = "$3" ] || { echo "changed"; exit 1; }
}
check 16 196 "equal / whole"
check 16 255 "TypeError / image file is truncated"
check 16 256 "equal / whole"
check 64 255 "equal / whole"
