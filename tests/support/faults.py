"""Marks a test as the proof of what happens under one fault; `fault_table` makes the page for operators from these marks."""

from __future__ import annotations

from typing import Literal

import pytest

Group = Literal[
    "crash and resume",
    "two operators",
    "others' hands",
    "the cluster",
    "pods",
    "identity and rights",
    "the journal",
    "the host",
    "bad input",
    "the console",
]


def fault(what: str, *, group: Group, sees: str, does: str, costs: str) -> pytest.MarkDecorator:
    """The decorated test proves this row. All words are literals, because the table is made by reading the source.

    `what`: the fault, as a clause ("the API server hangs"). `sees`: what the operator sees, where. `does`: what the run does.
    `costs`: time, repeated work or a decision that it takes ("nothing", "up to 5 s", "one key").
    """
    return pytest.mark.fault(what, group=group, sees=sees, does=does, costs=costs)
