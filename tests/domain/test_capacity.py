from __future__ import annotations

import pytest

from console.domain.capacity import amount
from console.domain.quantity import parse


@pytest.mark.parametrize(
    ("text", "resource", "said"),
    [
        ("1500m", "requests.cpu", "1.5"),
        ("1536Mi", "limits.memory", "1.5Gi"),
        ("512Ki", "memory", "512Ki"),
        ("100", "requests.storage", "100"),
        ("3", "pods", "3"),
        ("0", "memory", "0"),
    ],
)
def test_amounts_are_said_as_people_do(text: str, resource: str, said: str) -> None:
    assert amount(parse(text), resource) == said
