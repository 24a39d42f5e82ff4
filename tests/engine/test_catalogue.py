"""Runbooks as files: what good ones become, and what is said about each way of writing a bad one."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.document.problems import ConfigError
from console.domain.errors import UsageError
from console.domain.runbook import Input, Runbook
from console.engine.catalogue import check_runbooks, load_catalogue
from tests.engine.vocabulary import WORDS
from tests.settings.cases import Case, cases

CASES = cases(Path(__file__).parent / "runbook_mistakes")

DEPLOY = """\
# A comment that does not count.
name: deploy
title: Deploy {release}
description: Beside the live release, then the switch.
on_failure: rollback
inputs:
  release: release
  pause: {type: duration, default: 5m, help: how long to watch}
  mode: {type: choice, choices: [fast, careful], required: false}
steps:
  - check: cluster.ready
    within: 1m30s
  - do: slots.apply
    title: Put {release} into {slot}
    with: {slot: preview}
  - check: health.slot
    with: {slot: preview, consecutive: 5}
    when: $mode == careful
    phase: before the switch
  - check: health.slot
    with: {slot: preview}
  - gate: Switch live traffic to {preview}?
    when: strategy == blue_green
    confirm: name
  - do: traffic.switch
    with:
      to: preview
      order: [backend, frontend]
    note: the backend first
    point_of_no_return: true
  - wait: $pause
  - wait: bake
"""
ROLLBACK = """\
name: rollback
title: Roll back
direction: back
steps:
  - do: traffic.switch
    with: {to: previous}
"""


def write(folder: Path, **texts: str) -> list[Path]:
    files = [folder / f"{name}.yml" for name in texts]
    for file, text in zip(files, texts.values(), strict=True):
        file.write_text(text, encoding="utf-8")
    return files


def deploy(folder: Path, text: str = DEPLOY) -> Runbook:
    return load_catalogue(write(folder, deploy=text, rollback=ROLLBACK), WORDS).runbook("deploy")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_says(case: Case, tmp_path: Path) -> None:
    case.write(tmp_path)
    said = "\n".join(str(problem) for problem in check_runbooks([tmp_path / name for name in case.files], WORDS))
    assert said.replace(f"{tmp_path}/", "") + "\n" == case.expected


def test_there_are_cases() -> None:
    assert len(CASES) > 50


def test_a_runbook_is_read_whole(tmp_path: Path) -> None:
    runbook = deploy(tmp_path)
    assert (runbook.name, runbook.title, runbook.on_failure, runbook.direction) == ("deploy", "Deploy {release}", "rollback", "forward")
    assert [(s.kind, s.name) for s in runbook.steps] == [
        ("check", "cluster.ready"), ("do", "slots.apply"), ("check", "health.slot"), ("check", "health.slot#2"), ("gate", "gate"),
        ("do", "traffic.switch"), ("wait", "wait"), ("wait", "wait#2"),
    ]  # fmt: skip
    assert runbook.inputs == (
        Input("release", "release"),
        Input("pause", "duration", required=False, default="5m", help="how long to watch"),
        Input("mode", "choice", required=False, choices=("fast", "careful")),
    )


def test_a_step_keeps_what_is_written(tmp_path: Path) -> None:
    ready, apply, careful, _, gate, switch, pause, bake = deploy(tmp_path).steps
    assert ready.within == 90
    assert (apply.params, apply.title) == ({"slot": "preview"}, "Put {release} into {slot}")
    assert (careful.params["consecutive"], careful.when, careful.phase) == (5, "$mode == careful", "before the switch")
    assert (gate.question, gate.confirm, gate.key, gate.title) == (
        "Switch live traffic to {preview}?", "name", "s", "Switch live traffic to {preview}?",
    )  # fmt: skip
    assert switch.params == {"to": "preview", "order": ["backend", "frontend"]}
    assert switch.point_of_no_return
    assert (pause.duration, bake.duration) == ("$pause", "bake")
    assert str(switch.source) == f"{tmp_path / 'deploy.yml'}:25:5"


def test_the_digest_ignores_comments_and_layout(tmp_path: Path) -> None:
    relaid = DEPLOY.replace("# A comment that does not count.\n", "\n# Another.\n\n").replace(
        "    with: {slot: preview, consecutive: 5}", "    with:\n      consecutive: 5\n      slot: preview"
    )
    assert relaid != DEPLOY
    first, second = deploy(tmp_path), deploy(tmp_path, relaid)
    assert len(first.digest) == 64
    assert first.digest == second.digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("consecutive: 5", "consecutive: 4"), ("within: 1m30s", "within: 1m31s"), ("title: Deploy", "title: Deploying"),
        ("[backend, frontend]", "[frontend, backend]"), ("note: the backend first", "note: both"), ("confirm: name", "confirm: key"),
        ("when: strategy == blue_green", "when: strategy != rolling"), ("default: 5m", "default: 6m"), ("  - wait: bake\n", ""),
        ("on_failure: rollback\n", ""), ("    point_of_no_return: true\n", ""), ("before the switch", "after the switch"),
    ],
)  # fmt: skip
def test_the_digest_changes_with_the_content(tmp_path: Path, old: str, new: str) -> None:
    assert old in DEPLOY
    assert deploy(tmp_path).digest != deploy(tmp_path, DEPLOY.replace(old, new)).digest


def test_a_given_name_is_kept_and_others_are_numbered_around_it(tmp_path: Path) -> None:
    text = "name: deploy\ntitle: Deploy\nsteps:\n  - check: cluster.ready\n  - check: traffic.verify\n    name: cluster.ready\n"
    assert [s.name for s in deploy(tmp_path, text).steps] == ["cluster.ready#2", "cluster.ready"]


def test_a_broken_runbook_leaves_the_others_usable(tmp_path: Path) -> None:
    catalogue = load_catalogue(write(tmp_path, deploy=DEPLOY + "  - do: slots.aply\n", rollback=ROLLBACK), WORDS)
    assert catalogue.runbook("rollback").direction == "back"
    with pytest.raises(ConfigError, match=r"deploy\.yml:33:9: unknown action 'slots\.aply': did you mean 'slots\.apply'\?"):
        catalogue.runbook("deploy")


def test_an_unknown_runbook_gets_a_suggestion(tmp_path: Path) -> None:
    catalogue = load_catalogue(write(tmp_path, rollback=ROLLBACK), WORDS)
    with pytest.raises(UsageError, match=r"there is no runbook 'rolback'. Did you mean 'rollback'\?"):
        catalogue.runbook("rolback")


def test_inputs_of_a_choice_are_tried_against_the_action(tmp_path: Path) -> None:
    text = """\
name: deploy
title: Deploy
inputs:
  where: {type: choice, choices: [preview, active]}
steps:
  - do: slots.apply
    with: {slot: $where}
"""
    assert deploy(tmp_path, text).steps[0].params == {"slot": "$where"}


def test_a_file_that_vanished_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    (problem,) = check_runbooks([tmp_path / "gone.yml"], WORDS)
    assert problem.message == "the file does not exist"


SCRAPS = ["{", "}", "[", ": ", "- ", "\t", "\n", "  ", '"', "#", "&a ", "*a", "<<: ", "$", "on", "1.10", "{slot}", "\x00", " and ", "=="]


@given(st.data())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_an_edited_runbook_gives_problems_or_a_runbook(data: st.DataObject) -> None:
    text = DEPLOY
    for _ in range(data.draw(st.integers(1, 4))):
        at, length = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 30))
        text = text[:at] + data.draw(st.sampled_from(SCRAPS) | st.text(max_size=5)) + text[at + length :]
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / "deploy.yml"
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        catalogue = load_catalogue([file], WORDS)
        for problem in check_runbooks([file], WORDS):
            assert problem.line >= 1
            assert problem.message
        with suppress(ConfigError, UsageError):
            assert catalogue.runbook("deploy").digest
