"""A kubeconfig that clients can use and others cannot read."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import yaml

from console.sandbox.endpoint import IDENTITIES, ApiEndpoint, write_kubeconfig

ENDPOINT = ApiEndpoint("https://127.0.0.1:1234", Path("/pki/ca.crt"), {name: f"token-of-{name}" for name in IDENTITIES})


def test_the_current_context_is_the_user_in_the_namespace(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path / "config", ENDPOINT, "operator", "shop")
    written = yaml.safe_load(path.read_text())
    assert written["current-context"] == "operator"
    assert written["clusters"] == [
        {"name": "rehearsal", "cluster": {"server": "https://127.0.0.1:1234", "certificate-authority": "/pki/ca.crt"}}
    ]
    assert written["contexts"] == [{"name": "operator", "context": {"cluster": "rehearsal", "user": "operator", "namespace": "shop"}}]
    assert written["users"] == [{"name": "operator", "user": {"token": "token-of-operator"}}]


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path / "config", ENDPOINT, "operator", "shop")
    assert path.stat().st_mode & 0o777 == 0o600


def test_further_users_have_contexts_of_their_own(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path / "config", ENDPOINT, "operator", "shop", also=("viewer", "admin"))
    written = yaml.safe_load(path.read_text())
    assert [each["name"] for each in written["contexts"]] == ["operator", "viewer", "admin"]
    assert written["users"][1]["user"] == {"token": "token-of-viewer"}


def test_plain_http_names_no_authority(tmp_path: Path) -> None:
    plain = dataclasses.replace(ENDPOINT, server="http://127.0.0.1:1234", ca_file=None)
    written = yaml.safe_load(write_kubeconfig(tmp_path / "config", plain, "viewer", "shop").read_text())
    assert written["clusters"][0]["cluster"] == {"server": "http://127.0.0.1:1234"}


def test_a_shorter_file_replaces_a_longer_one_whole(tmp_path: Path) -> None:
    write_kubeconfig(tmp_path / "config", ENDPOINT, "operator", "shop", also=("viewer", "admin", "limited"))
    path = write_kubeconfig(tmp_path / "config", ENDPOINT, "viewer", "shop")
    assert yaml.safe_load(path.read_text())["current-context"] == "viewer"
