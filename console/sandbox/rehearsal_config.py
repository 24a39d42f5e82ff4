"""The settings of a rehearsal: the shipped application, pointed at what runs on loopback, with waits short enough to practise with."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import yaml

COPIED = ("application.yml", "metrics.yml", "k8s")
REPLICAS = 2


def write_config(folder: Path, *, shipped: Path, kubeconfig: Path, namespace: str, url: Callable[[str], str], prometheus: str) -> Path:
    """Make `folder` a folder of settings with one environment, `rehearsal`; `url` gives the entry point of a Service by name."""
    (folder / "environments").mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        source, target = shipped / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.exists():
            shutil.copyfile(source, target)
    components = ("backend", "frontend")
    environment = {
        "environment": "rehearsal",
        "rehearsal": True,
        "strategy": "blue_green",
        "slots": ["blue", "green"],
        "cluster": {"kubeconfig": str(kubeconfig), "namespace": namespace},
        "replicas": REPLICAS,
        "urls": {
            "live": {c: url(f"traider-{c}") for c in components},
            "slots": {c: {s: url(f"traider-{c}-{s}") for s in ("blue", "green")} for c in components},
        },
        "prometheus": prometheus,
        "health": {"every": "2s"},
        "waits": {"ready": "90s", "health": "30s", "routed": "15s", "verify_after": "1s", "bake": "5s", "keep_warm": "10m"},
    }
    text = yaml.safe_dump(environment, sort_keys=False)
    (folder / "environments" / "rehearsal.yml").write_text(f"# Written by `bluegreen sandbox`; gone when it ends.\n{text}")
    return folder
