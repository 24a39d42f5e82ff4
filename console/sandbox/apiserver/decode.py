"""From a request's JSON to an object of its kind: types checked, unknown fields named, empty values left out as Go leaves them out."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

from console.sandbox.apiserver.errors import bad_request
from console.sandbox.apiserver.resources import Object, Resource
from console.sandbox.apiserver.schema import Type

_GO_NAMES: Final = {
    "str": "string",
    "int32": "int32",
    "int64": "int64",
    "num": "float64",
    "bool": "bool",
    "bytes": "[]uint8",
    "time": "v1.Time",
    "quantity": "resource.Quantity",
    "intstr": "intstr.IntOrString",
}
_ZEROS: Final[dict[str, Any]] = {"str": "", "int32": 0, "int64": 0, "bool": False}
KEPT_EMPTY: Final = {"discovery.v1.EndpointPort.name", "core.v1.HostPathVolumeSource.type", "core.v1.GRPCAction.service"}
"""Optional strings for which Go keeps "" apart from absent."""

ZERO_IS_ABSENT: Final = frozenset(
    ["paused", "minReadySeconds", "hostNetwork", "hostPID", "hostIPC", "stdin", "stdinOnce", "tty", "readOnly", "observedGeneration", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas", "fullyLabeledReplicas", "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold", "active", "succeeded", "failed", "unschedulable", "hostPort", "nodePort", "count", "publishNotReadyAddresses", "generation", "currentReplicas", "desiredReplicas"]
)
"""Fields that Go does not write when they are 0 or false."""


class Decoder:
    """Reads one object; afterwards `unknown` names the fields that its kind does not have."""

    def __init__(self, version: str, kind: str, *, complete: bool = True) -> None:
        self._version = version
        self._kind = kind
        self._complete = complete
        """Whether fields that are always written are added; not for an applied configuration, which owns what it names."""
        self.unknown: list[str] = []

    def read(self, document: object, kind: Type) -> Object:
        """The object without empty values and unknown fields; a value of a wrong type is a 400."""
        return self._struct(document, kind, "")

    def _struct(self, value: Any, kind: Type, path: str) -> Object:
        if not isinstance(value, dict):
            raise self._mismatch(value, path, kind.name, "v1." + kind.name.rsplit(".", 1)[1])
        read: Object = {}
        for key, each in value.items():
            field = kind.fields.get(key)
            place = f"{path}.{key}" if path else key
            if field is None:
                self.unknown.append(place)
            elif each is not None:
                cleaned = self._value(each, field, place, kind)
                if not _absent(cleaned, field, key, kind.name):
                    read[key] = cleaned
        if self._complete:
            _add_written(read, kind)
        return read

    def _value(self, value: Any, kind: Type, path: str, owner: Type) -> Any:
        match kind.shape:
            case "any":
                return value
            case "struct":
                return self._struct(value, kind, path)
            case "list":
                if not isinstance(value, list):
                    raise self._mismatch(value, path, owner.name, "[]" + _go_name(kind.element))
                assert kind.element is not None
                return [self._value(each, kind.element, f"{path}[{index}]", owner) for index, each in enumerate(value)]
            case "map":
                if not isinstance(value, dict):
                    raise self._mismatch(value, path, owner.name, "map[string]" + _go_name(kind.element))
                assert kind.element is not None
                return {key: self._value(each, kind.element, f"{path}.{key}", owner) for key, each in value.items() if each is not None}
            case "scalar":
                return self._scalar(value, kind.name, path, owner)

    def _scalar(self, value: Any, name: str, path: str, owner: Type) -> Any:
        match name:
            case "str" | "time" if isinstance(value, str):
                return value
            case "int32" | "int64" if isinstance(value, int) and not isinstance(value, bool):
                return value
            case "num" if isinstance(value, int | float) and not isinstance(value, bool):
                return value
            case "bool" if isinstance(value, bool):
                return value
            case "quantity" if isinstance(value, str | int | float) and not isinstance(value, bool):
                return str(value)
            case "intstr" if isinstance(value, str | int) and not isinstance(value, bool):
                return value
            case "bytes" if isinstance(value, str):
                return self._bytes(value)
            case _:
                raise self._mismatch(value, path, owner.name, _GO_NAMES[name])

    def _bytes(self, value: str) -> str:
        try:
            base64.b64decode(value, validate=True)
        except binascii.Error as error:
            raise bad_request(f"{self._prefix()}: illegal base64 data: {error}") from error
        return value

    def _mismatch(self, value: Any, path: str, owner: str, wanted: str) -> Exception:
        place = ".".join(part.split("[")[0] for part in path.split("."))
        struct = owner.rsplit(".", 1)[1]
        found = _json_kind(value)
        return bad_request(f"{self._prefix()}: json: cannot unmarshal {found} into Go struct field {struct}.{place} of type {wanted}")

    def _prefix(self) -> str:
        return f'{self._kind} in version "{self._version}" cannot be handled as a {self._kind}'


def _add_written(read: Object, kind: Type) -> None:
    for key, field in kind.fields.items():
        if field.written and key not in read:
            if field.shape == "struct":
                read[key] = {}
                _add_written(read[key], field)
            elif field.required:
                read[key] = _ZEROS[field.name]


def strict_error(resource: Resource, unknown: list[str]) -> Exception:
    """The refusal of fields nobody knows, under fieldValidation=Strict."""
    named = ", ".join(f'unknown field "{field}"' for field in unknown)
    return bad_request(
        f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: strict decoding error: {named}'
    )


def _go_name(kind: Type | None) -> str:
    assert kind is not None
    return _GO_NAMES.get(kind.name, "v1." + kind.name.rsplit(".", 1)[-1])


def _json_kind(value: Any) -> str:
    match value:
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _absent(value: Any, field: Type, key: str, owner: str) -> bool:
    """Whether Go's encoder would leave this field out."""
    match field.shape:
        case "list" | "map":
            return not value
        case "scalar" if value == "":
            return not field.required and field.name in ("str", "bytes", "time") and f"{owner}.{key}" not in KEPT_EMPTY
        case "scalar" if value in (0, False):
            return not field.required and key in ZERO_IS_ABSENT
        case _:
            return False
