"""Asking a server, by a client that may break the rules."""

from __future__ import annotations

import http.client
import socket
from typing import Any

from haac_repo import Server


def url_of(server: Server | str) -> str:
    return server if isinstance(server, str) else server.url


def ask(server: Server | str, path: str, method: str = "GET", **headers: str) -> tuple[int, Any, bytes]:
    connection = http.client.HTTPConnection(url_of(server).removeprefix("http://"), timeout=10)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=named)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def raw(server: Server | str, request: bytes, *, ends: bool = False) -> bytes:
    """All that the server sends until it closes; `ends` says that nothing more will be asked."""
    host, port = url_of(server).removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while more := connection.recv(65536):
            received += more
    return received
