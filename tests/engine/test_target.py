"""The target: what an environment was is remembered, and what answers in its place is neither looked at nor changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from console.cluster.errors import NotFound
from console.domain.change import Write
from console.domain.errors import Refused
from console.engine.ports import Fingerprint
from console.engine.remembered import FILE, remember, remembered
from tests.engine.conftest import MakeRig
from tests.engine.rig import Rig
from tests.support.faults import fault


def made_anew(shop: Rig) -> None:
    """The namespace was deleted and made again: nothing of ours is in it."""
    shop.cluster.uid = "uid-of-another"
    shop.cluster.leases.clear()


@fault(
    "the kubeconfig's context means another cluster than at the last change",
    group="identity and rights",
    sees="the refusal: both uids and servers, and what to do if the cluster was replaced on purpose",
    does="starts nothing, exit 3",
    costs="the right context, or one line in the settings",
)
async def test_another_cluster_behind_the_same_context_is_refused_before_anything_starts(shop: Rig) -> None:
    assert (await shop.run()).outcome == "done"
    shop.cluster.uid = "uid-of-another"
    with pytest.raises(Refused, match=r"uid uid-of-shop at https://cluster\.example until now; this one has uid uid-of-another") as refused:
        await shop.open("rollback")
    assert "write `namespace_uid: uid-of-another`" in refused.value.hint


async def test_what_the_settings_expect_comes_before_what_is_remembered(shop: Rig) -> None:
    await shop.run()
    shop.cluster.uid = "uid-of-another"
    environment = shop.deps.environment
    expected = replace(environment, cluster=replace(environment.cluster, namespace_uid="uid-of-another"))
    meant = replace(shop, deps=replace(shop.deps, environment=expected))
    assert (await meant.run("rollback", {})).outcome == "done"
    assert remembered(shop.deps.place.runs) == Fingerprint(shop.cluster.server, "shop", "uid-of-another")


async def test_a_new_address_of_the_same_namespace_is_no_other_target(shop: Rig) -> None:
    await shop.run()
    shop.cluster.server = "https://moved.example"
    assert (await shop.run("rollback", {})).outcome == "done"


async def test_it_is_remembered_without_a_journal_and_not_by_a_plan(make_rig: MakeRig) -> None:
    shop = await make_rig()
    from console.engine.start import Request, prepare

    await prepare(Request(shop.deps.runbooks["rollback"], {}), replace(shop.deps, journal=None))
    assert not (shop.deps.place.runs / FILE).exists()
    await shop.run()
    assert (shop.deps.place.runs / FILE).exists()


def test_a_disk_that_refuses_and_a_damaged_file_remember_nothing(tmp_path: Path) -> None:
    found = Fingerprint("https://a", "shop", "u1")
    (tmp_path / "file").write_text("")
    remember(tmp_path / "file", found)
    (tmp_path / FILE).write_text('{"server": ')
    assert remembered(tmp_path) is None
    remember(tmp_path, found)
    assert remembered(tmp_path) == found


@fault(
    "another namespace answers in the middle of a run",
    group="identity and rights",
    sees="the run's end: the namespace is not the one this run was started for any more",
    does="changes nothing there, goes back to nothing there, makes no lease there, exit 4",
    costs="the right cluster back, then a new run",
)
async def test_what_answers_in_the_place_of_the_target_is_left_alone(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)

    def swap(write: Write) -> None:
        if write.name == "frontend":
            shop.cluster.before_write = None
            made_anew(shop)
            raise NotFound("services frontend not found")

    shop.cluster.before_write = swap
    record = await shop.drive(opened.ref)
    assert (record.outcome, record.exit_code) == ("needs_operator", 4)
    assert record.outcome_reason == "the namespace shop is not the one this run was started for any more"
    assert record.live == "live traffic could not be observed: the namespace shop is not the one of the start"
    assert shop.cluster.leases == {}
    assert len(await shop.journal.runs()) == 1


async def test_another_namespace_before_the_first_change_is_a_refusal(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)
    shop.cluster.before_write = None
    seen = 0
    original = shop.cluster.fingerprint

    async def fingerprint() -> Fingerprint:
        nonlocal seen
        seen += 1
        if seen == 1:
            return await original()
        return Fingerprint(shop.cluster.server, "shop", "uid-of-another")

    shop.cluster.fingerprint = fingerprint  # type: ignore[method-assign]
    shop.clock.advance(0)
    record = await shop.drive(opened.ref)
    assert record.outcome in ("refused", "needs_operator")
    assert not [w for w in shop.cluster.writes if w.kind == "Service"]


async def test_a_lease_is_not_made_anew_in_another_namespace(shop: Rig) -> None:
    opened = await shop.open()
    running = shop.start(opened.ref)
    await shop.until(opened.run, lambda r: r.question)
    made_anew(shop)
    calls = len(shop.cluster.calls)
    await shop.clock.sleep(30)
    assert ("fingerprint", "") in shop.cluster.calls[calls:]
    assert shop.cluster.leases == {}
    running.cancel()
