"""What importing costs: the errors and the domain come without any client library."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("kubernetes", "aiohttp", "httpx", "requests", "pydantic", "msgspec", "yaml")


@pytest.mark.parametrize(
    "module", ["console.cluster", "console.cluster.errors", "console.store", "console.domain.snapshot", "console.probes", "console.metrics"]
)
def test_nothing_heavy_is_imported(module: str) -> None:
    program = f"import {module}, sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "[]\n"


def test_connecting_needs_neither_the_typed_models_nor_the_synchronous_client() -> None:
    names = ("requests", "oauthlib", "websocket", "kubernetes.client", "kubernetes.aio.client.api.core_v1_api")
    program = f"import console.cluster.kube, console.cluster.connect, sys; print([name for name in {names!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "[]\n"
