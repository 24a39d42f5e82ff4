"""The envelopes of the API: lists, watch events, bookmarks and statuses, decoded as far as watching needs them."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from console.cluster.answers import sentence
from console.cluster.errors import Unreachable
from console.domain.errors import Sent

T = TypeVar("T")
MALFORMED = (msgspec.DecodeError, UnicodeDecodeError)
"""What a decoder raises for bytes that are no JSON, no UTF-8 or not what the API promises."""


class Meta(msgspec.Struct, rename="camel"):
    name: str = ""
    resource_version: str = ""


class ListMeta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    next_page: str = msgspec.field(name="continue", default="")


class RawList(msgspec.Struct):
    """A page of objects, each still as bytes."""

    metadata: ListMeta
    items: list[msgspec.Raw] | None = None


class RawEvent(msgspec.Struct):
    """One line of a watch; `object` is the object, a bookmark or a Status."""

    type: str
    object: msgspec.Raw


class Head(msgspec.Struct):
    """What objects, bookmarks and statuses have in common."""

    metadata: Meta = msgspec.field(default_factory=Meta)
    code: int = 0
    reason: str = ""
    message: str = ""


LIST = msgspec.json.Decoder(RawList)
EVENT = msgspec.json.Decoder(RawEvent)
HEAD = msgspec.json.Decoder(Head)


def read_answer(decoder: msgspec.json.Decoder[T], body: bytes, *, doing: str, sent: Sent = "no") -> T:
    """An answer's content; raises Unreachable for a body that is not what the API promises, as a proxy or a lost byte may make it.

    `sent`: whether the request it answers can have had an effect.
    """
    try:
        return decoder.decode(body)
    except MALFORMED as error:
        raise Unreachable(f"cannot {doing}: the answer cannot be read: {sentence(body, limit=80)}", sent=sent) from error


def name_in(body: bytes) -> str:
    """The name of an object as far as even that can be read; empty where it cannot."""
    try:
        return HEAD.decode(body).metadata.name
    except MALFORMED:
        return ""
