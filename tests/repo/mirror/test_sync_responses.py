"""Web servers that answer something else: redirects, log-in pages, errors, "try again later"."""

from __future__ import annotations

import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from haac_repo import IntegrityError

END = b"\r\n\r\n"


@pytest.mark.parametrize("status", ["301 x", "302 x", "307 x", "308 x"])
def test_redirect(rigged: Any, mirror: Path, status: str) -> None:
    rigged.only_for("head", rigged.simple(status, "Location: http://169.254.169.254/latest/meta-data"))
    rigged.assert_sync_fails(mirror, "redirects to 'http://169.254.169.254/.*follows no redirects")


def test_captive_portal(rigged: Any, mirror: Path) -> None:
    page = b"<html>Welcome to the Grand Hotel</html>"
    rigged.only_for("head", rigged.simple("200 OK", "Content-Type: text/html; charset=utf-8", body=page))
    rigged.assert_sync_fails(mirror, "web page.*log-in")


def test_captive_portal_without_a_type(rigged: Any, mirror: Path) -> None:
    rigged.only_for("head", rigged.simple("200 OK", body=b"\n<!doctype html>"))
    rigged.assert_sync_fails(mirror, "web page.*log-in", IntegrityError)


@pytest.mark.parametrize("after", ["0", formatdate(0, usegmt=True), "nonsense", ""])
@pytest.mark.parametrize("status", ["429 x", "503 x"])
def test_busy_for_a_while(rigged: Any, mirror: Path, disk: Any, status: str, after: str) -> None:
    rigged.only_for("packs/", rigged.simple(status, f"Retry-After: {after}"), times=2)
    rigged.sync(mirror)
    disk.assert_sound(mirror)


def test_retry_after_is_honoured(rigged: Any, mirror: Path) -> None:
    rigged.only_for("head", rigged.simple("503 x", "Retry-After: 1"), times=1)
    began = time.monotonic()
    rigged.sync(mirror)
    assert time.monotonic() - began >= 1


def test_retry_after_an_hour_is_not_waited_for(rigged: Any, mirror: Path) -> None:
    rigged.only_for("head", rigged.simple("503 x", "Retry-After: 3600"))
    rigged.assert_sync_fails(mirror, "come back in 3600 seconds")
    assert len(rigged.asked("head")) == 2


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("401 x", "refuses access"),
        ("403 x", "refuses access"),
        ("404 x", "is not there"),
        ("410 x", "is not there"),
        ("418 x", "HTTP 418"),
        ("451 x", "legal reasons"),
        ("500 x", "after 3 tries"),
        ("416 x", "shorter"),
        ("304 x", "HTTP 304"),
    ],
)
@pytest.mark.parametrize("where", ["head", "packs/"])
def test_statuses(rigged: Any, mirror: Path, where: str, status: str, words: str) -> None:
    rigged.only_for(where, rigged.simple(status))
    rigged.assert_sync_fails(mirror, words)
