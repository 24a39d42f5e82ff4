"""From a kubeconfig and a context to a connection. No request is sent: the first one shows whether it works."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from console.cluster import exec_plugin
from console.cluster.client import KubeClient
from console.cluster.credentials import Credentials, FileCredentials
from console.cluster.errors import KubeconfigError
from console.cluster.exec_credentials import ExecCredentials
from console.cluster.kubeconfig import target_of
from console.cluster.target import Target, User


async def connect(
    *, kubeconfig: Path | None, context: str | None, read_only: bool = False, environ: Mapping[str, str] = os.environ
) -> KubeClient:
    """A client for the context (the current one when None); raises KubeconfigError.

    `read_only` lets nothing but reads and self-reviews leave, whatever is asked of the client.
    """
    target = await asyncio.to_thread(target_of, kubeconfig=kubeconfig, context=context, environ=environ)

    def reread() -> User:
        """The same context again: its user may have logged in anew, but it must still be the same server."""
        again = target_of(kubeconfig=kubeconfig, context=target.context or None, environ=environ)
        if again.server != target.server:
            raise KubeconfigError(
                f"context {target.context} meant {target.server} and now means {again.server}", hint="restart the console if that is wanted"
            )
        return again.user

    return KubeClient(target, credentials_of(target, reread=reread, environ=environ), read_only=read_only)


def credentials_of(target: Target, *, reread: Callable[[], User], environ: Mapping[str, str] = os.environ) -> Credentials:
    """How the target's user proves who it is."""
    spec = target.user.exec_
    if spec is None:
        return FileCredentials(target.user, reread=reread)
    return ExecCredentials(target.user, functools.partial(exec_plugin.run, spec, user=target.user.name, environ=environ))
