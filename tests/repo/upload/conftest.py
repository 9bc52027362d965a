"""An S3 server on loopback (moto), and destinations."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from haac._cli.main import _run
from haac_repo import Repository
from tests.repo.elements import element_of

BUCKET = "elements"
TARGET = f"s3://{BUCKET}/a/b"
Haac = Callable[..., tuple[int, str, str]]
"""Runs a command on `repository`: exit code, standard output, standard error."""


@dataclass
class Bucket:
    """What stands in the bucket, and every request that came."""

    endpoint: str
    requests: list[tuple[str, str]]
    """(method, path below the bucket) of each."""
    intercept: Callable[[str, str, dict[str, Any]], int | None]
    """Given method, path and environ of a request before it is answered; an HTTP status to refuse it with."""

    def url(self, prefix: str = "a/b") -> str:
        """Where it can be fetched without credentials."""
        return f"{self.endpoint}/{BUCKET}/{prefix}"

    def files(self, prefix: str = "a/b") -> dict[str, bytes]:
        """Everything below the prefix."""
        from moto.s3.models import s3_backends

        (account,) = s3_backends
        keys = s3_backends[account]["aws"].buckets[BUCKET].keys
        return {
            name.removeprefix(f"{prefix}/"): keys[name].value
            for name in keys
            if name.startswith(f"{prefix}/")
        }

    def sent(self) -> list[str]:
        """Paths of what was put or deleted since the last call, below the prefix."""
        done = [f"{method} {path.partition('/a/b/')[2]}" for method, path in self.requests if method != "GET"]
        self.requests.clear()
        return done


@pytest.fixture(scope="module")
def server() -> Iterator[Bucket]:
    pytest.importorskip("obstore", reason="pip install 'haac[s3]'")
    pytest.importorskip("moto.server", reason="pip install 'moto[s3,server]'")
    import threading

    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server
    from werkzeug.wrappers import Response

    bucket = Bucket("", [], lambda *_: None)
    app = DomainDispatcherApplication(create_backend_app)
    turn = threading.Lock()  # moto is not made for threads

    def watched(environ: dict[str, Any], start_response: Any) -> Any:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        environ["wsgi.input"] = io.BytesIO(
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        )
        bucket.requests.append((method, path))
        status = bucket.intercept(method, path, environ)
        if status is not None:
            body = f"<Error><Code>Refused{status}</Code><Message>as the test wants</Message></Error>"
            return Response(body, status)(environ, start_response)
        with turn:
            return list(app(environ, start_response))

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = make_server("127.0.0.1", port, watched, threaded=True)
    bucket.endpoint = f"http://127.0.0.1:{port}"
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield bucket
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def bucket(server: Bucket, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An empty bucket that everybody can read, and credentials for it in the environment."""
    import httpx

    for name in ("AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.endpoint)
    server.intercept = lambda *_: None
    httpx.post(f"{server.endpoint}/moto-api/reset").raise_for_status()
    httpx.put(f"{server.endpoint}/{BUCKET}", headers={"x-amz-acl": "public-read"}).raise_for_status()
    server.requests.clear()
    return server


@pytest.fixture
def filled(repository: Repository) -> Repository:
    """Nine elements in three packs, not published."""
    fill(repository, range(9))
    return repository


def fill(repository: Repository, seeds: range) -> None:
    with repository.writer() as writer:
        for seed in seeds:
            writer.add(element_of(seed, 16))
            if seed % 3 == 2:
                writer.seal()


@pytest.fixture
def haac(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, repository: Repository) -> Haac:
    monkeypatch.setenv("HAAC_REPO", str(repository.path))

    def run(*args: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = _run(args)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        assert "fault of haac" not in err
        return code, out, err

    return run
