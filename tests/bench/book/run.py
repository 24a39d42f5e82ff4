"""The baseline: the book's own script on the same cluster, in a namespace of its own."""

from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from console.cluster.connect import connect
from console.domain.environment import Component
from console.domain.ids import SlotName
from console.domain.render import render_deployment, render_services
from console.settings import ConfigFolder, load
from tests.bench.outside import Outside, watched
from tests.support.scenario import Scenario

SCRIPT = Path(__file__).with_name("blue-green-deploy.sh")
SERVICES = ("traider-backend", "traider-frontend")


@dataclass(frozen=True)
class Tools:
    """kubectl, and whom it asks."""

    kubectl: Path
    kubeconfig: Path


@dataclass
class Book:
    """Measured runs of the script, in seconds."""

    deploys: list[float] = field(default_factory=list)
    beyond: list[float] = field(default_factory=list)
    """Whole script, without the pods' own readiness."""
    splits: list[float] = field(default_factory=list)
    patches: list[float] = field(default_factory=list)


async def measure(s: Scenario, tools: Tools, *, runs: int, patches: int) -> Book:
    """Deploy `runs` times with the script, then switch by two kubectl patches. `s` is empty."""
    environment = load(ConfigFolder(s.operator.config)).environment()
    found = Book()
    client = await connect(kubeconfig=tools.kubeconfig, context=None)
    try:
        folder = s.folder / "manifests"
        folder.mkdir()
        for component in environment.components:
            await _write_manifests(s, component, folder)
        await _bootstrap(s, folder)
        async with watched(client, s.namespace, services=SERVICES) as outside:
            for _ in range(runs):
                outside.forget()
                began = time.monotonic()
                await _run_script(s, tools, folder)
                found.deploys.append(time.monotonic() - began)
                found.beyond.append(found.deploys[-1] - (await outside.filled(began)).seconds)
                found.splits.append((await outside.switched(began)).seconds)
            for _ in range(patches):
                found.patches.append(await _two_patches(s, tools, outside))
    finally:
        await client.close()
    return found


async def _write_manifests(s: Scenario, component: Component, folder: Path) -> None:
    environment = load(ConfigFolder(s.operator.config)).environment()
    assert component.manifest is not None
    documents = [d for d in yaml.safe_load_all(component.manifest.read_text()) if d]
    for slot in environment.slots:
        rendered = render_deployment(
            environment, component, documents, slot=slot, image=f"{component.image}:v1.4.2", replicas=2, annotations={}
        )
        (folder / f"{component.name}-{slot}.yaml").write_text(json.dumps(rendered))
    services = render_services(environment, component, documents, slot=SlotName("blue"), annotations={})
    (folder / f"services-{component.name}.json").write_text(json.dumps(services))


async def _bootstrap(s: Scenario, folder: Path) -> None:
    """Blue serves: what the script expects to find."""
    for name in ("backend", "frontend"):
        await s.app.create(json.loads((folder / f"{name}-blue.yaml").read_text()))
        for service in json.loads((folder / f"services-{name}.json").read_text()):
            await s.app.create(service)
    await s.until_routed("blue")


async def _run_script(s: Scenario, tools: Tools, folder: Path) -> None:
    urls = {"LIVE_URL": "traider-frontend", "BLUE_URL": "traider-frontend-blue", "GREEN_URL": "traider-frontend-green"}
    variables = {k: s.box.url(v, s.namespace) for k, v in urls.items()}
    await _shell(s, [str(SCRIPT)], tools, MANIFESTS=str(folder), VERIFY_AFTER="0", **variables)


async def _two_patches(s: Scenario, tools: Tools, outside: Outside) -> float:
    """Whole seconds of two `kubectl patch service`, as the script has them; to the slot that is live, so that users stay."""
    slot = outside.slots[SERVICES[0]]
    patch = json.dumps({"spec": {"selector": {"version": slot}}})
    began = time.monotonic()
    for service in SERVICES:
        await _shell(s, [str(tools.kubectl), "-n", s.namespace, "patch", "service", service, "-p", patch], tools)
    return time.monotonic() - began


async def _shell(s: Scenario, words: list[str], tools: Tools, **variables: str) -> None:
    own: dict[str, Any] = {
        **os.environ,
        "KUBECONFIG": str(tools.kubeconfig),
        "KUBECTL": str(tools.kubectl),
        "NAMESPACE": s.namespace,
        **variables,
    }
    process = await asyncio.create_subprocess_exec(*words, env=own, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    said, _ = await asyncio.wait_for(process.communicate(), 120)
    if process.returncode:
        raise RuntimeError(f"{words[0]} left with {process.returncode}:\n{said.decode(errors='replace')}")
