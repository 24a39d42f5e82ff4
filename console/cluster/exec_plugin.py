"""Runs one credential plugin: without a terminal, with a deadline, with bounded output, and never in silence.

The plugin gets a session of its own, so that it can neither read the console's keys nor draw on its screen.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.cluster.credentials import Certificate
from console.cluster.errors import CredentialsError
from console.cluster.target import ExecSpec

DEADLINE = 15.0
LARGEST_ANSWER = 1 << 20
LAST_WORDS = 16 << 10
"""Bytes of stderr that are kept; a plugin may write any amount."""


@dataclass(frozen=True)
class ExecCredential:
    """What a plugin answered."""

    token: str = field(default="", repr=False)
    certificate: Certificate | None = None
    expires: datetime | None = None


async def run(spec: ExecSpec, *, user: str, deadline: float = DEADLINE, environ: Mapping[str, str] = os.environ) -> ExecCredential:
    """The plugin's answer; raises CredentialsError with its last words when it fails, hangs, or talks nonsense."""
    name = Path(spec.command).name
    who = f"the login plugin {name} of user {user}"
    process = await _start(spec, who, environ)
    try:
        async with asyncio.timeout(deadline):
            answer, words, code = await asyncio.gather(_answer(process), _last_words(process), process.wait())
    except BaseException as error:
        await _end(process)
        if not isinstance(error, TimeoutError):
            raise
        raise CredentialsError(f"{who} did not answer within {deadline:g} s", hint=_hint(spec, f"run {name} in a terminal")) from None
    if len(answer) > LARGEST_ANSWER:
        raise CredentialsError(f"{who} wrote more than {LARGEST_ANSWER >> 20} MiB, which is no credential")
    if code != 0:
        raise CredentialsError(f"{who} failed with exit code {code}{words}", hint=_hint(spec, "log in again in a terminal"))
    return _parsed(answer, spec, who)


async def _start(spec: ExecSpec, who: str, environ: Mapping[str, str]) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            spec.command,
            *spec.args,
            env={**environ, **spec.env, "KUBERNETES_EXEC_INFO": json.dumps(_info(spec))},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise CredentialsError(f"{who} is not installed", hint=_hint(spec, "install it or put it on PATH")) from None
    except OSError as error:
        raise CredentialsError(f"{who} cannot be run: {error.strerror}", hint=_hint(spec, "")) from error


def _info(spec: ExecSpec) -> dict[str, Any]:
    """KUBERNETES_EXEC_INFO: no questions, and the cluster where the kubeconfig wants it told."""
    told: dict[str, Any] = {"interactive": False}
    if spec.cluster_info is not None:
        told["cluster"] = dict(spec.cluster_info)
    return {"apiVersion": spec.api_version, "kind": "ExecCredential", "spec": told}


async def _answer(process: asyncio.subprocess.Process) -> bytes:
    """stdout, cut off just past the largest answer; a plugin that goes on is ended."""
    assert process.stdout is not None
    read = bytearray()
    while chunk := await process.stdout.read(65536):
        read += chunk
        if len(read) > LARGEST_ANSWER:
            await _end(process)
            break
    return bytes(read)


async def _last_words(process: asyncio.subprocess.Process) -> str:
    """The last lines of stderr, one sentence; all of it is read, so that the plugin never waits for us."""
    assert process.stderr is not None
    kept = b""
    while chunk := await process.stderr.read(65536):
        kept = (kept + chunk)[-LAST_WORDS:]
    lines = [line.strip() for line in kept.decode("utf-8", "replace").splitlines() if line.strip()]
    said = " / ".join("".join(c if c.isprintable() else "·" for c in line) for line in lines[-3:])
    return f": {said[-300:]}" if said else ""


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ends the plugin with everything it started in its session."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 1.0)


def _parsed(answer: bytes, spec: ExecSpec, who: str) -> ExecCredential:
    try:
        said = json.loads(answer)
        status = said["status"]
        version, token = said["apiVersion"], status.get("token") or ""
        chain, key, ends = status.get("clientCertificateData"), status.get("clientKeyData"), status.get("expirationTimestamp")
        expires = _moment(ends) if ends else None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CredentialsError(f"{who} did not answer with an ExecCredential") from error
    if version != spec.api_version:
        raise CredentialsError(f"{who} answered in {version}, the kubeconfig wants {spec.api_version}")
    if bool(chain) != bool(key):
        raise CredentialsError(f"{who} gave a client certificate without its key, or a key without its certificate")
    if not token and not chain:
        raise CredentialsError(f"{who} gave neither a token nor a client certificate")
    return ExecCredential(token.strip(), Certificate(chain.encode(), key.encode()) if chain else None, expires)


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _hint(spec: ExecSpec, otherwise: str) -> str:
    """The kubeconfig's own installHint where it has one."""
    return " ".join(spec.install_hint.split()) or otherwise
