"""A checklist on a whole cluster by the real command line: answered, refused, suspended, gone on with; a command of the team."""

from __future__ import annotations

import sys

import pytest

from tests.e2e.conftest import Starts
from tests.sandbox.waiting import answered
from tests.support.application import Json
from tests.support.scenario import Scenario

pytestmark = pytest.mark.slow


async def test_a_verification_is_walked_item_by_item_and_survives_being_suspended(scenario: Starts) -> None:
    async with scenario() as s:
        await s.deploy("v1.4.2")
        (await s.cli("run", "verify", "--detach", "--reason", "after v1.4.2")).expect(0)
        await until_asked(s, "Place a test order")
        (await s.cli("answer", "--value", "exploded")).expect(2, "'exploded' is none of cancelled, filled, stuck")
        (await s.cli("answer", "--value", "stuck")).expect(6, "stuck was answered, and cancelled lets it go on")
        (await s.cli("note", "--text", "the sandbox exchange was slow")).expect(0)
        (await s.cli("evidence", "--file", str(s.operator.config / "application.yml"))).expect(0, "sha256")
        (await s.cli("answer", "--value", "cancelled")).expect(0, "verify the trading system: cancelled, said")

        (await s.cli("suspend", "--reason", "the scanner runs at 03:00")).expect(0, "bluegreen resume 2")
        await until_shown(s, lambda run: bool(run["released"]), "it is let go of")
        (await s.cli("resume", "2")).expect(6, "bluegreen answer 2 --value")
        (await s.cli("answer", "2", "--value", "0")).expect(0)
        (await s.cli("skip", "2", "--reason", "filed with the release")).expect(0, "skipped file the deployment report")
        record = await until_shown(s, lambda run: run["outcome"] is not None, "it ends")
        assert record["outcome"] == "done"
        trading = next(step for step in record["steps"] if step["title"] == "verify the trading system")
        assert [a["text"] for a in trading["answers"]] == ["stuck", "cancelled"]
        assert trading["notes"][0][2] == "the sandbox exchange was slow"
        assert [k["name"] for k in trading["kept"]] == ["application.yml"]
        text = (await s.cli("show", "2")).expect(0).out.splitlines()
        assert text[1].startswith("○ file the deployment report: skipped by"), "what was skipped comes first"


async def test_a_command_of_the_team_runs_beside_the_runner_and_its_output_is_kept(scenario: Starts) -> None:
    async with scenario() as s:
        await s.deploy("v1.4.2")
        run = f"[{sys.executable}, -c, \"print('41 passed')\"]"
        tests = f"name: own\ntitle: run our tests\ndirection: neutral\nsteps:\n  - check: command\n    with: {{run: {run}}}\n"
        (s.operator.config / "runbooks" / "own.yml").write_text(tests)
        (await s.cli("run", "own", "--reason", "x")).expect(0, "exit code 0 after", "41 passed")
        evidence = (await s.show())["steps"][0]["evidence"]
        assert evidence["exit_code"] == 0
        (s.operator.config / "runbooks" / "own.yml").write_text(tests.replace("print('41 passed')", "raise SystemExit('1 failed')"))
        (await s.cli("run", "own", "--reason", "x")).expect(1, "exit code 1 after", "1 failed")


async def until_asked(s: Scenario, text: str) -> None:
    await until_shown(s, lambda run: run["question"] is not None and run["question"]["text"].startswith(text), f"it asks {text!r}")


async def until_shown(s: Scenario, holds: object, what: str) -> Json:
    """The newest run's record once something holds."""
    assert callable(holds)

    async def ask() -> Json:
        return await s.show()

    return await answered(ask, holds, within=60, what=what)
