"""The envelopes of the API: lists, watch events, bookmarks and statuses, decoded as far as watching needs them."""

from __future__ import annotations

import msgspec


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
