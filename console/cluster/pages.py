"""Reads a whole collection page by page, decoding each page as it comes so that no long pause builds up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from console.cluster.answers import sentence
from console.cluster.client import KubeClient
from console.cluster.errors import Gone, Unreachable
from console.cluster.wire import LIST, MALFORMED, RawList

LIST_TIMEOUT = 60.0


class Named(Protocol):
    @property
    def name(self) -> str: ...


Object = TypeVar("Object", bound=Named)


async def list_all(
    client: KubeClient,
    path: str,
    *,
    decode: Callable[[bytes], Object | None],
    params: Mapping[str, str] | None = None,
    page: int = 500,
    timeout: float = LIST_TIMEOUT,
) -> tuple[tuple[Object, ...], str]:
    """Every object of `path` and the list's resource version; objects that decode to None are left out.

    When a page's token expires in between (410), the list is read again in one piece.
    """
    found: list[Object] = []
    token, limit = "", {"limit": str(page)}
    while True:
        asked = {**(params or {}), **limit, **({"continue": token} if token else {})}
        try:
            answer = _parsed(path, await client.request("GET", path, params=asked, timeout=timeout))
        except Gone:
            if not limit:
                raise
            found, token, limit = [], "", {}
            continue
        found.extend(each for raw in answer.items or () if (each := decode(bytes(raw))) is not None)
        token = answer.metadata.next_page
        if not token:
            return tuple(found), answer.metadata.resource_version


def _parsed(path: str, body: bytes) -> RawList:
    try:
        return LIST.decode(body)
    except MALFORMED as error:
        raise Unreachable(f"{path} sent something that is no list: {sentence(body, limit=80)}") from error
