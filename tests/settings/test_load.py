"""What is read from good settings, and that one environment's mistakes leave the others usable."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.domain.environment import Environment
from console.domain.errors import UsageError
from console.domain.ids import ComponentName, SlotName
from console.settings import ConfigError, ConfigFolder, Problem, Settings, check, load

MINIMAL = """\
environment: {name}
application: shop
cluster: {{context: {name}, namespace: shop}}
components:
  api: {{image: shop/api}}
"""
BLUE, GREEN, API = SlotName("blue"), SlotName("green"), ComponentName("api")


def write(folder: Path, **files: str) -> ConfigFolder:
    """A folder with these environments; `application` and `metrics` are the shared files."""
    (folder / "environments").mkdir()
    for name, text in files.items():
        place = folder if name in ("application", "metrics") else folder / "environments"
        (place / f"{name}.yml").write_text(text, encoding="utf-8")
    return ConfigFolder(folder)


def only(folder: Path, text: str) -> Environment:
    return load(write(folder, production=MINIMAL.format(name="production") + text)).environment()


def test_the_shortest_file_has_sensible_defaults(tmp_path: Path) -> None:
    environment = only(tmp_path, "")
    component = environment.component(API)
    assert environment.strategy == "blue_green"
    assert environment.slots == (BLUE, GREEN)
    assert environment.slot_key == "version"
    assert (component.service, component.container, component.image) == ("api", "api", "shop/api")
    assert component.deployments == {BLUE: "api-blue", GREEN: "api-green"}
    assert component.manifest is None
    assert environment.waits.ready == 600
    assert environment.source == tmp_path / "environments" / "production.yml"


def test_rolling_has_one_slot_and_deployments_without_it(tmp_path: Path) -> None:
    environment = only(tmp_path, "strategy: rolling\n")
    assert environment.slots == (SlotName("main"),)
    assert environment.component(API).deployments == {SlotName("main"): "api"}


def test_names_of_adopted_deployments_follow_a_template(tmp_path: Path) -> None:
    text = MINIMAL.format(name="production").replace(
        "{image: shop/api}", '{image: shop/api, service: "{application}-{component}", deployment: "{slot}-{service}-{environment}"}'
    )
    component = load(write(tmp_path, production=text)).environment().component(API)
    assert component.service == "shop-api"
    assert component.deployments[GREEN] == "green-shop-api-production"


def test_names_of_adopted_deployments_one_by_one(tmp_path: Path) -> None:
    text = MINIMAL.format(name="production").replace("{image: shop/api}", "{image: shop/api, deployment: {blue: web-a, green: web-b}}")
    component = load(write(tmp_path, production=text)).environment().component(API)
    assert component.deployments == {BLUE: "web-a", GREEN: "web-b"}


def test_every_section_is_read(tmp_path: Path) -> None:
    environment = only(
        tmp_path,
        """\
replicas: 3
slots: [a, "on"]
slot_key: example.com/slot
resources: {cpu: 1500m, memory: 2Gi}
database: {host: db.example.com, name: shop, port: 5432}
features: {live_trading: true, debug_mode: false}
urls:
  live: {api: https://shop.example.com/}
  slots:
    api: https://{slot}.{component}.example.com:8443/base
health:
  components: [api]
  port: 9090
  every: 1m30s
  timeout: 500ms
  release: {path: /version, field: build.release}
  checks:
    simple: /health
    database: {path: /health/detailed, status: 200, field: database.status, equals: healthy, components: [api]}
metrics:
  window: 2m
  limits: {errors: 2.5%, p95: 1000ms}
waits: {ready: 1h, verify_after: 0s, keep_warm: 09:00 + 30m, bake: 1h30m}
protection: {confirm: name, approvals: 2, read_only: true, require_reason: true}
rehearsal: true
""",
    )
    assert environment.component(API).replicas == 3
    assert environment.slots == ("a", "on")
    assert environment.resources == {"cpu": "1500m", "memory": "2Gi"}
    assert environment.database == {"host": "db.example.com", "name": "shop", "port": "5432"}
    assert environment.features == {"live_trading": True, "debug_mode": False}
    assert environment.urls.live == {API: "https://shop.example.com"}
    assert environment.urls.slots[SlotName("on")] == {API: "https://on.api.example.com:8443/base"}
    assert (environment.health.port, environment.health.every, environment.health.timeout) == (9090, 90, 0.5)
    assert (environment.health.release_path, environment.health.release_field) == ("/version", "build.release")
    database = environment.health.checks[1]
    assert (database.field, database.equals, database.components) == ("database.status", "healthy", (API,))
    assert environment.metrics.window == 120
    assert environment.limits == {"errors": 0.025, "p95": 1.0}
    assert (environment.waits.ready, environment.waits.bake, environment.waits.keep_warm) == (3600, 5400, "09:00+30m")
    assert environment.protection.approvals == 2
    assert environment.rehearsal


def test_an_environment_overrides_the_shared_file_key_by_key(tmp_path: Path) -> None:
    shared = """\
application: shop
waits: {ready: 5m, bake: 10m}
components:
  api: {image: shop/api}
  web: {image: shop/web}
"""
    own = """\
environment: production
cluster: {context: prod, namespace: shop}
waits: {bake: 1m}
components:
  web: {floor: 2}
"""
    environment = load(write(tmp_path, application=shared, production=own)).environment()
    assert [c.name for c in environment.components] == ["api", "web"]
    assert (environment.waits.ready, environment.waits.bake) == (300, 60)
    assert environment.component(ComponentName("web")).floor == 2


def test_metrics_of_their_own_file_can_be_overridden(tmp_path: Path) -> None:
    metrics = 'requests: rate(hits{slot="$slot"}[$window])\nwindow: 30s\n'
    own = MINIMAL.format(name="production") + "metrics: {window: 5m}\n"
    environment = load(write(tmp_path, metrics=metrics, production=own)).environment()
    assert environment.metrics.requests == 'rate(hits{slot="$slot"}[$window])'
    assert environment.metrics.window == 300


def test_anchors_and_merge_keys_work(tmp_path: Path) -> None:
    text = """\
environment: production
application: shop
cluster: {context: prod, namespace: shop}
components:
  api: &usual {image: shop/api, floor: 2}
  web: {<<: *usual, image: shop/web}
"""
    environment = load(write(tmp_path, production=text)).environment()
    assert [(c.image, c.floor) for c in environment.components] == [("shop/api", 2), ("shop/web", 2)]


def test_kubeconfig_is_found_beside_the_settings(tmp_path: Path) -> None:
    text = MINIMAL.format(name="production").replace("namespace: shop", "namespace: shop, kubeconfig: kube/config")
    assert load(write(tmp_path, production=text)).environment().cluster.kubeconfig == tmp_path / "kube" / "config"


def test_a_mistake_in_one_environment_leaves_the_others_usable(tmp_path: Path) -> None:
    folder = write(tmp_path, production=MINIMAL.format(name="production"), testing=MINIMAL.format(name="testing") + "replica: 2\n")
    settings = load(folder)
    assert settings.environment("production").name == "production"
    assert [p.message for p in settings.problems] == ["unknown key 'replica'"]
    with pytest.raises(ConfigError, match=r"testing\.yml:6:1"):
        settings.environment("testing")


def test_environments_come_in_the_order_of_promotion(tmp_path: Path) -> None:
    settings = load(
        write(
            tmp_path,
            a=MINIMAL.format(name="a") + "promoted_from: c\n",
            b=MINIMAL.format(name="b") + "promoted_from: a\n",
            c=MINIMAL.format(name="c"),
        )
    )
    assert list(settings.environments) == ["c", "a", "b"]


def two(folder: Path, shared: str = "") -> Settings:
    files = {"application": shared} if shared else {}
    return load(write(folder, production=MINIMAL.format(name="production"), staging=MINIMAL.format(name="staging"), **files))


def test_the_default_environment_is_taken(tmp_path: Path) -> None:
    assert two(tmp_path, "default: staging\n").environment().name == "staging"


def test_without_a_default_the_choice_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"2 environments .* Choose one with --env or BLUEGREEN_ENV: production, staging"):
        two(tmp_path).environment()


def test_an_unknown_environment_gets_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no environment 'prodution' .* Did you mean 'production'\?"):
        two(tmp_path).environment("prodution")


def test_a_missing_context_is_a_warning_not_an_error(tmp_path: Path) -> None:
    text = MINIMAL.format(name="production").replace("context: production, ", "")
    settings = load(write(tmp_path, production=text))
    assert settings.environment().cluster.context is None
    assert [w.severity for w in settings.warnings] == ["warning"]


def test_check_hands_the_runbooks_to_whoever_knows_them(tmp_path: Path) -> None:
    folder = write(tmp_path, production=MINIMAL.format(name="production"))
    (tmp_path / "runbooks").mkdir()
    own = tmp_path / "runbooks" / "deploy.yml"
    own.write_text("name: deploy\n")
    seen: list[Path] = []

    def see(files: tuple[Path, ...]) -> tuple[Problem, ...]:
        seen.extend(files)
        return (Problem(own, 1, 1, "too short"),)

    assert [p.message for p in check(folder, runbooks=see)] == ["too short"]
    assert own in seen
    assert len([f for f in seen if f.stem == "deploy"]) == 1


def test_slot_urls_that_follow_no_pattern_are_written_by_slot(tmp_path: Path) -> None:
    environment = only(tmp_path, "urls: {slots: {api: {blue: 'http://127.0.0.1:8001', green: 'http://127.0.0.1:8002'}}}\n")
    assert environment.urls.slots == {BLUE: {API: "http://127.0.0.1:8001"}, GREEN: {API: "http://127.0.0.1:8002"}}
