"""The report of a run: what stands first, what is never in it, and what shows that it is whole."""

from __future__ import annotations

from dataclasses import replace

from console.domain.views.report import ReportView, report_text
from tests.screens import scenes


def report(log: scenes.Log, **more: object) -> str:
    view = ReportView(
        "traider", log.record, tuple(log.entries), "14 entries, unbroken", "j1:14:h14", scenes.NOW, usual={"rollout.wait": 21.0}
    )
    return report_text(replace(view, **more))  # type: ignore[arg-type]


def changed_first(log: scenes.Log, **body: object) -> scenes.Log:
    log.entries[0] = replace(log.entries[0], body={**log.entries[0].body, **body})
    return log


def test_it_tells_how_it_ended_what_was_changed_and_how_long_each_step_took() -> None:
    log = scenes.at_the_gate().add("gate.answered", 4, actor="carol", step="gate", answer="no", typed="", asked_at="")
    text = report(log.add("run.closed", 1, outcome="failed", reason="carol said no", live="users are on blue v1.4.2"))
    assert text.startswith(
        "# deploy v1.5.0 to green on PRODUCTION (run 41)\n\n**Failed, live traffic unchanged**, 2026-03-01 02:41:00 UTC after "
    )
    assert "Carol said no.\nUsers are on blue v1.4.2.\n" in text
    assert "| 4 | wait for the preview pods | done | 32s | 21s | frontend 3/3, backend 3/3 |" in text
    assert "| 7 | switch backend and frontend to green | not reached |  |  |  |" in text
    assert "  - backend  image  v1.4.1 → v1.5.0" in text
    assert "carol answers no" in text
    assert text.endswith("Written 2026-03-01 02:41:00 UTC by bluegreen.\n")
    assert "14 entries, unbroken. Head when this was written: `j1:14:h14`" in text


def test_an_override_stands_before_everything_but_the_outcome_with_its_reason() -> None:
    log = changed_first(scenes.waiting_for_pods(), inputs={"release": "v1.5.0", "override": "promotion"}, reason="CAB said so")
    text = report(log)
    assert text.index("> **Overridden: promotion**, by alice: CAB said so") < text.index("| application | traider |")


def test_secrets_and_text_that_would_break_the_page_stay_out() -> None:
    log = scenes.waiting_for_pods().add("run.note", 1, text="db password=hunter2 | end\n## Journal\x1b[2J")
    text = report(log)
    assert "hunter2" not in text
    assert "\x1b" not in text
    assert text.count("\n## Journal\n") == 1
    assert "\\| end ## Journal" in text


def test_a_run_that_is_on_is_not_called_ended() -> None:
    assert "**Is on**, not ended when this was written." in report(scenes.waiting_for_pods())


def test_saved_evidence_is_listed_with_its_folder() -> None:
    text = report(scenes.waiting_for_pods(), folder="/state/runs/u41", files=("green-1/pods.json",))
    assert "In `/state/runs/u41`:\n\n- `green-1/pods.json`" in text
