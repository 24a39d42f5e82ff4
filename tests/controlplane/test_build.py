"""The build appears whole or not at all, happens once, and says why it cannot."""

from __future__ import annotations

import concurrent.futures
import sysconfig
from pathlib import Path

import pytest

from tests.controlplane import build
from tests.controlplane.build import PACKAGES, BuildImpossible, ensure_binaries, kubernetes_version, target_folder

FAKE_GO = """#!/bin/sh
echo "$@" >> "$(dirname "$0")/calls"
while [ "$1" != -o ]; do shift; done
{before}
printf '#!/bin/sh\\n' > "$2" && chmod +x "$2"
"""


def environment(folder: Path, *, before: str = "") -> dict[str, str]:
    """A machine whose only Go is one that writes empty programs and notes how it was called."""
    tools = folder / "tools"
    tools.mkdir()
    (tools / "go").write_text(FAKE_GO.format(before=before))
    (tools / "go").chmod(0o755)
    return {"PATH": f"{tools}:/usr/bin:/bin", "XDG_CACHE_HOME": str(folder / "cache")}


def calls(folder: Path) -> list[str]:
    noted = folder / "tools" / "calls"
    return noted.read_text().splitlines() if noted.exists() else []


def test_every_program_is_built_into_a_folder_of_this_version(tmp_path: Path) -> None:
    machine = environment(tmp_path)
    found = ensure_binaries(machine)
    assert found.etcd.parent == target_folder(machine)
    assert target_folder(machine).name.startswith(f"{kubernetes_version()}-")
    assert {each.name for each in target_folder(machine).iterdir()} == set(PACKAGES)
    assert [line.rsplit(" ", 1)[1] for line in calls(tmp_path)] == list(PACKAGES.values())


def test_the_version_is_stamped_into_what_needs_it(tmp_path: Path) -> None:
    ensure_binaries(environment(tmp_path))
    apiserver, *_, etcd = calls(tmp_path)
    assert f"gitVersion={kubernetes_version()}" in apiserver
    assert "gitVersion" not in etcd
    assert "-trimpath" in apiserver


def test_a_second_call_builds_nothing(tmp_path: Path) -> None:
    machine = environment(tmp_path)
    first = ensure_binaries(machine)
    built = calls(tmp_path)
    assert ensure_binaries(machine) == first
    assert calls(tmp_path) == built


def test_two_at_once_build_once(tmp_path: Path) -> None:
    machine = environment(tmp_path, before="sleep 0.05")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        first, second = pool.map(ensure_binaries, [machine, machine])
    assert first == second
    assert len(calls(tmp_path)) == len(PACKAGES)


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    machine = environment(tmp_path, before='case "$3" in *etcd*) exit 1;; esac')
    with pytest.raises(BuildImpossible, match=r"building go.etcd.io/etcd/server/v3 failed with exit code 1"):
        ensure_binaries(machine)
    cache = target_folder(machine).parent
    assert [each.name for each in cache.iterdir() if each.is_dir()] == []


def test_named_assets_win_and_nothing_is_built(tmp_path: Path) -> None:
    machine = environment(tmp_path)
    assets = tmp_path / "assets"
    assets.mkdir()
    for name in PACKAGES:
        (assets / name).touch(mode=0o755)
    assert ensure_binaries({**machine, "KUBEBUILDER_ASSETS": str(assets)}).etcd == assets / "etcd"
    assert calls(tmp_path) == []


def test_named_assets_that_are_incomplete_are_no_reason_to_build(tmp_path: Path) -> None:
    machine = environment(tmp_path)
    with pytest.raises(BuildImpossible, match="does not hold etcd"):
        ensure_binaries({**machine, "KUBEBUILDER_ASSETS": str(tmp_path)})
    assert calls(tmp_path) == []


def test_without_go_the_way_out_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "GO_FOLDERS", ())
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    with pytest.raises(BuildImpossible, match=r"Go was not found(.|\n)*KUBEBUILDER_ASSETS"):
        ensure_binaries({"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)})
