"""The first file that is offered can be used as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.settings import init_example, load
from console.settings.example import Kind
from tests.settings.test_load import write

MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: api, image: shop/api}]}
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec: {selector: {app: api}}
"""


@pytest.mark.parametrize("kind", ["adopted", "manifests"])
def test_the_example_loads_without_a_word(kind: Kind, tmp_path: Path) -> None:
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s" / "api.yml").write_text(MANIFEST)
    settings = load(write(tmp_path, production=init_example(kind)))
    assert settings.warnings == ()
    environment = settings.environment()
    assert environment.health.checks[0].path == "/health"
    assert (environment.components[0].manifest is None) is (kind == "adopted")


@pytest.mark.parametrize("kind", ["adopted", "manifests"])
def test_what_is_commented_out_can_be_switched_on(kind: Kind, tmp_path: Path) -> None:
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s" / "api.yml").write_text(MANIFEST)
    text = "\n".join(line.removeprefix("# ") if number else line for number, line in enumerate(init_example(kind).splitlines()))
    environment = load(write(tmp_path, production=text)).environment()
    assert environment.urls.slots["green"]["api"] == "https://green.shop.example.com"  # type: ignore[index]
    assert environment.protection.confirm == "name"
