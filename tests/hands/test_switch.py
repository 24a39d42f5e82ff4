"""Others' hands on the Services, around and in the middle of a switch: never overwritten blindly, always named."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from console.domain.errors import Refused
from console.domain.facts import PREVIOUS_SLOT, RUN
from console.domain.foreign import switched_by_hand
from tests.contract.objects import Paths
from tests.contract.wire import Api
from tests.hands.conftest import Kubectl, Opens
from tests.hands.operator import SHORT, Deed, outcome, step
from tests.support.faults import fault

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("adopted")]
BOTH_BLUE = {"backend": "blue", "frontend": "blue"}
BOTH_GREEN = {"backend": "green", "frontend": "green"}
EDIT, ARGO = "kubectl-edit", "argocd-controller"
LONG = replace(SHORT, bake=120.0)


def edits(api: Api, paths: Paths, component: str, slot: str | None) -> Deed:
    """Somebody points a Service at another slot, or takes the key away."""

    async def deed() -> None:
        body = {"spec": {"selector": {"version": slot}}}
        (await api.merge_patch(f"{paths.services}/traider-{component}", body, fieldManager=EDIT)).ok()

    return deed


def deletes(api: Api, paths: Paths, component: str) -> Deed:
    async def deed() -> None:
        (await api.delete(f"{paths.services}/traider-{component}")).ok()

    return deed


def reverts(api: Api, paths: Paths) -> Deed:
    """A GitOps controller applies what its repository says, by force: users belong to blue."""

    async def deed() -> None:
        for component in ("backend", "frontend"):
            spec = {"selector": {"app": component, "version": "blue"}, "ports": [{"port": 80, "targetPort": 8080}]}
            body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"traider-{component}"}, "spec": spec}
            (await api.apply(f"{paths.services}/traider-{component}", body, manager=ARGO, force=True)).ok()

    return deed


@fault(
    "kubectl edit points a Service at a slot that is none, between the two patches of a switch",
    group="others' hands",
    sees="the run's end: which Service, which value, set by kubectl-edit; the same among the alerts",
    does="puts the first Service back, leaves the edited one, ends needing an operator, exit 4",
    costs="the selector has to be put right, then a new run",
)
async def test_a_selector_that_is_edited_in_the_middle_of_the_switch_is_left_and_named(operator: Opens, api: Api, paths: Paths) -> None:
    async with operator() as o:
        o.once("write", "traider-backend", edits(api, paths, "frontend", "grey"))
        record = await o.deploy("v2")
        assert outcome(record) == ("needs_operator", 4), await o.told(record.id)
        said = "Service traider-frontend selects version=grey, which is neither blue nor green (set by kubectl-edit)"
        assert said in record.outcome_reason
        assert await o.selected() == {"backend": "blue", "frontend": "grey"}


@fault(
    "somebody takes the slot key out of a Service's selector",
    group="others' hands",
    sees="the refusal: Service, key, and that kubectl-edit removed it",
    does="nothing is started, exit 3; it is never taken for a first deployment",
    costs="the key has to be put back",
)
async def test_a_slot_key_that_was_removed_is_named_with_its_remover(operator: Opens, api: Api, paths: Paths) -> None:
    async with operator() as o:
        await edits(api, paths, "frontend", None)()
        with pytest.raises(Refused, match=r"traider-frontend has no key 'version' in its selector: kubectl-edit removed it"):
            await o.open("deploy", release="v2")


@fault(
    "somebody moves one Service to the new slot by hand, between plan and act",
    group="others' hands",
    sees="the run: backend is on green (kubectl-edit set it), not on blue as planned",
    does="plans again, takes their half as done, moves the rest, done",
    costs="nothing",
)
@pytest.mark.slow
async def test_half_a_switch_made_by_hand_before_ours_is_taken_over(operator: Opens, api: Api, paths: Paths) -> None:
    async with operator() as o:
        o.once("get", "traider-backend", edits(api, paths, "backend", "green"))
        record = await o.deploy("v2")
        assert outcome(record) == ("done", 0), await o.told(record.id)
        assert "backend is on green (kubectl-edit set it), not on blue as planned" in await o.told(record.id)
        assert await o.selected() == BOTH_GREEN


@fault(
    "somebody moves the second Service to the new slot by hand, between our two patches",
    group="others' hands",
    sees="nothing but the run's end",
    does="adopts their half under our notes, puts nothing back, done",
    costs="nothing",
)
async def test_the_other_half_of_our_switch_made_by_hand_is_adopted_and_not_split(operator: Opens, api: Api, paths: Paths) -> None:
    async with operator() as o:
        o.once("write", "traider-frontend", edits(api, paths, "frontend", "green"))
        record = await o.deploy("v2")
        assert outcome(record) == ("done", 0), await o.told(record.id)
        assert record.step("traffic.switch").attempts == 1
        assert await o.selected() == BOTH_GREEN
        service = await o.deps.cluster.get_service("traider-frontend")
        assert service is not None
        assert service.meta.annotations[RUN] == f"{record.id}@{record.uid}"
        assert service.meta.annotations[PREVIOUS_SLOT] == "blue"


@fault(
    "a GitOps controller reverts both selectors right after our switch, by a server-side apply with force",
    group="others' hands",
    sees="the run's end: backend green → blue by argocd-controller; the controller among the alerts",
    does="ends at once instead of waiting for the route, does not fight, exit 1",
    costs="the controller has to be told first; then a new run",
)
async def test_a_controller_that_reverts_the_switch_is_named_and_not_fought(operator: Opens, api: Api, paths: Paths) -> None:
    async with operator() as o:
        o.once("write", "traider-frontend", reverts(api, paths), after=True)
        record = await o.deploy("v2")
        assert outcome(record) == ("failed", 1), await o.told(record.id)
        moved = "backend green → blue by argocd-controller and frontend green → blue by argocd-controller"
        assert record.outcome_reason == f"users were moved after the switch: {moved}"
        assert record.live == "users are on blue (v1)"
        assert await o.selected() == BOTH_BLUE
        by_hand = switched_by_hand(o.deps.environment, await o.deps.cluster.observe())
        assert by_hand[0] == "Service traider-backend was switched to blue by argocd-controller, not by us: it is taken as it is"


@fault(
    "a GitOps controller reverts both selectors while the new release is watched",
    group="others' hands",
    sees="within two seconds the run's end: backend green → blue by argocd-controller",
    does="the watch ends, the switch back is adopted, exit 1: live traffic is what it was",
    costs="a new run, once the controller knows",
)
@pytest.mark.slow
async def test_a_switch_that_is_reverted_during_the_watch_ends_it(operator: Opens, api: Api, paths: Paths) -> None:
    async with operator(waits=LONG) as o:
        opened = await o.open("deploy", release="v2")
        running = asyncio.create_task(o.drive(opened))
        await o.reaches(opened, "wait")
        await reverts(api, paths)()
        record = await running
        assert outcome(record) == ("failed", 1), await o.told(record.id)
        assert "live traffic was moved while it was watched: backend green → blue by argocd-controller" in record.outcome_reason
        assert await o.selected() == BOTH_BLUE


@fault(
    "one Service is switched back by hand while the new release is watched",
    group="others' hands",
    sees="SPLIT with its age; the run's end: frontend green → blue by kubectl-edit",
    does="goes back with the other Service by the rollback procedure, exit 5",
    costs="the release is held",
)
async def test_a_split_made_by_hand_during_the_watch_is_converged_backwards(operator: Opens, api: Api, paths: Paths) -> None:
    async with operator(waits=LONG) as o:
        opened = await o.open("deploy", release="v2")
        running = asyncio.create_task(o.drive(opened))
        await o.reaches(opened, "wait")
        await edits(api, paths, "frontend", "blue")()
        record = await running
        assert outcome(record) == ("rolled_back", 5), await o.told(record.id)
        assert "frontend green → blue by kubectl-edit" in record.outcome_reason
        assert await o.selected() == BOTH_BLUE


@fault(
    "a Service is deleted between the two patches of a switch",
    group="others' hands",
    sees="the run's end: which Service is gone, and what was put back",
    does="puts the other Service back, ends needing an operator, exit 4",
    costs="the owner has to create the Service",
)
async def test_a_service_that_is_deleted_in_the_middle_of_the_switch(operator: Opens, api: Api, paths: Paths) -> None:
    async with operator() as o:
        o.once("write", "traider-frontend", deletes(api, paths, "frontend"))
        record = await o.deploy("v2")
        assert outcome(record) == ("needs_operator", 4), await o.told(record.id)
        assert 'services "traider-frontend" not found); put back: backend → blue' in record.outcome_reason
        assert await o.selected() == {"backend": "blue", "frontend": None}


@fault(
    "a Service is deleted between plan and patch",
    group="others' hands",
    sees="the run's end: Service traider-backend does not exist",
    does="touches nothing, ends needing an operator, exit 4",
    costs="the owner has to create the Service",
)
@pytest.mark.slow
async def test_a_service_that_is_deleted_before_the_first_patch(operator: Opens, api: Api, paths: Paths) -> None:
    async with operator() as o:
        o.once("get", "traider-backend", deletes(api, paths, "backend"))
        record = await o.deploy("v2")
        assert outcome(record) == ("needs_operator", 4), await o.told(record.id)
        assert step(record, "traffic.switch").startswith("blocked: Service traider-backend does not exist")
        assert await o.selected() == {"backend": None, "frontend": "blue"}


@fault(
    "a person switches back with kubectl while nothing runs",
    group="others' hands",
    sees="the alert: switched to blue by kubectl-patch, not by us: it is taken as it is",
    does="the next deployment goes to the slot that is really idle",
    costs="nothing",
)
@pytest.mark.slow
async def test_a_switch_back_by_kubectl_is_adopted_by_the_next_deployment(operator: Opens, kubectl: Kubectl) -> None:
    async with operator() as o:
        assert outcome(await o.deploy("v2")) == ("done", 0)
        change = '{"spec":{"selector":{"version":"blue"}}}'
        for component in ("backend", "frontend"):
            await kubectl(f"patch service traider-{component} -p '{change}'")
        found = switched_by_hand(o.deps.environment, await o.deps.cluster.observe())
        assert found[0].startswith("Service traider-backend was switched to blue by kubectl-patch, not by us")
        record = await o.run("deploy", release="v3", override="replace-way-back")
        assert outcome(record) == ("done", 0), await o.told(record.id)
        assert await o.selected() == BOTH_GREEN
