"""What is given wrong on the command line: one sentence on standard error, exit code 2, no traceback, nothing sent and nothing changed."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from console.cli.main import run
from tests.support.faults import fault

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = """\
environment: production
application: shop
cluster: {context: prod, namespace: shop}
components:
  api: {image: shop/api}
"""
RUNBOOK = """\
name: pause
title: Pause
inputs: {long: duration, who: {type: choice, choices: [one, two]}}
steps:
  - wait: $long
    when: $who == one
"""
PAUSE = {"runbooks/pause.yml": RUNBOOK.encode()}
USER = "users: [{name: u, user: {%s}}]\n"
PLUGIN = "exec: {command: c, apiVersion: client.authentication.k8s.io/v1, args: 5}"


@dataclass(frozen=True)
class Given:
    """A command line, with what lies in its folder."""

    words: str
    says: str
    """On standard error."""
    files: dict[str, bytes] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    config: bool = True
    """The good settings are named."""


def kubeconfig(text: str, says: str) -> Given:
    return Given("status", says, files={"kubeconfig": text.encode()}, environment={"KUBECONFIG": "{folder}/kubeconfig"})


CLUSTERS = "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\ncontexts: [{name: prod, context: {cluster: c, user: u}}]\n"
CASES = {
    "a folder that does not exist": Given("--config nowhere status", "--config names nowhere, which does not exist", config=False),
    "a file instead of the folder": Given(
        "--config environments/production.yml status", "environments/production.yml, which is a file. Name the folder: .", config=False
    ),
    "a folder without environments": Given("--config empty status", "holds no environments/*.yml", files={"empty/x": b""}, config=False),
    "a folder of nobody's home": Given("--config ~nobody-here/x status", "which does not exist", config=False),
    "a variable that names nothing": Given(
        "status", "--config names /nowhere, which does not exist", environment={"BLUEGREEN_CONFIG": "/nowhere"}, config=False
    ),
    "an environment that does not exist": Given("--env prodution status", "Did you mean 'production'?"),
    "an environment of a variable": Given("status", "stagin", environment={"BLUEGREEN_ENV": "stagin"}),
    "no settings at all": Given("status", "no settings were found", config=False),
    "settings with a mistake": Given(
        "status",
        "environments/production.yml:1:1: 'application' is missing",
        files={"environments/production.yml": b"environment: production\n"},
    ),
    "settings that are no text": Given("config check", "", files={"environments/production.yml": b"\xff\xfe\x00"}),
    "a variable that is neither yes nor no": Given(
        "runs", "'perhaps' is not a valid boolean", environment={"BLUEGREEN_READ_ONLY": "perhaps"}
    ),
    "a journal in a database we do not speak": Given("--journal mysql://h/d runs", "a journal cannot live in mysql"),
    "a journal whose address is none": Given("--journal :// runs", "the journal's address cannot be read"),
    "a journal at a port that is none": Given("--journal postgresql://u@127.0.0.1:port/d runs", "the journal's address cannot be read"),
    "a journal in memory": Given("--journal sqlite:// runs", "the journal's address names no file"),
    "a journal that is a folder": Given("--journal environments runs", "cannot be written"),
    "a journal that is something else": Given("--journal other.db runs", "is damaged", files={"other.db": b"not a database" * 100}),
    "a journal below a file": Given("--journal other.db/x/y.db runs", "cannot be made", files={"other.db": b""}),
    "a journal on a server that is not there": Given("--journal postgresql://u@127.0.0.1:1/d runs", "does not answer"),
    "an input that is none": Given("plan pause -i long", "'long' is not name=value", files=PAUSE),
    "an input without a name": Given("plan pause -i =x", "'=x' is not name=value", files=PAUSE),
    "an input that is not known": Given("plan pause -i lng=5m", "pause takes no input 'lng'. did you mean 'long'?", files=PAUSE),
    "an input that is missing": Given("plan pause -i who=one", "pause needs the input 'long'", files=PAUSE),
    "an input in words": Given("run pause -i long=soon -i who=one", "'soon' is not a duration", files=PAUSE),
    "an input that is no choice": Given("run pause -i long=5m -i who=three", "'three', which is no choice", files=PAUSE),
    "a runbook that does not exist": Given("run deplyo", "Did you mean 'deploy'?"),
    "a runbook with a mistake": Given(
        "run pause", "runbooks/pause.yml:1:1: 'steps' is missing", files={"runbooks/pause.yml": b"name: pause\ntitle: P\n"}
    ),
    "a runbook that is no YAML": Given(
        "plan pause", "runbooks/pause.yml:1:7: a '[' is never closed", files={"runbooks/pause.yml": b"name: [pause\n"}
    ),
    "a release file that does not exist": Given("plan deploy -i release=nowhere/v1.yml", "nowhere/v1.yml:1:1: the file does not exist"),
    "a release file with a mistake": Given(
        "run deploy -i release=v1.yml --yes --reason x",
        'v1.yml:1:10: YAML reads 1.10 as a number, not as text: quote it: "1.10"',
        files={"v1.yml": b"release: 1.10\nimages: {api: shop/api:v1}\n"},
    ),
    "a release file of another application": Given(
        "plan deploy -i release=v1.yml",
        "v1.yml:2:10: 'web' is no component",
        files={"v1.yml": b"release: v1\nimages: {web: shop/web:v1}\n"},
    ),
    "a command that does not exist": Given("rolback", "Did you mean 'rollback'?"),
    "an option that does not exist": Given("status --wach", "Did you mean '--watch'?"),
    "a run that is no number": Given("show last", "'last' is not a valid integer"),
    "no rows at all": Given("runs -n 0", "0 is not in the range"),
    "a run that does not exist": Given("--journal j.db show 7", "there is no run 7"),
    "a hold without a reason": Given("hold v1.5.0", "needs --reason"),
    "a shell that is none": Given("completion tcsh", "'tcsh' is not one of"),
    "an anchor that is none": Given("--journal j.db audit verify --anchor yesterday", "'yesterday' is no anchor"),
    "an export that is none": Given("audit verify other", "other:1: this is no JSON", files={"other": b"\xc3\xa4"}),
    "bytes that are no UTF-8": Given("--env caf\udce9 status", "caf"),
    "a kubeconfig that does not exist": Given(
        "status", "no kubeconfig: /nowhere/k does not exist", environment={"KUBECONFIG": "/nowhere/k"}
    ),
    "an empty kubeconfig": kubeconfig("", "is empty"),
    "a kubeconfig that is no YAML": kubeconfig("clusters: [", "kubeconfig:2: not valid YAML: a '[' or '{' is never closed"),
    "a kubeconfig that is a list": kubeconfig("- a\n", "a kubeconfig is a mapping"),
    "a kubeconfig with a tab": kubeconfig("clusters:\n\t- a\n", "kubeconfig:2: not valid YAML"),
    "a kubeconfig of another cluster": kubeconfig("contexts: [{name: other, context: {}}]\n", "there is no context prod"),
    "a kubeconfig without the cluster": kubeconfig(
        "contexts: [{name: prod, context: {cluster: c}}]\n", "names cluster c, which is not defined"
    ),
    "a kubeconfig without a server": kubeconfig(CLUSTERS.replace("server: 'https://127.0.0.1:1'", ""), "has no server"),
    "a server that is no address": kubeconfig(CLUSTERS.replace("https://127.0.0.1:1", "ftp://x"), "is not a usable address"),
    "a user that is not there": kubeconfig(CLUSTERS, "names user u, which is not defined"),
    "a certificate that is none": kubeconfig(
        CLUSTERS + USER % "client-certificate-data: eA==, client-key-data: eA==", "cannot use the certificates"
    ),
    "a certificate without its key": kubeconfig(CLUSTERS + USER % "client-certificate-data: eA==", "has no client-key"),
    "a plugin without a command": kubeconfig(CLUSTERS + USER % "exec: {args: 5}", "has no command"),
    "a plugin whose arguments are a number": kubeconfig(CLUSTERS + USER % PLUGIN, "must be a list"),
    "a date that is none": kubeconfig("preferences: 2026-02-30\n" + CLUSTERS, "names user u"),
}


@dataclass(frozen=True)
class Folder:
    path: Path
    given: Given

    @property
    def arguments(self) -> list[str]:
        shared = ["--config", str(self.path)] if self.given.config else []
        return [*shared, *self.given.words.split()]

    @property
    def environment(self) -> dict[str, str]:
        own = {"HOME": str(self.path / "home"), "XDG_CONFIG_HOME": str(self.path / "xdg"), "XDG_STATE_HOME": str(self.path / "state")}
        return own | {name: value.replace("{folder}", str(self.path)) for name, value in self.given.environment.items()}

    @property
    def says(self) -> str:
        return self.given.says.replace("{folder}", str(self.path))

    def files(self) -> dict[Path, bytes]:
        """What a person wrote; a journal that was made to be looked into is not theirs."""
        return {f: f.read_bytes() for f in sorted(self.path.rglob("*")) if f.is_file() and "j.db" not in f.name and "state" not in f.parts}


@pytest.fixture(params=CASES)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    given = CASES[request.param]
    for name, data in {"environments/production.yml": SETTINGS.encode(), **given.files}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return Folder(tmp_path, given)


@fault(
    "something is given wrong on the command line: an option, an input, a folder, a variable, a journal, a kubeconfig",
    group="bad input",
    sees="one sentence that names it and what to give instead; exit code 2",
    does="none is started; nothing has been sent or changed",
    costs="the correction",
)
def test_what_is_given_wrong_is_told_in_a_sentence(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder.path)
    for name, value in folder.environment.items():
        monkeypatch.setenv(name, value)
    before = folder.files()
    assert run(folder.arguments) == 2
    said = capsys.readouterr()
    assert folder.says in said.err
    assert "Traceback" not in said.err + said.out
    assert folder.files() == before


@pytest.mark.slow
def test_the_same_in_a_process_of_its_own(folder: Folder) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", **folder.environment}
    arguments = [os.fsencode(a) for a in (sys.executable, "-m", "console", *folder.arguments)]
    ran = subprocess.run(arguments, cwd=folder.path, env=environment, capture_output=True, timeout=120, check=False)
    assert ran.returncode == 2, ran.stderr
    assert folder.says in ran.stderr.decode(errors="replace")
    assert b"Traceback" not in ran.stderr


def test_there_are_cases() -> None:
    assert len(CASES) > 40
