"""The Checklist screen: every key of it, the item in front, forms and questions, and what it says instead of doing nothing."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from console.app.app import ConsoleApp
from screens.answer import AnswerForm
from screens.checklist import ChecklistScreen
from screens.evidence import EvidenceForm
from screens.note import NoteForm
from screens.overview import Overview
from screens.question import Question
from screens.rollback import RollbackScreen
from screens.run import RunScreen
from tests.screens import checklists, scenes
from tests.screens.apps import SIZES, console, deliberately, question, see, shown, until
from tests.screens.fake_desk import FakeDesk


def desk_with(*logs: scenes.Log, read_only: bool = False) -> FakeDesk:
    desk = FakeDesk(runbooks=checklists.runbooks(), read_only=read_only)
    desk.snapshot.put(scenes.well())
    desk.show_runs(*logs)
    return desk


async def opened(pilot: Pilot[Any], text: str) -> None:
    """The screen, once it shows `text`."""
    await see(pilot, "USERS ● blue")
    await pilot.press("c")
    await at(pilot, ChecklistScreen)
    await see(pilot, text)


async def at(pilot: Pilot[Any], screen: type) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, screen), what=screen.__name__)


def app(desk: FakeDesk) -> ConsoleApp:
    return console(desk)


@pytest.mark.parametrize("size", SIZES)
async def test_one_item_is_in_front_with_phases_what_is_seen_and_what_was_said(size: tuple[int, int]) -> None:
    async with app(desk_with(checklists.asking_for_sessions())).run_test(size=size) as pilot:
        await opened(pilot, "item 4 of 8: stop the application services")
        text = shown(pilot.app)
        for said in (
            "✔ pre-migration 3 of 3 ▪ ‖ execution 0 of 3 ▪ · post-migration 0 of 2",
            "How many sessions does the database still have?",
            "Answer with a number of 0 or more (sessions).",
            "blue v1.4.2 (active)  6/6 ready",
            "bob answers: 3",
            "bob notes: pgbouncer paused at 02:30",
            "skipped by bob: announced on Friday",
        ):
            assert said in text


async def test_the_value_is_typed_checked_and_sent_with_the_question_that_was_read() -> None:
    desk = desk_with(checklists.asking_for_sessions())
    async with app(desk).run_test() as pilot:
        await opened(pilot, "item 4 of 8")
        await pilot.press("enter")
        await at(pilot, AnswerForm)
        await see(pilot, "3 was answered, and 0 lets it go on")
        await pilot.press(*"many", "enter")
        await see(pilot, "'many' is no number: write digits alone, in sessions")
        await pilot.press(*["backspace"] * 4, "0", "enter")
        await until(pilot, lambda: bool(desk.calls), what="the answer")
        await see(pilot, "run 43: answered 0")
    assert desk.calls == [("answer_value", 43, "stop", "0")]
    assert desk.answered[0].challenge is not None


async def test_words_to_choose_from_are_offered_and_nothing_else_is_taken() -> None:
    desk = desk_with(checklists.choosing())
    async with app(desk).run_test() as pilot:
        await opened(pilot, "item 8 of 8")
        await pilot.press("enter")
        await see(pilot, "Answer with working or broken. ↑ ↓ offer them.")
        await pilot.press("enter")
        await see(pilot, "nothing was answered: say what you see")
        await pilot.press("f", "enter")
        await see(pilot, "'f' is none of working, broken")
        await pilot.press("backspace", "down", "enter")
        await until(pilot, lambda: bool(desk.calls), what="the answer")
    assert desk.calls == [("answer_value", 43, "trading", "working")]


async def test_a_form_whose_question_is_answered_by_somebody_else_closes() -> None:
    desk = desk_with(checklists.asking_for_sessions())
    async with app(desk).run_test() as pilot:
        await opened(pilot, "item 4 of 8")
        await pilot.press("enter")
        await at(pilot, AnswerForm)
        desk.show_runs(checklists.answered(checklists.asking_for_sessions(), "stop", "0", by="carol"))
        await at(pilot, ChecklistScreen)
        await see(pilot, "item 5 of 8")
    assert desk.calls == []


async def test_skipping_needs_a_reason_and_its_own_key() -> None:
    desk = desk_with(checklists.asking_for_sessions())
    async with app(desk).run_test() as pilot:
        await opened(pilot, "item 4 of 8")
        await pilot.press("s")
        await question(pilot)
        assert "comes first at the end" in shown(pilot.app)
        await deliberately(pilot, "k")
        await see(pilot, "give the reason first")
        await pilot.press(*"OPS-7", "enter")
        await deliberately(pilot, "k")
        await until(pilot, lambda: bool(desk.calls), what="the skip")
    assert desk.calls == [("skip", 43, "stop", "OPS-7")]


async def test_suspending_needs_a_reason_and_says_how_it_is_gone_on_with() -> None:
    desk = desk_with(checklists.asking_for_sessions())
    async with app(desk).run_test() as pilot:
        await opened(pilot, "item 4 of 8")
        await pilot.press("z")
        await question(pilot)
        assert "bluegreen resume 43" in shown(pilot.app)
        await deliberately(pilot, "u")
        await see(pilot, "give the reason first")
        await pilot.press(*"later", "enter")
        await deliberately(pilot, "u")
        await until(pilot, lambda: bool(desk.calls), what="the wish")
    assert desk.calls == [("suspend", 43, "later")]


async def test_a_suspended_run_says_why_and_is_gone_on_with() -> None:
    desk = desk_with(checklists.suspended())
    async with app(desk).run_test(size=(120, 40)) as pilot:
        await opened(pilot, "Suspended by bob: the window opens at 02:00. Nothing is asked now; enter goes on here.")
        await pilot.press("z")
        await see(pilot, "it was let go of (suspended by bob: the window opens at 02:00): enter goes on")
        await pilot.press("enter")
        await question(pilot)
        await deliberately(pilot, "g")
        await until(pilot, lambda: bool(desk.calls), what="going on")
    assert desk.calls == [("resume", 43)]


async def test_a_note_goes_to_the_item_that_is_chosen() -> None:
    desk = desk_with(checklists.asking_for_sessions())
    async with app(desk).run_test() as pilot:
        await opened(pilot, "item 4 of 8")
        await pilot.press("up", "up")
        await see(pilot, "item 2 of 8: test the migration on staging (not the one it is at)")
        await pilot.press("s")
        await see(pilot, "only the item that the run is at can be skipped")
        await pilot.press("n")
        await at(pilot, NoteForm)
        await pilot.press(*"seen", "enter")
        await until(pilot, lambda: bool(desk.calls), what="the note")
    assert desk.calls == [("note", 43, "seen", "staging")]


@pytest.mark.parametrize(("keys", "kept"), [((*"/x/y",), ("/x/y", "")), (("down", *"OPS"), ("", "OPS"))])
async def test_evidence_is_a_file_or_a_text(keys: tuple[str, ...], kept: tuple[str, str]) -> None:
    desk = desk_with(checklists.asking_for_sessions())
    async with app(desk).run_test() as pilot:
        await opened(pilot, "item 4 of 8")
        await pilot.press("e")
        await at(pilot, EvidenceForm)
        await pilot.press("enter")
        await see(pilot, "give a file or a text, and not both")
        await pilot.press(*keys, "enter")
        await until(pilot, lambda: bool(desk.calls), what="the evidence")
    assert desk.calls == [("keep", 43, "stop", *kept)]


async def test_a_failed_check_is_tried_again_after_a_question() -> None:
    desk = desk_with(checklists.smoke_failed())
    async with app(desk).run_test() as pilot:
        await opened(pilot, "exit code 1 after 12 s: 1 failed, 40 passed. Try again?")
        assert "test_orders.py ........F" in shown(pilot.app)
        await pilot.press("enter")
        await question(pilot)
        assert "a yes tries “run the smoke tests” again" in shown(pilot.app)
        await deliberately(pilot, "t")
        await until(pilot, lambda: bool(desk.calls), what="the answer")
    assert desk.calls == [("answer", 43, "smoke", "yes", "")]


async def test_esc_leaves_everything_and_stops_nothing() -> None:
    desk = desk_with(checklists.asking_for_sessions())
    async with app(desk).run_test() as pilot:
        await opened(pilot, "item 4 of 8")
        for key, dialog in (("enter", AnswerForm), ("s", Question), ("z", Question), ("n", NoteForm), ("e", EvidenceForm), ("a", Question)):
            await pilot.press(key)
            await at(pilot, dialog)
            await pilot.press("escape")
            await at(pilot, ChecklistScreen)
        await pilot.press("v")
        await at(pilot, RunScreen)
        await pilot.press("escape")
        await at(pilot, ChecklistScreen)
        await pilot.press("r")
        await at(pilot, RollbackScreen)
        await pilot.press("escape", "escape")
        await at(pilot, Overview)
    assert desk.calls == []


async def test_the_run_screen_answers_the_same_question() -> None:
    desk = desk_with(checklists.asking_for_sessions())
    async with app(desk).run_test() as pilot:
        await opened(pilot, "item 4 of 8")
        await pilot.press("v")
        await see(pilot, "enter Answer")
        await pilot.press("enter")
        await at(pilot, AnswerForm)
        await pilot.press("0", "enter")
        await until(pilot, lambda: bool(desk.calls), what="the answer")
    assert desk.calls == [("answer_value", 43, "stop", "0")]


async def test_what_was_skipped_comes_first_at_the_end_and_esc_leads_to_the_choice() -> None:
    desk = desk_with(checklists.asking_for_sessions())
    async with app(desk).run_test(size=(120, 40)) as pilot:
        await opened(pilot, "item 4 of 8")
        desk.show_runs(checklists.over())
        await see(pilot, "✔ done after")
        text = shown(pilot.app)
        assert text.index("○ notify the stakeholders: skipped by bob: announced on Friday") < text.index("✔ done after")
        await pilot.press("s")
        await see(pilot, "the run has ended")
        await pilot.press("escape")
        await see(pilot, "start migrate")
        await pilot.press("down", "enter")
        await see(pilot, "item 8 of 8")
        await pilot.press("escape", "escape")
        await at(pilot, Overview)
    assert desk.calls == []


async def test_a_checklist_is_planned_asked_about_started_and_shown_here() -> None:
    desk = desk_with()
    async with app(desk).run_test() as pilot:
        await opened(pilot, "start migrate")
        await pilot.press("enter")
        await at(pilot, RunScreen)
        await see(pilot, "enter Start")
        await pilot.press("enter")
        await deliberately(pilot, "d")  # the fake desk plans a deployment, whatever is wanted
        await see(pilot, "give the reason first")
        await pilot.press(*"CHG-77", "enter")
        await deliberately(pilot, "d")
        await at(pilot, ChecklistScreen)
        desk.show_runs(checklists.ask(checklists.opened(run=42), "backup"))
        await see(pilot, "item 1 of 8: back up the database")
    assert [call[0] for call in desk.changing_calls] == ["start"]


async def test_while_another_run_is_on_nothing_is_started_and_it_says_which() -> None:
    desk = desk_with(scenes.waiting_for_pods())
    async with app(desk).run_test() as pilot:
        await opened(pilot, "start migrate")
        await pilot.press("enter")
        await see(pilot, "run 41 (deploy v1.5.0 to green) is on: end it first")
    assert desk.calls == []


@pytest.mark.parametrize("key", ["enter", "s", "z", "n", "e", "a"])
async def test_read_only_changes_nothing_and_says_so(key: str) -> None:
    desk = desk_with(checklists.asking_for_sessions(), read_only=True)
    async with app(desk).run_test() as pilot:
        await opened(pilot, "item 4 of 8")
        await pilot.press(key)
        await see(pilot, "READ-ONLY: this console may not change anything")
        await at(pilot, ChecklistScreen)
    assert desk.calls == []


async def test_every_key_is_listed_in_the_help() -> None:
    async with app(desk_with(checklists.asking_for_sessions())).run_test(size=(120, 40)) as pilot:
        await opened(pilot, "item 4 of 8")
        await pilot.press("question_mark")
        for words in ("Answer…", "Skip…", "Suspend…", "Note…", "Evidence…", "Stop…", "Rollback", "Back"):
            await see(pilot, words)
