"""Jobs: their pod, how they end, and what goes with them."""

from __future__ import annotations

from tests.contract.node import Node, now
from tests.contract.objects import Object, Paths, condition, job
from tests.contract.wire import Api, eventually


class Task:
    """The job `migrate` and its pods."""

    def __init__(self, api: Api, paths: Paths, node: Node) -> None:
        self._api, self._paths, self._node = api, paths, node
        self.path = f"{paths.jobs}/migrate"

    async def create(self, **spec: object) -> Object:
        created: Object = (await self._api.post(self._paths.jobs, job("migrate", **spec))).ok(201)
        return created

    async def job(self) -> Object:
        found: Object = (await self._api.get(self.path)).ok()
        return found

    async def pods(self) -> list[Object]:
        found: list[Object] = (await self._api.get(self._paths.pods, labelSelector="job-name=migrate")).ok()["items"]
        return found

    async def pod(self) -> Object:
        """The one pod that has not ended."""
        pods = await eventually(self.pods, lambda pods: [each for each in pods if each["status"]["phase"] == "Pending"])
        return next(each for each in pods if each["status"]["phase"] == "Pending")

    async def end_pod(self, exit_code: int) -> None:
        """Run the pod and let its container end."""
        name = (await self.pod())["metadata"]["name"]
        await self._node.bind(name)
        await self._node.run(name)
        ended = {"exitCode": exit_code, "startedAt": now(), "finishedAt": now(), "reason": "Error" if exit_code else "Completed"}
        container = {
            "name": "app",
            "image": "registry.example.test/app:1",
            "imageID": "",
            "ready": False,
            "restartCount": 0,
            "state": {"terminated": ended},
        }
        await self._node.report(name, phase="Failed" if exit_code else "Succeeded", containerStatuses=[container])


async def test_a_job_makes_a_pod_of_its_own(api: Api, paths: Paths, node: Node) -> None:
    task = Task(api, paths, node)
    created = await task.create()
    assert (created["spec"]["completions"], created["spec"]["parallelism"], created["spec"]["backoffLimit"]) == (1, 1, 6)
    pod = await task.pod()
    assert pod["metadata"]["name"].startswith("migrate-")
    (owner,) = pod["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("Job", created["metadata"]["uid"], True)
    labels = pod["metadata"]["labels"]
    assert (labels["job-name"], labels["batch.kubernetes.io/job-name"]) == ("migrate", "migrate")
    running = await eventually(task.job, lambda each: each["status"].get("active") == 1)
    assert running["status"]["startTime"]


async def test_a_job_whose_pod_succeeds_is_complete(api: Api, paths: Paths, node: Node) -> None:
    task = Task(api, paths, node)
    await task.create()
    await task.end_pod(0)
    done = await eventually(task.job, lambda each: condition(each, "Complete").get("status") == "True")
    assert done["status"]["succeeded"] == 1
    assert done["status"]["completionTime"]
    assert not done["status"].get("active")
    assert [each["status"]["phase"] for each in await task.pods()] == ["Succeeded"]


async def test_a_job_that_may_not_retry_fails_with_its_pod(api: Api, paths: Paths, node: Node) -> None:
    task = Task(api, paths, node)
    await task.create(backoffLimit=0)
    await task.end_pod(3)
    failed = await eventually(task.job, lambda each: condition(each, "Failed").get("status") == "True")
    assert condition(failed, "Failed")["reason"] == "BackoffLimitExceeded"
    assert failed["status"]["failed"] == 1
    (pod,) = await task.pods()
    assert pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 3


async def test_a_job_that_takes_too_long_is_ended(api: Api, paths: Paths, node: Node) -> None:
    task = Task(api, paths, node)
    await task.create(activeDeadlineSeconds=1)
    failed = await eventually(task.job, lambda each: condition(each, "Failed").get("status") == "True")
    assert condition(failed, "Failed")["reason"] == "DeadlineExceeded"
    await eventually(task.pods, lambda pods: not pods)


async def test_a_suspended_job_waits(api: Api, paths: Paths, node: Node) -> None:
    task = Task(api, paths, node)
    await task.create(suspend=True)
    await eventually(task.job, lambda each: condition(each, "Suspended").get("status") == "True")
    assert await task.pods() == []
    (await api.merge_patch(task.path, {"spec": {"suspend": False}})).ok()
    await task.end_pod(0)
    await eventually(task.job, lambda each: condition(each, "Complete").get("status") == "True")


async def test_deleting_a_job_takes_its_pods_with_it(api: Api, paths: Paths, node: Node) -> None:
    task = Task(api, paths, node)
    await task.create()
    await task.end_pod(0)
    await eventually(task.job, lambda each: condition(each, "Complete").get("status") == "True")
    (await api.delete(task.path, {"propagationPolicy": "Background"})).ok()
    (await api.get(task.path)).refused(404, "NotFound")
    await eventually(task.pods, lambda pods: not pods)
