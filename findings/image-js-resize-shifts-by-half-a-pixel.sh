#!/bin/sh
# image-js 1.7.0 (npm): `resize` moves the picture by half a pixel of the result, to the right and down.
#
# A pixel's centre belongs at (x + 1/2) * factor - 1/2; the transform that `resize` builds puts it at x * factor + factor / 2. So an edge
# in the middle of 8 pixels comes to lie at 8.5 of 16, and a picture that is mirrored, resized and mirrored back is another one: the
# brighter half has 7 of 16 columns, or 8. It is the same when shrinking (3 of 4 columns touched by white on one side, 1 on the other),
# with bilinear and bicubic interpolation. Whoever locates an object in a resized copy and scales the place back is off by so much.
# Needs node and npm.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-save --prefix . image-js@1.7.0 >/dev/null
cat >resize.mjs <<'JS'
import { Image } from "image-js";
const edge = [0, 0, 0, 0, 255, 255, 255, 255];
function resized(row, side, interpolationType) {
  const data = Uint8Array.from({ length: 64 }, (_, n) => row[n % 8]);
  const picture = new Image(8, 8, { data, colorModel: "GREY" });
  return [...picture.resize({ width: side, height: side, interpolationType }).getRawImage().data.slice(side, 2 * side)];
}
for (const [side, type] of [[16, "bilinear"], [16, "bicubic"], [4, "bilinear"]]) {
  const straight = resized(edge, side, type);
  const mirrored = resized([...edge].reverse(), side, type).reverse();
  console.log(`${type} to ${side}: ${straight.join(" ")} | mirrored: ${mirrored.join(" ")}`);
}
JS
node resize.mjs | tee out.txt
cat >expected.txt <<'OUT'
bilinear to 16: 0 0 0 0 0 0 0 0 128 255 255 255 255 255 255 255 | mirrored: 0 0 0 0 0 0 0 128 255 255 255 255 255 255 255 255
bicubic to 16: 0 0 0 0 0 0 0 0 128 255 255 255 255 255 255 255 | mirrored: 0 0 0 0 0 0 0 128 255 255 255 255 255 255 255 255
bilinear to 4: 0 0 128 255 | mirrored: 0 128 255 255
OUT
cmp -s out.txt expected.txt || { echo "changed"; exit 1; }
