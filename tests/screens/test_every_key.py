"""Every key of every screen does what a person can see, or says why it does not; and none of them changes anything by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from console.app.keymap import KeyRow, key_rows
from console.domain.world import Event, Meta
from screens.places import PLACES
from tests.screens import scenes
from tests.screens.apps import console, see, shown, until
from tests.screens.fake_desk import FakeDesk

ROWS = key_rows()
WAYS = {"Everywhere": "overview", "Lists": "events", "Overview": "overview", "Run": "run 41", **{each.label: each.name for each in PLACES}}
"""Word of the place on which a row's key is pressed."""
UNSEEN = {
    "console.suspend": "it stops the process",
    "list.up": "the first row is chosen",
    "list.page_up": "the first row is chosen",
    "list.first": "the first row is chosen",
    "logs.since_0": "the last lines are what is asked for first; test_logs comes back to them",
    "run.override": "it is offered where a plan is refused, and tested there",
    "run.skip_wait": "it is offered while a run waits, and tested there",
    "run.diff": "it is offered on a plan, and tested there",
    **{
        f"checklist.{key}": "it is offered on a checklist's run, and tested there"
        for key in ("skip", "suspend", "note", "evidence", "stop", "show_run")
    },
}
"""Keys of which nothing can be seen where this test presses them, and why."""


LEAVES = ("console.suspend", "console.quit", "console.commands", "console.jump")
"""Keys that stop or end it, and those behind which letters are the text of a search that may find `quit`."""


def desk_with_all() -> FakeDesk:
    desk = FakeDesk()
    seen = scenes.switched()
    assert seen.world is not None
    said = {f"e{n}": Event(Meta(f"e{n}"), reason="Pulled", object_kind="Pod", last_seen=scenes.ago(n)) for n in range(60)}
    desk.snapshot.put(replace(seen, world=replace(seen.world, events=said)))
    desk.show_runs(scenes.at_the_gate(), scenes.finished(at=scenes.ago(86400)))
    return desk


def picture(pilot: Pilot[Any]) -> tuple[object, ...]:
    """All that a key may change for the person."""
    app = pilot.app
    stands = [(w.id, w.scroll_offset, getattr(w, "row", getattr(w, "key", None))) for w in app.screen.query("ScrollPanel, TablePanel")]
    return len(app.screen_stack), type(app.screen).__name__, shown(app), tuple(map(str, stands)), app.return_value, str(app.focused)


async def go(pilot: Pilot[Any], word: str) -> None:
    await see(pilot, "enter Run 41")
    if word != "overview":
        await pilot.press("colon", *(key if key != " " else "space" for key in word), "enter")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 3 and not pilot.app.screen.is_modal, what=f"the place {word}")
        await pilot.pause(0.1)


@pytest.mark.parametrize("row", [row for row in ROWS if row.id not in UNSEEN], ids=lambda row: f"{row.where}-{row.id}")
async def test_a_key_does_something_or_says_why_not(row: KeyRow) -> None:
    desk = desk_with_all()
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await go(pilot, WAYS[row.where])
        before = picture(pilot)
        await pilot.press(pressed(row))
        await until(pilot, lambda: picture(pilot) != before, what=f"{row.keys[0]} ({row.does}) on {row.where} to do anything")
    assert desk.changing_calls == []


def pressed(row: KeyRow) -> str:
    """The first key as Textual calls it."""
    names: dict[str, str] = {"?": "question_mark", ":": "colon", "/": "slash", "esc": "escape", "F8": "f8", "␣": "space"}
    key = row.keys[0]
    return names.get(key) or (f"ctrl+{key[1:]}" if key.startswith("^") and len(key) == 2 else key)


def test_no_destructive_key_is_bare_and_none_is_one_that_terminals_use() -> None:
    taken = {f"^{letter}" for letter in "abdkw"}
    assert {(row.id, key) for row in ROWS for key in row.keys if key in taken} == set()


@pytest.mark.parametrize("word", ["overview", "run 41", *(each.name for each in PLACES)])
async def test_a_burst_of_every_key_changes_nothing(word: str) -> None:
    desk = desk_with_all()
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await go(pilot, word)
        keys = [pressed(row) for row in ROWS if row.id not in LEAVES]
        for key in [*keys, "enter", *"sbdrxyotn", "enter", "enter", *"sbdrxyotn", *reversed(keys), *"sbd"]:
            pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))  # as a paste or a queue that drains: all at once
        await pilot.pause(1.0)
    assert [call for call in desk.changing_calls if call[0] != "note"] == []  # a note is typed text: it changes nothing else
