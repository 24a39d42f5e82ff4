"""One running process of a container: its probes while it runs, and how it is ended."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Mapping
from typing import Protocol

from console.sandbox.nodes import prober
from console.sandbox.nodes.deadline import Deadline
from console.sandbox.nodes.objects import Handler, Probe
from console.sandbox.nodes.probe_rules import ProbeKind, Tally, fresh_tally
from console.sandbox.nodes.prober import Inside
from console.sandbox.nodes.runtime import Process

FIRST_PROBE = 0.15
"""Seconds after the start of a container at which the first probe comes at the earliest."""
LEAST_GRACE = 2.0
"""Seconds that a process gets after SIGTERM even when its hook has used the whole grace period, as from the kubelet."""
OUTPUT_SECONDS = 1.0
"""How long the last output of an ended process is waited for."""


class Voice(Protocol):
    """Tells events about one container."""

    def normal(self, reason: str, message: str) -> None: ...

    def warning(self, reason: str, message: str) -> None: ...


class Live:
    """One process, from its start to its end."""

    def __init__(self, process: Process, inside: Inside, *, grace: int, voice: Voice, changed: Callable[[], None]) -> None:
        """`grace` is what a failed liveness probe leaves it; `changed` is called when `started` or `ready` changes."""
        self.process = process
        self._inside, self._grace, self._voice, self._changed = inside, grace, voice, changed
        self._may_be_ready = inside.container.readiness_probe is None
        self._started = asyncio.Event()
        self._ending = False
        if inside.container.startup_probe is None:
            self._started.set()

    @property
    def variables(self) -> Mapping[str, str]:
        """The process' environment."""
        return self._inside.environment

    @property
    def started(self) -> bool:
        """Its startup probe, if it has one, has succeeded."""
        return self._started.is_set()

    @property
    def ready(self) -> bool:
        """It takes traffic."""
        return self.started and self._may_be_ready

    async def run(self) -> int:
        """Probe it until it ends; its exit code."""
        container = self._inside.container
        checks = (
            (ProbeKind.STARTUP, container.startup_probe),
            (ProbeKind.READINESS, container.readiness_probe),
            (ProbeKind.LIVENESS, container.liveness_probe),
        )
        tasks = [asyncio.create_task(self._repeat(kind, check), name=f"{kind.value} probe") for kind, check in checks if check]
        try:
            code = await asyncio.shield(self.process.exited)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(OUTPUT_SECONDS):
                await self.process.output_ended.wait()
        return code

    async def end(self, deadline: Deadline) -> None:
        """Run the hook, ask it to stop, kill it at the deadline; return when it has ended."""
        first, self._ending = not self._ending, True
        if first:
            await self._pre_stop(deadline)
            self.process.send(signal.SIGTERM)
        try:
            async with deadline.limit(at_least=LEAST_GRACE):
                await asyncio.shield(self.process.exited)
        except TimeoutError:
            self.process.send(signal.SIGKILL)
            await asyncio.shield(self.process.exited)

    async def _repeat(self, kind: ProbeKind, check: Probe) -> None:
        """Probe until the verdict ends it: a start that succeeded, a container that must be restarted."""
        if kind is not ProbeKind.STARTUP:
            await self._started.wait()
        await asyncio.sleep(max(FIRST_PROBE, check.initial_delay_seconds))
        tally = fresh_tally(kind, check)
        while not (self._ending and kind is not ProbeKind.READINESS):
            outcome = await prober.probe(check, self._inside)
            if not outcome.success:
                self._voice.warning("Unhealthy", f"{kind.value} probe failed: {outcome.output}")
            tally = tally.counted(outcome.success)
            if await self._concluded(tally, check):
                return
            await asyncio.sleep(check.period_seconds)

    async def _concluded(self, tally: Tally, check: Probe) -> bool:
        """Act on the verdict; true when there is nothing left to probe."""
        match tally.kind:
            case ProbeKind.READINESS:
                if self._may_be_ready != bool(tally.verdict):
                    self._may_be_ready = bool(tally.verdict)
                    self._changed()
                return False
            case ProbeKind.STARTUP if tally.verdict:
                self._started.set()
                self._changed()
                return True
        if tally.verdict is not False or self._ending:
            return self._ending
        name = self._inside.container.name
        self._voice.normal("Killing", f"Container {name} failed {tally.kind.value.lower()} probe, will be restarted")
        grace = check.termination_grace_period_seconds
        await self.end(Deadline(self._grace if grace is None else grace))
        return True

    async def _pre_stop(self, deadline: Deadline) -> None:
        lifecycle = self._inside.container.lifecycle
        hook = lifecycle.pre_stop if lifecycle else None
        if hook is None:
            return
        try:
            async with deadline.limit():
                failure = await self._run_hook(hook, deadline)
        except TimeoutError:
            failure = "did not end within the grace period"
        if failure:
            self._voice.warning("FailedPreStopHook", f"PreStopHook failed: {failure}")

    async def _run_hook(self, hook: Handler, deadline: Deadline) -> str:
        """Carry the hook out; what went wrong, or nothing."""
        if hook.sleep is not None:
            await asyncio.wait([self.process.exited], timeout=hook.sleep.seconds)
            return ""
        if hook.exec is not None:
            outcome = await prober.run(hook.exec, self._inside, timeout=None)
        elif hook.http_get is not None:
            outcome = await prober.http_get(hook.http_get, self._inside, timeout=deadline.left)
        else:
            return "missing handler"
        return "" if outcome.success else outcome.output
