"""The team's own commands, as real processes: followed, bounded, ended with their group, and found again by the next runner."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.domain.ids import RunId
from console.domain.run import RunRecord, StepState
from console.domain.runbook import Step
from console.engine import follow
from console.engine.child import Child, without_secrets
from console.engine.keeper import HEAD, TAIL, start_ticks
from console.engine.start import Request, prepare
from tests.engine.checklist import asked, checklist, runs
from tests.engine.conftest import MakeRig
from tests.engine.rig import Rig
from tests.support.faults import fault

SLOW = """
import os, pathlib, time
pathlib.Path('NAME').write_text(str(os.getpid()))
while not pathlib.Path('go').exists():
    time.sleep(0.02)
print('went')
""".replace("NAME", "pid")
"""Runs until the file `go` is there."""
ONCE = "import pathlib; f = open('effects', 'a'); f.write('x'); f.close(); print('done it')"
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SLOW.replace("'pid'", "'parent'")
FAILS_ONCE = """
import pathlib, sys
file = pathlib.Path('effects')
before = len(file.read_text()) if file.exists() else 0
file.write_text('x' * (before + 1))
sys.exit(0 if before else 3)
"""
PATIENCE = 90.0


@pytest.fixture(autouse=True)
def processes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Real processes on a busy machine; none is left behind, however the test ends."""
    monkeypatch.setattr("tests.engine.rig.PATIENCE", 90.0)
    yield
    for file in tmp_path.rglob("keeper"):
        if Child(file.parent).found() == "running":
            os.kill(int(file.read_text()), signal.SIGTERM)


async def until(holds: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"waited for: {what}"
        await asyncio.sleep(0.02)


def pid(folder: Path) -> int:
    """Of the slow command, or 0 before it runs."""
    try:
        return int((folder / "pid").read_text() or 0)
    except FileNotFoundError:
        return 0


def effects(folder: Path) -> int:
    file = folder / "effects"
    return len(file.read_text()) if file.exists() else 0


async def ran(make_rig: MakeRig, folder: Path, *steps: Step) -> tuple[Rig, RunRecord]:
    rig = await checklist(make_rig, folder, *(replace(s, phase="") for s in steps))
    return rig, await rig.run("list")


async def test_exit_code_and_output_are_kept_and_told(make_rig: MakeRig, tmp_path: Path) -> None:
    code = "import sys; print('one'); print('two password=hunter2', flush=True); print('three', file=sys.stderr)"
    _, record = await ran(make_rig, tmp_path, runs("tests", code))
    step = record.step("tests")
    assert record.outcome == "done", step.reason
    assert step.reason.startswith("exit code 0 after ")
    assert step.reason.endswith(": three")
    kept = Path(str(step.evidence["output"])).read_text()
    assert sorted(kept.split("\n")) == ["", "one", "three", "two password=[hidden]"]
    assert (step.evidence["exit_code"], step.evidence["lines"]) == (0, 3)
    assert "hunter2" not in str(record)


async def test_it_is_given_what_is_named_and_nothing_else(make_rig: MakeRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANTED", "yes")
    monkeypatch.setenv("SECRET_OF_THE_SHELL", "s3cret")
    code = "import os; print(sorted(os.environ)); print(os.environ['WANTED'], os.environ['OWN'], os.environ['BLUEGREEN_ENV'], os.getcwd())"
    (tmp_path / "scripts").mkdir()
    plain = runs("env", code)
    step = replace(plain, params={**plain.params, "pass": ["WANTED"], "env": {"OWN": "{active}"}, "folder": "scripts"})
    _, record = await ran(make_rig, tmp_path, step)
    told = Path(str(record.step("env").evidence["output"])).read_text()
    assert f"yes blue production {tmp_path / 'scripts'}" in told
    assert "SECRET_OF_THE_SHELL" not in told
    assert "PYTHONPATH" not in told


async def test_no_shell_reads_the_arguments_unless_it_is_asked_for(make_rig: MakeRig, tmp_path: Path) -> None:
    plain = runs("plain", "import sys; print(sys.argv[1:])")
    plain = replace(plain, params={"run": [*plain.params["run"], "$(id)", "a b"]})  # type: ignore[misc]
    shell = replace(plain, name="shell", params={"shell": "echo one | tr o 0"})
    _, record = await ran(make_rig, tmp_path, plain, shell)
    assert record.step("plain").reason.endswith(": ['$(id)', 'a b']")
    assert record.step("shell").reason.endswith(": 0ne")


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (runs("bad", "print('no'); raise SystemExit(3)"), "exit code 3 after <0.1 s: no"),
        (runs("bad", "import os; os.kill(os.getpid(), 9)"), "ended by signal 9 after"),
        (runs("bad", "", run=["./not-there.sh"]), "./not-there.sh is not there, or not on PATH"),
        (runs("bad", "", folder="nowhere"), "there is no folder"),
    ],
)
async def test_what_does_not_end_well_fails_with_its_last_words(make_rig: MakeRig, tmp_path: Path, step: Step, said: str) -> None:
    _, record = await ran(make_rig, tmp_path, step)
    assert record.outcome == "failed"
    assert record.step("bad").reason.startswith(said.split("<")[0])
    assert record.step("bad").reason.endswith(said.rpartition("s: ")[2]) or ": " not in said


@fault(
    "a command of the team hangs past its deadline, and ignores SIGTERM", group="the host", sees="its last lines, how long, its limit",
    does="ends it with its whole group, SIGKILL 5 s after SIGTERM; the step fails", costs="the deadline and up to 5 s",
)  # fmt: skip
async def test_a_late_command_is_ended_with_its_group(make_rig: MakeRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.engine.child.GRACE", 0.3)
    family = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {SLOW!r}])\n{STUBBORN}"
    _, record = await ran(make_rig, tmp_path, runs("slow", family, within=1.5))
    assert record.outcome == "failed"
    assert record.step("slow").reason == "did not end within 2 s and was ended with its group"
    assert start_ticks(int((tmp_path / "parent").read_text())) == ""
    await until(lambda: not pid(tmp_path) or start_ticks(pid(tmp_path)) == "", "the child's end")


@fault(
    "a command of the team floods its output", group="the host", sees="the last lines, a few times a minute", 
    does="goes on; the beginning and the end are kept, what is left out is counted", costs="9 MiB of disk",
)  # fmt: skip
async def test_a_flood_is_bounded_on_disk_and_in_the_record(make_rig: MakeRig, tmp_path: Path) -> None:
    size = HEAD + TAIL + (3 << 20)
    code = f"import sys\nfor i in range({size} // 1024): sys.stdout.write('x' * 1023 + '\\n')\nprint('the end')"
    rig, record = await ran(make_rig, tmp_path, runs("flood", code))
    kept = Path(str(record.step("flood").evidence["output"])).read_bytes()
    assert record.outcome == "done"
    assert HEAD + TAIL <= len(kept) < HEAD + TAIL + 200
    assert b"bytes left out ...]" in kept
    assert kept.endswith(b"the end\n")
    told = [e for e in await rig.journal.read(run=record.id) if e.type == "step.progress"]
    assert sum(len(str(e.body)) for e in told) < 200_000
    assert record.step("flood").output[-1] == "the end"


def test_a_flood_without_line_ends_is_looked_through_for_secrets_in_bounded_time() -> None:
    began = time.process_time()
    assert without_secrets("y" * 2_000_000) == "y" * 2_000_000
    assert without_secrets("a.b-" * 500_000 + "\npassword=x\n").endswith("password=[hidden]\n")
    assert time.process_time() - began < 5


@pytest.mark.parametrize("wish", ["stop", "skip", "suspend"])
async def test_a_wish_of_a_person_ends_a_command_that_only_looks(make_rig: MakeRig, tmp_path: Path, wish: str) -> None:
    rig = await checklist(make_rig, tmp_path, runs("slow", SLOW))
    opened = await rig.open("list")
    running = rig.start(opened.ref)
    await until(lambda: pid(tmp_path), "the command runs")
    match wish:
        case "stop":
            await follow.stop(rig.journal, opened.run, reason="enough", actor="bob")
        case "skip":
            await follow.skip(rig.journal, opened.run, reason="enough", actor="bob")
        case _:
            await follow.suspend(rig.journal, opened.run, reason="enough", actor="bob")
    record = await running
    assert (record.outcome, record.released) == {
        "stop": ("stopped", ""),
        "skip": ("done", ""),
        "suspend": (None, "suspended by bob: enough"),
    }[wish]
    assert start_ticks(pid(tmp_path)) == ""


async def test_to_let_go_waits_for_a_command_that_changes_something(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = await checklist(make_rig, tmp_path, runs("slow", SLOW, effect="at_most_once"), runs("next", ONCE))
    opened = await rig.open("list")
    running = rig.start(opened.ref)
    await until(lambda: pid(tmp_path), "the command runs")
    await follow.suspend(rig.journal, opened.run, reason="later", actor="bob")
    await rig.until(opened.run, lambda r: r.suspend_requested)
    (tmp_path / "go").touch()
    record = await running
    assert record.released == "suspended by bob: later"
    assert [s.state for s in record.steps] == [StepState.DONE, StepState.TO_COME]
    assert effects(tmp_path) == 0


async def test_stopped_while_it_changes_something_a_person_has_to_look(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = await checklist(make_rig, tmp_path, runs("slow", SLOW, effect="at_most_once"))
    opened = await rig.open("list")
    running = rig.start(opened.ref)
    await until(lambda: pid(tmp_path), "the command runs")
    await follow.stop(rig.journal, opened.run, reason="wrong database", actor="bob")
    record = await running
    assert (record.outcome, record.exit_code) == ("needs_operator", 4)
    assert record.outcome_reason == "stopped while it ran, it may have done part of its work: wrong database"


POINTS = ["before step.started it", "after step.started it", "begun it", "effect it", "before step.result it", "after step.result it"]


@fault(
    "the runner is killed around a command of the team", group="crash and resume", sees="the command's output, still growing",
    does="attaches to the command that still runs; else as its class says: looks again, asks its own check, or asks people",
    costs="`bluegreen resume`; of a command that must not run twice one or two persons",
)  # fmt: skip
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("effect", ["observe", "check_then_act"])
async def test_killed_anywhere_it_is_done_in_the_end(make_rig: MakeRig, tmp_path: Path, point: str, effect: str) -> None:
    test = ["/bin/sh", "-c", "test -e effects || exit 1"]
    step = runs("it", ONCE) if effect == "observe" else runs("it", ONCE, effect=effect, done_when=test)
    rig = await checklist(make_rig, tmp_path, step)
    opened = await rig.open("list")
    await rig.drive_until(opened.ref, point)
    await settled(rig, opened.uid)
    record = await rig.drive(opened.ref)
    assert record.outcome == "done"
    assert effects(tmp_path) == 1 if effect == "check_then_act" else effects(tmp_path) in (1, 2)


async def settled(rig: Rig, uid: str) -> None:
    """A command whose runner was killed has ended by itself."""
    left = [Child(folder) for folder in (rig.deps.place.evidence(uid) / "commands" / "it").glob("*")]
    await until(lambda: all(child.ended() or child.found() != "running" for child in left), "the command's end")


@pytest.mark.parametrize("point", ["after step.intent it", "begun it", "effect it", "before step.result it"])
async def test_what_must_not_happen_twice_does_not(make_rig: MakeRig, tmp_path: Path, point: str) -> None:
    rig = await checklist(make_rig, tmp_path, runs("it", ONCE, effect="at_most_once"))
    opened = await rig.open("list", assume_yes=True)
    await rig.drive_until(opened.ref, point)
    await until(lambda: point == "after step.intent it" or effects(tmp_path), "its effect")
    await settled(rig, opened.uid)
    running = rig.start(opened.ref)
    if point == "after step.intent it":
        record = await asked(rig, opened.run, "it")
        assert record.question is not None
        assert record.question.text == "it: it was not started. Run it now?"
        await rig.answer(opened.run, typed="production")
    record = await running
    assert record.outcome == "done"
    assert effects(tmp_path) == 1


async def test_where_nobody_knows_two_persons_decide(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = await checklist(make_rig, tmp_path, runs("it", SLOW, effect="at_most_once"))
    opened = await rig.open("list", assume_yes=True)
    await rig.drive_until(opened.ref, "begun it")
    await until(lambda: pid(tmp_path), "the command runs")
    folder = rig.deps.place.evidence(opened.uid) / "commands" / "it" / "1"
    os.kill(int((folder / "keeper").read_text()), signal.SIGKILL)
    await until(lambda: Child(folder).found() == "unknown", "the keeper's end")
    await until(lambda: start_ticks(pid(tmp_path)) in ("", "0") or _zombie(pid(tmp_path)), "the orphan's end")
    (tmp_path / "go").touch()
    running = rig.start(opened.ref)
    await rig.answer(opened.run, by="bob", typed="production")
    second = await rig.until(opened.run, lambda r: r.question is not None and "Agreed?" in r.question.text)
    assert second.question is not None
    assert second.question.text == "it: bob wants to run it again. Agreed?"
    await rig.answer(opened.run, by="bob", typed="production")
    await rig.answer_again(opened.run, "yes", by="carol", typed="production")
    assert (await running).outcome == "done"


def _zombie(pid_: int) -> bool:
    try:
        return Path(f"/proc/{pid_}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


async def test_a_command_that_outlived_its_runner_is_attached_to(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = await checklist(make_rig, tmp_path, runs("it", SLOW, effect="at_most_once"))
    opened = await rig.open("list")
    await rig.drive_until(opened.ref, "begun it")
    await until(lambda: pid(tmp_path), "the command runs")
    running = rig.start(opened.ref)
    await rig.until(opened.run, lambda r: r.step("it").reason == "it still runs since the last runner: attached to it")
    (tmp_path / "go").touch()
    record = await running
    assert record.outcome == "done"
    assert record.step("it").reason.endswith(": went")
    begun = [e for e in await rig.journal.read(run=opened.run) if e.type == "step.intent"]
    assert len(begun) == 1


async def test_one_begun_on_another_machine_cannot_be_seen_from_here(make_rig: MakeRig, tmp_path: Path) -> None:
    step = runs("it", ONCE, effect="at_most_once")
    rig = await checklist(make_rig, tmp_path, step)
    opened = await rig.open("list")
    await rig.drive_until(opened.ref, "effect it")
    other = await checklist(make_rig, tmp_path, step, share=rig, actor="carol", host="laptop")
    rig.clock.advance(60)
    running = other.start(opened.ref)
    record = await asked(other, opened.run, "it")
    assert record.question is not None
    assert record.question.text.startswith("it: it is not known whether it ran to its end. Run it again? Two persons")
    await other.answer(opened.run, "no")
    assert (await running).outcome == "needs_operator"
    assert effects(tmp_path) == 1


@pytest.mark.parametrize("answer", ["yes", "no", "skip"])
async def test_one_that_failed_half_way_is_left_to_a_person(make_rig: MakeRig, tmp_path: Path, answer: str) -> None:
    rig = await checklist(make_rig, tmp_path, runs("it", FAILS_ONCE, effect="at_most_once"))
    opened = await rig.open("list", assume_yes=True)
    running = rig.start(opened.ref)
    record = await asked(rig, opened.run, "it")
    assert record.question is not None
    assert record.question.text.endswith("it may have done part of its work. Run it once more?")
    assert record.step("it").intent is not None
    if answer == "skip":
        await follow.skip(rig.journal, opened.run, reason="finished by hand", actor="bob")
    else:
        await rig.answer(opened.run, answer)  # type: ignore[arg-type]
    record = await running
    assert record.outcome == {"yes": "done", "no": "needs_operator", "skip": "done"}[answer]
    assert effects(tmp_path) == (2 if answer == "yes" else 1)


async def test_its_own_check_says_that_it_is_done_already(make_rig: MakeRig, tmp_path: Path) -> None:
    step = runs("it", ONCE, effect="check_then_act", done_when=["/bin/sh", "-c", "exit 0"])
    rig = await checklist(make_rig, tmp_path, step)
    record = await rig.run("list")
    assert (record.outcome, record.step("it").state, effects(tmp_path)) == ("done", StepState.NOOP, 0)
    assert record.step("it").intent is None


async def test_a_plan_names_the_command_and_runs_nothing(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = await checklist(make_rig, tmp_path, runs("look", ONCE), runs("it", ONCE, effect="at_most_once"))
    plan = (await prepare(Request(rig.deps.runbooks["list"], {}), rig.deps)).plan
    assert [(r.state, r.text) for r in plan.rows] == [("check", "runs a command when it is reached"), ("change", "runs a command")]
    assert plan.rows[1].kubectl
    assert effects(tmp_path) == 0
    assert RunId(1) not in [r.id for r in await rig.journal.runs()]


async def test_output_that_a_dead_runner_kept_is_kept_by_the_next_one(tmp_path: Path) -> None:
    folder = tmp_path / "1"
    folder.mkdir()
    (folder / "output").write_text("one\ntwo\n")
    first = await Child(folder).keep()
    assert await Child(folder).keep() == first
    assert Path(str(first["output"])).read_text() == "one\ntwo\n"
