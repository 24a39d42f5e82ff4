"""TRAIDER's settings as shipped: the specification's values, its URLs and checks, and queries that measure the example application."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Any

import pytest
import yaml
from prombed import Prombed
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from console.domain.environment import Environment
from console.domain.ids import ComponentName, SlotName
from console.settings import ConfigFolder, Settings, check, load, shipped_folder

FRONTEND, BACKEND, BLUE, GREEN = ComponentName("frontend"), ComponentName("backend"), SlotName("blue"), SlotName("green")

SPECIFICATION = {
    "development": {
        "environment": "development", "replicas": 1, "resources": {"cpu": "500m", "memory": "512Mi"},
        "database": {"host": "localhost", "name": "traider_dev"}, "features": {"live_trading": False, "debug_mode": True},
    },
    "staging": {
        "environment": "staging", "replicas": 2, "resources": {"cpu": "1000m", "memory": "1Gi"},
        "database": {"host": "staging-db.traider.local", "name": "traider_staging"},
        "features": {"live_trading": False, "debug_mode": False},
    },
    "production": {
        "environment": "production", "replicas": 3, "resources": {"cpu": "2000m", "memory": "2Gi"},
        "database": {"host": "prod-db.traider.com", "name": "traider_prod"}, "features": {"live_trading": True, "debug_mode": False},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def shipped() -> Settings:
    return load(ConfigFolder(shipped_folder()))


@pytest.fixture(scope="module")
def production(shipped: Settings) -> Environment:
    return shipped.environment("production")


def test_nothing_is_wrong_with_it() -> None:
    assert check(ConfigFolder(shipped_folder())) == ()


@pytest.mark.parametrize("name", SPECIFICATION)
def test_the_files_hold_the_specification_word_by_word(name: str) -> None:
    written = yaml.safe_load((shipped_folder() / "environments" / f"{name}.yml").read_text())
    assert {key: written[key] for key in SPECIFICATION[name]} == SPECIFICATION[name]


def test_releases_go_from_development_to_production(shipped: Settings) -> None:
    assert list(shipped.environments) == ["development", "testing", "staging", "production"]
    assert [e.promoted_from for e in shipped.environments.values()] == ["", "development", "testing", "staging"]


def test_only_production_has_two_slots(shipped: Settings) -> None:
    assert {e.name: e.strategy for e in shipped.environments.values()} == {
        "development": "rolling", "testing": "rolling", "staging": "rolling", "production": "blue_green",
    }  # fmt: skip


def test_production_is_named_as_in_the_scripts(production: Environment) -> None:
    assert production.cluster.namespace == "traider-prod"
    assert production.slot_key == "version"
    assert production.component(FRONTEND).deployments == {BLUE: "traider-frontend-blue", GREEN: "traider-frontend-green"}
    assert [c.service for c in production.components] == ["traider-backend", "traider-frontend"]
    assert production.component(FRONTEND).container == "frontend"


def test_urls_are_those_of_the_health_check_script(shipped: Settings, production: Environment) -> None:
    assert shipped.environment("staging").urls.live == {FRONTEND: "https://staging-api.traider.com"}
    assert production.urls.live == {FRONTEND: "https://api.traider.com"}
    assert production.urls.slots == {
        BLUE: {FRONTEND: "https://blue-api.traider.com"},
        GREEN: {FRONTEND: "https://green-api.traider.com"},
    }


def test_checks_are_those_of_the_health_check_script(production: Environment) -> None:
    checks = {c.name: c for c in production.health.checks}
    assert {name: c.path for name, c in checks.items()} == {
        "health": "/api/health", "detailed": "/api/health/detailed", "database": "/api/health/detailed", "auth": "/api/auth/csrf",
    }  # fmt: skip
    assert {c.status for c in checks.values()} == {200}
    assert (checks["database"].field, checks["database"].equals) == ("database.status", "healthy")


def test_limits_are_those_of_the_triggers(production: Environment) -> None:
    assert production.limits == {"errors": 0.05, "p95": 1.0}


def test_secrets_are_references(production: Environment) -> None:
    for component in production.components:
        assert component.manifest is not None
        for document in yaml.safe_load_all(component.manifest.read_text()):
            assert document["kind"] in ("Deployment", "Service")
            if document["kind"] == "Deployment":
                (container,) = document["spec"]["template"]["spec"]["containers"]
                secret = [e for e in container["env"] if "SECRET" in e["name"] or "DATABASE_URL" in e["name"]]
                assert secret
                assert all("secretKeyRef" in e["valueFrom"] for e in secret)


def test_every_slot_has_a_service_of_its_own(production: Environment) -> None:
    for component in production.components:
        assert component.manifest is not None
        services = {d["metadata"]["name"]: d["spec"]["selector"] for d in documents(component.manifest) if d["kind"] == "Service"}
        for slot in production.slots:
            assert services[f"{component.service}-{slot}"]["version"] == slot
        assert "version" not in services[component.service]


def documents(manifest: Path) -> list[Any]:
    return list(yaml.safe_load_all(manifest.read_text()))


class Traffic:
    """Metrics of the example application's form, counted up over simulated time and kept by a small Prometheus."""

    def __init__(self) -> None:
        who = ("component", "slot", "release")
        self.registry = CollectorRegistry()
        self.requests = Counter("http_requests_total", "Requests.", (*who, "method", "path", "code"), registry=self.registry)
        self.seconds = Histogram("http_request_duration_seconds", "Time.", who, buckets=(0.1, 0.5, 1.0), registry=self.registry)
        self.store = Prombed()
        self.now = 1_000_000

    def minute(self, component: str, slot: str, *, seconds: float = 0.05, **per_second: int) -> None:
        """One more minute, scraped every 5 s, with so many requests a second of each code (`c200=4`)."""
        who = (component, slot, "v1")
        for code in per_second:
            self.requests.labels(*who, "GET", "/", code[1:])
        self.seconds.labels(*who)
        for _ in range(13):
            self.store.ingest(generate_latest(self.registry).decode(), timestamp_ms=self.now)
            for code, count in per_second.items():
                self.requests.labels(*who, "GET", "/", code[1:]).inc(5 * count)
                self.seconds.labels(*who).observe(seconds)
            self.now += 5_000

    def ask(self, query: str, slot: str) -> float | None:
        text = Template(query).safe_substitute(slot=slot, window="1m", namespace="shop", application="traider")
        answer = self.store.query(text, self.now - 5_000)
        assert answer["status"] == "success", answer
        result = answer["data"]["result"]
        assert len(result) <= 1
        return float(result[0]["value"][1]) if result else None


def test_requests_are_counted_once_and_by_slot(production: Environment) -> None:
    traffic = Traffic()
    traffic.minute("backend", "blue", c200=7)
    traffic.minute("frontend", "blue", c200=4)
    assert traffic.ask(production.metrics.requests, "blue") == pytest.approx(4, rel=0.02)
    assert traffic.ask(production.metrics.samples, "blue") == pytest.approx(240, rel=0.02)
    assert traffic.ask(production.metrics.requests, "green") is None


@pytest.mark.parametrize(("codes", "share"), [({"c200": 9, "c503": 1}, 0.1), ({"c500": 2}, 1.0), ({"c404": 5, "c500": 0}, 0.0)])
def test_errors_are_a_share_of_all_requests(production: Environment, codes: dict[str, int], share: float) -> None:
    traffic = Traffic()
    traffic.minute("frontend", "green", seconds=0.05, **codes)
    assert traffic.ask(production.metrics.errors, "green") == pytest.approx(share)


def test_errors_without_any_series_of_errors_are_no_answer(production: Environment) -> None:
    traffic = Traffic()
    traffic.minute("frontend", "green", c200=3)
    assert traffic.ask(production.metrics.errors, "green") is None
    assert traffic.ask(production.metrics.requests, "green") == pytest.approx(3, rel=0.02)


def test_p95_is_in_seconds(production: Environment) -> None:
    traffic = Traffic()
    traffic.minute("frontend", "blue", seconds=0.3, c200=4)
    found = traffic.ask(production.metrics.p95, "blue")
    assert found is not None
    assert 0.1 < found <= 0.5
