"""Credential plugins that work, and ones that fail, hang, flood, ask, and talk nonsense."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

import pytest

from console.cluster.credentials import Certificate
from console.cluster.errors import CredentialsError
from console.cluster.exec_plugin import ExecCredential, run
from console.cluster.target import ExecSpec
from tests.scripted import until

ENVIRON = {"PATH": os.environ["PATH"]}
GOOD = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "t0k"}}


def plugin(folder: Path, code: str, *, name: str = "cloud-login") -> str:
    """An executable that runs `code`."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{code}\n")
    path.chmod(0o755)
    return str(path)


def answers(value: object) -> str:
    return f"print(json.dumps({value!r}))"


async def outcome(command: str, *, deadline: float = 10.0, **spec: object) -> ExecCredential:
    return await run(ExecSpec(command=command, **spec), user="bob", deadline=deadline, environ=ENVIRON)  # type: ignore[arg-type]


async def failure(command: str, *, deadline: float = 10.0, **spec: object) -> str:
    with pytest.raises(CredentialsError) as error:
        await outcome(command, deadline=deadline, **spec)
    return str(error.value)


async def test_a_token_and_its_end(tmp_path: Path) -> None:
    said = GOOD | {"status": {"token": " t0k\n", "expirationTimestamp": "2036-03-01T02:00:00Z"}}
    found = await outcome(plugin(tmp_path, answers(said)))
    assert found.token == "t0k"
    assert found.expires is not None
    assert found.expires.isoformat() == "2036-03-01T02:00:00+00:00"


async def test_a_client_certificate(tmp_path: Path) -> None:
    said = GOOD | {"status": {"clientCertificateData": "CRT", "clientKeyData": "KEY"}}
    assert await outcome(plugin(tmp_path, answers(said))) == ExecCredential(certificate=Certificate(b"CRT", b"KEY"))


async def test_arguments_environment_and_what_it_is_told(tmp_path: Path) -> None:
    code = """
told = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
token = json.dumps([sys.argv[1:], os.environ["PROFILE"], told])
print(json.dumps({"apiVersion": told["apiVersion"], "kind": "ExecCredential", "status": {"token": token}}))
"""
    found = await outcome(
        plugin(tmp_path, code),
        args=("--region", "eu"),
        env={"PROFILE": "night"},
        api_version="client.authentication.k8s.io/v1beta1",
        cluster_info={"server": "https://prod"},
    )
    told = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "kind": "ExecCredential",
        "spec": {"interactive": False, "cluster": {"server": "https://prod"}},
    }
    assert json.loads(found.token) == [["--region", "eu"], "night", told]


async def test_it_has_neither_keys_to_read_nor_a_terminal_to_open(tmp_path: Path) -> None:
    code = """
try:
    open("/dev/tty")
    terminal = True
except OSError:
    terminal = False
token = json.dumps([sys.stdin.read(), sys.stdin.isatty(), terminal, os.getsid(0) == os.getpid()])
print(json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": token}}))
"""
    assert json.loads((await outcome(plugin(tmp_path, code))).token) == ["", False, False, True]


async def test_a_failure_is_told_in_its_own_last_words(tmp_path: Path) -> None:
    code = 'print("line one\\nError: session expired\\n\\x1b[31mrun cloud login\\x1b[0m", file=sys.stderr); sys.exit(3)'
    said = await failure(plugin(tmp_path, code))
    assert said.startswith("the login plugin cloud-login of user bob failed with exit code 3: line one / Error: session expired / ")
    assert "\x1b" not in said
    assert said.endswith("log in again in a terminal")


async def test_the_install_hint_is_shown_where_it_is_missing(tmp_path: Path) -> None:
    missing = str(tmp_path / "not-there")
    assert await failure(missing) == "the login plugin not-there of user bob is not installed. install it or put it on PATH"
    hinted = await failure(missing, install_hint="brew install\n  not-there")
    assert hinted == "the login plugin not-there of user bob is not installed. brew install not-there"


async def test_a_file_that_may_not_be_run(tmp_path: Path) -> None:
    path = tmp_path / "login"
    path.write_text("x")
    path.chmod(0o644)
    assert "cannot be run: Permission denied" in await failure(str(path))


async def test_a_plugin_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    pids, path = tmp_path / "pids", tmp_path / "cloud-login"
    path.write_text(f"#!/bin/sh\nsleep 600 &\necho $$ $! > {pids}\nwait\n")
    path.chmod(0o755)
    began = time.monotonic()
    said = await failure(str(path), deadline=2.0)
    assert said == "the login plugin cloud-login of user bob did not answer within 2 s. run cloud-login in a terminal"
    assert time.monotonic() - began < 10
    for pid in map(int, pids.read_text().split()):
        await until(lambda pid=pid: _gone(pid))  # type: ignore[misc]


async def test_cancelling_ends_the_plugin(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    task = asyncio.create_task(outcome(plugin(tmp_path, f'open({str(pids)!r}, "w").write(str(os.getpid())); time.sleep(600)')))
    await until(lambda: pids.exists() and pids.read_text() != "")
    task.cancel()
    await asyncio.wait({task})
    await until(lambda: _gone(int(pids.read_text())))


async def test_any_amount_of_complaints_does_not_block_it(tmp_path: Path) -> None:
    code = f'sys.stderr.write("x" * 2_000_000 + "\\n"); sys.stderr.flush(); {answers(GOOD)}'
    assert (await outcome(plugin(tmp_path, code))).token == "t0k"


async def test_a_flood_is_cut_off(tmp_path: Path) -> None:
    code = 'import itertools\nfor _ in itertools.count(): sys.stdout.write("y" * 65536)'
    assert "wrote more than 1 MiB, which is no credential" in await failure(plugin(tmp_path, code))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("print('please log in at https://…')", "did not answer with an ExecCredential"),
        ("pass", "did not answer with an ExecCredential"),
        (answers([1]), "did not answer with an ExecCredential"),
        (answers(GOOD | {"status": None}), "did not answer with an ExecCredential"),
        (answers(GOOD | {"status": {"token": "t", "expirationTimestamp": "soon"}}), "did not answer with an ExecCredential"),
        (answers(GOOD | {"status": {}}), "gave neither a token nor a client certificate"),
        (answers(GOOD | {"status": {"clientCertificateData": "c"}}), "gave a client certificate without its key"),
        (
            answers(GOOD | {"apiVersion": "client.authentication.k8s.io/v1beta1"}),
            "answered in client.authentication.k8s.io/v1beta1, the kubeconfig wants client.authentication.k8s.io/v1",
        ),
    ],
)
async def test_nonsense_is_named(tmp_path: Path, said: str, why: str) -> None:
    assert why in await failure(plugin(tmp_path, said))


def _gone(pid: int) -> bool:
    """Ended, or waiting to be collected by whoever adopted it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")
    except FileNotFoundError:
        return True
