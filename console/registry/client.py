"""`RegistryClient`: one HEAD request per tag, with the registry's own token challenge where it asks for one."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

import httpx

from console.domain.release import ImageRef
from console.registry.credentials import credentials_for

MANIFEST_TYPES = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def split_registry(repository: str) -> tuple[str, str] | None:
    """(host, path) of a repository; None where it names no host: which registry the nodes would ask is their own setting."""
    first, slash, rest = repository.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    return None


class RegistryClient:
    """The `Registry` port. Plain HTTP is spoken with loopback registries only. `timeout` is seconds for one image altogether."""

    def __init__(
        self, *, timeout: float = 3.0, docker_config: Path | None = None, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._timeout = timeout
        self._docker_config = docker_config or Path(os.path.expanduser("~/.docker/config.json"))
        self._transport = transport

    async def digest(self, image: str) -> str | None:
        """`sha256:…` of the image's manifest, or None when the registry does not tell within the time allowed."""
        ref = ImageRef.parse(image)
        if ref.digest:
            return ref.digest
        place = split_registry(ref.repository)
        if place is None:
            return None
        host, path = place
        scheme = "http" if host.partition(":")[0] in ("localhost", "127.0.0.1") else "https"
        url = f"{scheme}://{host}/v2/{path}/manifests/{ref.tag or 'latest'}"
        try:
            async with asyncio.timeout(self._timeout), httpx.AsyncClient(timeout=self._timeout, transport=self._transport) as client:
                return await self._ask(client, url, host)
        except (httpx.HTTPError, TimeoutError, ValueError):
            return None

    async def _ask(self, client: httpx.AsyncClient, url: str, host: str) -> str | None:
        headers = {"Accept": MANIFEST_TYPES}
        answer = await client.head(url, headers=headers)
        if answer.status_code == 401:
            token = await self._token(client, answer.headers.get("WWW-Authenticate", ""), host)
            answer = await client.head(url, headers=headers | ({"Authorization": token} if token else {}))
        found = answer.headers.get("Docker-Content-Digest", "") if answer.is_success else ""
        return found if _DIGEST.fullmatch(found) else None

    async def _token(self, client: httpx.AsyncClient, challenge: str, host: str) -> str:
        basic = await asyncio.to_thread(credentials_for, host, self._docker_config)
        if challenge.lower().startswith("basic"):
            return f"Basic {basic}" if basic else ""
        asked = dict(_CHALLENGE.findall(challenge))
        realm = asked.pop("realm", "")
        if not realm.startswith("https://") and not realm.startswith(("http://localhost", "http://127.0.0.1")):
            return ""
        answer = await client.get(realm, params=asked, headers={"Authorization": f"Basic {basic}"} if basic else {})
        body = answer.json() if answer.is_success else {}
        token = body.get("token") or body.get("access_token") if isinstance(body, dict) else None
        return f"Bearer {token}" if token else ""
