"""Runs of a checklist as scenes: three phases, people's work, a check that failed, one that was skipped, one that is over."""

from __future__ import annotations

from collections.abc import Mapping

from console.domain.ids import Epoch
from console.domain.runbook import Runbook, Step
from tests.screens import scenes
from tests.screens.scenes import Log, ago

ITEMS = (
    ("backup", "do", "manual", "back up the database", "pre-migration", "What is the name of the backup that was read in full?"),
    ("staging", "do", "manual", "test the migration on staging", "pre-migration", "Which revision does staging show?"),
    ("stakeholders", "do", "manual", "notify the stakeholders", "pre-migration", "Who was told, and where?"),
    ("stop", "do", "manual", "stop the application services", "execution", "How many sessions does the database still have?"),
    ("apply", "do", "manual", "apply the database migration", "execution", "Which revision does production show now?"),
    ("health", "check", "health.live", "run health checks", "execution", ""),
    ("smoke", "check", "command", "run the smoke tests", "post-migration", ""),
    ("trading", "do", "manual", "confirm trading operations", "post-migration", "How does trading work?"),
)
GUIDE = "Stop what writes; then count sessions of the application in pg_stat_activity."


def runbooks() -> Mapping[str, Runbook]:
    steps = tuple(Step(kind, name, action, title, phase=phase) for name, kind, action, title, phase, _ in ITEMS)  # type: ignore[arg-type]
    return {**scenes.runbooks(), "migrate": Runbook("migrate", "migrate the database", steps)}


def opened(run: int = 43, *, seconds: float = 900) -> Log:
    steps = [
        {
            "name": name, "kind": kind, "title": title, "phase": phase, "within": None, "action": action, "skippable": name != "apply",
            "guide": GUIDE if name == "stop" else "",
        }
        for name, kind, action, title, phase, _ in ITEMS
    ]  # fmt: skip
    log = Log(run, at=ago(seconds))
    log.add(
        "run.opened", uid=f"u{run}", runbook="migrate", title="migrate the database to 8f2c", runbook_digest="r", plan_digest="p",
        steps=steps, inputs={"revision": "8f2c"}, bindings={}, reason="CHG-77", fingerprint={}, host="bastion-2", direction="forward",
    )  # fmt: skip
    return log.add("run.claimed", 0.1, uid=f"u{run}", host="bastion-2", pid=77, boot="b", epoch=int(Epoch(7)))


def ask(log: Log, name: str, **challenge: object) -> Log:
    text = next(item[5] for item in ITEMS if item[0] == name)
    log.add("step.started", step=name, attempt=1)
    body = {"form": "text", "choices": [], "least": None, "most": None, "unit": "", **challenge}
    return log.add("gate.asked", step=name, question=text, confirm="key", key="", phrase="", differences=[], challenge=body)


def answered(log: Log, name: str, value: str, *, by: str = "alice", seconds: float = 40) -> Log:
    log.add("gate.answered", seconds, by, step=name, answer="value", value=value)
    return log.add(
        "step.result", 0.1, step=name, attempt=1, outcome="done", reason=f"{value}, said {by}", evidence={"value": value}, seconds=seconds
    )


def done_so_far() -> Log:
    """Two items answered, one skipped."""
    log = opened()
    answered(ask(log, "backup"), "backup", "nightly-41.dump")
    log.add(
        "step.evidence",
        2,
        step="backup",
        name="restore.log",
        path="/var/lib/x/restore.log",
        host="bastion-2",
        sha256="9f31c2aa01" * 6,
        bytes=12_400,
    )
    answered(ask(log, "staging"), "staging", "8f2c", by="bob")
    ask(log, "stakeholders")
    log.add("gate.answered", 5, "bob", step="stakeholders", answer="skip", reason="announced on Friday")
    skipped = "skipped by bob: announced on Friday"
    return log.add("step.result", 0.1, step="stakeholders", attempt=1, outcome="skipped", reason=skipped, evidence={}, seconds=5)


def asking_for_sessions() -> Log:
    """Item 4 asks how many sessions are left; 3 were answered once, which did not pass."""
    log = ask(done_so_far(), "stop", form="number", least=0, unit="sessions")
    log.add("run.note", 20, "bob", text="pgbouncer paused at 02:30", step="stop")
    log.add("gate.answered", 20, "bob", step="stop", answer="value", value="3")
    refused = "3 was answered, and 0 lets it go on: look again, or skip it with a reason (said bob)"
    log.add("step.progress", 0.1, step="stop", text=refused)
    ask(log, "stop", form="number", least=0, unit="sessions")
    return log.add("step.progress", 0.1, step="stop", text=refused)


def choosing() -> Log:
    """Item 8 asks how trading works."""
    log = after_smoke(done_so_far())
    return ask(log, "trading", form="choice", choices=["working", "broken"])


def after_smoke(log: Log) -> Log:
    answered(ask(log, "stop", form="number", least=0, unit="sessions"), "stop", "0")
    answered(ask(log, "apply"), "apply", "8f2c")
    scenes.step_done(log, "health", "4 checks ok, slowest 42 ms, 3 times in a row", 2.1)
    return scenes.step_done(log, "smoke", "exit code 0 after 12 s: 41 passed", 12.0)


def smoke_failed() -> Log:
    """Item 7, a command, failed and asks what to do."""
    log = answered(ask(done_so_far(), "stop"), "stop", "0")
    answered(ask(log, "apply"), "apply", "8f2c")
    scenes.step_done(log, "health", "4 checks ok", 2.1)
    log.add("step.started", step="smoke", attempt=1)
    log.add("step.progress", 5, step="smoke", text="1 failed, 40 passed", lines=["test_orders.py ........F", "1 failed, 40 passed"])
    reason = "exit code 1 after 12 s: 1 failed, 40 passed"
    evidence = {"exit_code": 1, "output": "/var/lib/x/output.txt", "sha256": "77ab01" * 10}
    log.add("step.result", 7, step="smoke", attempt=1, outcome="failed", reason=reason, evidence=evidence, seconds=12)
    return log.add(
        "gate.asked", step="smoke", question=f"{reason}. Try again?", confirm="key", key="t", phrase="", differences=[], retry=True
    )


def suspended() -> Log:
    log = asking_for_sessions()
    log.add("run.suspend_requested", 5, "bob", reason="suspended by bob: the window opens at 02:00")
    return log.add("run.released", 0.2, reason="suspended by bob: the window opens at 02:00")


def over() -> Log:
    log = answered(choosing(), "trading", "working")
    return log.add("run.closed", 1, outcome="done", reason="", live="users are on blue v1.4.2")
