"""From a request to a journaled run: what is checked, bound and planned, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from console.domain.environment import Protection
from console.domain.errors import JournalError, Refused, UsageError
from console.domain.release import Release
from console.domain.views.plan import PlanView
from console.engine import bindings
from console.engine.runner import claim
from console.engine.start import Request, open_run, prepare
from console.journal import open_journal
from console.journal.spool import reconcile
from tests.engine.conftest import MakeRig
from tests.engine.rig import Rig
from tests.engine.shop import SHOP


async def plan(shop: Rig, runbook: str = "deploy", **inputs: str) -> PlanView:
    given = inputs or ({"release": "v2"} if runbook == "deploy" else {})
    return (await prepare(Request(shop.deps.runbooks[runbook], given), shop.deps)).plan


async def test_a_plan_shows_every_step_and_writes_nothing(shop: Rig) -> None:
    found = await plan(shop)
    assert found.title == "deploy v2 to green"
    assert [(r.step, r.state, r.text) for r in found.rows] == [
        ("shop.put", "change", "2 changes"),
        ("shop.ready", "check", "looked at when it is reached"),
        ("gate", "asks", "asks an operator"),
        ("traffic.switch", "change", "2 changes expected"),
        ("shop.verify", "check", "looked at when it is reached"),
    ]
    assert found.differences[0].after == "shop/backend:v2"
    assert found.rows[0].kubectl == ("kubectl set image …",)
    assert shop.cluster.writes == []
    assert await shop.journal.read() == ()


async def test_one_plan_lists_the_namespace_once(shop: Rig) -> None:
    await plan(shop)
    assert [verb for verb, _ in shop.cluster.calls].count("observe") == 1


async def test_checks_before_the_first_change_are_made_now(shop: Rig) -> None:
    found = await plan(shop, release="v0")
    assert [(r.step, r.state, r.text) for r in found.rows][:3] == [
        ("shop.put", "noop", "green has v0"),
        ("shop.ready", "check", "not yet: 1 of 2 in a row"),
        ("gate", "asks", "asks an operator"),
    ]


async def test_a_step_that_is_blocked_after_a_change_is_planned_later(shop: Rig) -> None:
    green = shop.cluster.deployment("backend-green")
    shop.cluster.settles = False
    shop.cluster.put(replace(green, available=0))
    row = (await plan(shop)).rows[3]
    assert (row.state, row.text) == ("later", "not yet: backend has no pods in green")


async def test_the_digest_is_about_intentions(shop: Rig) -> None:
    first = await plan(shop)
    shop.cluster.put(replace(shop.cluster.deployment("backend-blue"), desired=5))
    assert (await plan(shop)).digest == first.digest
    assert (await plan(shop, release="v3")).digest != first.digest
    shop.cluster.put(replace(shop.cluster.service("backend"), selector={"app": "backend", "version": "green"}))
    shop.cluster.put(replace(shop.cluster.service("frontend"), selector={"app": "frontend", "version": "green"}))
    assert (await plan(shop)).digest != first.digest


async def test_earlier_runs_tell_how_long_it_usually_takes(shop: Rig) -> None:
    await shop.run()
    usual = {r.step: r.usual for r in (await plan(shop)).rows}
    assert usual["shop.ready"] is not None
    assert usual["gate"] is not None
    assert (await plan(shop, "rollback")).rows[0].usual is None


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, r"deploy needs the input 'release'. give it with -i release=…"),
        ({"release": "v2", "releese": "v3"}, r"deploy takes no input 'releese'"),
        ({"release": "v2", "bake": "15"}, r"the input 'bake' cannot be read: '15' has no unit"),
    ],
)
async def test_inputs_are_checked_first(shop: Rig, inputs: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        await prepare(Request(shop.deps.runbooks["deploy"], inputs), shop.deps)


async def test_split_traffic_is_not_deployed_onto_but_rolled_back(shop: Rig) -> None:
    shop.cluster.put(replace(shop.cluster.service("backend"), selector={"app": "backend", "version": "green"}))
    with pytest.raises(Refused, match="live traffic is split: backend → green, frontend → blue"):
        await plan(shop)
    record = await shop.run("rollback", {})
    assert record.outcome == "done"
    assert shop.cluster.selects("backend") == shop.cluster.selects("frontend")


async def test_a_missing_slot_key_is_refused(shop: Rig) -> None:
    shop.cluster.put(replace(shop.cluster.service("backend"), selector={"app": "backend"}))
    with pytest.raises(Refused, match="has no key 'version' in its selector"):
        await plan(shop)


async def test_slot_words_are_resolved_once(shop: Rig) -> None:
    prepared = await prepare(Request(shop.deps.runbooks["deploy"], {"release": "v2"}), shop.deps)
    bound = prepared.setting.bindings
    assert (bound.active, bound.preview, bound.previous, bound.previous_release) == ("blue", "green", "blue", "v1")
    assert bindings.decode(bindings.encode(bound)) == bound
    assert isinstance(bound.release, Release)
    back = await prepare(Request(shop.deps.runbooks["rollback"], {}), shop.deps)
    assert (back.setting.bindings.previous, back.setting.bindings.previous_release) == ("green", "v0")


async def test_an_empty_namespace_begins_with_the_first_slot(shop: Rig) -> None:
    for name in ("backend", "frontend"):
        shop.cluster.remove("Service", name)
    world = await shop.cluster.observe()
    bound = bindings.bind(SHOP, world, shop.deps.runbooks["deploy"], None)
    assert (bound.active, bound.preview, bound.previous) == (None, "blue", "blue")


async def test_another_cluster_than_the_settings_mean_is_refused(make_rig: MakeRig) -> None:
    pinned = replace(SHOP, cluster=replace(SHOP.cluster, server="https://cluster.example", namespace_uid="another"))
    shop = await make_rig(environment=pinned)
    with pytest.raises(Refused, match="has uid uid-of-shop, but production expects another"):
        await plan(shop)


async def test_protection_asks_for_a_reason_forwards_only(make_rig: MakeRig) -> None:
    shop = await make_rig(environment=replace(SHOP, protection=Protection(require_reason=True)))
    with pytest.raises(UsageError, match="production asks for a reason"):
        await shop.open()
    assert (await shop.open(reason="the release of January")).run == 1
    assert (await shop.open("rollback", {})).run == 2


async def test_a_read_only_environment_starts_nothing(make_rig: MakeRig) -> None:
    shop = await make_rig(environment=replace(SHOP, protection=Protection(read_only=True)))
    with pytest.raises(Refused, match="production is protected: read only"):
        await shop.open("rollback", {})


async def test_without_a_journal_only_the_way_back_to_the_warm_slot_starts(shop: Rig) -> None:
    lost = replace(shop, deps=replace(shop.deps, journal=None))
    with pytest.raises(JournalError, match="there is no journal"):
        await lost.open()
    await shop.run()
    opened = await lost.open("rollback", {})
    assert opened.ref == opened.uid
    record = await lost.drive(opened.ref)
    assert (record.outcome, record.live) == ("done", "users are on blue (v1)")
    notes = shop.cluster.service("backend").meta.annotations
    assert notes["bluegreen/run"] == f"0@{opened.uid}"
    assert await reconcile(shop.journal, lost.deps.place.spools) > 0
    moved = await shop.record(2)
    assert (moved.uid, moved.outcome, moved.direction) == (opened.uid, "done", "back")


async def test_a_journal_that_fails_under_a_rollback_does_not_stop_it(shop: Rig, tmp_path: Path) -> None:
    await shop.run()
    opened = await shop.open("rollback", {})
    await shop.journal._read(lambda connection: connection.exec_driver_sql("PRAGMA query_only = ON"))
    record = await shop.drive(opened.ref)
    assert (record.outcome, record.live) == ("done", "users are on blue (v1)")
    assert (await shop.record(opened.run)).open
    again = await open_journal(shop.journal.location, "production", spools=shop.deps.place.spools)
    known = await again.record(opened.run)
    await again.close()
    assert known is not None
    assert known.outcome == "done"


async def test_a_journal_that_fails_under_a_deploy_stops_it_before_its_effect(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)
    await shop.journal._read(lambda connection: connection.exec_driver_sql("PRAGMA query_only = ON"))
    with pytest.raises(JournalError):
        await shop.drive(opened.ref)
    assert shop.cluster.writes == []


async def test_a_second_way_back_does_not_take_the_lease_from_the_first(shop: Rig) -> None:
    await shop.run()
    opened = await shop.open("rollback", {})

    drive = await claim(opened.ref, shop.deps)
    with pytest.raises(Refused, match="run 2 is already going back"):
        await shop.open("rollback", {})
    assert (await drive.run()).outcome == "done"


async def test_a_plan_shown_and_a_plan_made_again_are_compared_by_digest(shop: Rig) -> None:
    prepared = await prepare(Request(shop.deps.runbooks["deploy"], {"release": "v2"}), shop.deps)
    opened = await open_run(prepared, shop.deps)
    assert (await shop.record(opened.run)).plan_digest == prepared.plan.digest
