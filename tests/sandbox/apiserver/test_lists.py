"""Pages of a list, from one snapshot."""

from __future__ import annotations

import json

import pytest

from console.sandbox.apiserver.errors import ApiError
from console.sandbox.apiserver.lists import Page, filter_of, read_page
from console.sandbox.apiserver.registry import Registry
from console.sandbox.apiserver.resources import CONFIG_MAPS
from tests.sandbox.apiserver.parts import NAMESPACE, config_map, fresh_registry, set_data


def page(registry: Registry, **query: str) -> Page:
    parameters = {name: value for name, value in query.items() if value}
    return read_page(registry.store, CONFIG_MAPS, filter_of(CONFIG_MAPS, NAMESPACE, "", parameters), parameters)


def names(found: Page) -> list[str]:
    return [item.key[1] for item in found.items]


def filled() -> Registry:
    registry = fresh_registry(window=10)
    for name in ("e", "b", "a", "d", "c"):
        config_map(registry, name, labels={"first": name})
    return registry


def test_pages_show_the_moment_of_the_first_one() -> None:
    registry = filled()
    first = page(registry, limit="2")
    assert names(first) == ["a", "b"]
    assert first.remaining == 3
    registry.delete(CONFIG_MAPS, (NAMESPACE, "c"))
    config_map(registry, "cc")
    set_data(registry, "d", changed="yes")
    second = page(registry, **{"limit": "2", "continue": first.continue_token})
    assert names(second) == ["c", "d"]
    assert "data" not in second.items[1].body
    assert second.revision == first.revision
    third = page(registry, **{"limit": "2", "continue": second.continue_token})
    assert (names(third), third.continue_token, third.remaining) == (["e"], "", None)


def test_a_page_of_a_forgotten_moment_is_gone_and_offers_to_go_on_with_the_present() -> None:
    registry = filled()
    first = page(registry, limit="2")
    for number in range(20):
        set_data(registry, "a", x=str(number))
    config_map(registry, "cc")
    with pytest.raises(ApiError) as refusal:
        page(registry, **{"continue": first.continue_token})
    assert (refusal.value.code, refusal.value.reason) == (410, "Expired")
    rest = page(registry, **{"continue": refusal.value.metadata["continue"]})
    assert names(rest) == ["c", "cc", "d", "e"]
    assert rest.revision == registry.store.revision


def test_with_a_selector_the_number_of_the_rest_is_not_told() -> None:
    registry = filled()
    found = page(registry, limit="1", labelSelector="first in (a, b, c)")
    assert names(found) == ["a"]
    assert found.remaining is None
    assert names(page(registry, labelSelector="first in (a, b, c)", **{"continue": found.continue_token})) == ["b", "c"]


def test_an_exact_version_is_read_while_it_is_held() -> None:
    registry = filled()
    before = str(registry.store.revision)
    registry.delete(CONFIG_MAPS, (NAMESPACE, "a"))
    assert names(page(registry, resourceVersion=before, resourceVersionMatch="Exact")) == ["a", "b", "c", "d", "e"]
    for number in range(20):
        set_data(registry, "b", x=str(number))
    with pytest.raises(ApiError) as refusal:
        page(registry, resourceVersion=before, resourceVersionMatch="Exact")
    assert refusal.value.code == 410


def test_a_version_of_the_future_times_out() -> None:
    with pytest.raises(ApiError, match="Too large resource version: 999999") as refusal:
        page(filled(), resourceVersion="999999")
    assert refusal.value.code == 504


@pytest.mark.parametrize("token", ["abc", "e30", "WzFd", "eyJydiI6MX0", "!!"])
def test_a_broken_token_is_refused(token: str) -> None:
    with pytest.raises(ApiError) as refusal:
        page(filled(), **{"continue": token})
    assert refusal.value.code == 400


def test_items_of_a_list_carry_no_kind() -> None:
    listed = json.loads(page(filled(), limit="1").encoded(CONFIG_MAPS))
    assert (listed["kind"], listed["apiVersion"]) == ("ConfigMapList", "v1")
    assert set(listed["items"][0]) == {"metadata"}
    assert listed["metadata"]["remainingItemCount"] == 4
