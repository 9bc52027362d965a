"""Admission control: how many connections there are, and which one goes when another wants its place.

A limit alone would let whoever holds the connections shut everybody out. So who has asked for nothing for the longest time makes room.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a client may take."""

    connections: int = 1024
    """Connections in all."""
    per_address: int = 768
    """Connections of one IPv4 address, or of one IPv6 network of 64 bits."""
    request_seconds: float = 10
    """From the first byte of a request (or from the connection) to its last."""
    request_bytes: int = 16 * 2**10
    """Bytes of a request line with its headers."""
    idle_seconds: int = 30
    """Between two requests."""
    grace_seconds: float = 10
    """For each part of an answer, beside what `min_rate` gives it."""
    min_rate: int = 4 * 2**10
    """Bytes a second that a client has to take."""
    part_bytes: int = 2**20
    """Bytes of an answer over which the rate is measured; more, in the same time, of a client that was quick before."""


class Client(Protocol):
    """A connection, as far as admission is concerned."""

    address: str

    def drop(self) -> None:
        """Close it."""


class Admission:
    """The connections there are; not for several threads."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._all: set[Client] = set()
        self._of_address: Counter[str] = Counter()
        self._waiting: dict[Client, None] = {}  # for a whole request, in the order in which that began

    def enter(self, client: Client) -> bool:
        """Whether a new connection is let in, perhaps in place of another, which is dropped. It has sent nothing yet."""
        full = self._of_address[client.address] >= self._bounds.per_address
        if full and not self._make_room(c for c in self._waiting if c.address == client.address):
            return False
        if len(self._all) >= self._bounds.connections and not self._make_room(self._waiting):
            return False
        self._all.add(client)
        self._of_address[client.address] += 1
        self._waiting[client] = None
        return True

    def busy(self, client: Client) -> None:
        """It sent a whole request, and is being answered."""
        self._waiting.pop(client, None)

    def idle(self, client: Client) -> None:
        """It was answered."""
        if client in self._all:
            self._waiting[client] = None

    def leave(self, client: Client) -> None:
        """It is gone; may be said more than once."""
        if client in self._all:
            self._all.remove(client)
            self.busy(client)
            self._of_address[client.address] -= 1
            if not self._of_address[client.address]:
                del self._of_address[client.address]

    def _make_room(self, candidates: Iterable[Client]) -> bool:
        oldest = next(iter(candidates), None)
        if oldest is None:
            return False
        self.leave(oldest)
        oldest.drop()
        return True


def address_of(host: str) -> str:
    """Whose connections are counted together: an IPv4 address, or the network of an IPv6 address, which one customer mostly has."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
