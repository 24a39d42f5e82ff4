"""A real Kubernetes control plane on loopback: etcd, kube-apiserver and kube-controller-manager as child processes.

No scheduler and no kubelet: nodes bind pods themselves. The parts can be paused, killed and brought back one by one, as fault tests need.
Everything it writes lies in one folder, and everything it runs ends with this process.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Literal, assert_never

from console.sandbox import etcd_history, plane_flags, setup_client
from console.sandbox.binaries import Binaries
from console.sandbox.certificates import Authority, write_signing_keys
from console.sandbox.endpoint import IDENTITIES, ApiEndpoint, write_kubeconfig
from console.sandbox.plane_flags import Credentials, Layout
from console.sandbox.ports import reserve_port
from console.sandbox.supervise import Child, Command, start

Part = Literal["etcd", "kube-apiserver", "kube-controller-manager"]
START_ORDER: tuple[Part, ...] = ("etcd", "kube-apiserver", "kube-controller-manager")
READY_SECONDS = 180.0
"""It takes 4 s; on a machine that is busy otherwise, as long as it takes. One that ends is seen at once."""
STOP_SECONDS = 3.0
SOCKET_PATH_LIMIT = 100
"""Bytes that fit a unix socket's address everywhere, with some room."""


class ControlPlane:
    """The running parts; made by `ControlPlane.start`."""

    def __init__(self, binaries: Binaries, layout: Layout, credentials: Credentials, endpoint: ApiEndpoint) -> None:
        self.endpoint = endpoint
        self._binaries, self._layout, self._credentials = binaries, layout, credentials
        self._children: dict[Part, Child] = {}
        self._audited = False

    @classmethod
    @contextlib.asynccontextmanager
    async def start(cls, binaries: Binaries, folder: Path, egress_socket: Path | None = None) -> AsyncIterator[ControlPlane]:
        """A ready control plane, with the shipped RBAC applied, for the length of the block.

        `egress_socket` is where a CONNECT proxy will listen that reaches pods and nodes; it may start later, or never.
        """
        with _reserved_ports() as ports:
            plane = cls._prepare(binaries, folder, egress_socket, ports=ports)
            try:
                await asyncio.gather(plane.launch("etcd"), plane.launch("kube-apiserver"))
                # Not beside them: it gives up, having said that it is well, when the API server is not healthy within 20 s.
                await plane.launch("kube-controller-manager")
                yield plane
            finally:
                await plane._stop_all()

    @classmethod
    def _prepare(cls, binaries: Binaries, folder: Path, egress_socket: Path | None, *, ports: tuple[int, int]) -> ControlPlane:
        """Write keys, tokens and configuration files into the folder."""
        folder = folder.absolute()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        port, controllers_port = ports
        layout = Layout(folder=folder, port=port, controllers_port=controllers_port, egress_socket=egress_socket or folder / "egress.sock")
        check_socket_path(layout.etcd_socket)
        check_socket_path(layout.egress_socket)
        authority = Authority(folder / "pki")
        credentials = Credentials(
            authority=authority.file,
            serving=authority.serving("serving", hosts=["127.0.0.1", "localhost"]),
            kubelet_client=authority.client("kube-apiserver-kubelet-client", groups=["system:masters"]),
            service_accounts=write_signing_keys(folder / "pki", "service-accounts"),
        )
        tokens = {name: secrets.token_urlsafe(24) for name in IDENTITIES}
        endpoint = ApiEndpoint(f"https://127.0.0.1:{port}", authority.file, tokens)
        _write_private(layout.tokens, plane_flags.token_file(tokens))
        _write_private(layout.egress, plane_flags.egress_file(layout))
        write_kubeconfig(layout.controllers_kubeconfig, endpoint, "admin", "default")
        return cls(binaries, layout, credentials, endpoint)

    @property
    def egress_socket(self) -> Path:
        """Where the API server expects the CONNECT proxy to pods and nodes."""
        return self._layout.egress_socket

    @property
    def etcd_socket(self) -> Path:
        """etcd's client socket; it also answers etcd's JSON API."""
        return self._layout.etcd_socket

    @property
    def authority(self) -> Path:
        """The authority behind the server's certificate and the one the API server shows to nodes."""
        return self._credentials.authority

    def child(self, part: Part) -> Child:
        """The process of one part."""
        return self._children[part]

    async def launch(self, part: Part) -> None:
        """Start a part that is not running, and wait until it answers."""
        child = self._children[part] = await start(self._command(part))
        match part:
            case "etcd":
                await child.ready(lambda: _accepts(self._layout.etcd_socket), within=READY_SECONDS)
            case "kube-apiserver":
                await self._ready_over_https(child, self.endpoint, "/readyz")
                await setup_client.grant_cluster_rights(self.endpoint)
            case "kube-controller-manager":
                port = self._layout.controllers_port
                controllers = ApiEndpoint(f"https://127.0.0.1:{port}", self.authority, self.endpoint.users)
                await self._ready_over_https(child, controllers, "/healthz")
            case _:
                assert_never(part)

    async def stop(self, part: Part) -> None:
        """End a part as an administrator would, by SIGTERM."""
        await self._children[part].stop(grace=STOP_SECONDS)

    async def kill(self, part: Part) -> None:
        """End a part as a crash would."""
        await self._children[part].kill()

    async def restart(self, part: Part) -> None:
        """Stop a part and start it again on the same address and data."""
        await self.stop(part)
        await self.launch(part)

    async def forget_history(self) -> None:
        """Make every version from before too old to watch or page from, as after a long outage: clients get 410.

        Compacts etcd and restarts the API server, whose own caches would otherwise still answer.
        """
        await etcd_history.compact(self._layout.etcd_socket)
        await self.kill("kube-apiserver")
        await self.launch("kube-apiserver")

    async def audit(self) -> Path:
        """Let the API server, which is restarted for it, record every request from now on; the file with one JSON object a line."""
        self._layout.audit_policy.write_text(plane_flags.audit_file(), encoding="utf-8")
        self._audited = True
        await self.restart("kube-apiserver")
        return self._layout.audit_log

    def pause(self, part: Part) -> None:
        """Freeze a part: its connections stay open and nothing is answered."""
        self._children[part].send(signal.SIGSTOP)

    def resume(self, part: Part) -> None:
        """Let a frozen part go on."""
        self._children[part].send(signal.SIGCONT)

    async def create_namespace(self, name: str) -> None:
        """Create a namespace in which the users have the rights that are shipped."""
        await setup_client.create_namespace(self.endpoint, name)

    async def delete_namespace(self, name: str) -> None:
        """Ask for a namespace's deletion."""
        await setup_client.delete_namespace(self.endpoint, name)

    def _command(self, part: Part) -> Command:
        arguments: tuple[str, ...]
        match part:
            case "etcd":
                arguments = plane_flags.etcd(self._binaries, self._layout)
            case "kube-apiserver":
                arguments = plane_flags.apiserver(self._binaries, self._layout, self._credentials, audited=self._audited)
            case "kube-controller-manager":
                arguments = plane_flags.controller_manager(self._binaries, self._layout, self._credentials)
            case _:
                assert_never(part)
        folder = self._layout.folder
        return Command(name=part, argv=arguments, log=folder / f"{part}.log", folder=folder, grace=STOP_SECONDS)

    async def _ready_over_https(self, child: Child, endpoint: ApiEndpoint, path: str) -> None:
        async with setup_client.connected(endpoint) as client:
            await child.ready(lambda: client.answers(path), within=READY_SECONDS)

    async def _stop_all(self) -> None:
        """Clients first; the API server would wait for them otherwise."""
        for part in reversed(START_ORDER):
            if part in self._children:
                await self.stop(part)


@contextlib.contextmanager
def _reserved_ports() -> Iterator[tuple[int, int]]:
    """Two ports that stay ours while a part of the control plane is down and its clients call."""
    first, second = reserve_port(), reserve_port()
    try:
        yield first.number, second.number
    finally:
        first.release()
        second.release()


def check_socket_path(path: Path) -> None:
    """Refuse a path that does not fit a unix socket's address."""
    if len(os.fsencode(path)) > SOCKET_PATH_LIMIT:
        raise ValueError(f"{path} is too long for a unix socket ({SOCKET_PATH_LIMIT} bytes at most): choose a shorter folder")


async def _accepts(path: Path) -> bool:
    """Whether somebody listens on this unix socket."""
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return False
    writer.close()
    return True


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
