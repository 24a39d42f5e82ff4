"""A scenario whose operator reaches the cluster only through a fault layer, while the oracle goes past it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import yaml

from console.sandbox.endpoint import write_kubeconfig
from tests.faults.proxy import FaultProxy, fault_proxy
from tests.support.scenario import Scenario


@contextlib.asynccontextmanager
async def behind_faults(s: Scenario) -> AsyncIterator[FaultProxy]:
    """From now on the operator's settings lead through the layer, for the length of the block; its sky is clear at first."""
    async with fault_proxy(s.box.server.endpoint, s.folder) as proxy:
        kubeconfig = write_kubeconfig(s.folder / "behind-faults.kubeconfig", proxy.endpoint, "operator", s.namespace)
        point_at(s.operator.config, kubeconfig)
        yield proxy


def point_at(config: Path, kubeconfig: Path) -> None:
    """Let these settings use this kubeconfig."""
    file = config / "environments" / "rehearsal.yml"
    document = yaml.safe_load(file.read_text())
    document["cluster"]["kubeconfig"] = str(kubeconfig)
    file.write_text(yaml.safe_dump(document, sort_keys=False))
