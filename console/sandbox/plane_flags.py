"""The command lines and small files of a real control plane on loopback: pure text, no process.

Everything listens on loopback or on a socket in a private folder. Chosen where they differ from a cluster's usual flags: no fsync (the data
is thrown away), shared ports (ours are reserved by a socket that does not listen), no ServiceAccount admission (pods carry no token), no
endpoint reconciler (a loopback address is no valid endpoint).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from console.sandbox.binaries import Binaries
from console.sandbox.certificates import KeyPair
from console.sandbox.endpoint import IDENTITIES

SERVICE_RANGE = "10.96.0.0/16"
"""Addresses the API server gives to Services; pods must have theirs elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where the parts of one control plane keep their files and listen."""

    folder: Path
    port: int
    """The API server's, on loopback."""
    controllers_port: int
    egress_socket: Path

    @property
    def etcd_socket(self) -> Path:
        """etcd answers here; the folder's mode keeps other users away."""
        return self.folder / "etcd.sock"

    @property
    def tokens(self) -> Path:
        return self.folder / "tokens.csv"

    @property
    def egress(self) -> Path:
        return self.folder / "egress.yml"

    @property
    def audit_policy(self) -> Path:
        return self.folder / "audit.yml"

    @property
    def audit_log(self) -> Path:
        return self.folder / "audit.log"

    @property
    def controllers_kubeconfig(self) -> Path:
        return self.folder / "controllers.kubeconfig"


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """The certificates and keys of one control plane."""

    authority: Path
    serving: KeyPair
    kubelet_client: KeyPair
    """What the API server shows to a node's log endpoint; signed by the same authority."""
    service_accounts: KeyPair


def etcd(binaries: Binaries, layout: Layout) -> tuple[str, ...]:
    """etcd on two unix sockets; the peer's is named relative to the working folder, as etcd requires."""
    client = f"unix://{layout.etcd_socket}"
    peer = "unix://peer.sock:0"
    return (
        str(binaries.etcd),
        f"--data-dir={layout.folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    )


def apiserver(binaries: Binaries, layout: Layout, credentials: Credentials, *, audited: bool = False) -> tuple[str, ...]:
    """kube-apiserver with static tokens and RBAC; pods and nodes are reached through the egress socket alone."""
    audit = (f"--audit-policy-file={layout.audit_policy}", f"--audit-log-path={layout.audit_log}") if audited else ()
    return (
        str(binaries.apiserver),
        f"--etcd-servers=unix://{layout.etcd_socket}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={layout.port}",
        "--permit-port-sharing",
        f"--tls-cert-file={credentials.serving.certificate}",
        f"--tls-private-key-file={credentials.serving.key}",
        f"--client-ca-file={credentials.authority}",
        f"--token-auth-file={layout.tokens}",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={credentials.service_accounts.certificate}",
        f"--service-account-signing-key-file={credentials.service_accounts.key}",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        "--disable-admission-plugins=ServiceAccount",
        "--endpoint-reconciler-type=none",
        f"--egress-selector-config-file={layout.egress}",
        f"--kubelet-client-certificate={credentials.kubelet_client.certificate}",
        f"--kubelet-client-key={credentials.kubelet_client.key}",
        "--kubelet-preferred-address-types=InternalIP",
        *audit,
    )


def controller_manager(binaries: Binaries, layout: Layout, credentials: Credentials) -> tuple[str, ...]:
    """kube-controller-manager with all its usual controllers, as one administrator."""
    return (
        str(binaries.controller_manager),
        f"--kubeconfig={layout.controllers_kubeconfig}",
        f"--service-account-private-key-file={credentials.service_accounts.key}",
        f"--root-ca-file={credentials.authority}",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
        f"--secure-port={layout.controllers_port}",
        "--permit-port-sharing",
        f"--tls-cert-file={credentials.serving.certificate}",
        f"--tls-private-key-file={credentials.serving.key}",
        "--authentication-skip-lookup",
        "--kube-api-qps=500",
        "--kube-api-burst=500",
    )


def token_file(tokens: Mapping[str, str]) -> str:
    """The static token file: token, user, uid and quoted groups per line."""
    return "".join(f'{token},{name},{name},"{",".join(IDENTITIES[name].groups)}"\n' for name, token in tokens.items())


def audit_file() -> str:
    """Records every request once, when its answer begins or has ended: who, what, when, nothing of its content."""
    rules = [{"level": "Metadata", "omitStages": ["RequestReceived"]}]
    return json.dumps({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": rules})


def egress_file(layout: Layout) -> str:
    """Sends what the API server opens towards pods and nodes through a CONNECT proxy on a unix socket.

    etcd is left out: named there, even as Direct, it could not be reached by a unix socket.
    """
    proxy = {"proxyProtocol": "HTTPConnect", "transport": {"uds": {"udsName": str(layout.egress_socket)}}}
    selections = [{"name": "cluster", "connection": proxy}]
    return json.dumps({"apiVersion": "apiserver.k8s.io/v1beta1", "kind": "EgressSelectorConfiguration", "egressSelections": selections})
