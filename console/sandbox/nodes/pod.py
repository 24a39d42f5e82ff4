"""One pod on its node: its address, its containers in order, its status in the API, and its end."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Iterator
from datetime import datetime

from console.cluster.errors import ClusterError
from console.sandbox.nodes.api import PodGone
from console.sandbox.nodes.container import ContainerLife, RestartPolicy
from console.sandbox.nodes.deadline import Deadline
from console.sandbox.nodes.host import Host, now
from console.sandbox.nodes.launch import Home
from console.sandbox.nodes.objects import KnownCondition, Pod
from console.sandbox.nodes.pod_ports import PodPorts
from console.sandbox.nodes.status import CREATING, INITIALIZING, PodReport, pod_status

log = logging.getLogger(__name__)
RETRY_SECONDS = 0.5


class PodLife:
    """Runs one pod from the moment it is bound to the node until it is out of the API."""

    def __init__(self, pod: Pod, host: Host, address: str) -> None:
        self.pod = pod
        self.ports = PodPorts(pod, address, host.shared.network)
        self._host = host
        home = Home(pod=pod, host=host, ports=self.ports, folder=host.shared.folder / pod.uid)
        self._home = home
        init_policy: RestartPolicy = "Never" if pod.spec.restart_policy == "Never" else "OnFailure"
        first = INITIALIZING if pod.spec.init_containers else CREATING
        policy, before = pod.spec.restart_policy, {known.name: known for known in pod.status.container_statuses}
        self._init = [ContainerLife(each, home, policy=init_policy, changed=self._changed) for each in pod.spec.init_containers]
        self._main = [
            ContainerLife(each, home, policy=policy, changed=self._changed, first=first, before=before.get(each.name))
            for each in pod.spec.containers
        ]
        self._started_at = datetime.fromisoformat(pod.status.start_time) if pod.status.start_time else now()
        self._known: list[KnownCondition] = pod.status.conditions
        self._dirty = asyncio.Event()
        self._leaving = asyncio.Event()
        self._deadline: Deadline | None = None
        self._stopped = False

    @property
    def containers(self) -> Iterator[ContainerLife]:
        """All its containers, by name."""
        yield from (*self._init, *self._main)

    async def run(self) -> None:
        """Live until the pod is out of the API, or taken away by force."""
        self._home.folder.mkdir(parents=True, exist_ok=True)
        publishing = asyncio.create_task(self._publish(), name=f"status of {self.pod.key}")
        living = asyncio.create_task(self._live(), name=f"containers of {self.pod.key}")
        living.add_done_callback(self._report_failure)
        try:
            self._changed()
            await self._leaving.wait()
            await self._stop(living)
            publishing.cancel()
            await asyncio.gather(publishing, return_exceptions=True)
            await self._finish()
        finally:
            publishing.cancel()
            living.cancel()
            await asyncio.gather(publishing, living, return_exceptions=True)
            self.ports.close()
            await asyncio.to_thread(shutil.rmtree, self._home.folder, ignore_errors=True)

    def update(self, pod: Pod) -> None:
        """The API has another version of the pod: all that matters is whether it is being deleted, and how fast."""
        self.pod = pod
        if pod.is_leaving:
            self._leave(pod.grace)

    def vanish(self) -> None:
        """The pod is out of the API already: its processes end now."""
        self._leave(0)

    def _leave(self, grace: float) -> None:
        if self._deadline is None:
            self._deadline = Deadline(grace)
        self._deadline.shorten(grace)
        self._leaving.set()

    async def _live(self) -> None:
        for each in self._init:
            await each.run()
            if not each.succeeded:
                return
        await asyncio.gather(*(each.run() for each in self._main))

    async def _stop(self, living: asyncio.Task[None]) -> None:
        assert self._deadline is not None
        self._changed()
        await asyncio.gather(*(each.stop(self._deadline) for each in self.containers))
        await asyncio.gather(living, return_exceptions=True)
        self._stopped = True

    def _report_failure(self, living: asyncio.Task[None]) -> None:
        if not living.cancelled() and (error := living.exception()) is not None:
            log.error("the containers of %s were given up", self.pod.key, exc_info=error)

    def _changed(self) -> None:
        self._dirty.set()

    async def _publish(self) -> None:
        """Keep the status in the API in step: the latest report wins, one patch at a time."""
        told: PodReport | None = None
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            report = self._report()
            if report == told:
                continue
            try:
                await self._tell(report)
                told = report
            except PodGone:
                return
            except ClusterError:
                self._dirty.set()
                await asyncio.sleep(RETRY_SECONDS)

    async def _finish(self) -> None:
        """Tell the last status, then take the pod out of the API, for as long as it takes."""
        while True:
            try:
                await self._tell(self._report())
                return await self._host.shared.api.finish_deletion(self.pod)
            except PodGone:
                return
            except ClusterError:
                await asyncio.sleep(RETRY_SECONDS)

    async def _tell(self, report: PodReport) -> None:
        status = pod_status(report, known=self._known, now=now())
        self._known = [
            KnownCondition(type=each["type"], status=each["status"], last_transition_time=each["lastTransitionTime"])
            for each in status["conditions"]
        ]
        await self._host.shared.api.patch_status(self.pod, status)

    def _report(self) -> PodReport:
        return PodReport(
            restart_policy=self.pod.spec.restart_policy,
            host_address=self._host.address,
            address=self.ports.address,
            started_at=self._started_at,
            init=[each.report for each in self._init],
            containers=[each.report for each in self._main],
            stopped=self._stopped,
        )
