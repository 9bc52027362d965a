#!/bin/sh
# tuf 7.0.1: a refused connection is reported as `SlowRetrievalError` with an empty message.
#
# Nothing listens on the port, so the connection is refused at once; the updater raises the error that the specification keeps for a
# server that dribbles (a "slow retrieval attack"), and `str()` of it is ''. The reason is only in `__cause__`. A client that tells
# its user "the server is too slow, it may be attacking you" tells nonsense whenever a server is down.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check tuf==7.0.1 securesystemslib==1.6.0 cryptography==50.0.2
"$folder/venv/bin/python" - "$folder" <<'PY'
import socket
import sys
from datetime import datetime, timezone

from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import SlowRetrievalError
from tuf.api.metadata import Metadata, Root
from tuf.ngclient import Updater

signer = CryptoSigner.generate_ed25519()
root = Root(expires=datetime(2100, 1, 1, tzinfo=timezone.utc))
for role in ("root", "timestamp", "snapshot", "targets"):
    root.add_key(signer.public_key, role)
metadata = Metadata(root)
metadata.sign(signer)
with socket.socket() as free:  # bound, never listening: connections are refused
    free.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    updater = Updater(metadata_dir=sys.argv[1], metadata_base_url=url, bootstrap=metadata.to_bytes())
    try:
        updater.refresh()
    except SlowRetrievalError as error:
        print(f"{type(error).__name__}({str(error)!r}), caused by {type(error.__cause__).__name__}")
        assert str(error) == "" and "refused" in str(error.__cause__)
    else:
        raise SystemExit("changed: no error")
PY
