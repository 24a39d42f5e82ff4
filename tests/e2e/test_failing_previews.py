"""A release that is no good never reaches users: exit code 1, the cause in words, evidence kept, not one request lost."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Starts
from tests.support.layout import SHOP
from tests.support.scenario import Scenario

UNREADY = {"FAULT_UNREADY": "1"}
CRASHING = {"FAULT_CRASH_AFTER": "0.3"}
SICK = {"FAULT_DATABASE_LOST": "1"}
BAD = [
    pytest.param("v9-unready", UNREADY, "ready", id="never becomes ready"),
    pytest.param("v9-crash", CRASHING, "CrashLoopBackOff", id="crashes", marks=pytest.mark.slow),
    pytest.param("v9-sick", SICK, "database", id="fails its health check", marks=pytest.mark.slow),
    pytest.param("v9-missing", None, "v9-missing: not found", id="has no image", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("release", "faults", "cause"), BAD)
async def test_users_notice_nothing_of_a_release_that(scenario: Starts, release: str, faults: dict[str, str] | None, cause: str) -> None:
    async with scenario(SHOP, waits={"ready": "8s", "health": "5s"}) as s:
        await s.adopt("v1.4.0", active="east")
        if faults is not None:
            s.add_release(release, faults=faults)
        async with s.load(50) as load:
            ran = await s.cli("run", "deploy", "-i", f"release={release}", "--yes", "--reason", "hopeful")
            await s.app.expect_live("east", "v1.4.0")
        ran.expect(1, cause, "live traffic unchanged", "users are on east (v1.4.0)")
        assert not load.report().failures, str(load.report())
        assert set(load.report().by_slot()) == {"east"}
        await evidence_of(s)
        (await s.cli("run", "deploy", "-i", "release=v1.5.0", "--yes", "--reason", "the good one")).expect(0)
        await s.app.expect_live("west", "v1.5.0")


async def evidence_of(s: Scenario) -> None:
    """The run names files of the slot that failed, and they are there."""
    record = await s.show()
    assert (record["outcome"], record["exit_code"]) == ("failed", 1)
    assert any("evidence kept" in text for *_, text in record["notes"]), record["notes"]
    kept = s.operator.evidence(record["uid"])
    assert any("web-b" in file.read_text() for file in kept if file.suffix == ".json"), kept
