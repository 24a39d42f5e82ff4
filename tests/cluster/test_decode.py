"""Objects as API servers send them, and what the console reads in them: one file per case in `decoded/`."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from console.cluster.decode import DECODERS, decoder
from console.cluster.errors import Unreadable
from console.domain.world import KINDS

CASES = sorted((Path(__file__).parent / "decoded").glob("*.json"))


@pytest.mark.parametrize("file", CASES, ids=[file.stem for file in CASES])
def test_decoded(file: Path) -> None:
    case = json.loads(file.read_text())
    found = decoder(case["kind"])(json.dumps(case["object"]).encode())
    assert {path: plain(at(found, path)) for path in case["expect"]} == case["expect"]


def test_every_kind_has_a_decoder_and_a_case() -> None:
    assert set(DECODERS) == set(KINDS)
    assert {json.loads(file.read_text())["kind"] for file in CASES} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_is_enough(kind: str) -> None:
    assert DECODERS[kind](b'{"metadata": {"name": "x"}}').name == "x"  # type: ignore[index]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b'{"metadata": {"name": "web"}, "spec": {"replicas": "three"}}', "cannot read deployment web: Expected `int | null`, got `str`"),
        (b'{"metadata": {}}', "cannot read deployment without a name: Object missing required field `name`"),
        (b"<html>", "cannot read deployment without a name: JSON is malformed"),
    ],
)
def test_what_cannot_be_read_is_named(raw: bytes, said: str) -> None:
    with pytest.raises(Unreadable) as error:
        decoder("Deployment")(raw)
    assert error.value.message.startswith(said)
    assert isinstance(error.value.__cause__, msgspec.DecodeError)


def at(value: Any, path: str) -> Any:
    """The value behind dotted fields and indexes."""
    for key in path.split("."):
        value = value[int(key)] if key.isdigit() else getattr(value, key)
    return value


def plain(value: Any) -> Any:
    """As JSON has it: sets sorted, tuples as lists, times as text."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value
