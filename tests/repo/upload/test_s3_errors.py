"""What is said of buckets that cannot be published to."""

from __future__ import annotations

import pytest

from tests.repo.upload.conftest import TARGET, Bucket, Haac

pytestmark = pytest.mark.usefixtures("bucket", "filled")


@pytest.mark.parametrize(
    ("target", "env", "told"),
    [
        (
            TARGET,
            {"AWS_SECRET_ACCESS_KEY": ""},
            "there are no credentials for s3://elements/a/b: set AWS_ACCESS_KEY_ID",
        ),
        ("s3://nowhere/a", {}, "there is no bucket nowhere"),
        ("s3://", {}, "is not the address of a bucket"),
        ("s3://UPPER/a", {}, "is not the address of a bucket"),
        ("s3://elements/a/../b", {}, "is not the address of a bucket"),
        ("s3://elements/a b", {}, "is not the address of a bucket"),
        ("s3://elements/a?b", {}, "is not the address of a bucket"),
        (
            TARGET,
            {"AWS_ENDPOINT_URL_S3": "nonsense"},
            "AWS_ENDPOINT_URL_S3 is nonsense, which is not the address",
        ),
        (
            TARGET,
            {"AWS_ENDPOINT_URL_S3": "http://me:pass@host:x"},
            "is http://***@host:x, which is not the address",
        ),
        ("ftp://host/a", {}, "publishing goes to a folder or to s3://BUCKET/PREFIX"),
    ],
)
def test_targets_that_cannot_be_used(
    haac: Haac,
    monkeypatch: pytest.MonkeyPatch,
    target: str,
    env: dict[str, str],
    told: str,
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    code, _, err = haac("publish", target)
    assert (code, told in err) == (1, True), err
    assert err.count("\n") == 2  # what was published here, and the error


def test_no_permission(bucket: Bucket, haac: Haac) -> None:
    bucket.intercept = lambda method, *_: 403 if method == "PUT" else None
    code, _, err = haac("publish", TARGET)
    assert (code, "s3:PutObject" in err) == (1, True)
    assert "secret" not in err
    assert "key" not in err.replace("keys", "")


def test_a_server_that_is_not_there(haac: Haac) -> None:
    code, _, err = haac("publish", TARGET, "--endpoint", "http://127.0.0.1:9")
    assert (code, f"{TARGET} cannot be read: the server does not answer (Connection refused)" in err) == (
        1,
        True,
    ), err
    assert len(err.splitlines()) == 2


def test_a_proxy_that_is_not_there_is_named(haac: Haac, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://me:pass@127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    code, _, err = haac("publish", TARGET, "--endpoint", "http://elements.invalid")
    assert (code, "HTTP_PROXY names a proxy" in err) == (1, True), err
    assert "pass@" not in err
