"""The kubectl commands that do by hand what a plan would do: copy-paste-safe, and compare-and-swap like ours (SAFETY 1, rule 15)."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping

from console.domain.change import Create, Delete, JsonPatch, MergePatch, PatchOp, ServerApply, Write, escape_pointer
from console.domain.environment import Component, Environment
from console.domain.ids import ReleaseName, SlotName
from console.domain.position import position
from console.domain.records import deployment_of, records_of
from console.domain.slots import size_for
from console.domain.world import Deployment, World


def kubectl(environment: Environment, *words: str) -> str:
    """One command line that names cluster and namespace, every word quoted for a POSIX shell."""
    cluster = environment.cluster
    where = ["kubectl"]
    where += ["--kubeconfig", str(cluster.kubeconfig)] if cluster.kubeconfig else []
    where += ["--context", cluster.context] if cluster.context else []
    return shlex.join([*where, "--namespace", cluster.namespace, *words])


def command_for(environment: Environment, write: Write) -> tuple[str, ...]:
    """What a person would type for `write`. Applying a manifest takes two lines: the manifest goes in by a here-document."""
    match write:
        case JsonPatch(kind=kind, name=name, ops=ops):
            return (kubectl(environment, "patch", kind.lower(), name, "--type=json", "-p", _json([_op(o) for o in ops])),)
        case MergePatch(kind=kind, name=name, body=body):
            return (kubectl(environment, "patch", kind.lower(), name, "--type=merge", "-p", _json(body)),)
        case ServerApply(manifest=manifest, force=force):
            forced = ["--force-conflicts"] if force else []
            return (_from_here(kubectl(environment, "apply", "--server-side", "--field-manager=bluegreen", *forced, "-f", "-"), manifest),)
        case Create(manifest=manifest):
            return (_from_here(kubectl(environment, "create", "-f", "-"), manifest),)
        case Delete(kind=kind, name=name):
            return (kubectl(environment, "delete", kind.lower(), name),)


def kubectl_back(environment: Environment, world: World, *, slot: SlotName, release: ReleaseName | None, apply: bool) -> tuple[str, ...]:
    """Commands that send users to `slot`, consumers first; with `apply` they put `release` there before and wait until it is ready."""
    commands: list[str] = []
    if apply:
        for component in environment.components:
            commands += _put_release(environment, world, component, slot, release)
        commands += [_wait(environment, c, slot) for c in environment.components if deployment_of(c, slot, world)]
    if environment.strategy == "blue_green":
        commands += switch_commands(environment, world, slot, reversed(environment.components))
    return tuple(commands)


def switch_commands(environment: Environment, world: World, slot: SlotName, order: Iterable[Component]) -> list[str]:
    """One compare-and-swap patch for each Service that does not select `slot` yet."""
    selected = position(environment, world).slots
    path = f"/spec/selector/{escape_pointer(environment.slot_key)}"
    patches = (
        JsonPatch("Service", c.service, (PatchOp("test", path, selected[c.name]), PatchOp("replace", path, slot)))
        for c in order
        if selected[c.name] not in (None, slot)
    )
    return [line for patch in patches for line in command_for(environment, patch)]


def _put_release(
    environment: Environment, world: World, component: Component, slot: SlotName, release: ReleaseName | None
) -> Iterable[str]:
    deployment = deployment_of(component, slot, world)
    recorded = records_of(environment, world).release(release)
    image = recorded.images.get(component.name) if recorded else None
    if deployment is None or image is None or component.container not in deployment.containers:
        missing = (
            f"Deployment {component.deployments.get(slot, '')} does not exist" if deployment is None else f"{release} has no recorded image"
        )
        return (f"# {component.name}: {missing}, put it there by its manifest",)
    size = size_for(environment, world, component, slot)
    return (image_command(environment, deployment, component, image, size),)


def image_command(environment: Environment, deployment: Deployment, component: Component, image: str, replicas: int) -> str:
    """Give a Deployment image and size, provided that the container still stands where it was seen."""
    container = f"/spec/template/spec/containers/{deployment.containers.index(component.container)}"
    ops = (
        PatchOp("test", f"{container}/name", component.container),
        PatchOp("replace", f"{container}/image", image),
        PatchOp("replace", "/spec/replicas", replicas),
    )
    return command_for(environment, JsonPatch("Deployment", deployment.name, ops))[0]


def _wait(environment: Environment, component: Component, slot: SlotName) -> str:
    timeout = f"--timeout={int(environment.waits.ready)}s"
    return kubectl(environment, "rollout", "status", f"deployment/{component.deployments[slot]}", timeout)


def _op(op: PatchOp) -> dict[str, object]:
    value = {} if op.op == "remove" else {"value": op.value}
    return {"op": op.op, "path": op.path} | value


def _from_here(command: str, manifest: Mapping[str, object]) -> str:
    return f"{command} <<'MANIFEST'\n{json.dumps(manifest, indent=2, ensure_ascii=False)}\nMANIFEST"


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
