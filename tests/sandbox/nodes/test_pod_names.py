"""Names of Services as a container looks them up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.sandbox.nodes.pod_names import find


@pytest.fixture
def names(tmp_path: Path) -> Path:
    file = tmp_path / "services.json"
    file.write_text(json.dumps({"trading-api.shop": {"80": 28000}, "trading-api.other": {"80": 28001}}))
    return file


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("trading-api", 80, 28000),
        ("trading-api", "80", 28000),
        ("trading-api.other", 80, 28001),
        ("trading-api.other.svc", 80, 28001),
        ("trading-api.shop.svc.cluster.local", 80, 28000),
        ("trading-api", 81, None),
        ("nobody", 80, None),
        ("localhost", 80, None),
        ("example.com", 80, None),
    ],
)
def test_a_service_s_name_leads_to_its_loopback_port(names: Path, host: str, port: object, expected: int | None) -> None:
    assert find(names, host, port, "shop") == (None if expected is None else ("127.0.0.1", expected))


def test_without_any_services_nothing_is_found(tmp_path: Path) -> None:
    assert find(tmp_path / "no-such-file", "trading-api", 80, "shop") is None
