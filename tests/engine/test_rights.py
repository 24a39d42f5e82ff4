"""Rights that are missing are named before anything is changed, whatever the runbook."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actions.registry import ACTIONS
from console.cluster.errors import NotSupported
from console.domain.errors import Refused
from console.engine import rights
from console.engine.ports import AccessRule
from tests.engine.rig import Rig
from tests.engine.shop import SHOP
from tests.support.faults import fault

NEEDED = {replace(rule, name="") for rule in rights.driving(SHOP, "forward")}


@fault(
    "a verb is missing that every run needs: on Services, Deployments, the Lease, or to see whether a release serves",
    group="identity and rights",
    sees="the plan and the refusal: you may not patch leases.coordination.k8s.io here: ask for the operator's role",
    does="starts nothing, exit 3; a way back asks only for what it cannot do without",
    costs="the operator's role",
)
@pytest.mark.parametrize("rule", sorted(NEEDED, key=str), ids=str)
async def test_a_missing_verb_is_named_before_anything_starts(shop: Rig, rule: AccessRule) -> None:
    shop.cluster.forbidden = {rule}
    with pytest.raises(Refused, match=f"you may not {rule} here"):
        await shop.open()
    assert await shop.journal.read() == ()
    assert shop.cluster.writes == []


async def test_a_server_that_cannot_be_asked_forbids_nothing_by_that(shop: Rig) -> None:
    shop.cluster.fail("may", NotSupported("access reviews are not served"), times=10)
    assert (await shop.run()).outcome == "done"


def test_every_action_that_writes_to_the_cluster_says_what_it_needs() -> None:
    silent = {name for name, action in ACTIONS.items() if type(action).rights.__qualname__.startswith(("Doing.", "Looking."))}
    changing = {name for name, action in ACTIONS.items() if action.effect != "observe"}
    assert silent & changing == {"evidence.save"}
