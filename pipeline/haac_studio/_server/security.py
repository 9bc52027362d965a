"""Who may speak to the studio: the person in front of this machine, and pages that the studio itself gave them.

Every other page that is open in the same browser can send requests to this port, and a name of its own may be made to lead here (DNS
rebinding); other users of the machine can connect too. So: a token, which the first address carries and a cookie keeps; the names by which
this server may be called; the page that a request comes from; a header that no foreign page can send without being asked for it.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from haac_repo._internal import debugging

MARK = "x-haac-studio"
"""Header that every request must have that changes something."""
TOKEN = "x-haac-token"
"""Header with the token, instead of the cookie."""
_READING = {"GET", "HEAD"}
_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


@dataclass(frozen=True, slots=True)
class Door:
    """The address of a studio, and the secret that opens it."""

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def url(self) -> str:
        """What the person opens first."""
        return f"http://127.0.0.1:{self.port}/?token={self.token}"

    @property
    def hosts(self) -> tuple[str, str]:
        """The names by which the server may be called."""
        return f"127.0.0.1:{self.port}", f"localhost:{self.port}"

    @property
    def cookie(self) -> str:
        """Name of the cookie. Browsers keep those of all ports of this machine together."""
        return f"haac-studio-{self.port}"


class Guard:
    """ASGI middleware: refuses with 403 whatever does not come from the studio's own page, and lets no page be framed or inject scripts."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app, self._door = app, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or have it answered."""
        if scope["type"] != "http":  # there are no WebSockets, and nothing to start or end
            return
        answer = self._answer(scope)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        try:
            await (answer or self._app)(scope, receive, guarded)
        except Exception:  # it was answered with 500, and told there
            if debugging():
                raise

    def _answer(self, scope: Scope) -> Response | None:
        """What is answered instead of passing the request on."""
        headers = Headers(scope=scope)
        refusal = self._refusal(headers)
        if refusal:
            return refused(refusal)
        if scope["method"] == "GET" and scope["path"] == "/" and scope["query_string"]:
            given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
            if given:
                return self._entered(given)
        if not self._knows(headers):
            return refused(
                "this studio does not know you: open it with the address that `haac studio` printed, which has a token"
            )
        if scope["method"] not in _READING and headers.get(MARK) != "1":
            return refused(f"a request that changes something must have the header {MARK}: 1")
        return None

    def _refusal(self, headers: Headers) -> str:
        """Why a request does not come from the studio's own page; empty if it may."""
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0] not in self._door.hosts:
            return f"this studio is called {' or '.join(self._door.hosts)}, and by no other name"
        origins = headers.getlist("origin")
        if origins and origins != [f"http://{hosts[0]}"]:
            return "pages of other origins may not use this studio"
        if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            return "pages of other sites may not use this studio: type its address, or paste it"
        return ""

    def _entered(self, given: list[str]) -> Response:
        if not self._is_token(given[0]):
            return refused("the token in this address is not that of this studio: `haac studio` printed it")
        response = RedirectResponse("/", 303)
        response.set_cookie(
            self._door.cookie, self._door.token, path="/", httponly=True, samesite="strict", secure=False
        )
        return response

    def _knows(self, headers: Headers) -> bool:
        if (given := headers.get(TOKEN)) is not None:
            return self._is_token(given)
        for header in headers.getlist("cookie"):
            try:
                crumb = SimpleCookie(header).get(self._door.cookie)
            except CookieError:
                continue
            if crumb is not None and self._is_token(crumb.value):
                return True
        return False

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._door.token.encode())


def refused(why: str) -> Response:
    """The answer 403."""
    return JSONResponse({"error": why}, 403)
