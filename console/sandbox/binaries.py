"""Where the real control plane's programs are found, and what to do when they are not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

REQUIRED = ("etcd", "kube-apiserver", "kube-controller-manager")
OPTIONAL = ("kubectl",)


class BinariesMissing(Exception):
    """No folder holds all programs of a control plane; the message names the places that were looked at."""


@dataclass(frozen=True)
class Binaries:
    """The programs of one control plane."""

    etcd: Path
    apiserver: Path
    controller_manager: Path
    kubectl: Path | None
    """Only needed by whoever compares with it."""


def find_binaries(folder: Path | None = None, *, environment: Mapping[str, str] = os.environ) -> Binaries:
    """The first complete set of: the given folder, KUBEBUILDER_ASSETS, the newest build in the cache, PATH.

    A folder that was named but is incomplete is an error, never passed over.
    """
    named = folder or (Path(environment["KUBEBUILDER_ASSETS"]) if environment.get("KUBEBUILDER_ASSETS") else None)
    if named is not None:
        return _in_folder(named)
    for built in built_folders(environment):
        if not _missing(built):
            return _in_folder(built)
    return _on_path(environment)


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where built control planes are kept, one folder per version: $XDG_CACHE_HOME/bluegreen/controlplane."""
    home = environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME") or Path.home()) / ".cache"
    return Path(home) / "bluegreen" / "controlplane"


def built_folders(environment: Mapping[str, str] = os.environ) -> Iterator[Path]:
    """The finished builds in the cache, newest first."""
    cache = cache_folder(environment)
    if cache.is_dir():
        yield from sorted((entry for entry in cache.glob("v*") if entry.is_dir()), key=lambda entry: -entry.stat().st_mtime)


def _in_folder(folder: Path) -> Binaries:
    if missing := _missing(folder):
        raise BinariesMissing(f"{folder} does not hold {', '.join(missing)}. Name a folder with {', '.join(REQUIRED)}")
    kubectl = folder / "kubectl"
    etcd, apiserver, controller_manager = (folder / name for name in REQUIRED)
    return Binaries(etcd, apiserver, controller_manager, kubectl if kubectl.is_file() else None)


def _missing(folder: Path) -> list[str]:
    return [name for name in REQUIRED if not os.access(folder / name, os.X_OK)]


def _on_path(environment: Mapping[str, str]) -> Binaries:
    path = environment.get("PATH", "")
    found = {name: shutil.which(name, path=path) for name in (*REQUIRED, *OPTIONAL)}
    if missing := [name for name in REQUIRED if found[name] is None]:
        raise BinariesMissing(
            f"no control plane found: {', '.join(missing)} not on PATH, nothing built in {cache_folder(environment)}. "
            "Set KUBEBUILDER_ASSETS to a folder with the programs, or build them with `python -m tests.controlplane.build`"
        )
    etcd, apiserver, controller_manager = (Path(found[name] or "") for name in REQUIRED)
    return Binaries(etcd, apiserver, controller_manager, Path(found["kubectl"]) if found["kubectl"] else None)
