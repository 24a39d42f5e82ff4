"""Kubernetes quantities."""

from __future__ import annotations

from decimal import Decimal

import pytest

from console.domain.quantity import parse, total


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", "1"),
        ("500m", "0.5"),
        ("0.25", "0.25"),
        (".5", "0.5"),
        ("2k", "2000"),
        ("1Ki", "1024"),
        ("1.5Gi", "1610612736"),
        ("3E", "3000000000000000000"),
        ("1e3", "1000"),
        ("1E3", "1000"),
        ("100u", "0.0001"),
        ("7n", "0.000000007"),
        ("-1", "-1"),
        (" 64Mi ", "67108864"),
    ],
)
def test_a_quantity_is_read(text: str, value: str) -> None:
    assert parse(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "m", "1 Gi", "1KiB", "ten", "1mi", "--1", "1,5"])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no quantity such as 500m or 1Gi"):
        parse(text)


@pytest.mark.parametrize(
    ("quantities", "sum_"),
    [
        ([], "0"),
        (["1.50Gi"], "1.50Gi"),
        (["500m", "250m"], "750m"),
        (["500m", "500m"], "1"),
        (["1", "0.5"], "1500m"),
        (["512Mi", "512Mi"], "1Gi"),
        (["512Mi", "1Gi"], "1536Mi"),
        (["1Gi", "1G"], "2073741824"),
        (["1k", "1"], "1001"),
        (["100u", "1m"], "2m"),
    ],
)
def test_quantities_add_up(quantities: list[str], sum_: str) -> None:
    assert total(quantities) == sum_
