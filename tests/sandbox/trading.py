"""The example application in a town: two components, two slots, Services that select one of them."""

from __future__ import annotations

from collections.abc import Sequence

from tests.sandbox.town import Json, Town, deployment, pod, service

COMPONENTS = ("backend", "frontend")
"""In the order of a switch: the backend is called, the frontend calls it."""


def template(component: str, release: str, slot: str, **spec: object) -> Json:
    """A pod of one component, in one slot."""
    probe = {"httpGet": {"path": "/api/health", "port": "http"}, "periodSeconds": 1, "failureThreshold": 1}
    env: list[Json] = [
        {"name": "PORT", "value": "8080"},
        {"name": "SLOT", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['slot']"}}},
        {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": "trading", "key": "database-url"}}},
        {"name": "BACKEND_URL", "value": "http://backend"},
        {"name": "SESSION_SECRET", "value": "for tests"},
    ]
    return pod(
        "",
        image=f"traider-{component}:{release}",
        env=env,
        ports=[{"name": "http", "containerPort": 8080}],
        readinessProbe=probe,
        labels={"slot": slot, "component": component},
        terminationGracePeriodSeconds=20,
        **spec,
    )


async def settle(town: Town, database_url: str, *, active: str = "blue") -> str:
    """The Secret and the Services; the URL of the frontend."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "trading"}, "stringData": {"database-url": database_url}}
    await town.create("secrets", secret)
    for component in COMPONENTS:
        await town.create("services", service(component, component=component, slot=active))
    return await town.plane.open_entry(town.namespace, "frontend")


async def deploy(town: Town, slot: str, release: str, *, replicas: int = 2, components: Sequence[str] = COMPONENTS, **spec: object) -> None:
    """A slot of the application, available."""
    names = [f"{component}-{slot}" for component in components]
    for name, component in zip(names, components, strict=True):
        await town.create("deployments", deployment(name, template(component, release, slot, **spec), replicas=replicas))
    await town.available(*names, replicas=replicas)


async def switch(town: Town, slot: str) -> None:
    """Send new connections to the other slot, the provider first."""
    for component in COMPONENTS:
        await town.patch("services", component, {"spec": {"selector": {"slot": slot}}})
