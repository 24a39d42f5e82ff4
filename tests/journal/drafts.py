"""Entries to write in tests."""

from __future__ import annotations

from console.domain.entry import Draft
from console.domain.ids import RunId


def opened(runbook: str = "deploy", uid: str = "u1") -> Draft:
    steps = [{"name": "first", "kind": "do", "title": "do the first thing"}]
    body = {
        "uid": uid, "runbook": runbook, "title": runbook, "runbook_digest": "d", "plan_digest": "p", "steps": steps, "inputs": {},
        "bindings": {}, "reason": "", "fingerprint": {},
    }  # fmt: skip
    return Draft("run.opened", None, "alice", body)


def note(run: int, text: str = "a note", actor: str = "alice") -> Draft:
    return Draft("run.note", RunId(run), actor, {"text": text})


def closed(run: int, outcome: str = "done") -> Draft:
    return Draft("run.closed", RunId(run), "alice", {"outcome": outcome, "reason": "", "live": ""})
