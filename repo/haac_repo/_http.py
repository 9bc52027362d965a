"""HTTP clients that obey the environment (proxies, certificates), and say which variable is wrong where one is."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haac_repo._errors import TransportError

if TYPE_CHECKING:
    import ssl

    import httpx

_SOCKS = re.compile("socks[45]", re.IGNORECASE).match


def open_client(*, verify: ssl.SSLContext | bool = True, **options: Any) -> httpx.Client:
    """Open an HTTP client.

    Args:
        verify: What certificates are checked with; True: what `tls_context` gives; False: none, for plain http.
        **options: Of httpx.Client.

    Raises:
        TransportError: an environment variable names a proxy, hosts without one, or certificates that cannot be used.
    """
    import httpx

    try:
        return httpx.Client(verify=tls_context() if verify is True else verify, **options)
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise TransportError(
            _wrong_proxy() or f"the proxy of this system cannot be used ({error})"
        ) from error


def tls_context() -> ssl.SSLContext:
    """The certificates that servers are checked with: those of SSL_CERT_FILE or SSL_CERT_DIR, else certifi's.

    Raises:
        TransportError: they are not there, or are none.
    """
    import httpx

    for name, kind, is_there in (
        ("SSL_CERT_FILE", "file", Path.is_file),
        ("SSL_CERT_DIR", "folder", Path.is_dir),
    ):
        if (value := os.environ.get(name)) and not is_there(Path(value)):
            raise TransportError(
                f"{name} is {value}, and there is no such {kind}: let it name the certificates that servers are"
                " checked with, or unset it"
            )
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # ssl.SSLError is one
        raise TransportError(
            f"SSL_CERT_FILE is {os.environ.get('SSL_CERT_FILE', '')}, which cannot be read as certificates"
            f" ({error.strerror or error}): let it name a file of certificates in PEM form, or unset it"
        ) from error


def _wrong_proxy() -> str:
    """Says which variable httpx cannot use, and why; '' if it is none of them."""
    import httpx

    for scheme in ("http", "https", "all"):
        name = next((n for n in (f"{scheme}_proxy", f"{scheme}_proxy".upper()) if os.environ.get(n)), "")
        value = os.environ.get(name, "")
        try:
            if value:
                proxy = value if "://" in value else f"http://{value}"
                httpx.Client(trust_env=False, verify=False, proxy=proxy).close()
        except ImportError:
            return (
                f"{name} is {_without_password(value)}: a SOCKS proxy needs the package socksio, not installed here:"
                f" pip install 'haac[socks]', or unset {name}"
            )
        except (ValueError, httpx.InvalidURL) as error:
            why = (
                "of the kinds of SOCKS proxy socks5 is supported, and socks5h from httpx 0.28 on"
                if _SOCKS(value)
                else f"it is not the address of a proxy ({_without_password(str(error))})"
            )
            return (
                f"{name} is {_without_password(value)}: {why}. Write it like http://host:3128 or socks5://host:1080, or"
                f" unset {name}"
            )
    name = next((n for n in ("no_proxy", "NO_PROXY") if os.environ.get(n)), "")
    for host in os.environ.get(name, "").split(","):
        if not _is_host(host.strip()):
            return (
                f"{name} has {host.strip()!r:.80}, which is not a host: write names, and IPv6 addresses without brackets"
                " (::1), with commas between them; or take it out"
            )
    return ""


def _is_host(host: str) -> bool:
    """Whether httpx takes a part of NO_PROXY."""
    import httpx

    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host.split("/")[0])
        return True
    try:
        httpx.URL(host if "://" in host else f"all://*{host}")
    except httpx.InvalidURL:
        return False
    return True


def _without_password(text: str) -> str:
    return re.sub(r"//[^/\s]*@", "//***@", text) if "//" in text else re.sub(r"^\S*@", "***@", text)
