"""Pods: by far the most of what is decoded, so the least work per field."""

from __future__ import annotations

from typing import Literal

from console.cluster.decode_shared import conditions_of, meta_of
from console.cluster.structs import Container, ContainerStatus, PodObject, State
from console.domain.world import ContainerState, Pod

Phase = Literal["Pending", "Running", "Succeeded", "Failed", "Unknown"]
PHASES: dict[str, Phase] = {"Pending": "Pending", "Running": "Running", "Succeeded": "Succeeded", "Failed": "Failed"}
TEMPLATE_HASH = "pod-template-hash"
NOTHING = State()


def pod_of(raw: PodObject) -> Pod:
    spec, status = raw.spec, raw.status
    return Pod(
        meta=meta_of(raw.metadata),
        phase=PHASES.get(status.phase, "Unknown"),
        ip=status.pod_ip,
        node=spec.node_name,
        containers=_containers(spec.containers, status.container_statuses),
        conditions=conditions_of(status.conditions),
        template_hash=(raw.metadata.labels or {}).get(TEMPLATE_HASH, ""),
        port=_first_port(spec.containers),
        init_containers=_containers(spec.init_containers, status.init_container_statuses),
        reason=status.reason or "",
        message=status.message or "",
    )


def _containers(declared: list[Container] | None, statuses: list[ContainerStatus] | None) -> tuple[ContainerState, ...]:
    """In the order of the spec; a container that has no status yet is there with state `unknown`."""
    if not declared:
        return tuple([_container(status) for status in statuses or ()])
    known = {status.name: status for status in statuses or ()}
    return tuple([_container(known[each.name]) if each.name in known else ContainerState(each.name, each.image) for each in declared])


def _container(raw: ContainerStatus) -> ContainerState:
    state, last = raw.state or NOTHING, (raw.last_state or NOTHING).terminated
    waiting, running, ended = state.waiting, state.running, state.terminated
    said = waiting or ended
    return ContainerState(
        raw.name,
        raw.image,
        raw.image_id,
        raw.ready,
        raw.restart_count,
        "running" if running else "waiting" if waiting else "terminated" if ended else "unknown",
        said.reason or "" if said else "",
        said.message or "" if said else "",
        ended.exit_code if ended else None,
        running.started_at if running else ended.started_at if ended else None,
        last.reason or "" if last else "",
        last.message or "" if last else "",
        last.exit_code if last else None,
        last.finished_at if last else None,
    )


def _first_port(containers: list[Container] | None) -> int:
    """First declared port of the first container."""
    ports = containers[0].ports if containers else None
    return ports[0].container_port if ports else 0
