"""Image references and the catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.sandbox.nodes.images import Image, ImageCatalog, ImageError, ImageRef, InvalidImageName

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("traider-backend", ImageRef("traider-backend", "latest")),
        ("traider-backend:v1.5.0", ImageRef("traider-backend", "v1.5.0")),
        ("registry.example:5000/team/app", ImageRef("registry.example:5000/team/app", "latest")),
        ("registry.example:5000/team/app:v1", ImageRef("registry.example:5000/team/app", "v1")),
        (f"traider-backend@{DIGEST}", ImageRef("traider-backend", "", DIGEST)),
        (f"traider-backend:v1@{DIGEST}", ImageRef("traider-backend", "v1", DIGEST)),
    ],
)
def test_a_reference_is_read_and_written_back(text: str, expected: ImageRef) -> None:
    assert ImageRef.parse(text) == expected
    assert ImageRef.parse(str(expected)) == expected


@pytest.mark.parametrize("text", ["", "UPPER:v1", "app:", "app:v 1", "app@sha256:123", ":v1"])
def test_a_reference_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(InvalidImageName, match="invalid reference format"):
        ImageRef.parse(text)


@pytest.fixture
def catalogue(tmp_path: Path) -> ImageCatalog:
    return ImageCatalog(tmp_path / "images.json")


def test_tag_and_digest_lead_to_the_same_image(catalogue: ImageCatalog) -> None:
    image = Image(application=True, environment={"RELEASE": "v1"})
    digest = catalogue.add("app", "v1", image)
    assert digest.startswith("sha256:")
    assert catalogue.find(ImageRef("app", "v1")) == image == catalogue.find(ImageRef("app", "", digest))


def test_digests_tell_contents_apart_and_stay_the_same(catalogue: ImageCatalog) -> None:
    first = catalogue.add("app", "v1", Image(environment={"RELEASE": "v1", "A": "b"}))
    assert catalogue.add("app", "v1-again", Image(environment={"A": "b", "RELEASE": "v1"})) == first
    assert catalogue.add("app", "v2", Image(environment={"RELEASE": "v2"})) != first


def test_a_moved_tag_means_the_new_image_and_the_old_digest_still_the_old_one(catalogue: ImageCatalog) -> None:
    old, new = Image(label="old"), Image(label="new")
    digest = catalogue.add("app", "latest", old)
    catalogue.add("app", "latest", new)
    assert catalogue.find(ImageRef("app", "latest")) == new
    assert catalogue.find(ImageRef("app", "", digest)) == old


@pytest.mark.parametrize(
    ("reference", "message"),
    [("nothing:v1", "pull access denied, repository does not exist"), ("app:v9", "app:v9: not found"), (f"app@{DIGEST}", "not found")],
)
def test_what_is_not_there_is_said_as_a_runtime_says_it(catalogue: ImageCatalog, reference: str, message: str) -> None:
    catalogue.add("app", "v1", Image())
    with pytest.raises(ImageError, match=f'failed to pull and unpack image "{reference}".*{message}'):
        catalogue.find(ImageRef.parse(reference))


def test_another_process_sees_what_is_added_and_removed(catalogue: ImageCatalog, tmp_path: Path) -> None:
    other = ImageCatalog(tmp_path / "images.json")
    catalogue.add("app", "v1", Image(label="1"))
    assert other.find(ImageRef("app", "v1")) == Image(label="1")
    other.add("app", "v2", Image(label="2"))
    assert sorted(catalogue.digests()["app"]) == ["v1", "v2"]
    catalogue.remove("app", "v1")
    with pytest.raises(ImageError):
        other.find(ImageRef("app", "v1"))
