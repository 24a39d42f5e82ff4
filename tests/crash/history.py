"""What became of every object during a run, version by version, as the API server tells it to somebody who only watches."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.contract.objects import Paths
from tests.contract.wire import Api, Watch, eventually

Json = dict[str, Any]
_TIMES = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?")
_RUNS = re.compile(r"\d+@[0-9a-f]{12}")
_STAMPS = re.compile(r'("bluegreen/(?:epoch|by)": )"[^"]*"')
_CONTROLLERS_NOTE = "deployment.kubernetes.io/revision"


def content(thing: Mapping[str, Any]) -> str:
    """What people and bluegreen write of an object: no status, and no bookkeeping of the API server."""
    meta = thing["metadata"]
    notes = {k: v for k, v in (meta.get("annotations") or {}).items() if k != _CONTROLLERS_NOTE}
    parts = {"labels": meta.get("labels") or {}, "annotations": notes, "spec": thing.get("spec"), "data": thing.get("data")}
    return json.dumps(parts, sort_keys=True, indent=1)


def unstamped(text: str) -> str:
    """The content without run, epoch and person: what only carries a newer epoch is fenced off, not done again."""
    return _STAMPS.sub(r'\1"STAMP"', _RUNS.sub("RUN", text))


def meaning(text: str) -> str:
    """The content without who wrote it when: times are others in each run."""
    return _TIMES.sub("TIME", unstamped(text))


@dataclass
class History:
    """Every version of every object of three kinds, oldest first; the first is how it was before."""

    versions: dict[str, list[str]] = field(default_factory=dict)
    """By `plural name`; an object that is not there has the content `gone`."""
    latest: dict[str, str] = field(default_factory=dict)
    """resourceVersion that was seen last."""

    def take(self, plural: str, event: str, thing: Json) -> None:
        name = f"{plural} {thing['metadata']['name']}"
        self.latest[name] = thing["metadata"]["resourceVersion"]
        text = "gone" if event == "DELETED" else content(thing)
        known = self.versions.setdefault(name, ["gone"])
        if known[-1] != text:
            known.append(text)

    @property
    def effects(self) -> dict[str, tuple[str, ...]]:
        """What each object became, one meaning after the other, twice the same where it was done twice; those left alone are left out."""
        found = {}
        for name, texts in self.versions.items():
            done = [text for i, text in enumerate(texts) if i == 0 or unstamped(text) != unstamped(texts[i - 1])]
            if len(done) > 1:
                found[name] = tuple(meaning(text) for text in done)
        return found

    @property
    def end(self) -> dict[str, str]:
        """What each object is now."""
        return {name: meaning(texts[-1]) for name, texts in self.versions.items() if texts[-1] != "gone"}


def _paths(paths: Paths) -> Mapping[str, str]:
    return {"deployments": paths.deployments, "services": paths.services, "configmaps": paths.configmaps}


@contextlib.asynccontextmanager
async def recording(api: Api, paths: Paths) -> AsyncIterator[History]:
    """Watch for the length of the block; `caught_up` before reading."""
    history = History()
    async with contextlib.AsyncExitStack() as stack:
        tasks = []
        for plural, path in _paths(paths).items():
            listed = (await api.get(path)).ok()
            for each in listed["items"]:
                name = f"{plural} {each['metadata']['name']}"
                history.versions[name] = [content(each)]
                history.latest[name] = each["metadata"]["resourceVersion"]
            watch = await stack.enter_async_context(api.watch(path, resourceVersion=listed["metadata"]["resourceVersion"]))
            tasks.append(asyncio.create_task(_take_all(history, plural, watch)))
        try:
            yield history
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def caught_up(history: History, api: Api, paths: Paths) -> None:
    """Wait until everything that is stored now has been heard."""

    async def behind() -> list[str]:
        stored = {
            f"{plural} {each['metadata']['name']}": int(each["metadata"]["resourceVersion"])
            for plural, path in _paths(paths).items()
            for each in (await api.get(path)).ok()["items"]
        }
        late = [name for name, version in stored.items() if int(history.latest.get(name, "0")) < version]
        return late + [n for n, texts in history.versions.items() if texts[-1] != "gone" and n not in stored]

    await eventually(behind, lambda names: not names)


async def _take_all(history: History, plural: str, watch: Watch) -> None:
    while True:
        kind, thing = await watch.next(within=3600)
        history.take(plural, kind, thing)
