"""Loopback ports: reserved while nobody listens, shared with our own processes, refused to others."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from console.sandbox import ports
from console.sandbox.ports import NoPortFree, free_port, reserve_port


def connects(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_a_reserved_port_refuses_connections_until_one_of_ours_listens() -> None:
    port = reserve_port()
    assert not connects(port.number)
    with port.listener() as listener:
        listener.listen()
        assert connects(port.number)
    assert not connects(port.number)
    with port.listener() as again:
        again.listen()
        assert connects(port.number)
    port.release()


def test_nobody_else_gets_a_reserved_port() -> None:
    port = reserve_port()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port.number))
    port.release()
    with socket.socket() as other:
        other.bind(("127.0.0.1", port.number))


def test_ports_differ_and_lie_below_those_of_outgoing_connections() -> None:
    reserved = [reserve_port() for _ in range(50)]
    assert len({port.number for port in reserved}) == 50
    lowest_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(port.number < lowest_outgoing for port in reserved)
    for port in reserved:
        port.release()


def test_a_free_port_can_be_bound_by_any_program() -> None:
    with socket.socket() as program:
        program.bind(("127.0.0.1", free_port()))
        program.listen()


def test_no_port_left_is_an_error_with_the_range(monkeypatch: pytest.MonkeyPatch) -> None:
    port = reserve_port()
    monkeypatch.setattr(ports, "_candidates", lambda: iter([port.number]))
    with pytest.raises(NoPortFree, match="no free loopback port between 20000 and"):
        reserve_port()
    port.release()
