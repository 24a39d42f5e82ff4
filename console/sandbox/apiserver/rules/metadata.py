"""Rules of names and labels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from console.sandbox.apiserver.errors import Cause, invalid_value, required
from console.sandbox.apiserver.resources import Object, Resource

SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
LABEL_VALUE: Final = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
QUALIFIED: Final = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")

SUBDOMAIN_RULE: Final = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL_RULE: Final = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric "
    "character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_VALUE_RULE: Final = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_NAME_RULE: Final = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)


def causes(resource: Resource, body: Object) -> Iterator[Cause]:
    """What is wrong with an object's metadata."""
    metadata = body["metadata"]
    name = metadata.get("name", "")
    if not name:
        yield required("metadata.name", "name or generateName is required")
    elif resource.group == "rbac.authorization.k8s.io":
        if "/" in name or "%" in name or name in (".", ".."):
            yield invalid_value("metadata.name", name, "may not contain '/' or '%'")
    elif resource.kind in ("Namespace", "Service"):
        if len(name) > 63 or not LABEL.fullmatch(name):
            yield invalid_value("metadata.name", name, LABEL_RULE)
    elif len(name) > 253 or not SUBDOMAIN.fullmatch(name):
        yield invalid_value("metadata.name", name, SUBDOMAIN_RULE)
    yield from labels("metadata.labels", metadata.get("labels", {}))


def labels(field: str, found: Mapping[str, str]) -> Iterator[Cause]:
    """What is wrong with labels or a map that selects by them."""
    for key, value in found.items():
        prefix, _, name = key.rpartition("/")
        if len(name) > 63 or not QUALIFIED.fullmatch(name):
            yield invalid_value(field, key, _NAME_RULE)
        elif prefix and not SUBDOMAIN.fullmatch(prefix):
            yield invalid_value(field, key, f"prefix part {SUBDOMAIN_RULE}")
        if len(value) > 63:
            yield invalid_value(field, value, "must be no more than 63 bytes")
        elif not LABEL_VALUE.fullmatch(value):
            yield invalid_value(field, value, _VALUE_RULE)
