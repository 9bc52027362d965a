"""A socket that listens, for uvicorn: the address is known, and clients can connect, before anything is served."""

from __future__ import annotations

import socket

from haac_repo._errors import RepositoryError


def listening(host: str, port: int, queue: int, advice: str) -> socket.socket:
    """Listen on an address.

    Args:
        host: address or name; "::" also takes IPv4 where the system can.
        port: 0 picks a free one.
        queue: connections that wait to be accepted.
        advice: what to do if the address is not to be had.

    Raises:
        RepositoryError: the address is not to be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    try:
        made = socket.create_server((host, port), family=family, backlog=queue, dualstack_ipv6=both)
    except (OSError, OverflowError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).partition(" (while")[0]
        raise RepositoryError(f"cannot listen on {host}, port {port}: {reason}; {advice}") from error
    # asyncio turns Nagle's algorithm off only where the socket names its protocol, which connections take over from the listener. Else a
    # small answer waits for the client's delayed acknowledgement of the one before: 40 ms a request.
    return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=made.detach())
