"""What a person asks of the record: runs from further back, and a run's report as a file. Nothing in the cluster or the journal changes."""

from __future__ import annotations

from functools import partial

from console.app.asking import Host
from console.app.link import sentence
from console.domain.ids import RunId
from console.domain.views.state import with_older

PAGE = 30
"""Runs that are read at a time."""


class Records:
    """One page at a time; what cannot be read or written is said."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._reading = False

    def older(self) -> None:
        """Read the next page, unless one is on its way or there is none."""
        if not self._reading and not self._host.state.oldest_known:
            self._reading = True
            self._host.work("older runs", self._read)

    def report(self, run: RunId) -> None:
        self._host.work("report", partial(self._write, run))

    async def _read(self) -> None:
        desk, known = self._host.desk, self._host.state.recorded
        try:
            if desk is not None:
                found = await desk.earlier_runs(known[-1].id if known else None, PAGE)
                self._host.update(lambda s: with_older(s, found, whole=len(found) < PAGE))
        except Exception as error:
            self._host.say(f"older runs cannot be read: {sentence(error)}", error=True)
        finally:
            self._reading = False

    async def _write(self, run: RunId) -> None:
        desk = self._host.desk
        try:
            path = await desk.write_report(run) if desk is not None else ""
        except Exception as error:
            self._host.say(f"no report of run {run}: {sentence(error)}", error=True)
        else:
            self._host.say(f"report of run {run}: {path}" if path else "not connected yet", error=not path)
