"""What a person means by a release: a file, a recorded name or a tag; resolved to an image per component, by digest where one is told."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

from actions.manifests import read_manifests
from actions.release_file import WrittenRelease, read_release_file
from console.domain.environment import Component, Environment
from console.domain.errors import UsageError
from console.domain.expected import expected_answer
from console.domain.ids import ComponentName, ReleaseName
from console.domain.position import position
from console.domain.records import records_of, running_images, slot_release
from console.domain.release import ImageRef, Release
from console.domain.render import manifests_digest
from console.domain.wording import listed
from console.domain.world import World
from console.engine.action import Ports

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_FILE = re.compile(r"[/\\]|\.ya?ml$")


async def resolve_release(text: str, environment: Environment, ports: Ports) -> Release:
    """The release that `text` names: a path, a recorded release, `component=tag[,component=tag]` for a part of what serves, or a tag.

    Raises UsageError saying what was looked for. A tag whose digest nobody tells is kept as a tag; the plan says so.
    """
    text = text.strip()
    world = await ports.cluster.observe(("ConfigMap", "Deployment", "ReplicaSet", "Pod", "Service"))
    if _FILE.search(text):
        return await _from_file(Path(text), environment, world, ports)
    if "=" in text:
        return await _part(text, environment, world, ports)
    if recorded := records_of(environment, world).release(ReleaseName(text)):
        return recorded
    if not _TAG.fullmatch(text):
        raise UsageError(
            f"{text!r} is neither a file, a recorded release nor a tag", hint="Give a release file (release.yml), or a tag like v1.5.0"
        )
    images = {c.name: f"{c.image}:{text}" for c in environment.components}
    return await _release(ReleaseName(text), images, environment, world, ports)


def check_release(text: str, environment: Environment) -> None:
    """What can be told before anything is connected: a release file that is missing or has mistakes. Raises ConfigError."""
    if _FILE.search(text.strip()):
        read_release_file(Path(text.strip()), [c.name for c in environment.components])


async def _from_file(file: Path, environment: Environment, world: World, ports: Ports) -> Release:
    written = await asyncio.to_thread(read_release_file, file, [c.name for c in environment.components])
    images = {**_serving(environment, world), **written.images}
    expected = {n: answer for n, answer in _answers(environment, world).items() if n not in written.images} | dict(written.expected)
    if missing := [c.name for c in environment.components if c.name not in images]:
        raise UsageError(f"{file} names no image for {listed(missing)}, and nothing serves that could be kept")
    return await _release(written.name, images, environment, world, ports, expected=expected, written=written)


async def _part(text: str, environment: Environment, world: World, ports: Ports) -> Release:
    """A hotfix: some components at another tag, the others as they serve."""
    known = {str(c.name): c for c in environment.components}
    changed: dict[ComponentName, str] = {}
    for pair in text.split(","):
        name, _, tag = (part.strip() for part in pair.partition("="))
        if name not in known or not _TAG.fullmatch(tag):
            raise UsageError(f"{pair.strip()!r} is not component=tag", hint=f"The components are {listed(known)}")
        changed[ComponentName(name)] = f"{known[name].image}:{tag}"
    serving = _serving(environment, world)
    if missing := [n for n in known if n not in changed and n not in serving]:
        raise UsageError(f"{text!r} changes a part, but {listed(missing)} does not run yet", hint="Give a release for all components")
    active = position(environment, world).active
    base = slot_release(environment, world, active) if active else None
    tags = "-".join(f"{n}-{ImageRef.parse(i).tag}" for n, i in sorted(changed.items()))
    name = ReleaseName(f"{base}+{tags}" if base else tags)
    expected = _answers(environment, world) | {n: ImageRef.parse(i).tag for n, i in changed.items()}
    return await _release(name, {**serving, **changed}, environment, world, ports, expected=expected)


def _serving(environment: Environment, world: World) -> dict[ComponentName, str]:
    active = position(environment, world).active
    return running_images(environment, world, active) if active else {}


def _answers(environment: Environment, world: World) -> dict[ComponentName, str]:
    """What each component that serves now answers when it is asked for its release; what keeps its image keeps its answer."""
    active = position(environment, world).active
    if active is None:
        return {}
    base = slot_release(environment, world, active)
    found = {c.name: expected_answer(environment, world, slot=active, component=c.name) or base for c in environment.components}
    return {n: str(answer) for n, answer in found.items() if answer}


async def _release(
    name: ReleaseName,
    images: Mapping[ComponentName, str],
    environment: Environment,
    world: World,
    ports: Ports,
    *,
    expected: Mapping[ComponentName, str] | None = None,
    written: WrittenRelease | None = None,
) -> Release:
    ordered = [c for c in environment.components if c.name in images]
    found = await asyncio.gather(*(_by_digest(c, images[c.name], world, ports) for c in ordered))
    manifests = await read_manifests(environment)
    documents = [d for several in manifests.documents.values() for d in several]
    return Release(
        name=name,
        images={c.name: image for c, image in zip(ordered, found, strict=True)},
        manifests_digest=(written.manifests_digest if written else "") or (manifests_digest(documents) if documents else ""),
        migration_revision=written.migration_revision if written else "",
        migration_class=written.migration_class if written else "unknown",
        expected={n: answer for n, answer in (expected or {}).items() if answer != name},
    )


async def _by_digest(component: Component, image: str, world: World, ports: Ports) -> str:
    """The reference with its digest: as the registry tells it, else as pods that run this very tag do."""
    reference = ImageRef.parse(image)
    if reference.digest:
        return image
    told = await ports.registry.digest(image)
    digest = told or _running_digest(component, image, world)
    return str(ImageRef(reference.repository, reference.tag, digest)) if digest else image


def _running_digest(component: Component, image: str, world: World) -> str:
    """From the nodes' own word. Pods that disagree tell nothing: the tag has moved under them."""
    digests = set()
    for pod in world.pods.values():
        for container in pod.containers:
            if container.name == component.container and container.image == image and "@sha256:" in container.image_id:
                digests.add(container.image_id.rpartition("@")[2])
    return digests.pop() if len(digests) == 1 else ""
