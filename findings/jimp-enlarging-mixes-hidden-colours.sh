#!/bin/sh
# jimp 1.6.1 (npm): `resize` weights colours by alpha when it makes a picture smaller, and does not when it makes it larger.
#
# A picture of 8x8 whose left half is opaque red, its right half transparent (with green hidden under alpha 0). Made 5 wide, the edge is
# red at half alpha, as it should be: 255,0,0,128. Made 16 wide, the same call mixes the hidden green in: 213,43,0,213 and 85,170,0,85, a
# green seam around every cut-out; with black under alpha 0 it is a dark one. Only the mode that is used when none is named
# knows alpha at all: `bicubicInterpolation` gives 127,127,0,127.
# Needs node and npm.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-save --prefix . jimp@1.6.1 >/dev/null
cat >resize.mjs <<'JS'
import { Jimp } from "jimp";
const pixels = Buffer.alloc(8 * 8 * 4);
for (let n = 0; n < 64; n++) pixels.set(n % 8 < 4 ? [255, 0, 0, 255] : [0, 255, 0, 0], 4 * n);
function seam(side, mode) {
  const picture = new Jimp({ width: 8, height: 8, data: Buffer.from(pixels) });
  picture.resize({ w: side, h: side, mode });
  const row = Array.from({ length: side }, (_, x) => [...picture.bitmap.data.subarray((2 * side + x) * 4, (2 * side + x) * 4 + 4)]);
  return row.filter((pixel) => pixel[3] > 0 && pixel[3] < 255).join(" ");
}
console.log(`smaller: ${seam(5)}`);
console.log(`larger: ${seam(16)}`);
console.log(`larger, bicubic: ${seam(16, "bicubicInterpolation")}`);
JS
node resize.mjs | tee out.txt
cat >expected.txt <<'OUT'
smaller: 255,0,0,128
larger: 213,43,0,213 85,170,0,85
larger, bicubic: 239,15,0,239 127,127,0,127 15,239,0,15
OUT
cmp -s out.txt expected.txt || { echo "changed"; exit 1; }
