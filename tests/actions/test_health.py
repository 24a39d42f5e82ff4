"""Pods that crash between two rounds of health checks, and answer well in each."""

from __future__ import annotations

from dataclasses import replace

from actions.health import Row
from console.domain.ids import SlotName
from console.domain.slots import SlotState, slot_state
from tests.actions.worlds import environment_of, world_of

CASE = {"slots": {"blue": {"release": "v1.4.2"}, "green": {"release": "v1.5.0"}}, "services": {"all": "blue"}}


def green(**restarts: int) -> SlotState:
    environment = environment_of(CASE)
    state = slot_state(environment, world_of(CASE, environment), SlotName("green"))
    return replace(state, components=tuple(replace(c, restarts=restarts.get(c.name, 0)) for c in state.components))


def test_a_first_round_knows_of_no_restart_before_it() -> None:
    assert list(Row().restarted(green(backend=7))) == []


def test_what_restarted_since_the_last_round_is_named() -> None:
    row = Row(2, {c.name: c.restarts for c in green(backend=1).components})
    assert list(row.restarted(green(backend=1))) == []
    assert list(row.restarted(green(backend=3))) == ["backend restarted 2 times between two rounds"]
