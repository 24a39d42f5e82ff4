"""What a person means by a release, and how mistakes in a release file are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actions.resolve import resolve_release
from console.domain.errors import UsageError
from console.domain.release import Release
from tests.actions.fake import FakeCluster, FakeRegistry, ports_of
from tests.actions.worlds import Case, environment_of, world_of

DIGEST = "sha256:" + "2" * 64
OTHER = "sha256:" + "3" * 64
SERVING: Case = {"slots": {"blue": {"release": "v1.4.2"}}, "services": {"all": "blue"}}


async def resolved(text: str, folder: Path, case: Case = SERVING, *, digests: dict[str, str] | None = None) -> Release:
    environment = environment_of(case)
    cluster = FakeCluster(world_of(case, environment))
    return await resolve_release(text, environment, ports_of(cluster, folder, registry=FakeRegistry(digests or {})))


def images(release: Release) -> dict[str, str]:
    return {str(n): i for n, i in release.images.items()}


async def test_a_tag_is_given_to_every_component_with_the_digest_that_the_registry_tells(tmp_path: Path) -> None:
    release = await resolved("v1.5.0", tmp_path, digests={"example/backend:v1.5.0": DIGEST})
    assert release.name == "v1.5.0"
    assert images(release) == {"backend": f"example/backend:v1.5.0@{DIGEST}", "frontend": "example/frontend:v1.5.0"}
    assert release.migration_class == "unknown"


async def test_pods_that_run_the_tag_tell_its_digest_where_the_registry_does_not(tmp_path: Path) -> None:
    running = {"state": "running", "image": "example/backend:v1.5.0", "image_id": f"docker-pullable://example/backend@{DIGEST}"}
    case = {**SERVING, "slots": {**SERVING["slots"], "green": _running("v1.5.0", running)}}
    assert images(await resolved("v1.5.0", tmp_path, case))["backend"] == f"example/backend:v1.5.0@{DIGEST}"


async def test_pods_that_disagree_about_a_tag_tell_nothing(tmp_path: Path) -> None:
    image = "example/backend:v1.5.0"
    blue = _running("v1.5.0", {"state": "running", "image": image, "image_id": f"example/backend@{DIGEST}"})
    green = _running("v1.5.0", {"state": "running", "image": image, "image_id": f"example/backend@{OTHER}"})
    case = {**SERVING, "slots": {"blue": blue, "green": green}}
    assert images(await resolved("v1.5.0", tmp_path, case))["backend"] == image


async def test_a_recorded_release_is_itself(tmp_path: Path) -> None:
    case = {**SERVING, "records": {"v1.3.0": {"migration": "contract", "images": {"backend": f"example/backend@{DIGEST}"}}}}
    release = await resolved("v1.3.0", tmp_path, case)
    assert release.migration_class == "contract"
    assert images(release)["backend"] == f"example/backend@{DIGEST}"


async def test_a_hotfix_of_one_component_keeps_what_serves_of_the_others(tmp_path: Path) -> None:
    release = await resolved("backend=v1.4.3", tmp_path)
    assert release.name == "v1.4.2+backend-v1.4.3"
    assert images(release) == {"backend": "example/backend:v1.4.3", "frontend": "example/frontend:v1.4.2"}
    assert [release.answer_of(c) for c in release.images] == ["v1.4.3", "v1.4.2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not a tag", "'not a tag' is neither a file, a recorded release nor a tag"),
        ("web=v1", "'web=v1' is not component=tag. The components are backend and frontend"),
        ("backend=", "'backend=' is not component=tag"),
        ("missing.yml", "missing.yml:1:1: the file does not exist"),
    ],
)
async def test_what_means_nothing_is_told_with_what_would(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        await resolved(text, tmp_path)
    assert message in str(raised.value)


async def test_a_part_of_nothing_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="frontend does not run yet"):
        await resolved("backend=v1.4.3", tmp_path, {"services": {}})


async def test_a_file_says_images_migration_and_answers(tmp_path: Path) -> None:
    file = tmp_path / "release.yml"
    file.write_text(
        f"release: v1.5.0\nimages:\n  backend: example/backend@{DIGEST}\n  frontend: example/frontend:v1.5.0\n"
        "migration: {revision: 8f2c, class: expand}\nanswers: {backend: '1.5.0'}\n"
    )
    release = await resolved(str(file), tmp_path)
    assert (release.name, release.migration_revision, release.migration_class) == ("v1.5.0", "8f2c", "expand")
    assert images(release) == {"backend": f"example/backend@{DIGEST}", "frontend": "example/frontend:v1.5.0"}
    assert [release.answer_of(c) for c in release.images] == ["1.5.0", "v1.5.0"]


async def test_a_file_that_names_one_component_keeps_what_serves_of_the_others(tmp_path: Path) -> None:
    file = tmp_path / "hotfix.yml"
    file.write_text("release: v1.4.3\nimages: {backend: 'example/backend:v1.4.3'}\n")
    release = await resolved(str(file), tmp_path)
    assert images(release)["frontend"] == "example/frontend:v1.4.2"
    assert [release.answer_of(c) for c in release.images] == ["v1.4.3", "v1.4.2"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("release: 1.10\nimages: {backend: a:b}\n", '1:10: YAML reads 1.10 as a number, not as text: quote it: "1.10"'),
        ("release: v1\nimages: {web: a:b}\n", "2:10: 'web' is no component of this application"),
        ("release: v1\nimages: {backend: example/backend}\n", "2:19: 'example/backend' names neither tag nor digest"),
        ("release: v1\n", "'images' is missing"),
        ("release: v1\nimages: {backend: 'a:b'}\nmigration: {class: destructive}\n", "3:20: "),
        ("release: v1\nimages: {backend: 'a:b'}\nimage: x\n", "3:"),
    ],
)
async def test_mistakes_in_a_file_are_told_with_line_and_column(content: str, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "release.yml"
    file.write_text(content)
    with pytest.raises(UsageError) as raised:
        await resolved(str(file), tmp_path)
    assert problem in str(raised.value)


def _running(release: str, container: dict[str, Any]) -> dict[str, Any]:
    """A slot whose backend pods are not ready, so that their container states are the scripted ones."""
    return {"release": release, "backend": {"ready": 0, "trouble": {"container": container}}}
