"""Reads kubeconfigs as kubectl does: which files, how they merge, what a context comes down to.

Everything wrong is a `KubeconfigError` that names the file, the entry and the way out. Nothing is connected here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from console.cluster.errors import KubeconfigError
from console.cluster.kubeconfig_files import Entry, Merged, merged
from console.cluster.kubeconfig_user import impersonation_of, pem_of, text_of, user_of
from console.cluster.proxies import proxy_for
from console.cluster.target import Pem, Target, User

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def target_of(
    *, kubeconfig: Path | None, context: str | None, environ: Mapping[str, str] = os.environ, service_account: Path = SERVICE_ACCOUNT
) -> Target:
    """The server, namespace and identity to use.

    Order: `kubeconfig`, the files of KUBECONFIG, `~/.kube/config`, the pod's service account. The current context is read here, once.
    """
    if kubeconfig is not None:
        return _target(merged([Path(os.path.expanduser(kubeconfig))], required=True), context, environ)
    listed = [Path(os.path.expanduser(name)) for name in environ.get("KUBECONFIG", "").split(os.pathsep) if name]
    files = listed or [Path(os.path.expanduser(environ.get("HOME") or "~")) / ".kube" / "config"]
    if any(file.exists() for file in files):
        return _target(merged(files), context, environ)
    if environ.get("KUBERNETES_SERVICE_HOST") and (service_account / "token").exists() and context is None:
        return _in_cluster(environ, service_account)
    names = ", ".join(str(file) for file in files)
    raise KubeconfigError(f"no kubeconfig: {names} does not exist", hint="give --kubeconfig, or set KUBECONFIG")


def _target(config: Merged, wanted: str | None, environ: Mapping[str, str]) -> Target:
    context = _context(config, wanted)
    cluster = _cluster(config, context)
    server = _server(cluster)
    user = _user(config, context)
    return Target(
        server=server,
        namespace=text_of(context, "namespace") or "default",
        context=context.name,
        user=user_of(user, cluster) if user else User(),
        impersonate=impersonation_of(user) if user else impersonation_of(Entry(context.name, {}, context.file)),
        ca=pem_of(cluster, "certificate-authority"),
        insecure=cluster.data.get("insecure-skip-tls-verify") is True,
        tls_server_name=text_of(cluster, "tls-server-name"),
        proxy=_proxy(cluster, server, environ),
        source=str(context.file),
    )


def _context(config: Merged, wanted: str | None) -> Entry:
    """The wanted context, or the current one."""
    known = f"known contexts: {_names(config.contexts)}"
    name = wanted or config.current_context
    if not name:
        raise KubeconfigError(f"{config.source} has no current-context", hint=f"choose one with --context; {known}")
    found = config.contexts.get(name)
    if found is None:
        raise KubeconfigError(f"there is no context {name} in {config.source}", hint=known)
    return found


def _cluster(config: Merged, context: Entry) -> Entry:
    name = text_of(context, "cluster")
    problem = "names no cluster" if not name else f"names cluster {name}, which is not defined"
    if name not in config.clusters:
        known = f"known clusters: {_names(config.clusters)}"
        raise KubeconfigError(f"context {context.name} in {context.file} {problem}", hint=known)
    return config.clusters[name]


def _server(cluster: Entry) -> str:
    server = text_of(cluster, "server").rstrip("/")
    if not server:
        raise KubeconfigError(f"cluster {cluster.name} in {cluster.file} has no server", hint="add its address as `server: https://…`")
    server = server if "://" in server else f"https://{server}"
    try:
        url = urlsplit(server)
        usable = url.scheme in {"http", "https"} and bool(url.hostname) and (url.port is None or url.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise KubeconfigError(f"the server of cluster {cluster.name} in {cluster.file} is not a usable address: {server}")
    return server


def _user(config: Merged, context: Entry) -> Entry | None:
    """The context's user; None where it names none, which sends anonymous requests, as kubectl does."""
    name = text_of(context, "user")
    if not name:
        return None
    if name not in config.users:
        raise KubeconfigError(
            f"context {context.name} in {context.file} names user {name}, which is not defined", hint=f"known users: {_names(config.users)}"
        )
    return config.users[name]


def _proxy(cluster: Entry, server: str, environ: Mapping[str, str]) -> str:
    proxy = text_of(cluster, "proxy-url") or proxy_for(server, environ)
    if proxy and urlsplit(proxy).scheme not in {"http", "https"}:
        raise KubeconfigError(
            f"cluster {cluster.name} in {cluster.file} is reached through {proxy}, and SOCKS proxies are not supported"
            if proxy.startswith("socks")
            else f"cluster {cluster.name} in {cluster.file} is reached through {proxy}, which is no http or https proxy",
            hint="use an http proxy, or an ssh tunnel with tls-server-name",
        )
    return proxy


def _in_cluster(environ: Mapping[str, str], folder: Path) -> Target:
    """The pod's own service account."""
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ.get("KUBERNETES_SERVICE_PORT") or "443"
    namespace = folder / "namespace"
    return Target(
        server=f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
        namespace=namespace.read_text().strip() if namespace.exists() else "default",
        user=User(name="service account", token_file=folder / "token"),
        ca=Pem(file=folder / "ca.crt"),
        source=str(folder),
    )


def _names(entries: Mapping[str, Any]) -> str:
    return ", ".join(sorted(entries)) or "none"
