"""prometheus-api-client behind an async adapter: bounded in time and threads, whole answers instead of parts of them.

The library sends the queries. It drops the type of a result and its warnings, so a hook keeps each answer as it came.
Neither proxies nor ~/.netrc of the environment apply; redirects are errors.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import certifi
import requests
from prometheus_api_client.prometheus_connect import PrometheusConnect
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from console.domain.series import Figure, History, Reading
from console.metrics.background import Background
from console.metrics.classify import Envelope, history_of, plausible, reading_of, with_absent_errors

CONNECT, READ = 2.0, 5.0
"""Seconds for a connection, and between two bytes of an answer."""
SIGN = (1.0, 2.0)
"""The same for a sign of life."""
ONCE = Retry(0, read=False)
"""No second try; `read=False` keeps a timeout a timeout, which would otherwise be told as a failed connection."""
AT_ONCE = 4
STALE_AFTER = 30.0
"""Seconds: twice a usual scrape interval of 15 s."""


class Prometheus:
    """The query API of one Prometheus (or what speaks like it) at `url`."""

    def __init__(self, url: str, *, stale_after: float = STALE_AFTER, connect: float = CONNECT, read: float = READ) -> None:
        self.url = url.rstrip("/")
        self._stale_after = stale_after
        self._limits = (connect, read)
        self._kept = threading.local()
        self._session = self._new_session()
        self._library = PrometheusConnect(url=self.url, session=self._session, retry=ONCE, timeout=self._limits)  # type: ignore[arg-type]
        if self.url.lower().startswith("https:"):  # reading the authorities takes some 50 ms
            self._session.mount(self.url, Verified(max_retries=ONCE))
        self._background = Background(limit=AT_ONCE)

    async def reading(self, query: str) -> Reading:
        """The one number that `query` gives now; trouble of any kind is in the reading, never raised."""
        return reading_of(await self._answer(lambda: self._library.custom_query(query)), stale_after=self._stale_after)

    async def readings(self, queries: Mapping[Figure, str]) -> dict[Figure, Reading]:
        """Several figures, one after the other; a share of failures that has no series beside counted requests is 0."""
        found = {figure: plausible(figure, await self.reading(query)) for figure, query in queries.items()}
        return with_absent_errors(found)

    async def history(self, query: str, *, start: datetime, end: datetime, step: float) -> History:
        """One number per `step` seconds from `start` to `end`, both with a time zone and cut to whole seconds."""
        start, end = (_with_zone(moment).replace(microsecond=0) for moment in (start, end))
        answer = await self._answer(lambda: self._library.custom_query_range(query, start, end, f"{step:g}"))
        return history_of(answer, start=start, end=end, step=step)

    async def trouble(self) -> str:
        """Why queries cannot be answered right now; empty when they can. Known within three seconds."""
        answer = await self._answer(lambda: self._library.custom_query("1", timeout=SIGN), within=sum(SIGN))  # type: ignore[arg-type]
        reading = reading_of(answer, stale_after=self._stale_after)
        return "" if reading.state == "ok" else reading.detail

    def close(self) -> None:
        """Lets go of idle connections; a query that still hangs is forgotten, not awaited."""
        self._session.close()

    async def _answer(self, send: Callable[[], object], *, within: float | None = None) -> Envelope:
        seconds = sum(self._limits) if within is None else within
        try:
            return await self._background.call(lambda: self._sent(send), timeout=seconds)
        except TimeoutError:
            return Envelope(trouble=f"no answer from {self.url} within {seconds:g} s")

    def _sent(self, send: Callable[[], object]) -> Envelope:
        """In a thread of its own: the library's call, and the answer that the hook kept."""
        self._kept.response = None
        try:
            send()
        except requests.exceptions.TooManyRedirects:
            return Envelope(trouble=f"{self.url} redirects; give the final address")
        except requests.exceptions.ConnectTimeout:
            return Envelope(trouble=f"no connection to {self.url} within {self._limits[0]:g} s")
        except requests.exceptions.Timeout:
            return Envelope(trouble=f"no answer from {self.url} within {self._limits[1]:g} s")
        except requests.exceptions.SSLError as error:
            return Envelope(trouble=f"the certificate of {self.url} is not trusted: {_reason(error)}")
        except requests.exceptions.ConnectionError as error:
            return Envelope(trouble=f"{self.url} does not answer: {_reason(error)}")
        except Exception as error:  # the library's own errors carry no more than the answer does, which follows
            if self._kept.response is None:
                return Envelope(trouble=f"{type(error).__name__}: {error}")
        return _envelope(self._kept.response)

    def _new_session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.max_redirects = 0
        session.hooks["response"].append(self._keep)
        return session

    def _keep(self, response: requests.Response, *_args: Any, **_kwargs: Any) -> None:
        self._kept.response = response


class Verified(HTTPAdapter):
    """Trusts the system's certificate authorities besides certifi's."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        super().init_poolmanager(*args, ssl_context=context, **kwargs)


def _envelope(response: requests.Response | None) -> Envelope:
    if response is None:
        return Envelope(trouble="no answer")
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return Envelope(response.status_code, trouble=f"HTTP {response.status_code} without JSON, so it is not Prometheus that answers")
    return Envelope(response.status_code, body, date=_date(response.headers.get("Date", "")))


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None


def _with_zone(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time without a zone means another moment on every machine")
    return moment


def _wrapped(error: BaseException) -> BaseException | None:
    """requests and urllib3 hand causes on as arguments."""
    return next((argument for argument in error.args if isinstance(argument, BaseException)), None)


def _reason(error: BaseException) -> str:
    """The innermost cause's own words."""
    cause: BaseException = error
    while (inner := cause.__cause__ or cause.__context__ or _wrapped(cause)) is not None:
        cause = inner
    return getattr(cause, "strerror", "") or str(cause) or type(cause).__name__
