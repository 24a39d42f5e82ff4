"""The load generator: sends at a steady rate whatever the answers do, partly on fresh, partly on pooled connections."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from console.sandbox.loadgen.http1 import Answer, ClosedUnanswered, Connection, Target
from console.sandbox.loadgen.report import Outcome, Report, Sample


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """When an answer is good."""

    status: int = 200
    contains: bytes = b""
    """Bytes the body must hold."""


class LoadGenerator:
    """GET requests to one URL; nothing is retried, except once after a pooled connection turned out to be closed already."""

    def __init__(
        self,
        url: str,
        *,
        rate: float,
        fresh: float = 0.5,
        timeout: float = 5.0,
        expect: Expectation | None = None,
        remember: int = 500_000,
    ) -> None:
        """`rate` requests a second, the share `fresh` of them on connections of their own; reports cover the newest `remember`."""
        self._target = Target.of(url)
        self._rate, self._fresh, self._timeout = rate, fresh, timeout
        self._expect = expect or Expectation()
        self._idle: list[Connection] = []
        self._samples: deque[Sample] = deque(maxlen=remember)
        self._running: set[asyncio.Task[None]] = set()
        self._began = 0.0

    @contextlib.asynccontextmanager
    async def run(self) -> AsyncIterator[LoadGenerator]:
        """Send for the length of the block; requests under way at its end are waited for and counted."""
        self._began = time.perf_counter()
        pacer = asyncio.create_task(self._pace(), name="load pacer")
        try:
            yield self
        finally:
            pacer.cancel()
            await asyncio.gather(pacer, *self._running, return_exceptions=True)
            await asyncio.gather(*(connection.close() for connection in self._idle))
            self._idle.clear()

    def now(self) -> float:
        """Seconds since the load began, the clock of the samples."""
        return time.perf_counter() - self._began

    def report(self) -> Report:
        """What has been seen so far."""
        return Report(tuple(self._samples))

    async def _pace(self) -> None:
        """Start request n at n/rate seconds, late ones at once, so that a slow server does not lower the rate."""
        sent = owed_fresh = 0.0
        while True:
            await asyncio.sleep(max(0.0, sent / self._rate - self.now()))
            sent += 1
            owed_fresh += self._fresh
            fresh = owed_fresh >= 1
            owed_fresh -= fresh
            task = asyncio.create_task(self._request(fresh=fresh))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _request(self, *, fresh: bool) -> None:
        at = self.now()
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._timeout):
                sample = await (self._on_new(fresh=True) if fresh else self._on_pooled())
        except TimeoutError:
            sample = _failed(Outcome.TIMEOUT, f"no answer within {self._timeout:g} s")
        self._samples.append(replace(sample, at=at, seconds=time.perf_counter() - started, fresh=fresh))

    async def _on_pooled(self) -> Sample:
        while self._idle:
            connection = self._idle.pop()
            if connection.closed_by_server:
                await connection.close()
                continue
            try:
                return await self._on(connection, close=False)
            except ClosedUnanswered as error:
                if error.answered:
                    return _failed(Outcome.RESET, str(error))
                return replace(await self._on_new(fresh=False), reconnected=True)
        return await self._on_new(fresh=False)

    async def _on_new(self, *, fresh: bool) -> Sample:
        try:
            return await self._on(await Connection.open(self._target), close=fresh)
        except ConnectionRefusedError as error:
            return _failed(Outcome.REFUSED, str(error))
        except (ClosedUnanswered, OSError) as error:
            return _failed(Outcome.RESET, str(error))

    async def _on(self, connection: Connection, *, close: bool) -> Sample:
        """One exchange; afterwards the connection is back in the pool or closed."""
        kept = False
        try:
            answer = await connection.exchange(self._target, close=close)
            kept = answer.keep and not close
        except (ValueError, KeyError, IndexError, asyncio.LimitOverrunError) as error:
            return _failed(Outcome.WRONG_BODY, f"the answer is not HTTP: {error}")
        finally:
            if kept:
                self._idle.append(connection)
            else:
                await connection.close()
        return self._judged(answer)

    def _judged(self, answer: Answer) -> Sample:
        if answer.status != self._expect.status:
            outcome, detail = Outcome.STATUS, answer.body[:200].decode(errors="replace")
        elif self._expect.contains not in answer.body:
            outcome, detail = Outcome.WRONG_BODY, answer.body[:200].decode(errors="replace")
        else:
            outcome, detail = Outcome.OK, ""
        return Sample(
            at=0,
            seconds=0,
            outcome=outcome,
            fresh=False,
            status=answer.status,
            release=answer.headers.get("x-release", ""),
            slot=answer.headers.get("x-slot", ""),
            pod=answer.headers.get("x-pod", ""),
            detail=detail,
        )


def _failed(outcome: Outcome, detail: str) -> Sample:
    return Sample(at=0, seconds=0, outcome=outcome, fresh=False, detail=detail)
