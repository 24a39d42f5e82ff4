"""Amounts in Kubernetes' notation."""

from __future__ import annotations

from fractions import Fraction

import pytest

from console.sandbox.apiserver.quantities import canonical, parse, qos_class, total


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("1500m", Fraction(3, 2)),
        ("0.1", Fraction(1, 10)),
        ("2Ki", 2048),
        ("1M", 10**6),
        ("1e3", 1000),
        ("12E", 12 * 10**18),
        (".5", Fraction(1, 2)),
    ],
)
def test_a_quantity_has_an_exact_value(text: str, value: Fraction) -> None:
    assert parse(text) == value


@pytest.mark.parametrize("text", ["", "abc", "1 Gi", "1gi", "--1", "1.2.3", "Mi"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="quantities must match"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("0.5", "500m"),
        ("1000m", "1"),
        ("1024Mi", "1Gi"),
        ("1536Mi", "1536Mi"),
        ("2000", "2k"),
        ("100", "100"),
        ("0", "0"),
        ("1.5Gi", "1536Mi"),
    ],
)
def test_a_quantity_is_written_in_its_shortest_form(text: str, written: str) -> None:
    assert canonical(text) == written


def test_amounts_add_up() -> None:
    assert total(["250m", "1", "0.75"]) == "2"
    assert total(["64Mi", "64Mi"]) == "128Mi"


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({}, "BestEffort"),
        ({"requests": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1000m", "memory": "1024Mi"}}, "Guaranteed"),
        ({"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}}, "Burstable"),
    ],
)
def test_the_quality_of_service_of_a_pod(resources: dict[str, dict[str, str]], expected: str) -> None:
    assert qos_class({"containers": [{"name": "c", "resources": resources}]}) == expected
