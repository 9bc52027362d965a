#!/bin/sh
# thumbhash-python 1.0.1 and thumbhash 0.1.1 (npm): other bytes, and another aspect ratio, for a 2:1 picture with alpha.
#
# The side of the grid that goes into the hash is a rounded number: 5 * 50 / 100 = 2.5 for a picture of 100x50 with alpha. Python rounds
# halves to even (2), JavaScript upwards (3). A page reads the ratio out of the hash to reserve room before the picture comes: 5:3 =
# 1.67 from the one, 5:2 = 2.5 from the other, for the same pixels (true: 2). Pictures of 1:1 give equal bytes.
# Needs node and npm.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check thumbhash-python==1.0.1
npm install --silent --no-save --prefix . thumbhash@0.1.1 >/dev/null
cat >hash.py <<'PY'
import sys
from thumbhash.encode import rgba_to_thumbhash

width, height = map(int, sys.argv[1:])
pixels = []
for y in range(height):
    for x in range(width):
        pixels += [x * 255 // (width - 1), y * 255 // (height - 1), 128, 0 if x < width // 4 else 255]
print(rgba_to_thumbhash(width, height, pixels).hex())
PY
cat >hash.mjs <<'JS'
import { rgbaToThumbHash, thumbHashToApproximateAspectRatio } from "thumbhash";
const [width, height, other] = [...process.argv.slice(2, 4).map(Number), process.argv[4]];
const pixels = [];
for (let y = 0; y < height; y++)
  for (let x = 0; x < width; x++)
    pixels.push(Math.floor((x * 255) / (width - 1)), Math.floor((y * 255) / (height - 1)), 128, x < Math.floor(width / 4) ? 0 : 255);
const hash = other ? Buffer.from(other, "hex") : rgbaToThumbHash(width, height, Uint8Array.from(pixels));
console.log(Buffer.from(hash).toString("hex"), thumbHashToApproximateAspectRatio(hash).toFixed(2));
JS
python=$(venv/bin/python hash.py 100 50)
ours=$(node hash.mjs 100 50)
theirs=$(node hash.mjs 100 50 "$python")
echo "100x50 with alpha, npm:    $ours"
echo "100x50 with alpha, Python: $theirs"
[ "${ours##* }" = 1.67 ] && [ "${theirs##* }" = 2.50 ] || { echo "changed: the ratios"; exit 1; }
square=$(venv/bin/python hash.py 100 100)
[ "$(node hash.mjs 100 100)" = "$square 1.00" ] || { echo "changed: squares differ too"; exit 1; }
echo "100x100 with alpha: equal, $square"
