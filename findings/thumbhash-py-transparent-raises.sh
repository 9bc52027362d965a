#!/bin/sh
# thumbhash 0.1.2 (PyPI): the hash of any picture with a transparent pixel raises TypeError.
#
# The alpha channel's mean is kept as a tuple of one, and rounding a tuple is an error: "type tuple doesn't define __round__ method".
# The same picture without transparency has a hash. The package `thumbhash-python`, which installs a module of the same name (so the
# two overwrite each other), hashes both.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for package in thumbhash==0.1.2 thumbhash-python==1.0.1; do
    name=${package%%==*}
    python3 -m venv "$folder/$name"
    "$folder/$name/bin/pip" install -q --disable-pip-version-check "$package"
done
cat >"$folder/pixels.py" <<'PY'
def pixels(clear):
    """A gradient of 20x20, one pixel of it transparent or none."""
    made = []
    for n in range(400):
        made += [n % 20 * 12, n // 20 * 12, 128, 0 if clear and n == 0 else 255]
    return made
PY
cd "$folder"
PYTHONPATH=. thumbhash/bin/python - <<'PY'
from pixels import pixels
from thumbhash import rgba_to_thumb_hash

print("thumbhash, opaque:", bytes(rgba_to_thumb_hash(20, 20, pixels(False))).hex())
try:
    rgba_to_thumb_hash(20, 20, pixels(True))
except TypeError as error:
    print("thumbhash, one transparent pixel: TypeError:", error)
    assert "__round__" in str(error)
else:
    raise SystemExit("changed: a transparent picture has a hash")
PY
PYTHONPATH=. thumbhash-python/bin/python - <<'PY'
from pixels import pixels
from thumbhash.encode import rgba_to_thumbhash

print("thumbhash-python, one transparent pixel:", rgba_to_thumbhash(20, 20, pixels(True)).hex())
PY
