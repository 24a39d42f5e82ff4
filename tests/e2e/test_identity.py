"""Who one is, and what one may: missing rights, an expired login, credential plugins that misbehave; nothing is changed half way."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest
import yaml

from console.sandbox import setup_client
from console.sandbox.rehearsal_cluster import SandboxCluster
from tests.e2e.conftest import REAL, Starts
from tests.sandbox.waiting import answered
from tests.support.faults import fault
from tests.support.layout import SHOP
from tests.support.people import Person
from tests.support.scenario import Scenario

DEPLOY = ("run", "deploy", "-i", "release=v1.5.0", "--yes", "--reason", "x")
REFUSED = 3


@pytest.mark.parametrize("box", REAL, indirect=True)
@pytest.mark.parametrize("user", ["viewer", pytest.param("limited", marks=pytest.mark.slow)])
async def test_who_lacks_rights_is_told_which_before_anything_is_changed(scenario: Starts, user: str) -> None:
    async with scenario(SHOP) as s:
        await s.adopt("v1.4.0", active="east")
        before = await s.app.objects()
        someone = s.person("someone", user=user)
        (await someone.cli(*DEPLOY)).expect(3, "may not", "patch")
        (await someone.cli("rollback", "--yes", "--reason", "x")).expect(3)
        assert {k: v["metadata"]["generation"] for k, v in (await s.app.objects()).items() if "generation" in v["metadata"]} == {
            k: v["metadata"]["generation"] for k, v in before.items() if "generation" in v["metadata"]
        }
        assert (await someone.cli("runs")).out.strip() in ("", "no run is recorded yet")
        await s.app.expect_live("east", "v1.4.0")


@fault(
    "the login expires while a run is on",
    group="identity and rights",
    sees="the step says that it waits for a new login, in the run, in `show` and in the console; reads say so, too",
    does="the run pauses where it is and goes on with the same step, by itself, as soon as the credentials work again",
    costs="the time until somebody logs in",
)
@pytest.mark.parametrize("box", REAL, indirect=True)
@pytest.mark.slow
async def test_a_run_whose_login_expires_goes_on_after_the_next_one(scenario: Starts) -> None:
    async with scenario(SHOP, waits={"bake": "20s"}) as s:
        await s.adopt("v1.4.0", active="east")
        run = await s.begin(*DEPLOY)
        await s.run_reaches("watch")
        s.box.faults.expire_credentials("operator")
        try:

            async def said() -> str:
                return str((await s.show())["steps"])

            await answered(said, lambda text: "waiting for a new login" in text, within=60, what="the run says that it waits for a login")
            ran = await s.cli("status")
            assert ran.code == REFUSED, str(ran)
            assert "log in again" in ran.err, str(ran)
        finally:
            s.box.faults.renew_credentials("operator")
        (await run.ended()).expect(0)
        await s.app.expect_live("west", "v1.5.0")
        assert (await s.show())["claims"] == 1


def with_plugin(person: Person, code: str) -> None:
    """From now on this person's credentials come from a program."""
    program = person.home / "cloud-login"
    program.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{code}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    settings = person.config / "environments" / "rehearsal.yml"
    document = yaml.safe_load(settings.read_text())
    kubeconfig = yaml.safe_load(Path(document["cluster"]["kubeconfig"]).read_text())
    exec_ = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(program), "interactiveMode": "IfAvailable"}
    kubeconfig["users"] = [{"name": user["name"], "user": {"exec": exec_}} for user in kubeconfig["users"]]
    own = person.home / "kubeconfig"
    own.write_text(yaml.safe_dump(kubeconfig))
    document["cluster"]["kubeconfig"] = str(own)
    settings.write_text(yaml.safe_dump(document, sort_keys=False))


HANGS = "time.sleep(600)"
FAILS = "sys.exit('your session has expired: run cloud-login init')"
FLOODS = "sys.stderr.write('x' * 5_000_000); sys.exit(1)"
ASKS = "open('/dev/tty').readline()"


@fault(
    "the kubeconfig's credential plugin hangs, fails, floods its error output or wants a terminal",
    group="identity and rights",
    sees="a sentence with the plugin's name and its last words; exit code 3",
    does="it is ended with its children after 15 s at most; nothing is planned, journaled or changed",
    costs="a login outside the console",
)
@pytest.mark.parametrize("box", REAL, indirect=True)
@pytest.mark.parametrize(
    ("code", "says"),
    [
        pytest.param(FAILS, "your session has expired", id="fails", marks=pytest.mark.slow),
        pytest.param(FLOODS, "cloud-login", id="floods", marks=pytest.mark.slow),
        pytest.param(ASKS, "cloud-login", id="wants a terminal", marks=pytest.mark.slow),
        pytest.param(HANGS, "cloud-login", id="hangs", marks=pytest.mark.slow),
    ],
)
async def test_a_credential_plugin_that_misbehaves_is_named(scenario: Starts, code: str, says: str) -> None:
    async with scenario(SHOP) as s:
        await s.adopt("v1.4.0", active="east")
        someone = s.person("someone")
        with_plugin(someone, code)
        for words in (("status",), DEPLOY):
            ran = await someone.cli(*words)
            assert ran.code == REFUSED, f"{words}: {ran}"
            assert says in ran.err, str(ran)
            assert len(ran.err) < 2000
            assert "Traceback" not in ran.err
        await s.app.expect_live("east", "v1.4.0")


@pytest.mark.parametrize("box", REAL, indirect=True)
@pytest.mark.slow
async def test_a_credential_plugin_that_works_is_used(scenario: Starts) -> None:
    async with scenario(SHOP) as s:
        await s.adopt("v1.4.0", active="east")
        token = s.box.server.endpoint.users["operator"]
        answer = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": token}}
        someone = s.person("someone")
        with_plugin(someone, f"print(json.dumps({answer!r}))")
        (await someone.cli(*DEPLOY)).expect(0)
        await s.app.expect_live("west", "v1.5.0")


@fault(
    "the same settings reach another cluster than at the last change",
    group="identity and rights",
    sees="a sentence that names both clusters, and what to do if that is meant; exit code 3",
    does="nothing is planned or changed",
    costs="a deliberate confirmation by whoever moved the environment",
)
@pytest.mark.slow
async def test_another_cluster_behind_the_same_name_is_refused(
    real_box: SandboxCluster, embedded_box: SandboxCluster, tmp_path: Path
) -> None:
    async with Scenario.on(real_box, tmp_path, layout=SHOP) as s:
        await s.adopt("v1.4.0", active="east")
        someone = s.person("someone")
        settings = someone.config / "environments" / "rehearsal.yml"
        document = yaml.safe_load(settings.read_text())
        own = someone.home / "kubeconfig"
        own.write_bytes(Path(document["cluster"]["kubeconfig"]).read_bytes())
        document["cluster"]["kubeconfig"] = str(own)
        settings.write_text(yaml.safe_dump(document, sort_keys=False))
        (await someone.cli(*DEPLOY)).expect(0)
        await embedded_box.create_namespace(s.namespace)
        try:
            own.write_bytes(embedded_box.kubeconfig("operator", s.namespace).read_bytes())
            again = ("run", "deploy", "-i", "release=v1.5.1", "--yes", "--reason", "x")
            (await someone.cli(*again)).expect(3, f"was the namespace {s.namespace} with uid", "namespace_uid")
        finally:
            await setup_client.delete_namespace(embedded_box.server.endpoint, s.namespace)
