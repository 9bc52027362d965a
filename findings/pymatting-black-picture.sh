#!/bin/sh
# PyMatting 1.1.16: closed-form foreground estimation of an all-black picture "did not converge".
#
# Of a black picture the right side of the equations is zero, and so is the solution; conjugate gradients divide 0 by 0 in the first step and raise
# after 10,000. One black plane in a batch of photographs ends the run. A grey picture, and the multi-level method on the black one, are fine.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pymatting==1.1.16 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
from pymatting import estimate_foreground_cf, estimate_foreground_ml

alpha = np.linspace(0, 1, 32)[None].repeat(32, axis=0)
seen = {}
for name, level in (("black", 0.0), ("grey", 0.5)):
    for estimate in (estimate_foreground_cf, estimate_foreground_ml):
        try:
            found = f"{estimate(np.full((32, 32, 3), level), alpha).mean():.3f}"
        except ValueError as error:
            found = str(error)
        seen[name, estimate.__name__] = found
        print(f"{name}, {estimate.__name__}: {found}")
assert "did not converge" in seen["black", "estimate_foreground_cf"], "changed"
assert [seen["black", "estimate_foreground_ml"], seen["grey", "estimate_foreground_cf"]] == ["0.000", "0.500"]
PY
