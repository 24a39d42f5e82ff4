"""Lists: selectors, pages from one snapshot, and the versions a list may be asked at."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from console.sandbox.apiserver.errors import ApiError, bad_request, expired, forbidden_value
from console.sandbox.apiserver.resources import Key, Object, Resource
from console.sandbox.apiserver.selectors import FieldTest, Selector, parse_fields, parse_labels
from console.sandbox.apiserver.store import Store, Stored

_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue "
    "parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token "
    "results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and "
    "now may show up in the list."
)


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list or watch is restricted to."""

    namespace: str
    labels: Selector
    fields: Sequence[FieldTest]

    @property
    def everything(self) -> bool:
        """Whether no object of the resource is left out."""
        return not (self.namespace or self.labels.requirements or self.fields)

    def matches(self, stored: Stored | None) -> bool:
        """Whether an object is seen through this filter."""
        if stored is None or (self.namespace and stored.key[0] != self.namespace):
            return False
        body = stored.body
        return self.labels.matches(body["metadata"].get("labels")) and all(test(body) for test in self.fields)


def filter_of(resource: Resource, namespace: str, name: str, query: Mapping[str, str]) -> Filter:
    """Read the selectors of a request; a watch or list of one name is a field selector."""
    tests = parse_fields(query.get("fieldSelector", ""), resource)
    if name:
        tests.append(lambda body: body["metadata"]["name"] == name)
    return Filter(namespace, parse_labels(query.get("labelSelector", "")), tests)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list."""

    revision: int
    items: Sequence[Stored]
    continue_token: str = ""
    remaining: int | None = None
    """Items after this page, where no selector makes that unknown."""

    def metadata(self) -> Object:
        """The list's own metadata."""
        metadata: Object = {"resourceVersion": str(self.revision)}
        if self.continue_token:
            metadata["continue"] = self.continue_token
        if self.remaining:
            metadata["remainingItemCount"] = self.remaining
        return metadata

    def encoded(self, resource: Resource) -> bytes:
        """The List object as JSON; items carry no kind and apiVersion."""
        head = f'{{"kind":"{resource.kind}List","apiVersion":"{resource.api_version}","metadata":'.encode()
        return head + msgspec.json.encode(self.metadata()) + b',"items":[' + b",".join(item.raw for item in self.items) + b"]}\n"


def read_page(store: Store, resource: Resource, wanted: Filter, query: Mapping[str, str]) -> Page:
    """Answer a list request."""
    limit = _number(query.get("limit", ""), "limit")
    if query.get("continue"):
        return _continued(store, resource, wanted, query["continue"], limit)
    revision, items = _snapshot(store, resource, wanted, query)
    return _cut(revision, [item for item in items if wanted.matches(item)], limit, exact=not (wanted.labels.requirements or wanted.fields))


def _snapshot(store: Store, resource: Resource, wanted: Filter, query: Mapping[str, str]) -> tuple[int, Sequence[Stored]]:
    collection = store.of(resource)
    asked, match = _number(query.get("resourceVersion", ""), "resourceVersion"), query.get("resourceVersionMatch", "")
    if match and not query.get("resourceVersion"):
        raise _bad_options("resourceVersionMatch is forbidden unless resourceVersion is provided")
    if asked > store.revision:
        raise _too_large(asked, store.revision)
    if match == "Exact":
        items = collection.at(asked, wanted.namespace)
        if items is None:
            raise expired("The resourceVersion for the provided list is too old.")
        return asked, items
    return store.revision, list(collection.all(wanted.namespace))


def _continued(store: Store, resource: Resource, wanted: Filter, token: str, limit: int) -> Page:
    revision, after = _decode_token(token)
    collection = store.of(resource)
    items = collection.at(revision, wanted.namespace) if revision > 0 else list(collection.all(wanted.namespace))
    if items is None:
        raise expired(_TOO_OLD, continue_token=_encode_token(-1, after))
    rest = [item for item in items if item.key > after and wanted.matches(item)]
    exact = not (wanted.labels.requirements or wanted.fields)
    return _cut(revision if revision > 0 else store.revision, rest, limit, exact=exact)


def _cut(revision: int, items: Sequence[Stored], limit: int, *, exact: bool) -> Page:
    if not limit or len(items) <= limit:
        return Page(revision, items)
    page = items[:limit]
    return Page(revision, page, _encode_token(revision, page[-1].key), len(items) - limit if exact else None)


def _encode_token(revision: int, after: Key) -> str:
    token = msgspec.json.encode({"v": "meta.k8s.io/v1", "rv": revision, "start": f"{after[0]}/{after[1]}\u0000"})
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def _decode_token(token: str) -> tuple[int, Key]:
    try:
        decoded = msgspec.json.decode(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        namespace, _, name = decoded["start"].rstrip("\u0000").partition("/")
        return int(decoded["rv"]), (namespace, name)
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise bad_request("invalid continue token: continue key is not valid: the token could not be read") from error


def _number(text: str, name: str) -> int:
    if not text:
        return 0
    if text.isdecimal():
        return int(text)
    if name == "limit":
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    raise bad_request(f'invalid resource version: {name}: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax')


def _bad_options(why: str) -> ApiError:
    cause = forbidden_value("resourceVersionMatch", why)
    message = f'ListOptions.meta.k8s.io "" is invalid: {cause.field}: {cause.message}'
    return ApiError(422, "Invalid", message, details={"group": "meta.k8s.io", "kind": "ListOptions", "causes": [cause.as_json()]})


def _too_large(asked: int, current: int) -> ApiError:
    message = f"Timeout: Too large resource version: {asked}, current: {current}"
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    return ApiError(504, "Timeout", message, details={"causes": [cause], "retryAfterSeconds": 1})
