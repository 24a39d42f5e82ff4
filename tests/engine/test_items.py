"""Items of a checklist that people do: asked for as a value, judged, skipped, let go of; progress survives every kind of end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from console.domain.entry import Draft
from console.domain.errors import Refused, UsageError
from console.domain.run import StepState
from console.engine import follow
from console.engine.action import Broken, Done
from console.engine.evidence import LARGEST, keep_file, keep_text
from console.engine.start import Request, prepare
from tests.engine.checklist import asked, asks, checklist, say
from tests.engine.conftest import MakeRig
from tests.engine.rig import Rig
from tests.engine.shop import Verify, step
from tests.support.faults import fault

BACKUP = asks("backup", "Name of the backup?")
SLOT = asks("slot", "Which slot serves traffic now?", equals="active_slot")
WELL = asks("well", "Do quotes come in?", phase="after", choices=["working", "broken"], expect="working")
COUNT = asks("count", "How many sessions are left?", phase="after", least=0, most=10, unit="sessions")


async def of(make_rig: MakeRig, tmp_path: Path) -> Rig:
    return await checklist(make_rig, tmp_path, BACKUP, SLOT, WELL, COUNT)


async def test_a_list_is_answered_item_by_item_with_who_and_what_was_seen(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = await of(make_rig, tmp_path)
    opened = await rig.open("list", assume_yes=True)
    running = rig.start(opened.ref)
    for item, value in (("backup", " nightly 41 "), ("slot", "Blue"), ("well", "WORKING"), ("count", "007")):
        await say(rig, opened.run, value, at=item)
    record = await running
    assert record.outcome == "done"
    assert [s.reason for s in record.steps] == [
        "nightly 41, said bob",
        "Blue, as the console sees it, said bob",
        "working, said bob",
        "7, said bob",
    ]
    assert record.step("slot").evidence == {"value": "Blue", "seen": "blue", "by": "bob"}
    assert [a.text for a in record.step("well").answers] == ["working"]
    assert record.phases == ("before", "after")


async def test_yes_for_all_answers_no_value(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = await of(make_rig, tmp_path)
    opened = await rig.open("list", assume_yes=True)
    running = rig.start(opened.ref)
    record = await asked(rig, opened.run, "backup")
    assert record.exit_code == 6
    await follow.stop(rig.journal, opened.run, reason="enough", actor="bob")
    assert (await running).outcome == "stopped"


async def test_a_value_that_is_not_what_the_console_sees_is_asked_for_again(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = await checklist(make_rig, tmp_path, SLOT, WELL)
    opened = await rig.open("list")
    running = rig.start(opened.ref)
    await say(rig, opened.run, "green", at="slot")
    record = await rig.until(opened.run, lambda r: "look again" in r.step("slot").reason)
    assert record.step("slot").reason == "green was answered, and the console sees blue: look again (said bob)"
    await say(rig, opened.run, "blue", at="slot", by="carol")
    await say(rig, opened.run, "broken", at="well")
    await rig.until(opened.run, lambda r: r.step("well").reason.startswith("broken was answered, and working lets it go on"))
    await say(rig, opened.run, "working", at="well")
    record = await running
    assert [(a.by, a.text) for a in record.step("slot").answers] == [("bob", "green"), ("carol", "blue")]
    assert record.step("slot").reason == "blue, as the console sees it, said carol"


@pytest.mark.parametrize(
    ("item", "value", "said"),
    [
        ("backup", "  ", "nothing was answered: say what you see"),
        ("backup", "x" * 501, "the answer has 501 characters, 500 at most: keep the rest as evidence"),
        ("well", "fine", "'fine' is none of working, broken"),
        ("count", "many", "'many' is no number: write digits alone, in sessions"),
        ("count", "11", "11 is not from 0 to 10"),
    ],
)
async def test_what_is_no_answer_is_refused_with_what_is_wanted(
    make_rig: MakeRig, tmp_path: Path, item: str, value: str, said: str
) -> None:
    only = next(s for s in (BACKUP, WELL, COUNT) if s.name == item)
    rig = await checklist(make_rig, tmp_path, only)
    opened = await rig.open("list")
    running = rig.start(opened.ref)
    await asked(rig, opened.run, item)
    with pytest.raises(UsageError, match=said):
        await follow.answer_value(rig.journal, opened.run, value=value, actor="bob")
    forged = {"step": item, "answer": "value", "value": value, "asked_at": (await rig.record(opened.run)).question.asked_at.isoformat()}  # type: ignore[union-attr]
    await rig.journal.append([Draft("gate.answered", opened.run, "mallory", forged)])
    await follow.stop(rig.journal, opened.run, reason="enough", actor="bob")
    assert (await running).step(item).state is not StepState.DONE


async def test_a_secret_in_an_answer_or_a_note_is_not_kept(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = await checklist(make_rig, tmp_path, BACKUP)
    opened = await rig.open("list")
    running = rig.start(opened.ref)
    await follow.note(rig.journal, opened.run, text="used password=hunter2", actor="bob", step="1")
    await say(rig, opened.run, "token: abcdef", at="backup")
    record = await running
    assert record.step("backup").notes[0][2] == "used password=[hidden]"
    assert "abcdef" not in str(await rig.journal.read(run=opened.run))


@fault(
    "the runner dies while an item waits for a person, before or after the answer", group="crash and resume",
    sees="the item as it was, with the answer that came meanwhile", does="goes on at that item; a value that matches is not asked again",
    costs="`bluegreen resume`",
)  # fmt: skip
@pytest.mark.parametrize(
    "point",
    [
        f"{when} {what}"
        for when in ("before", "after")
        for what in ("step.started slot", "gate.asked slot", "gate.answered slot", "step.result slot")
    ],
)
async def test_killed_anywhere_the_list_goes_on_where_it_was(make_rig: MakeRig, tmp_path: Path, point: str) -> None:
    rig = await of(make_rig, tmp_path)
    opened = await rig.open("list")
    answering = asyncio.create_task(_answered(rig, opened.run, "backup", "slot"))
    if "gate.answered" in point:  # it is others who answer: their entry is seen, not written
        point = "before step.result slot"
    await rig.drive_until(opened.ref, point)
    running = rig.start(opened.ref)
    await answering
    await _answered(rig, opened.run, "well", "count")
    record = await running
    assert record.outcome == "done"
    answered = [(e.body["step"], e.body["value"]) for e in await rig.journal.read(run=opened.run) if e.type == "gate.answered"]
    assert answered == [("backup", "b"), ("slot", "blue"), ("well", "working"), ("count", "3")], "nobody is asked twice"
    assert (await rig.journal.verify()).ok


VALUES: Mapping[str, str] = {"backup": "b", "slot": "blue", "well": "working", "count": "3"}


async def _answered(rig: Rig, run: object, *items: str) -> None:
    for item in items:
        await say(rig, run, VALUES[item], at=item)  # type: ignore[arg-type]


async def test_waiting_for_days_is_no_crash(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = await checklist(make_rig, tmp_path, BACKUP)
    opened = await rig.open("list")
    for _ in range(4):
        running = rig.start(opened.ref)
        await asked(rig, opened.run, "backup")
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    running = rig.start(opened.ref)
    await say(rig, opened.run, "b", at="backup")
    assert (await running).outcome == "done"


async def test_a_skipped_item_stays_visible_with_who_and_why(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = await checklist(make_rig, tmp_path, BACKUP, asks("must", "Done?", required=True))
    opened = await rig.open("list")
    running = rig.start(opened.ref)
    await asked(rig, opened.run, "backup")
    with pytest.raises(UsageError, match="skipping needs a reason"):
        await follow.skip(rig.journal, opened.run, reason=" ", actor="bob")
    await follow.skip(rig.journal, opened.run, reason="the provider snapshots hourly", actor="bob")
    await asked(rig, opened.run, "must")
    with pytest.raises(Refused, match="must: may not be skipped"):
        await follow.skip(rig.journal, opened.run, reason="tired", actor="bob")
    await say(rig, opened.run, "yes", at="must")
    record = await running
    assert record.outcome == "done"
    assert record.step("backup").state is StepState.SKIPPED
    assert record.step("backup").reason == "skipped by bob: the provider snapshots hourly"
    assert [s.name for s in record.skipped] == ["backup"]


async def test_a_skip_that_came_while_no_runner_lived_counts(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = await of(make_rig, tmp_path)
    opened = await rig.open("list")
    await rig.drive_until(opened.ref, "after gate.asked backup")
    await follow.skip(rig.journal, opened.run, reason="not needed", actor="carol", step="backup")
    running = rig.start(opened.ref)
    await asked(rig, opened.run, "slot")
    await follow.stop(rig.journal, opened.run, reason="enough", actor="bob")
    assert (await running).step("backup").reason == "skipped by carol: not needed"


async def test_suspended_it_is_let_go_of_and_another_goes_on_with_it(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = await of(make_rig, tmp_path)
    opened = await rig.open("list")
    running = rig.start(opened.ref)
    await say(rig, opened.run, "b", at="backup")
    await asked(rig, opened.run, "slot")
    with pytest.raises(UsageError, match="suspending needs a reason"):
        await follow.suspend(rig.journal, opened.run, reason="", actor="bob")
    await follow.suspend(rig.journal, opened.run, reason="the window opens at 02:00", actor="bob")
    record = await running
    assert (record.open, record.released, record.question) == (True, "suspended by bob: the window opens at 02:00", None)
    assert rig.cluster.leases["bluegreen-shop"].holder == ""
    with pytest.raises(Refused, match="let go of already: suspended by bob"):
        await follow.suspend(rig.journal, opened.run, reason="again", actor="bob")
    with pytest.raises(Refused, match="asks for no value now"):
        await follow.answer_value(rig.journal, opened.run, value="blue", actor="bob")

    other = await checklist(make_rig, tmp_path, BACKUP, SLOT, WELL, COUNT, share=rig, actor="carol", host="laptop")
    running = other.start(opened.ref)
    await _answered(other, opened.run, "slot", "well", "count")
    record = await running
    assert (record.outcome, record.claims) == ("done", 2)
    assert record.step("backup").reason == "b, said bob"


def broken_once(rig: Rig) -> None:
    verify = rig.deps.actions["shop.verify"]
    assert isinstance(verify, Verify)
    verify.verdicts = [Broken("2 of 3 answers are wrong"), Done("3 of 3 answers are right")]


CHECK = step("check", "shop.verify", name="look", title="look", phase="before")


@pytest.mark.parametrize(("answer", "outcome"), [("yes", "done"), ("no", "failed"), ("skip", "done")])
async def test_a_check_that_fails_asks_whether_to_try_again_skip_or_end(
    make_rig: MakeRig, tmp_path: Path, answer: str, outcome: str
) -> None:
    rig = await checklist(make_rig, tmp_path, CHECK)
    opened = await rig.open("list", assume_yes=True)
    broken_once(rig)
    running = rig.start(opened.ref)
    record = await asked(rig, opened.run, "look")
    assert record.question is not None
    assert record.question.text == "2 of 3 answers are wrong. Try again?"
    if answer == "skip":
        await follow.skip(rig.journal, opened.run, reason="known since CHG-7", actor="bob")
    else:
        await rig.answer(opened.run, answer)  # type: ignore[arg-type]
    record = await running
    assert record.outcome == outcome
    assert record.step("look").state is {"yes": StepState.DONE, "no": StepState.FAILED, "skip": StepState.SKIPPED}[answer]


@pytest.mark.parametrize("point", ["before gate.asked look", "after gate.asked look"])
async def test_killed_around_that_question_the_check_is_made_again(make_rig: MakeRig, tmp_path: Path, point: str) -> None:
    rig = await checklist(make_rig, tmp_path, CHECK)
    opened = await rig.open("list")
    broken_once(rig)
    await rig.drive_until(opened.ref, point)
    record = await rig.drive(opened.ref)
    assert (record.outcome, record.question) == ("done", None)
    assert record.step("look").reason == "3 of 3 answers are right"


async def test_a_step_of_no_checklist_fails_as_ever(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = await checklist(make_rig, tmp_path, replace(CHECK, phase=""))
    opened = await rig.open("list")
    broken_once(rig)
    assert (await rig.drive(opened.ref)).outcome == "failed"


async def test_an_item_that_does_not_pass_now_does_not_keep_its_list_from_being_started(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = await checklist(make_rig, tmp_path, CHECK)
    broken_once(rig)
    plan = (await prepare(Request(rig.deps.runbooks["list"], {}), rig.deps)).plan
    assert (plan.refusal, plan.rows[0].state, plan.rows[0].text) == ("", "check", "not yet: 2 of 3 answers are wrong")


async def test_evidence_is_copied_beside_the_run_with_its_hash(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = await of(make_rig, tmp_path)
    opened = await rig.open("list")
    dump = tmp_path / "dump list.txt"
    dump.write_bytes(b"0123\n" * 1000)
    folder = rig.deps.place.evidence(opened.uid)
    for _ in range(2):
        await keep_file(rig.journal, opened.run, step="backup", file=dump, folder=folder, actor="bob", host="bastion")
    await keep_text(rig.journal, opened.run, step="1", text="seen in the provider's console", actor="bob")
    kept = (await rig.record(opened.run)).step("backup").kept
    assert [Path(k.path).name for k in kept[:2]] == ["dump-list.txt", "dump-list-2.txt"]
    assert all(Path(k.path).read_bytes() == dump.read_bytes() and len(k.sha256) == 64 for k in kept[:2])
    assert [(k.name, k.text, k.bytes) for k in kept] == [("dump list.txt", "", 5000)] * 2 + [("", "seen in the provider's console", 0)]
    assert not list(folder.rglob("*.partial"))


@fault(
    "evidence cannot be read, or is no file, or too large", group="bad input", sees="which file, and why, in a sentence",
    does="stays at the item; nothing is written", costs="nothing",
)  # fmt: skip
async def test_evidence_that_cannot_be_kept_is_refused_with_a_sentence(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = await of(make_rig, tmp_path)
    opened = await rig.open("list")
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(LARGEST + 1)
    folder = rig.deps.place.evidence(opened.uid)
    for file_, said in ((tmp_path / "gone", "cannot be read: No such file"), (tmp_path, "is no file"), (huge, "20 MiB, 20 MiB at most")):
        with pytest.raises(UsageError, match=said):
            await keep_file(rig.journal, opened.run, step="backup", file=file_, folder=folder, actor="bob", host="bastion")
    with pytest.raises(UsageError, match="has no step 'nine'"):
        await keep_text(rig.journal, opened.run, step="nine", text="x", actor="bob")
    assert (await rig.record(opened.run)).step("backup").kept == ()


async def test_a_plan_says_what_will_be_asked_and_looks_at_nothing_for_it(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = await of(make_rig, tmp_path)
    plan = (await prepare(Request(rig.deps.runbooks["list"], {}), rig.deps)).plan
    assert [(row.state, row.text, row.phase) for row in plan.rows[:2]] == [
        ("asks", "asks: Name of the backup?", "before"),
        ("asks", "asks: Which slot serves traffic now?", "before"),
    ]
    assert plan.refusal == ""
