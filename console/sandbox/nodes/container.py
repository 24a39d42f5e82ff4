"""The life of one container: image, process, end, and again, until it has ended for good or is not wanted any more."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from console.cluster.errors import ClusterError
from console.sandbox.nodes.backoff import Backoff
from console.sandbox.nodes.deadline import Deadline
from console.sandbox.nodes.host import now
from console.sandbox.nodes.launch import CannotLaunch, Home, prepare
from console.sandbox.nodes.live import Live
from console.sandbox.nodes.logs import ContainerLog
from console.sandbox.nodes.objects import Container, KnownContainer
from console.sandbox.nodes.prober import Inside
from console.sandbox.nodes.pulling import Pulled, Puller
from console.sandbox.nodes.runtime import Process, SpawnFailed, Start
from console.sandbox.nodes.status import CREATING, ContainerReport, Running, State, Terminated, Waiting

RestartPolicy = Literal["Always", "OnFailure", "Never"]
CONFIG_RETRY = 10.0
"""Seconds until a container that could not be made is tried again; shortened like the back-off."""
API_RETRY = 1.0
START_FAILED = 128
"""Exit code of a container whose process never was."""


@dataclass(frozen=True)
class ContainerVoice:
    """Tells events about one container of a pod."""

    home: Home
    container: Container

    def normal(self, reason: str, message: str) -> None:
        self.home.host.events.normal(self.home.pod, reason, message, container=self.container.name)

    def warning(self, reason: str, message: str) -> None:
        self.home.host.events.warning(self.home.pod, reason, message, container=self.container.name)


class ContainerLife:
    """One container of a pod on its node."""

    def __init__(
        self,
        container: Container,
        home: Home,
        *,
        policy: RestartPolicy,
        changed: Callable[[], None],
        first: Waiting = CREATING,
        before: KnownContainer | None = None,
    ) -> None:
        """`changed` is called whenever the report is another one; `before` is what an earlier life of the node has told of it."""
        self.container = container
        self.log: ContainerLog | None = None
        self.previous_log: ContainerLog | None = None
        self._home, self._policy, self._changed = home, policy, changed
        restarts = before.restart_count if before else 0
        self._report = ContainerReport(name=container.name, image=container.image, restarts=restarts, state=first)
        self._was_lost = before is not None and before.was_running
        self._voice = ContainerVoice(home, container)
        self._unwanted = asyncio.Event()
        self._live: Live | None = None
        self._backoff = Backoff(home.host.shared.backoff_scale)

    @property
    def report(self) -> ContainerReport:
        """The container, now."""
        live = self._live
        return self._report if live is None else replace(self._report, ready=live.ready, started=live.started)

    @property
    def pid(self) -> int | None:
        """Its process, while it runs."""
        return None if self._live is None else self._live.process.pid.result()

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment of its process, while it runs."""
        return {} if self._live is None else self._live.variables

    @property
    def former_log(self) -> ContainerLog | None:
        """The log of the instance that the status calls the last one: while it waits for a restart, the one that has just ended."""
        return self.log if isinstance(self._report.state, Waiting) and self._report.last is not None else self.previous_log

    @property
    def succeeded(self) -> bool:
        """It has ended for good, with exit code 0."""
        return isinstance(self._report.state, Terminated) and self._report.state.exit_code == 0

    async def run(self) -> None:
        """Live until the end: for good, or because it is not wanted any more."""
        if self._was_lost and not await self._goes_on_after(self._lost()):
            return
        while True:
            made = await self._make()
            if made is None:
                return
            ended = await self._run_once(*made)
            if not await self._goes_on_after(ended):
                return

    async def stop(self, deadline: Deadline) -> None:
        """End the process by the deadline; `run` returns soon after."""
        self._unwanted.set()
        if self._live is not None:
            self._voice.normal("Killing", f"Stopping container {self.container.name}")
            await self._live.end(deadline)

    async def _make(self) -> tuple[Pulled, Start] | None:
        """Image and start, once both are to be had; None when the container is not wanted any more."""
        puller = Puller(host=self._home.host, pod=self._home.pod, container=self.container, wait_with=self._wait_with, pause=self._pause)
        while (pulled := await puller.pull()) is not None:
            try:
                start = await prepare(self.container, pulled.image, self._home)
            except CannotLaunch as error:
                self._voice.warning("Failed", f"Error: {error}")
                self._wait_with(Waiting(error.reason, str(error)))
                wanted = await self._pause(CONFIG_RETRY * self._home.host.shared.backoff_scale)
            except ClusterError:
                wanted = await self._pause(API_RETRY)
            else:
                return None if self._unwanted.is_set() else (pulled, start)
            if not wanted:
                return None
        return None

    async def _run_once(self, pulled: Pulled, start: Start) -> Terminated:
        """Run a process to its end."""
        identity, started_at = f"sandbox://{secrets.token_hex(32)}", now()
        self._voice.normal("Created", f"Created container: {self.container.name}")
        try:
            process = await self._home.host.shared.runtime.start(start)
        except SpawnFailed as error:
            code, reason, message = START_FAILED, "StartError", str(error)
        else:
            self._voice.normal("Started", f"Started container {self.container.name}")
            self._put(Running(started_at), image_id=pulled.image_id, container_id=identity)
            code, message = await self._follow(process, start)
            reason = "Completed" if code == 0 else "Error"
        ended = Terminated(exit_code=code, reason=reason, message=message, started_at=started_at, finished_at=now(), container_id=identity)
        self._put(ended)
        return ended

    async def _follow(self, process: Process, start: Start) -> tuple[int, str]:
        """Probe the process until it ends; its exit code, and the last words that go into the status."""
        self.previous_log, self.log = self.log, process.log
        grace = self._home.pod.spec.termination_grace_period_seconds
        self._live = Live(process, self._inside(start), grace=grace, voice=self._voice, changed=self._changed)
        self._changed()
        if self._unwanted.is_set():
            process.send(signal.SIGKILL)
        try:
            code = await self._live.run()
        finally:
            self._live = None
        wanted = code != 0 and self.container.termination_message_policy == "FallbackToLogsOnError"
        return code, process.log.last_words() if wanted else ""

    def _inside(self, start: Start) -> Inside:
        shared = self._home.host.shared
        return Inside(
            container=self.container,
            address=self._home.ports.address,
            environment=start.environment,
            folder=start.folder,
            network=shared.network,
            session=shared.session,
            runtime=shared.runtime,
        )

    def _lost(self) -> Terminated:
        """The process of an earlier life of the node, of which nothing is left."""
        message = "The container could not be located when the pod was started again. The container used to be Running"
        ended = Terminated(
            exit_code=137, reason="ContainerStatusUnknown", message=message, started_at=now(), finished_at=now(), container_id=""
        )
        self._put(ended)
        return ended

    async def _goes_on_after(self, ended: Terminated) -> bool:
        """Whether, and then when, it is started again."""
        again = self._policy == "Always" or (self._policy == "OnFailure" and ended.exit_code != 0)
        return again and not self._unwanted.is_set() and await self._back_off(ended)

    async def _back_off(self, ended: Terminated) -> bool:
        """Wait as long as the back-off says, then count the restart; false when the container is not wanted any more."""
        moment = time.monotonic()
        wait = self._backoff.wait(failed=moment, now=moment)
        if wait:
            meta = self._home.pod.metadata
            pod = f"pod={meta.name}_{meta.namespace}({meta.uid})"
            message = f"back-off {self._backoff.shown} restarting failed container={self.container.name} {pod}"
            self._report = replace(self._report, last=ended)
            self._put(Waiting("CrashLoopBackOff", message))
            self._voice.warning("BackOff", f"Back-off restarting failed container {self.container.name} in pod {pod.removeprefix('pod=')}")
        if not await self._pause(wait):
            return False
        self._backoff = self._backoff.retried(time.monotonic())
        self._report = replace(self._report, last=ended, restarts=self._report.restarts + 1)
        return True

    def _wait_with(self, waiting: Waiting) -> None:
        self._put(waiting)

    def _put(self, state: State, *, image_id: str = "", container_id: str = "") -> None:
        report = self._report
        self._report = replace(report, state=state, image_id=image_id or report.image_id, container_id=container_id or report.container_id)
        self._changed()

    async def _pause(self, seconds: float) -> bool:
        """Wait; false as soon as the container is not wanted any more."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._unwanted.wait()
        return not self._unwanted.is_set()
