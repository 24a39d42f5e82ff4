"""From a kubeconfig and a context to a connection. No request is sent: the first one shows whether it works."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from console.cluster.client import KubeClient
from console.cluster.credentials import Credentials, FileCredentials
from console.cluster.kubeconfig import target_of
from console.cluster.target import Target


async def connect(
    *, kubeconfig: Path | None, context: str | None, read_only: bool = False, environ: Mapping[str, str] = os.environ
) -> KubeClient:
    """A client for the context (the current one when None); raises KubeconfigError.

    `read_only` lets nothing but reads and self-reviews leave, whatever is asked of the client.
    """
    target = await asyncio.to_thread(target_of, kubeconfig=kubeconfig, context=context, environ=environ)
    return KubeClient(target, credentials_of(target), read_only=read_only)


def credentials_of(target: Target) -> Credentials:
    """How the target's user proves who it is."""
    return FileCredentials(target.user)
