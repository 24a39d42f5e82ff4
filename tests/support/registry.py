"""An image registry on loopback that tells digests and nothing else: those of the rehearsal's own catalogue."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

from console.sandbox.nodes.images import ImageCatalog, ImageError, ImageRef
from console.sandbox.ports import LOOPBACK


@contextlib.asynccontextmanager
async def running_registry(images: ImageCatalog) -> AsyncIterator[str]:
    """`localhost:port`, for the length of the block."""

    async def manifest(request: web.Request) -> web.Response:
        host, path, tag = request.host, request.match_info["path"], request.match_info["tag"]
        try:
            found = images.find(ImageRef(f"{host}/{path}", tag))
        except ImageError:
            return web.Response(status=404)
        return web.Response(headers={"Docker-Content-Digest": found.digest})

    app = web.Application()
    app.add_routes([web.get("/v2/{path:.+}/manifests/{tag}", manifest)])  # HEAD as well
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, 0).start()
        yield f"localhost:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
