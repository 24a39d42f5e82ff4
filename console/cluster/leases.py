"""The Lease that says who drives an environment: read, and written only by compare-and-swap."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from console.cluster.client import KubeClient
from console.cluster.errors import NotFound
from console.cluster.resources import path_of
from console.cluster.structs import ObjectMeta, Struct
from console.cluster.wire import read_answer
from console.cluster.writes import MERGE_PATCH
from console.domain.errors import Sent
from console.domain.facts import MANAGER, PREFIX
from console.domain.ids import Epoch
from console.engine.ports import LeaseState

RUN, ANCHOR = PREFIX + "run", PREFIX + "anchor"


class LeaseSpec(Struct):
    holder_identity: str | None = ""
    lease_duration_seconds: int | None = 15
    acquire_time: datetime | None = None
    renew_time: datetime | None = None
    lease_transitions: int | None = 0


class LeaseObject(Struct):
    metadata: ObjectMeta
    spec: LeaseSpec = msgspec.field(default_factory=LeaseSpec)


LEASE = msgspec.json.Decoder(LeaseObject)


async def read(client: KubeClient, namespace: str, name: str) -> LeaseState | None:
    """The lease as it is now; None when nobody ever took it."""
    try:
        return _state(await client.request("GET", path_of("Lease", namespace, name)), doing=f"read lease {name}", sent="no")
    except NotFound:
        return None


async def put(client: KubeClient, namespace: str, name: str, state: LeaseState) -> LeaseState:
    """Writes the lease if it is still the one of `state.resource_version`; without a version only if there is none.

    Raises Conflict when somebody else wrote it in between. Notes of others on it stay.
    """
    body, params = _body(name, state), {"fieldManager": MANAGER}
    if state.resource_version:
        body["metadata"]["resourceVersion"] = state.resource_version
        path = path_of("Lease", namespace, name)
        answer = await client.request("PATCH", path, params=params, body=body, content_type=MERGE_PATCH)
    else:
        answer = await client.request("POST", path_of("Lease", namespace), params=params, body=body)
    return _state(answer, doing=f"write lease {name}", sent="maybe")


def _body(name: str, state: LeaseState) -> dict[str, Any]:
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "annotations": {RUN: state.run, ANCHOR: state.anchor}},
        "spec": {
            "holderIdentity": state.holder,
            "leaseDurationSeconds": max(1, round(state.duration)),
            "leaseTransitions": int(state.epoch),
            "acquireTime": _micro(state.acquired_at),
            "renewTime": _micro(state.renewed_at),
        },
    }


def _state(raw: bytes, *, doing: str, sent: Sent) -> LeaseState:
    found = read_answer(LEASE, raw, doing=doing, sent=sent)
    notes = found.metadata.annotations or {}
    return LeaseState(
        holder=found.spec.holder_identity or "",
        epoch=Epoch(found.spec.lease_transitions or 0),
        run=notes.get(RUN, ""),
        acquired_at=found.spec.acquire_time,
        renewed_at=found.spec.renew_time,
        duration=float(found.spec.lease_duration_seconds or 0),
        resource_version=found.metadata.resource_version,
        anchor=notes.get(ANCHOR, ""),
    )


def _micro(at: datetime | None) -> str | None:
    """Kubernetes' MicroTime: UTC with six digits."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if at else None
