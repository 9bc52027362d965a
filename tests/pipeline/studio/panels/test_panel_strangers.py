"""What a browser gets of a studio without its token, and from a page of another origin."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import Browser, Page

from tests.pipeline.studio.panels.pages import Running


def test_the_wrong_token_opens_nothing(browser: Browser, studio: Running) -> None:
    context = browser.new_context()
    stranger = context.new_page()
    for url in (f"{studio.origin}/?token=wrong", f"{studio.origin}/", f"{studio.origin}/api/state"):
        answer = stranger.goto(url)
        assert answer is not None
        assert answer.status == 403
    context.close()


def test_a_foreign_page_can_neither_read_nor_write(page: Page, studio: Running) -> None:
    """The browser has the cookie; a page of another origin still gets nothing, and nothing is saved."""
    foreign = page.context.new_page()
    foreign.route(
        "http://foreign.test/", lambda route: route.fulfill(body="<p>Hello", content_type="text/html")
    )
    foreign.goto("http://foreign.test/")
    tries = foreign.evaluate(
        """async origin => {
          const body = JSON.stringify({ scene: { width: 8, height: 8, fingerprint: null, similar: false,
            background: null, layers: [] }, name: "foreign.haac", overwrite: true });
          const headers = { "X-Haac-Studio": "1" };
          const ways = [
            () => fetch(origin + "/api/state", { credentials: "include" }),
            () => fetch(origin + "/api/save", { method: "POST", credentials: "include", headers, body }),
            () => fetch(origin + "/api/save", { method: "POST", credentials: "include", mode: "no-cors", body }),
          ];
          const seen = [];
          for (const way of ways) seen.push(await way().then((answer) => answer.status, () => "refused"));
          return seen;
        }""",
        studio.origin,
    )
    assert set(tries) <= {"refused", 0}  # 0: an answer that the page may not look into
    assert list(studio.folder.iterdir()) == []
    request = urllib.request.Request(f"{studio.origin}/api/state", headers={"Origin": "http://foreign.test"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    with refused.value as answer:
        assert answer.status == 403
        assert "error" in json.loads(answer.read())
