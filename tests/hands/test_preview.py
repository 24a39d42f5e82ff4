"""Others' hands on the slot that is being filled, and on the one that is kept warm."""

from __future__ import annotations

import pytest

from console.domain.rollback import Target, rollback_targets
from tests.actions.owner import a_deployment
from tests.contract.objects import Paths
from tests.contract.wire import Api
from tests.hands.conftest import Kubectl, Opens
from tests.hands.operator import Deed, outcome, step
from tests.sandbox.waiting import answered
from tests.support.faults import fault

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("adopted")]
BACKEND, FRONTEND = "traider-backend-green", "traider-frontend-green"


def scales(api: Api, paths: Paths, name: str, *, by: str) -> Deed:
    """Through the scale subresource, as kubectl and the autoscaler's controller do."""

    async def deed() -> None:
        (await api.merge_patch(f"{paths.deployments}/{name}/scale", {"spec": {"replicas": 1}}, fieldManager=by)).ok()

    return deed


@fault(
    "the Deployment of the preview is deleted while the run waits for its pods",
    group="others' hands",
    sees="the run's end: the Deployment of backend in green does not exist any more",
    does="ends at once instead of waiting for ten minutes, live unchanged, exit 1",
    costs="its owner has to create it again",
)
async def test_a_preview_that_is_deleted_ends_the_wait(operator: Opens, api: Api, paths: Paths) -> None:
    async def delete() -> None:
        (await api.delete(f"{paths.deployments}/{BACKEND}")).ok()

    async with operator() as o:
        o.once_both_are_written(FRONTEND, BACKEND, delete)
        record = await o.deploy("v2")
        assert outcome(record) == ("failed", 1), await o.told(record.id)
        assert record.outcome_reason == "the Deployment of backend in green does not exist any more: somebody deleted it"
        assert record.live == "users are on blue (v1)"


@fault(
    "the owner applies the adopted Deployment with kubectl, between plan and act",
    group="others' hands",
    sees="the run: Deployment traider-backend-green is not what was planned on (kubectl-client-side-apply wrote to it last)",
    does="plans again on what the owner wrote, changes image and size only, done",
    costs="nothing",
)
async def test_what_an_owner_applied_in_between_is_planned_on_again_and_kept(operator: Opens, api: Api, paths: Paths) -> None:
    async def apply() -> None:
        body = a_deployment("backend", "green", replicas=0, env=("ADDED",))
        body["spec"]["template"]["spec"]["containers"][1]["image"] = "example/backend:v1.9"
        (await api.strategic_patch(f"{paths.deployments}/{BACKEND}", body, fieldManager="kubectl-client-side-apply")).ok()

    async with operator() as o:
        o.once("write", BACKEND, apply)
        record = await o.deploy("v2")
        assert outcome(record) == ("done", 0), await o.told(record.id)
        told = await o.told(record.id)
        assert any(f"Deployment {BACKEND} is not what was planned on (kubectl-client-side-apply wrote to it last)" in t for t in told), told
        containers = (await api.get(f"{paths.deployments}/{BACKEND}")).ok()["spec"]["template"]["spec"]["containers"]
        assert (containers[1]["image"], containers[1]["env"][0]["name"]) == ("example/backend:v2", "ADDED")


@fault(
    "kubectl set image changes the preview after it was filled",
    group="others' hands",
    sees="the run's end: backend in green runs example/backend:v1.9, v2 is example/backend:v2: kubectl-set changed it",
    does="ends before the switch, live unchanged, exit 1; the image is left as it is",
    costs="a new run",
)
async def test_an_image_that_was_changed_by_hand_never_gets_traffic(operator: Opens, api: Api, paths: Paths, kubectl: Kubectl) -> None:
    async with operator() as o:
        o.once_both_are_written(FRONTEND, BACKEND, lambda: kubectl(f"set image deployment/{BACKEND} backend=example/backend:v1.9"))
        record = await o.deploy("v2")
        assert outcome(record) == ("failed", 1), await o.told(record.id)
        assert record.outcome_reason == "backend in green runs example/backend:v1.9, v2 is example/backend:v2: kubectl-set changed it"
        containers = (await api.get(f"{paths.deployments}/{BACKEND}")).ok()["spec"]["template"]["spec"]["containers"]
        assert containers[1]["image"] == "example/backend:v1.9"


@fault(
    "kubectl scale shrinks the preview while the run waits for its pods",
    group="others' hands",
    sees="the run's end: backend has 1 pod, live traffic needs 2 (kubectl scale set its size)",
    does="ends at once instead of waiting for ten minutes, live unchanged, exit 1",
    costs="a new run",
)
@pytest.mark.slow
async def test_a_preview_that_is_scaled_down_by_kubectl_ends_the_wait_by_name(operator: Opens, kubectl: Kubectl) -> None:
    async with operator() as o:
        o.once_both_are_written(FRONTEND, BACKEND, lambda: kubectl(f"scale deployment/{BACKEND} --replicas=1"))
        record = await o.deploy("v2")
        assert outcome(record) == ("failed", 1), await o.told(record.id)
        assert step(record, "rollout.wait") == "failed: backend has 1 pod, live traffic needs 2 (kubectl scale set its size)"


@fault(
    "an autoscaler shrinks the preview while the run waits for its pods",
    group="others' hands",
    sees="the run's end: backend has 1 pod, live traffic needs 2 (an autoscaler set its size)",
    does="ends at once, live unchanged, exit 1; one that exists before the run blocks it with the command that raises its minimum",
    costs="raise the autoscaler's minimum, then a new run",
)
@pytest.mark.slow
async def test_a_preview_that_an_autoscaler_shrinks_ends_the_wait_by_name(operator: Opens, api: Api, paths: Paths) -> None:
    async with operator() as o:
        o.once_both_are_written(FRONTEND, BACKEND, scales(api, paths, BACKEND, by="kube-controller-manager"))
        record = await o.deploy("v2")
        assert outcome(record) == ("failed", 1), await o.told(record.id)
        assert step(record, "rollout.wait") == "failed: backend has 1 pod, live traffic needs 2 (an autoscaler set its size)"


@fault(
    "an autoscaler shrinks the slot that is kept warm",
    group="others' hands",
    sees="the way back: blue has 3 of 4 pods, backend has 1 pod, live traffic needs 2 (an autoscaler set its size)",
    does="going back is offered by a named override while the live slot serves better, else it goes with a warning",
    costs="raise the autoscaler's minimum, or one override",
)
@pytest.mark.slow
async def test_a_warm_slot_that_an_autoscaler_shrinks_is_named_at_the_way_back(operator: Opens, api: Api, paths: Paths) -> None:
    async with operator() as o:
        assert outcome(await o.deploy("v2")) == ("done", 0)
        await scales(api, paths, "traider-backend-blue", by="kube-controller-manager")()

        async def best() -> Target:
            return rollback_targets(o.deps.environment, await o.deps.cluster.observe())[0]

        said = "backend has 1 pod, live traffic needs 2 (an autoscaler set its size)"
        found = await answered(best, lambda t: said in t.warning, within=60, what="the controller has seen it")
        assert found.override == "no-better"
