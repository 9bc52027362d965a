#!/bin/sh
# obstore 0.12.1: AWS_ENDPOINT_URL_S3 in the environment goes before the `endpoint` that the program gives.
#
# `S3Store("b", config={"endpoint": E})` sends its requests to the server that AWS_ENDPOINT_URL_S3 names, not to E, and so does the key
# `aws_endpoint_url`; only the key `aws_endpoint_url_s3` is as strong as the variable. A program whose user names a server by an option
# talks to another one, without a word. Two servers on loopback say here which of them was asked.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check obstore==0.12.1
"$folder/venv/bin/python" - <<'PY'
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

asked = []


def server(name):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(name)
            self.send_response(200)
            self.send_header("Content-Length", "1")
            self.send_header("ETag", '"1"')
            self.send_header("Last-Modified", "Sun, 29 Nov 2026 00:00:00 GMT")
            self.end_headers()
            self.wfile.write(b"x")

        def log_message(self, *_):
            pass

    made = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{made.server_port}"


given, environment = server("the one that was given"), server("the one of the environment")
os.environ |= {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL_S3": environment}

import obstore
from obstore.store import S3Store

found = {}
for keys in (("endpoint",), ("aws_endpoint_url",), ("endpoint", "aws_endpoint_url_s3")):
    config = dict.fromkeys(keys, given) | {"region": "us-east-1"}
    obstore.get(S3Store("b", config=config, client_options={"allow_http": True}), "file").bytes()
    found[" and ".join(keys)] = asked[-1]
for keys, name in found.items():
    print(f"config {keys}: asked {name}")
assert list(found.values()) == ["the one of the environment"] * 2 + ["the one that was given"], found
PY
