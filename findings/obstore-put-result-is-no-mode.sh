#!/bin/sh
# obstore 0.12.1: what `put` returns cannot be handed back as the condition of the next `put`.
#
# `put` answers with {'e_tag': ..., 'version': None} from a store that keeps no versions, and `mode=` takes "an update version" of
# the same two keys for compare-and-swap. Handing the answer back raises TypeError: "'None' is not an instance of 'str'". Only without
# the key `version` does it work. So a compare-and-swap written for a bucket with versions fails at the first bucket without.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check obstore==0.12.1
"$folder/venv/bin/python" - <<'PY'
import obstore
from obstore.store import MemoryStore

store = MemoryStore()
first = obstore.put(store, "head", b"1")
print("put returns:", first)
assert first == {"e_tag": '"0"', "version": None}
try:
    obstore.put(store, "head", b"2", mode=first)
except TypeError as error:
    print("as the next mode:", type(error).__name__, error)
else:
    raise SystemExit("changed: the result of put is taken as a mode")
second = obstore.put(store, "head", b"2", mode={"e_tag": first["e_tag"]})
print("without `version`:", second)
assert bytes(obstore.get(store, "head").bytes()) == b"2"
PY
