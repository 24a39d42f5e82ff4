"""The application's Prometheus metrics: requests by outcome, latency, open connections, database use."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from console.sandbox.application.settings import Settings

LATENCY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds; 1.0 is a bucket's edge because rollback rules compare with one second."""
WHO = ("component", "slot", "release")


class Metrics:
    """The metrics of one process, in a registry of its own."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, settings: Settings) -> None:
        self.registry = CollectorRegistry()
        self._who = (settings.component.value, settings.slot, settings.release)
        self._requests = Counter(
            "http_requests_total", "Business requests by outcome.", (*WHO, "method", "path", "code"), registry=self.registry
        )
        self._seconds = Histogram(
            "http_request_duration_seconds", "Time to answer a business request.", WHO, buckets=LATENCY_BUCKETS, registry=self.registry
        ).labels(*self._who)
        in_flight = Gauge("http_requests_in_flight", "Requests being answered now.", WHO, registry=self.registry)
        self.in_flight = in_flight.labels(*self._who)
        streams = Gauge("websocket_connections", "Open quote streams.", WHO, registry=self.registry)
        self.streams = streams.labels(*self._who)
        Gauge("application_info", "Constant 1, labelled with what runs.", WHO, registry=self.registry).labels(*self._who).set(1)

    def answered(self, *, method: str, path: str, code: int, seconds: float) -> None:
        """Count one business request."""
        self._requests.labels(*self._who, method, path, str(code)).inc()
        self._seconds.observe(seconds)

    def exposition(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self.registry)
