"""What a first use finds: folders, kubeconfig, and an example with the current context in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.cli.first_use import first_use, write_first_settings
from console.document.problems import Problems
from console.document.read import read_mapping
from console.settings import NotConfigured

KUBECONFIG = """
current-context: prod
clusters: [{name: c, cluster: {server: "https://prod.example:6443"}}]
contexts:
- {name: lab, context: {cluster: c, user: u}}
- {name: prod, context: {cluster: c, user: u, namespace: shop-prod}}
users: [{name: u, user: {token: t}}]
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(KUBECONFIG)
    return tmp_path


def test_the_example_is_for_the_current_context_and_can_be_read_back(home: Path) -> None:
    found = first_use(NotConfigured((home / "here", home / "user")), {"HOME": str(home)})
    assert found.looked_at == (f"{home}/here/environments/*.yml", f"{home}/user/environments/*.yml")
    assert found.contexts == ("prod", "lab")
    assert "  context: prod  " in found.example
    assert "  namespace: shop-prod\n" in found.example
    path = write_first_settings(found)
    assert path == home / "user" / "environments" / "production.yml"
    problems = Problems()
    assert read_mapping(path, problems) is not None
    assert problems.found == []
    with pytest.raises(FileExistsError):
        write_first_settings(found)


def test_no_kubeconfig_and_a_broken_one_are_said(home: Path) -> None:
    problem = NotConfigured((home / "user",))
    assert first_use(problem, {"HOME": str(home / "nobody")}).kubeconfig.endswith(".kube/config does not exist")
    (home / ".kube" / "config").write_text("clusters: [\n")
    found = first_use(problem, {"HOME": str(home)})
    assert (found.contexts, "not valid YAML" in found.kubeconfig) == ((), True)
