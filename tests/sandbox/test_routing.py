"""Where connections go, slice by slice: facts in, backends out."""

from __future__ import annotations

import msgspec
import pytest

from console.sandbox.routing import EndpointSlice, backends


def piece(*endpoints: tuple[str, dict[str, bool]], port: int = 8080, name: str | None = "http") -> EndpointSlice:
    document = {
        "metadata": {"name": "web-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address], "conditions": conditions} for address, conditions in endpoints],
        "ports": [{"name": name, "port": port, "protocol": "TCP"}],
    }
    return msgspec.convert(document, EndpointSlice)


READY = {"ready": True, "serving": True, "terminating": False}
UNREADY = {"ready": False, "serving": False, "terminating": False}
LEAVING = {"ready": False, "serving": True, "terminating": True}
LEAVING_UNREADY = {"ready": False, "serving": False, "terminating": True}


@pytest.mark.parametrize(
    ("case", "slices", "expected"),
    [
        ("ready endpoints take connections", [piece(("10.1.0.1", READY), ("10.1.0.2", UNREADY))], ["10.1.0.1"]),
        ("unknown conditions mean ready", [piece(("10.1.0.1", {}))], ["10.1.0.1"]),
        ("a leaving endpoint gets nothing while another is ready", [piece(("10.1.0.1", LEAVING), ("10.1.0.2", READY))], ["10.1.0.2"]),
        ("a leaving endpoint that serves is the last resort", [piece(("10.1.0.1", LEAVING), ("10.1.0.2", UNREADY))], ["10.1.0.1"]),
        ("one that no longer serves is none", [piece(("10.1.0.1", LEAVING_UNREADY))], []),
        ("slices add up once", [piece(("10.1.0.2", READY)), piece(("10.1.0.1", {}), ("10.1.0.2", {}))], ["10.1.0.1", "10.1.0.2"]),
        ("another port's slice does not count", [piece(("10.1.0.1", READY), name="metrics")], []),
        ("no slice, no backend", [], []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_backends(case: str, slices: list[EndpointSlice], expected: list[str]) -> None:
    assert [backend.address for backend in backends(slices, "http")] == expected, case


def test_a_slice_without_endpoints_is_decoded_as_the_server_sends_it() -> None:
    document = b'{"metadata":{"name":"web-1","namespace":"shop"},"addressType":"IPv4","endpoints":null,"ports":null}'
    assert backends([msgspec.json.decode(document, type=EndpointSlice)], "") == ()


def test_the_port_of_an_unnamed_service_port() -> None:
    assert backends([piece(("10.1.0.1", READY), name="", port=9000)], "")[0].port == 9000
    assert backends([piece(("10.1.0.1", READY), name=None, port=9000)], "")[0].port == 9000
