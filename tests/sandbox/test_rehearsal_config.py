"""The settings that a rehearsal writes are settings like any others."""

from __future__ import annotations

from pathlib import Path

from console.domain.ids import ComponentName, SlotName
from console.sandbox.rehearsal_config import write_config
from console.settings import ConfigFolder, check, load, shipped_folder


def written(folder: Path) -> ConfigFolder:
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text("apiVersion: v1\nkind: Config\n")
    config = write_config(
        folder / "config", shipped=shipped_folder(), kubeconfig=kubeconfig, namespace="traider-prod",
        url=lambda service: f"http://127.0.0.1/{service}", prometheus="http://127.0.0.1:9090",
    )  # fmt: skip
    return ConfigFolder(config)


def test_they_hold_one_environment_without_a_mistake(tmp_path: Path) -> None:
    folder = written(tmp_path)
    assert check(folder) == ()
    environment = load(folder).environment()
    assert environment.rehearsal
    assert environment.name == "rehearsal"
    assert environment.cluster.kubeconfig == tmp_path / "kubeconfig"


def test_each_slot_of_each_component_has_its_own_entry(tmp_path: Path) -> None:
    urls = load(written(tmp_path)).environment().urls
    assert urls.slots[SlotName("green")][ComponentName("backend")] == "http://127.0.0.1/traider-backend-green"
    assert urls.live[ComponentName("frontend")] == "http://127.0.0.1/traider-frontend"
