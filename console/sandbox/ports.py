"""Loopback ports that stay ours: reserved while nobody listens, and outside the range that outgoing connections draw theirs from.

A port from that range can be connected to *itself* while nobody listens there, so a dead pod would seem to answer.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import socket
from collections.abc import Iterator
from pathlib import Path

LOOPBACK = "127.0.0.1"
_RANGE_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST, _HIGHEST = 20_000, 48_000


class NoPortFree(Exception):
    """Every port that may be used is taken."""


class ReservedPort:
    """A port that nobody else can take, while processes of ours come to listen on it with SO_REUSEPORT and go.

    Nobody listens on the reservation itself: with no process behind it, a connection is refused.
    """

    def __init__(self, reservation: socket.socket) -> None:
        self._reservation = reservation
        self.number: int = reservation.getsockname()[1]

    def listener(self) -> socket.socket:
        """A new socket bound to the port, not listening yet."""
        return _bound(self.number)

    def release(self) -> None:
        """Let anyone have the port again."""
        self._reservation.close()


def reserve_port() -> ReservedPort:
    """Reserve a free port; NoPortFree when there is none."""
    for number in _candidates():
        with contextlib.suppress(OSError):
            _check_unused(number)
            return ReservedPort(_bound(number))
    raise NoPortFree(f"no free loopback port between {_LOWEST} and {_ceiling()}")


def free_port() -> int:
    """A port that is free now, for a program that binds it itself, without SO_REUSEPORT."""
    port = reserve_port()
    port.release()
    return port.number


def _candidates() -> Iterator[int]:
    span = _ceiling() - _LOWEST
    start = random.randrange(span)
    return (_LOWEST + (start + step) % span for step in itertools.islice(itertools.count(), span))


def _ceiling() -> int:
    try:
        return min(_HIGHEST, int(_RANGE_FILE.read_text().split()[0]))
    except (OSError, ValueError):
        return _HIGHEST


def _check_unused(number: int) -> None:
    """Raise OSError when anything is bound there, a reservation of another rehearsal included."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, number))


def _bound(number: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((LOOPBACK, number))
    except OSError:
        bound.close()
        raise
    return bound
