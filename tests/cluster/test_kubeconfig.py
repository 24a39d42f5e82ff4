"""Every form of kubeconfig that kubectl takes, and a sentence for each that it would not."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from console.cluster.errors import KubeconfigError
from console.cluster.kubeconfig import target_of
from console.cluster.target import Pem, Target

PEM = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"
INLINE = base64.b64encode(PEM.encode()).decode()


def config(
    *,
    cluster: dict[str, Any] | None = None,
    user: dict[str, Any] | None = None,
    context: dict[str, Any] | None = None,
    name: str = "prod",
    current: str | None = "prod",
) -> dict[str, Any]:
    """A whole kubeconfig with one context, changed in parts."""
    document: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": f"{name}-cluster", "cluster": {"server": "https://prod.example:6443", **(cluster or {})}}],
        "users": [{"name": f"{name}-user", "user": {"token": "t0k"} if user is None else user}],
        "contexts": [{"name": name, "context": {"cluster": f"{name}-cluster", "user": f"{name}-user", **(context or {})}}],
    }
    return document | ({"current-context": current} if current else {})


def write(path: Path, document: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document))
    return path


def read(path: Path | None, *, context: str | None = None, **environ: str) -> Target:
    return target_of(kubeconfig=path, context=context, environ=environ, service_account=Path("/nonexistent"))


def refused(path: Path | None, *, context: str | None = None, **environ: str) -> str:
    with pytest.raises(KubeconfigError) as error:
        read(path, context=context, **environ)
    assert error.value.sent == "no"
    assert error.value.exit_code == 2
    return str(error.value)


def test_the_current_context_with_its_namespace(tmp_path: Path) -> None:
    target = read(write(tmp_path / "kc", config(context={"namespace": "shop"})))
    assert (target.server, target.namespace, target.context) == ("https://prod.example:6443", "shop", "prod")
    assert target.user.token == "t0k"
    assert target.user.name == "prod-user"


def test_without_a_namespace_it_is_default(tmp_path: Path) -> None:
    assert read(write(tmp_path / "kc", config())).namespace == "default"


def test_a_named_context_beside_the_current_one(tmp_path: Path) -> None:
    both = config()
    other = config(name="dev", cluster={"server": "http://127.0.0.1:8001/"})
    for section in ("clusters", "users", "contexts"):
        both[section] += other[section]
    target = read(write(tmp_path / "kc", both), context="dev")
    assert (target.server, target.context) == ("http://127.0.0.1:8001", "dev")


def test_several_files_merge_and_the_first_to_say_something_wins(tmp_path: Path) -> None:
    first = write(tmp_path / "a" / "kc", config(name="one", current=None, cluster={"server": "https://one.example"}))
    second = write(tmp_path / "b" / "kc", config(name="two", current="two", cluster={"server": "https://two.example"}))
    third = write(tmp_path / "c" / "kc", config(name="one", current="one", cluster={"server": "https://hidden.example"}))
    listed = os.pathsep.join([str(first), str(tmp_path / "missing"), "", str(second), str(third)])
    assert read(None, KUBECONFIG=listed).server == "https://two.example"
    assert read(None, context="one", KUBECONFIG=listed).server == "https://one.example"


def test_a_context_may_take_its_cluster_and_user_from_other_files(tmp_path: Path) -> None:
    whole = config(user={"tokenFile": "token"})
    parts = [write(tmp_path / part / "kc", {part: whole[part], "current-context": "prod"}) for part in ("contexts", "clusters", "users")]
    target = read(None, KUBECONFIG=os.pathsep.join(map(str, parts)))
    assert target.server == "https://prod.example:6443"
    assert target.user.token_file == tmp_path / "users" / "token"


def test_the_default_file_is_below_the_home_directory(tmp_path: Path) -> None:
    write(tmp_path / ".kube" / "config", config())
    assert read(None, HOME=str(tmp_path)).context == "prod"


def test_a_given_file_wins_over_the_environment(tmp_path: Path) -> None:
    given = write(tmp_path / "given", config(cluster={"server": "https://given.example"}))
    other = write(tmp_path / "other", config())
    assert read(given, KUBECONFIG=str(other)).server == "https://given.example"


def test_certificates_inline_and_by_file_relative_to_the_kubeconfig(tmp_path: Path) -> None:
    for name in ("ca.pem", "me.pem", "me.key"):
        write(tmp_path / "kube" / name, PEM)
    by_file = config(cluster={"certificate-authority": "ca.pem"}, user={"client-certificate": "me.pem", "client-key": "me.key"})
    inline = config(
        cluster={"certificate-authority-data": INLINE, "certificate-authority": "no/such/file"},
        user={"client-certificate-data": INLINE, "client-key-data": INLINE},
    )
    for document in (by_file, inline):
        target = read(write(tmp_path / "kube" / "kc", document))
        for pem in (target.ca, target.user.certificate, target.user.key):
            assert isinstance(pem, Pem)
            assert pem.read().decode() == PEM


def test_tls_options_and_proxy(tmp_path: Path) -> None:
    options = {"insecure-skip-tls-verify": True, "tls-server-name": "kubernetes.default", "proxy-url": "http://proxy.example:3128"}
    target = read(write(tmp_path / "kc", config(cluster=options)))
    assert (target.insecure, target.tls_server_name, target.proxy) == (True, "kubernetes.default", "http://proxy.example:3128")


def test_impersonation(tmp_path: Path) -> None:
    acting = {"token": "t", "as": "alice", "as-uid": "42", "as-groups": ["ops", "night"], "as-user-extra": {"scopes": ["a", "b"]}}
    found = read(write(tmp_path / "kc", config(user=acting))).impersonate
    assert found.headers() == [
        ("Impersonate-User", "alice"),
        ("Impersonate-Uid", "42"),
        ("Impersonate-Group", "ops"),
        ("Impersonate-Group", "night"),
        ("Impersonate-Extra-scopes", "a"),
        ("Impersonate-Extra-scopes", "b"),
    ]


def test_an_exec_plugin_with_all_it_may_say(tmp_path: Path) -> None:
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "./bin/login",
        "args": ["--cluster", "prod"],
        "env": [{"name": "PROFILE", "value": "night"}],
        "installHint": "get it from\n  the tools page",
        "provideClusterInfo": True,
    }
    cluster = {
        "certificate-authority-data": INLINE,
        "extensions": [{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}],
    }
    spec = read(write(tmp_path / "kc", config(user={"exec": plugin}, cluster=cluster))).user.exec_
    assert spec is not None
    assert spec.command == str(tmp_path / "bin" / "login")
    assert (spec.args, spec.env) == (("--cluster", "prod"), {"PROFILE": "night"})
    assert spec.cluster_info == {"server": "https://prod.example:6443", "certificate-authority-data": INLINE, "config": {"audience": "x"}}


def test_a_plugin_without_a_slash_is_found_on_the_path(tmp_path: Path) -> None:
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "login", "args": None, "env": None}
    spec = read(write(tmp_path / "kc", config(user={"exec": plugin}))).user.exec_
    assert spec is not None
    assert (spec.command, spec.cluster_info) == ("login", None)


def test_a_context_without_a_user_is_anonymous(tmp_path: Path) -> None:
    document = config()
    del document["contexts"][0]["context"]["user"]
    assert read(write(tmp_path / "kc", document)).user.name == ""


def test_a_pods_service_account_where_there_is_no_kubeconfig(tmp_path: Path) -> None:
    for name, text in (("token", "abc\n"), ("ca.crt", PEM), ("namespace", "shop\n")):
        write(tmp_path / "sa" / name, text)
    environ = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443", "HOME": str(tmp_path)}
    target = target_of(kubeconfig=None, context=None, environ=environ, service_account=tmp_path / "sa")
    assert (target.server, target.namespace, target.context) == ("https://10.0.0.1:443", "shop", "")
    assert target.user.token_file == tmp_path / "sa" / "token"
    v6 = target_of(kubeconfig=None, context=None, environ=environ | {"KUBERNETES_SERVICE_HOST": "fd00::1"}, service_account=tmp_path / "sa")
    assert v6.server == "https://[fd00::1]:443"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("", "kubeconfig {file} is empty"),
        ("# only a comment\n", "kubeconfig {file} is empty"),
        ("a: 1\nb: [1\nc: 2\n", "{file}:2: not valid YAML: a '[' is never closed"),
        ("- a\n- b\n", "{file}:1: a kubeconfig is a mapping with clusters, contexts and users, not a list"),
        ("\x01\x02", "{file}:1: not valid YAML: character U+0001 is not allowed in YAML. remove it"),
        ({"clusters": {}, "contexts": {"a": 1}}, "{file}: contexts must be a list"),
        ({"users": [{"user": {}}]}, "{file}: entry 1 of users has no name"),
        (config(current=None), "{file} has no current-context. choose one with --context; known contexts: prod"),
        (config(current="gone"), "there is no context gone in {file}. known contexts: prod"),
        (config(context={"cluster": None}), "context prod in {file} names no cluster. known clusters: prod-cluster"),
        (
            config(context={"cluster": "gone"}),
            "context prod in {file} names cluster gone, which is not defined. known clusters: prod-cluster",
        ),
        (config(context={"user": "gone"}), "context prod in {file} names user gone, which is not defined. known users: prod-user"),
        (config(cluster={"server": ""}), "cluster prod-cluster in {file} has no server. add its address as `server: https://…`"),
        (config(cluster={"server": "ftp://x"}), "the server of cluster prod-cluster in {file} is not a usable address: ftp://x"),
        (config(cluster={"server": "https://x:port"}), "the server of cluster prod-cluster in {file} is not a usable address"),
        (config(cluster={"server": 443}), "server of prod-cluster in {file} is not text. quote it"),
        (config(user={"token": 12345}), "token of prod-user in {file} is not text. quote it"),
        (
            config(cluster={"proxy-url": "socks5://127.0.0.1:1080"}),
            "prod-cluster in {file} is reached through socks5://127.0.0.1:1080, and SOCKS proxies are not supported. use an http",
        ),
        (
            config(cluster={"certificate-authority": "ca.pem"}),
            "certificate-authority of prod-cluster in {file} names {folder}/ca.pem, which",
        ),
        (config(cluster={"certificate-authority-data": "%%%a"}), "certificate-authority-data of prod-cluster in {file} is not base64"),
        (config(user={"client-certificate-data": INLINE}), "user prod-user in {file} has no client-key for its other half"),
        (config(user={"client-key-data": INLINE}), "user prod-user in {file} has no client-certificate for its other half"),
        (config(user={"token": "t", "as-groups": ["ops"]}), "user prod-user in {file} impersonates groups without a user. add `as: NAME`"),
        (config(user={"auth-provider": {"name": "gcp"}}), "auth-provider gcp, which Kubernetes removed. use the exec plugin gke-gcloud"),
        (config(user={"auth-provider": {"name": "odd"}}), "auth-provider odd, which Kubernetes removed. use an exec plugin"),
        (config(user={"exec": {"apiVersion": "client.authentication.k8s.io/v1"}}), "exec plugin of prod-user in {file} has no command"),
        (
            config(user={"exec": {"command": "x", "apiVersion": "client.authentication.k8s.io/v1alpha1"}}),
            "plugin of prod-user in {file} speaks client.authentication.k8s.io/v1alpha1. supported: client.authentication.k8s.io/v1,",
        ),
        (
            config(user={"exec": {"command": "x", "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Always"}}),
            "wants a terminal (interactiveMode: Always), which it cannot have here. log in beforehand",
        ),
    ],
)
def test_what_is_wrong_is_said_with_file_entry_and_way_out(tmp_path: Path, document: object, said: str) -> None:
    file = write(tmp_path / "kc", document)
    assert said.format(file=file, folder=tmp_path) in refused(file)


def test_a_given_file_that_is_missing(tmp_path: Path) -> None:
    assert f"there is no kubeconfig {tmp_path}/gone" in refused(tmp_path / "gone")


def test_no_kubeconfig_anywhere(tmp_path: Path) -> None:
    assert f"no kubeconfig: {tmp_path}/.kube/config does not exist. give --kubeconfig, or set KUBECONFIG" in refused(
        None, HOME=str(tmp_path)
    )
    assert "no kubeconfig: /no/a, /no/b does not exist" in refused(None, KUBECONFIG=f"/no/a{os.pathsep}/no/b")


def test_a_folder_is_no_kubeconfig(tmp_path: Path) -> None:
    assert f"cannot read kubeconfig {tmp_path}: Is a directory" in refused(tmp_path)


def test_the_proxy_of_the_environment_applies_as_kubectl_would(tmp_path: Path) -> None:
    file = write(tmp_path / "kc", config())
    assert read(file, HTTPS_PROXY="proxy.example:8080").proxy == "http://proxy.example:8080"
    assert read(file, HTTPS_PROXY="http://p:1", NO_PROXY=".example").proxy == ""
    assert "SOCKS proxies are not supported" in refused(file, https_proxy="socks5://p:1")
