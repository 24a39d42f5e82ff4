"""The files that people give to bluegreen, each with the function that reads it and a good example."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from actions import ACTIONS
from actions.release_file import read_release_file
from console.cluster.kubeconfig import target_of
from console.document.problems import ConfigError, Problem, in_order
from console.domain.errors import BluegreenError, UsageError
from console.domain.ids import ComponentName
from console.engine.catalogue import load_catalogue
from console.journal.export import verify_export
from console.settings import ConfigFolder, load, shipped_folder

SHIPPED = shipped_folder()
COMPONENTS = (ComponentName("backend"), ComponentName("frontend"))
RELEASE = b"""\
release: v1.5.0
images:
  backend: traider/backend:v1.5.0
  frontend: traider/frontend@sha256:0000000000000000000000000000000000000000000000000000000000000000
migration: {revision: 8f2c1a, class: expand}
answers: {backend: "1.5.0"}
"""
KUBECONFIG = b"""\
apiVersion: v1
kind: Config
current-context: prod
clusters:
- name: prod-eu1
  cluster: {server: "https://127.0.0.1:6443", certificate-authority-data: LS0tCg==, tls-server-name: api}
contexts:
- name: prod
  context: {cluster: prod-eu1, user: alice, namespace: shop}
users:
- name: alice
  user:
    as: admin
    as-groups: [ops]
    as-user-extra: {reason: [window]}
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: login
      args: [--quiet]
      env: [{name: A, value: b}]
      interactiveMode: Never
- name: bob
  user:
    auth-provider: {name: oidc, config: {idp-issuer-url: "https://idp", client-id: x, id-token: y}}
"""


def _original(name: str) -> bytes:
    """A shipped file; of the environments two are enough, of which the first takes its releases from nowhere."""
    data = (SHIPPED / name).read_bytes()
    return re.sub(rb"\n *promoted_from: .*", b"", data) if name.endswith("staging.yml") else data


ORIGINALS = {
    name: _original(name)
    for name in ("application.yml", "metrics.yml", "environments/production.yml", "environments/staging.yml", "k8s/backend.yml")
}


@dataclass(frozen=True)
class Input:
    """One kind of file."""

    path: str
    """Below the folder of the test."""
    original: bytes
    read: Callable[[Path, Path], tuple[Problem, ...]]
    """Reads the file (and its folder): the mistakes, each at its place; none when it is accepted. Raises BluegreenError alone."""
    placed: bool = True
    """Mistakes name line and column."""


def _settings(folder: Path, file: Path) -> tuple[Problem, ...]:
    try:
        return in_order(problem for found in load(ConfigFolder(folder)).broken.values() for problem in found)
    except ConfigError as error:
        return error.problems


def _runbook(folder: Path, file: Path) -> tuple[Problem, ...]:
    return in_order(problem for found in load_catalogue([file], ACTIONS).broken.values() for problem in found)


def _release(folder: Path, file: Path) -> tuple[Problem, ...]:
    return _told(lambda: read_release_file(file, COMPONENTS))


def _kubeconfig(folder: Path, file: Path) -> tuple[Problem, ...]:
    return _told(lambda: target_of(kubeconfig=file, context=None, environ={}))


def _export(folder: Path, file: Path) -> tuple[Problem, ...]:
    return _told(lambda: verify_export(file))


def _told(read: Callable[[], object]) -> tuple[Problem, ...]:
    """The mistakes of an error, or one problem that carries its text. What is no matter of the file is raised on."""
    try:
        read()
    except ConfigError as error:
        return error.problems
    except BluegreenError as error:
        if error.exit_code != UsageError.exit_code:
            raise
        return (Problem(Path(), 0, 0, error.message, error.hint),)
    return ()


@cache
def inputs() -> Mapping[str, Input]:
    """Everything that is spoiled, by name."""
    found = {f"settings {name}": Input(name, data, _settings) for name, data in ORIGINALS.items()}
    found |= {f"runbook {f.stem}": Input(f.name, f.read_bytes(), _runbook) for f in sorted((SHIPPED / "runbooks").glob("*.yml"))}
    found["release"] = Input("release.yml", RELEASE, _release)
    found["kubeconfig"] = Input("kubeconfig", KUBECONFIG, _kubeconfig, placed=False)
    found["export"] = Input("audit.jsonl", b'{"format": "bluegreen journal, version 1", "journal": "j"}\n', _export, placed=False)
    return found


@contextmanager
def laid_out(given: Input, folder: Path, data: bytes) -> Iterator[Path]:
    """The spoiled file among good ones, and a proof that reading changed nothing."""
    if given.read is _settings and not (folder / "environments").exists():
        for name in ("application.yml", "metrics.yml"):
            shutil.copy(SHIPPED / name, folder / name)
        shutil.copytree(SHIPPED / "k8s", folder / "k8s", ignore=lambda *_: ["rbac"])
        (folder / "environments").mkdir()
        for name in ("production", "staging"):
            (folder / "environments" / f"{name}.yml").write_bytes(ORIGINALS[f"environments/{name}.yml"])
        (folder / "runbooks").mkdir()
    file = folder / given.path
    before = file.read_bytes() if file.exists() else None
    file.write_bytes(data)
    try:
        yield file
        assert file.read_bytes() == data
    finally:
        if before is None:
            file.unlink()
        else:
            file.write_bytes(before)
