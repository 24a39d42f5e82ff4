"""Curves for the console: range queries against the environment's metrics server, in threads of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

from console.cli.loading import loaded
from console.domain.charts import ChartPage, ChartRequest
from console.domain.environment import Environment

NO_SERVER = "no metrics server is configured for this environment: set `prometheus` in its settings"


async def pages(environment: Environment, request: ChartRequest) -> AsyncGenerator[ChartPage, None]:
    """A page now and again; endless."""
    if not environment.prometheus:
        yield without_server(request)
        await asyncio.Event().wait()
    await loaded("console.metrics.ranges")
    from console.metrics.prometheus import Prometheus
    from console.metrics.ranges import watch_charts

    source = await asyncio.to_thread(Prometheus, environment.prometheus)
    try:
        async with aclosing(watch_charts(source, environment, request)) as made:
            async for page in made:
                yield page
    finally:
        source.close()


def without_server(request: ChartRequest) -> ChartPage:
    now = datetime.now(UTC)
    return ChartPage(request, now - timedelta(seconds=request.window), now, trouble=NO_SERVER)
