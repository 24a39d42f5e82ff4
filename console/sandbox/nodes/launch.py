"""Turning a container of a manifest into a process: its command, its variables, its ports."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from console.sandbox.nodes.environment import BadEnvironment, Surroundings, expand, resolve, service_variables, sources_of
from console.sandbox.nodes.host import Host
from console.sandbox.nodes.images import Image
from console.sandbox.nodes.objects import Container, Pod
from console.sandbox.nodes.pod_ports import PodPorts
from console.sandbox.nodes.runtime import Start
from console.sandbox.ports import LOOPBACK


class CannotLaunch(Exception):
    """The container cannot be made; `reason` is what it waits with."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Home:
    """Where a pod's containers live."""

    pod: Pod
    host: Host
    ports: PodPorts
    folder: Path


async def prepare(container: Container, image: Image, home: Home) -> Start:
    """Everything needed to start the process; CannotLaunch says what is wrong with the manifest, ClusterError that it could not be read."""
    _check_volumes(container, home.pod)
    shared, namespace = home.host.shared, home.pod.metadata.namespace
    sources = {source: data for source in sources_of(container) if (data := await shared.api.source(namespace, source)) is not None}
    services = service_variables(shared.services(), namespace=namespace, host=LOOPBACK)
    around = Surroundings(home.pod, home.ports.address, home.host.address, sources, services)
    try:
        variables = _base(image, home) | image.environment | resolve(container, around)
    except BadEnvironment as error:
        raise CannotLaunch("CreateContainerConfigError", str(error)) from error
    argv = _argv(container, image, variables)
    variables = _with_ports(variables, container, image, home.ports, shared_port=argv is None)
    return Start(argv=argv, environment=variables, folder=home.folder, namespace=namespace)


def _base(image: Image, home: Home) -> dict[str, str]:
    """What a process needs from this machine; python is the one this runs on, and an application's image has the application."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    base = {"PATH": path, "HOME": str(home.folder), "HOSTNAME": home.pod.name, "LANG": "C.UTF-8"}
    return base | ({"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)} if image.application else {})


def _argv(container: Container, image: Image, variables: Mapping[str, str]) -> Sequence[str] | None:
    """The command line; None runs the image's application."""
    if not container.command and image.application:
        return None
    entry = container.command or list(image.entrypoint)
    argv = [expand(part, variables) for part in [*entry, *container.args]]
    if not argv:
        raise CannotLaunch("CreateContainerError", "no command specified")
    if shutil.which(argv[0], path=variables["PATH"]) is None:
        raise CannotLaunch(
            "RunContainerError",
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start "
            f'container process: error during container init: exec: "{argv[0]}": executable file not found in $PATH',
        )
    return argv


def _with_ports(variables: Mapping[str, str], container: Container, image: Image, ports: PodPorts, *, shared_port: bool) -> dict[str, str]:
    """The variables with PORT naming the loopback port that stands for the container's; all declared ports become reachable."""
    declared = [port.container_port for port in container.ports]
    named = variables.get("PORT", "")
    main = int(named) if named.isdigit() else (declared[0] if declared else image.port)
    wanted = [*declared, *([main] if main is not None and main not in declared else [])]
    loopback = {port: ports.open(port, shared=shared_port) for port in wanted}
    return {**variables, "HOST": LOOPBACK, **({"PORT": str(loopback[main])} if main is not None else {})}


def _check_volumes(container: Container, pod: Pod) -> None:
    """Refuse what would be missing inside: a rehearsal's containers share this machine's files, so only empty volumes can be pretended."""
    empty = {volume.name for volume in pod.spec.volumes if volume.empty_dir is not None}
    for mount in container.volume_mounts:
        if mount.name not in empty:
            raise CannotLaunch(
                "CreateContainerConfigError",
                f'volume "{mount.name}" cannot be mounted at {mount.mount_path}: nodes of a rehearsal know emptyDir only',
            )
