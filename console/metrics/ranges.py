"""Curves of all slots for a time, again and again, by range queries beside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

from console.domain.charts import CHARTED, ChartPage, ChartRequest, with_absent_failures
from console.domain.environment import Environment
from console.domain.ids import SlotName
from console.domain.series import Figure, History
from console.metrics.prometheus import Prometheus
from console.metrics.query import queries_of

NOT_CONFIGURED = History((), "no_data", "no query is configured")


async def watch_charts(
    source: Prometheus, environment: Environment, request: ChartRequest, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> AsyncGenerator[ChartPage, None]:
    """A page every step, at most one in the time between two rounds of figures. Endless."""
    while True:
        yield await chart(source, environment, request, now=datetime.now(UTC))
        await sleep(max(1.0, environment.metrics.every, request.step / 2))


async def chart(source: Prometheus, environment: Environment, request: ChartRequest, *, now: datetime) -> ChartPage:
    """One page. Its times are multiples of the step, so that the next one has the same values at the same places."""
    step = request.step
    end = datetime.fromtimestamp(now.timestamp() // step * step, UTC)
    start = end - timedelta(seconds=request.window // step * step)
    if trouble := await source.trouble():
        return ChartPage(request, start, end, trouble=trouble)

    async def curves(slot: SlotName) -> dict[Figure, History]:
        queries = queries_of(environment, slot, least=step)
        asked = [figure for figure in CHARTED if figure in queries]
        found = await asyncio.gather(*(source.history(queries[figure], start=start, end=end, step=step) for figure in asked))
        by_figure: dict[Figure, History] = {**dict.fromkeys(CHARTED, NOT_CONFIGURED), **dict(zip(asked, found, strict=True))}
        return by_figure | {"errors": with_absent_failures(by_figure["errors"], by_figure["requests"])}

    drawn = await asyncio.gather(*(curves(slot) for slot in environment.slots))
    return ChartPage(request, start, end, dict(zip(environment.slots, drawn, strict=True)))
