"""The programs of a control plane are found in a stated order, and what is missing is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from console.sandbox.binaries import OPTIONAL, REQUIRED, BinariesMissing, find_binaries


def programs(folder: Path, *names: str) -> Path:
    """A folder with executable files of these names."""
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch(mode=0o755)
    return folder


def test_a_named_folder_comes_first(tmp_path: Path) -> None:
    named, assets = programs(tmp_path / "named", *REQUIRED, *OPTIONAL), programs(tmp_path / "assets", *REQUIRED)
    found = find_binaries(named, environment={"KUBEBUILDER_ASSETS": str(assets)})
    assert (found.etcd, found.kubectl) == (named / "etcd", named / "kubectl")


def test_the_assets_variable_comes_before_the_cache_and_the_path(tmp_path: Path) -> None:
    assets, on_path = programs(tmp_path / "assets", *REQUIRED), programs(tmp_path / "path", *REQUIRED)
    programs(tmp_path / "bluegreen" / "controlplane" / "v1.2.3-abc", *REQUIRED)
    environment = {"KUBEBUILDER_ASSETS": str(assets), "XDG_CACHE_HOME": str(tmp_path), "PATH": str(on_path)}
    found = find_binaries(environment=environment)
    assert (found.apiserver, found.kubectl) == (assets / "kube-apiserver", None)


def test_the_newest_complete_build_is_used(tmp_path: Path) -> None:
    cache = tmp_path / "bluegreen" / "controlplane"
    ages = {"v1.1.0-old": 30, "v1.2.0-new": 20}
    for name, age in ages.items():
        os.utime(programs(cache / name, *REQUIRED), (1_000_000 - age, 1_000_000 - age))
    os.utime(programs(cache / "v1.3.0-incomplete", "etcd"), (1_000_000, 1_000_000))
    assert find_binaries(environment={"XDG_CACHE_HOME": str(tmp_path)}).etcd == cache / "v1.2.0-new" / "etcd"


def test_the_path_comes_last(tmp_path: Path) -> None:
    on_path = programs(tmp_path / "path", *REQUIRED, *OPTIONAL)
    found = find_binaries(environment={"HOME": str(tmp_path), "PATH": str(on_path)})
    assert (found.controller_manager, found.kubectl) == (on_path / "kube-controller-manager", on_path / "kubectl")


@pytest.mark.parametrize("variable", [True, False])
def test_a_named_folder_that_is_incomplete_is_an_error(tmp_path: Path, variable: bool) -> None:
    incomplete, complete = programs(tmp_path / "incomplete", "etcd"), programs(tmp_path / "path", *REQUIRED)
    environment = {"HOME": str(tmp_path), "PATH": str(complete)}
    environment |= {"KUBEBUILDER_ASSETS": str(incomplete)} if variable else {}
    with pytest.raises(BinariesMissing, match="incomplete does not hold kube-apiserver, kube-controller-manager"):
        find_binaries(None if variable else incomplete, environment=environment)


def test_what_is_missing_is_named_with_what_to_do(tmp_path: Path) -> None:
    on_path = programs(tmp_path / "path", "etcd")
    with pytest.raises(BinariesMissing, match="kube-apiserver, kube-controller-manager not on PATH") as failure:
        find_binaries(environment={"HOME": str(tmp_path), "PATH": str(on_path)})
    assert "KUBEBUILDER_ASSETS" in str(failure.value)
    assert str(tmp_path / ".cache" / "bluegreen" / "controlplane") in str(failure.value)
