"""Looking changes nothing and needs nothing: no journal, no write, a viewer's rights."""

from __future__ import annotations

import json

import pytest

from tests.e2e.conftest import Starts
from tests.support.layout import SHOP
from tests.support.scenario import Scenario

READING: tuple[tuple[str, ...], ...] = (
    ("status",),
    ("health",),
    ("runs",),
    ("show",),
    ("rollback", "--list"),
    ("plan", "deploy", "-i", "release=v1.5.1"),
)
WRITING: tuple[tuple[str, ...], ...] = (
    ("run", "deploy", "-i", "release=v1.5.0", "--yes", "--reason", "x"),
    ("rollback", "--yes", "--reason", "x"),
    ("retire", "--yes", "--reason", "x"),
    ("hold", "v1.5.0", "--reason", "x"),
)


async def test_an_application_that_was_there_is_seen_as_it_is(scenario: Starts) -> None:
    async with scenario(SHOP) as s:
        await s.adopt("v1.4.0", active="west")
        seen = (await s.cli("--json", "status")).expect(0).json
        assert (seen["active"], seen["split"], seen["users"]["state"]) == ("west", False, "well")
        assert seen["slots"]["west"]["components"]["web"]["ready"] == 2
        assert not s.operator.journal.exists()


@pytest.mark.slow
async def test_a_viewer_is_refused_before_anything_changed(scenario: Starts) -> None:
    async with scenario(SHOP) as s:
        await s.adopt("v1.4.0", active="east")
        viewer = s.person("elsewhere", user="viewer")
        before = await versions(s)
        (await viewer.cli("status")).expect(0, "east")
        (await viewer.cli("rollback", "--print")).expect(3, "nothing to go back to")
        (await viewer.cli(*WRITING[0])).expect(3, "viewer")
        told = (await viewer.cli("plan", "deploy", "-i", "release=v1.5.0", "--diff")).expect(0, "web:v1.5.0")
        assert "computed here" in told.out
        assert "cannot patch" in told.out
        assert await versions(s) == before


@pytest.mark.slow
async def test_read_only_writes_nothing_and_starts_nothing(scenario: Starts) -> None:
    async with scenario(SHOP) as s:
        await s.adopt("v1.4.0", active="east")
        await s.deploy("v1.5.0")
        before = await versions(s)
        for words in WRITING:
            (await s.cli("--read-only", *words)).expect(3, "read-only")
        for words in READING:
            (await s.cli("--read-only", *words)).expect(0)
        assert await versions(s) == before
        assert len((await s.cli("--json", "runs")).expect(0).json) == 1


async def versions(s: Scenario) -> dict[str, str]:
    """Everything in the namespace that a console could write, by its version; what the controllers count is left out."""
    found = {}
    for name, each in (await s.app.objects()).items():
        metadata = each["metadata"]
        found[name] = json.dumps([metadata.get("generation"), metadata.get("annotations"), each["spec"].get("selector")], sort_keys=True)
    for plural in ("configmaps", "leases"):
        found |= {f"{plural} {each['metadata']['name']}": each["metadata"]["resourceVersion"] for each in await s.app.list(plural)}
    return found
