"""A container's environment variables: the kubelet's rules for literals, references, expansion and Service variables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from console.sandbox.nodes.objects import Container, EnvFrom, EnvVar, FieldRef, KeyRef, Pod, ValueFrom

_REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_.-][A-Za-z0-9_.-]*)\)")
_KEYED = re.compile(r"^metadata\.(labels|annotations)\['([^']+)'\]$")

Source = tuple[str, str]
"""Kind (ConfigMap or Secret) and name."""


class BadEnvironment(Exception):
    """A variable cannot be made; the message is the kubelet's own."""


@dataclass(frozen=True)
class Surroundings:
    """What variables can refer to besides their own container."""

    pod: Pod
    pod_address: str
    host_address: str
    sources: Mapping[Source, Mapping[str, str]] = field(default_factory=dict)
    """The ConfigMaps and Secrets that exist, among those the container names."""
    services: Mapping[str, str] = field(default_factory=dict)
    """Variables that name the Services, as every container gets them."""


def sources_of(container: Container) -> frozenset[Source]:
    """The ConfigMaps and Secrets that a container's variables name."""
    return frozenset(_named_sources(container))


def resolve(container: Container, around: Surroundings) -> dict[str, str]:
    """The container's variables; BadEnvironment when a reference leads nowhere."""
    result: dict[str, str] = {}
    for source in container.env_from:
        result.update(_whole(source, around))
    expandable: dict[str, str] = {}
    for variable in container.env:
        value = _value(variable, around, {**around.services, **expandable})
        if value is not None:
            expandable[variable.name] = result[variable.name] = value
    return {**around.services, **result}


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replace $(NAME) by the variable's value; an unknown name stays as it is, `$$` is a plain dollar sign."""
    return _REFERENCE.sub(lambda found: "$" if found[0] == "$$" else variables.get(found[1], found[0]), text)


def service_variables(services: Mapping[str, Mapping[int, int]], *, namespace: str, host: str) -> dict[str, str]:
    """NAME_SERVICE_HOST and NAME_SERVICE_PORT of each Service of a namespace; `services` maps `name.namespace` to its ports."""
    variables: dict[str, str] = {}
    for full_name, ports in services.items():
        name, _, where = full_name.rpartition(".")
        if where == namespace and ports:
            prefix = name.upper().replace("-", "_")
            variables[f"{prefix}_SERVICE_HOST"] = host
            variables[f"{prefix}_SERVICE_PORT"] = str(next(iter(ports.values())))
    return variables


def _named_sources(container: Container) -> Iterator[Source]:
    for source in container.env_from:
        if source.config_map_ref is not None:
            yield "ConfigMap", source.config_map_ref.name
        if source.secret_ref is not None:
            yield "Secret", source.secret_ref.name
    for variable in container.env:
        where = variable.value_from or ValueFrom()
        if where.config_map_key_ref is not None:
            yield "ConfigMap", where.config_map_key_ref.name
        if where.secret_key_ref is not None:
            yield "Secret", where.secret_key_ref.name


def _whole(source: EnvFrom, around: Surroundings) -> dict[str, str]:
    kind, reference = ("ConfigMap", source.config_map_ref) if source.config_map_ref is not None else ("Secret", source.secret_ref)
    if reference is None:
        return {}
    data = around.sources.get((kind, reference.name))
    if data is None and not reference.optional:
        raise BadEnvironment(f'{kind.lower()} "{reference.name}" not found')
    return {source.prefix + key: value for key, value in (data or {}).items()}


def _value(variable: EnvVar, around: Surroundings, expandable: Mapping[str, str]) -> str | None:
    """The value, or None when an optional reference leads nowhere."""
    if variable.value_from is None:
        return expand(variable.value, expandable)
    match variable.value_from:
        case ValueFrom(field_ref=FieldRef() as field_reference):
            return _field(field_reference.field_path, around)
        case ValueFrom(config_map_key_ref=KeyRef() as key):
            return _key("ConfigMap", key, around)
        case ValueFrom(secret_key_ref=KeyRef() as key):
            return _key("Secret", key, around)
    raise BadEnvironment(f"variable {variable.name}: the rehearsal's nodes know fieldRef, configMapKeyRef and secretKeyRef only")


def _key(kind: str, reference: KeyRef, around: Surroundings) -> str | None:
    data = around.sources.get((kind, reference.name))
    if data is not None and reference.key in data:
        return data[reference.key]
    if reference.optional:
        return None
    if data is None:
        raise BadEnvironment(f'{kind.lower()} "{reference.name}" not found')
    raise BadEnvironment(f"couldn't find key {reference.key} in {kind} {around.pod.metadata.namespace}/{reference.name}")


def _field(path: str, around: Surroundings) -> str:
    meta = around.pod.metadata
    if keyed := _KEYED.match(path):
        return {"labels": meta.labels, "annotations": meta.annotations}[keyed[1]].get(keyed[2], "")
    plain = {
        "metadata.name": meta.name,
        "metadata.namespace": meta.namespace,
        "metadata.uid": meta.uid,
        "spec.nodeName": around.pod.spec.node_name,
        "spec.serviceAccountName": around.pod.spec.service_account_name,
        "status.podIP": around.pod_address,
        "status.hostIP": around.host_address,
    }
    if path not in plain:
        raise BadEnvironment(f"unsupported fieldPath: {path}")
    return plain[path]
