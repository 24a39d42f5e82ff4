"""The user part of a kubeconfig: tokens, certificates, plugins, impersonation."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from console.cluster.errors import KubeconfigError
from console.cluster.kubeconfig_files import Entry
from console.cluster.target import ExecSpec, Impersonation, OidcSpec, Pem, User

EXEC_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
GONE_PROVIDERS: Mapping[str, str] = {"gcp": "use the exec plugin gke-gcloud-auth-plugin", "azure": "use the exec plugin kubelogin"}


def text_of(entry: Entry, key: str) -> str:
    """A text field; empty when absent. A number or date is an error that says to quote it."""
    value = entry.data.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise KubeconfigError(f"{key} of {entry.name} in {entry.file} is not text", hint="quote it")
    return value


def pem_of(entry: Entry, key: str) -> Pem | None:
    """A certificate or key given as `<key>-data` (base64) or as a path relative to the file; None when absent."""
    inline = text_of(entry, f"{key}-data")
    if inline:
        try:
            return Pem(data=base64.b64decode(inline, validate=False))
        except (binascii.Error, ValueError) as error:
            raise KubeconfigError(f"{key}-data of {entry.name} in {entry.file} is not base64") from error
    path = text_of(entry, key)
    if not path:
        return None
    file = entry.file.parent / path
    if not file.is_file():
        raise KubeconfigError(f"{key} of {entry.name} in {entry.file} names {file}, which does not exist")
    return Pem(file=file)


def user_of(entry: Entry, cluster: Entry) -> User:
    """The identity that `entry` describes."""
    token_file = text_of(entry, "tokenFile")
    certificate, key = pem_of(entry, "client-certificate"), pem_of(entry, "client-key")
    if (certificate is None) != (key is None):
        missing = "client-key" if key is None else "client-certificate"
        raise KubeconfigError(f"user {entry.name} in {entry.file} has no {missing} for its other half")
    return User(
        name=entry.name,
        token=text_of(entry, "token"),
        token_file=entry.file.parent / token_file if token_file else None,
        username=text_of(entry, "username"),
        password=text_of(entry, "password"),
        certificate=certificate,
        key=key,
        exec_=_exec_of(entry, cluster),
        oidc=_provider_of(entry),
    )


def impersonation_of(entry: Entry) -> Impersonation:
    """`as`, `as-uid`, `as-groups` and `as-user-extra`."""
    groups = entry.data.get("as-groups") or []
    extra = entry.data.get("as-user-extra") or {}
    if not isinstance(groups, list) or not isinstance(extra, dict):
        raise KubeconfigError(f"as-groups of {entry.name} in {entry.file} must be a list, as-user-extra a mapping of lists")
    found = Impersonation(
        user=text_of(entry, "as"),
        uid=text_of(entry, "as-uid"),
        groups=tuple(str(group) for group in groups),
        extra={str(key): tuple(str(v) for v in _list(values, f"as-user-extra {key}", entry)) for key, values in extra.items()},
    )
    if not found.user and (found.uid or found.groups or found.extra):
        raise KubeconfigError(f"user {entry.name} in {entry.file} impersonates groups without a user", hint="add `as: NAME`")
    return found


def _list(value: object, key: str, entry: Entry) -> list[Any]:
    """A list; empty when absent."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise KubeconfigError(f"{key} of {entry.name} in {entry.file} must be a list", hint="write [one, two]")
    return value


def _exec_of(entry: Entry, cluster: Entry) -> ExecSpec | None:
    raw = entry.data.get("exec")
    if raw is None:
        return None
    spec = Entry(f"exec plugin of {entry.name}", raw if isinstance(raw, dict) else {}, entry.file)
    command, version = text_of(spec, "command"), text_of(spec, "apiVersion")
    if not command:
        raise KubeconfigError(f"the {spec.name} in {entry.file} has no command")
    if version not in EXEC_VERSIONS:
        raise KubeconfigError(
            f"the {spec.name} in {entry.file} speaks {version or 'no named version'}", hint=f"supported: {', '.join(EXEC_VERSIONS)}"
        )
    mode = text_of(spec, "interactiveMode") or "IfAvailable"
    if mode == "Always":
        raise KubeconfigError(
            f"the {spec.name} in {entry.file} wants a terminal (interactiveMode: Always), which it cannot have here",
            hint="log in beforehand and use a plugin that works without questions",
        )
    return ExecSpec(
        command=str(entry.file.parent / command) if "/" in command else command,
        args=tuple(str(arg) for arg in _list(raw.get("args"), "args", spec)),
        env={str(i["name"]): str(i.get("value", "")) for i in _list(raw.get("env"), "env", spec) if isinstance(i, dict) and "name" in i},
        api_version=version,
        install_hint=text_of(spec, "installHint").strip(),
        cluster_info=_cluster_info(cluster) if raw.get("provideClusterInfo") is True else None,
    )


def _cluster_info(cluster: Entry) -> Mapping[str, Any]:
    """`spec.cluster` of the ExecCredential a plugin is given."""
    info: dict[str, Any] = {"server": text_of(cluster, "server")}
    ca = pem_of(cluster, "certificate-authority")
    if ca is not None:
        info["certificate-authority-data"] = base64.b64encode(ca.read()).decode()
    if cluster.data.get("insecure-skip-tls-verify") is True:
        info["insecure-skip-tls-verify"] = True
    for key in ("tls-server-name", "proxy-url"):
        if value := text_of(cluster, key):
            info[key] = value
    for extension in _list(cluster.data.get("extensions"), "extensions", cluster):
        if isinstance(extension, dict) and extension.get("name") == "client.authentication.k8s.io/exec":
            info["config"] = extension.get("extension")
    return info


def _provider_of(entry: Entry) -> OidcSpec | None:
    """The old `auth-provider`: OIDC is read, the vendors' ones are gone from Kubernetes itself."""
    raw = entry.data.get("auth-provider")
    if not isinstance(raw, dict):
        return None
    kind = str(raw.get("name", ""))
    if kind != "oidc":
        raise KubeconfigError(
            f"user {entry.name} in {entry.file} logs in through auth-provider {kind}, which Kubernetes removed",
            hint=GONE_PROVIDERS.get(kind, "use an exec plugin"),
        )
    given = raw.get("config") or {}
    if not isinstance(given, dict):
        raise KubeconfigError(f"config of auth-provider of {entry.name} in {entry.file} must be a mapping")
    conf = Entry(f"auth-provider of {entry.name}", given, entry.file)
    return OidcSpec(
        issuer=text_of(conf, "idp-issuer-url"),
        client_id=text_of(conf, "client-id"),
        client_secret=text_of(conf, "client-secret"),
        id_token=text_of(conf, "id-token"),
        refresh_token=text_of(conf, "refresh-token"),
        ca=pem_of(conf, "idp-certificate-authority"),
        source=str(entry.file),
    )
