"""From a request's JSON to an object of its kind: types checked, unknown fields named, empty values left out as Go leaves them out."""

from __future__ import annotations

from typing import Any, Final

from console.sandbox.apiserver import scalars
from console.sandbox.apiserver.resources import Object
from console.sandbox.apiserver.schema import ZEROS, Type

KEPT_EMPTY: Final = {"discovery.v1.EndpointPort.name", "core.v1.HostPathVolumeSource.type", "core.v1.GRPCAction.service"}
"""Optional strings for which Go keeps "" apart from absent."""

ZERO_IS_ABSENT: Final = frozenset(
    (
        *("active", "availableReplicas", "count", "currentReplicas", "desiredReplicas", "failed", "failureThreshold"),
        *("fullyLabeledReplicas", "generation", "hostIPC", "hostNetwork", "hostPID", "hostPort", "initialDelaySeconds"),
        *("minReadySeconds", "nodePort", "observedGeneration", "paused", "periodSeconds", "publishNotReadyAddresses"),
        *("readOnly", "readyReplicas", "stdin", "stdinOnce", "succeeded", "successThreshold", "timeoutSeconds", "tty"),
        *("unavailableReplicas", "unschedulable", "updatedReplicas"),
    )
)
"""Fields that Go does not write when they are 0 or false."""


class DecodeError(Exception):
    """A document that is no object of its kind; the text says where, in Go's words."""


class Decoder:
    """Reads one object; afterwards `unknown` names the fields that its kind does not have."""

    def __init__(self, *, complete: bool = True) -> None:
        self._complete = complete
        """Whether fields that are always written are added; not for an applied configuration, which owns what it names."""
        self.unknown: list[str] = []

    def read(self, document: object, kind: Type) -> Object:
        """The object without empty values and unknown fields; a value of a wrong type is a DecodeError."""
        return self._struct(document, kind, "", kind)

    def _struct(self, value: Any, kind: Type, path: str, owner: Type) -> Object:
        if not isinstance(value, dict):
            raise _mismatch(value, path, owner, "v1." + kind.name.rsplit(".", 1)[1])
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
                return self._struct(value, kind, path, owner)
            case "list":
                return self._list(value, kind, path, owner)
            case "map":
                return self._map(value, kind, path, owner)
            case "scalar":
                try:
                    return scalars.read(kind.name, value)
                except scalars.WrongType:
                    raise _mismatch(value, path, owner, scalars.GO_NAMES[kind.name]) from None
                except scalars.Unreadable as error:
                    raise DecodeError(str(error)) from error

    def _list(self, value: Any, kind: Type, path: str, owner: Type) -> list[Any]:
        assert kind.element is not None
        if not isinstance(value, list):
            raise _mismatch(value, path, owner, "[]" + _go_name(kind.element))
        return [self._value(each, kind.element, f"{path}[{index}]", owner) for index, each in enumerate(value)]

    def _map(self, value: Any, kind: Type, path: str, owner: Type) -> dict[str, Any]:
        assert kind.element is not None
        if not isinstance(value, dict):
            raise _mismatch(value, path, owner, "map[string]" + _go_name(kind.element))
        return {key: self._value(each, kind.element, f"{path}.{key}", owner) for key, each in value.items() if each is not None}


def _mismatch(value: Any, path: str, owner: Type, wanted: str) -> DecodeError:
    place = ".".join(part.split("[")[0] for part in path.split("."))
    struct = owner.name.rsplit(".", 1)[1]
    return DecodeError(f"json: cannot unmarshal {_json_kind(value)} into Go struct field {struct}.{place} of type {wanted}")


def _go_name(kind: Type) -> str:
    return scalars.GO_NAMES.get(kind.name, "v1." + kind.name.rsplit(".", 1)[-1])


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
            return not field.required and field.name in ("str", "bytes", "time", "microtime") and f"{owner}.{key}" not in KEPT_EMPTY
        case "scalar" if value in (0, False):
            return not field.required and key in ZERO_IS_ABSENT
        case _:
            return False


def _add_written(read: Object, kind: Type) -> None:
    """Add what is written even when it was not given."""
    for key, field in kind.written_fields:
        if key not in read:
            if field.shape == "struct":
                read[key] = {}
                _add_written(read[key], field)
            elif field.required or ZEROS[field.name] is None:
                read[key] = ZEROS[field.name]
