"""Release files written wrong, each with the place, the mistake and the remedy that are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from actions.release_file import read_release_file
from console.document.problems import ConfigError
from tests.bad_input.readers import COMPONENTS

GOOD = "release: v1.5.0\nimages: {backend: traider/backend:v1.5.0}\n"
MISTAKES = {
    "no name": ("images: {backend: a:b}\n", "1:1: 'release' is missing: write release: and its name, like release: v1.5.0"),
    "no images": (
        "release: v1.5.0\n",
        "1:1: 'images' is missing: write images: and a line for each component, like backend: repository:tag",
    ),
    "a name that YAML takes for a number": (
        "release: 1.10\nimages: {backend: a:b}\n",
        '1:10: YAML reads 1.10 as a number, not as text: quote it: "1.10"',
    ),
    "a name with a space": (
        'release: "v1 final"\nimages: {backend: a:b}\n',
        "1:10: 'v1 final' is not a release's name: write it like v1.5.0",
    ),
    "a name that is a list": ("release: [v1]\nimages: {backend: a:b}\n", "1:10: one value is expected, not a list: write one value"),
    "an empty name": ("release:\nimages: {backend: a:b}\n", "1:9: the value is missing: write one, or remove the line"),
    "an unknown component": (
        GOOD.replace("backend:", "bakend:"),
        "2:10: 'bakend' is no component of this application: did you mean 'backend'?",
    ),
    "an image without a tag": (
        GOOD.replace("backend:v1.5.0", "backend"),
        "2:19: 'traider/backend' names neither tag nor digest: write traider/backend:v1.5.0 or traider/backend@sha256:…",
    ),
    "an image with half a digest": (
        GOOD.replace("backend:v1.5.0", "backend@sha256:12"),
        "2:19: 'traider/backend@sha256:12' is not an image reference (repository:tag or repository@sha256:…): "
        "write repository:tag or repository@sha256:…",
    ),
    "an image that is a number": (
        "release: v1\nimages: {backend: 5}\n",
        '2:19: YAML reads 5 as a number, not as text: quote it: "5"',
    ),
    "images that are a list": (
        "release: v1\nimages: [traider/backend:v1]\n",
        "2:9: 'images' holds a list, not keys and values: indent 'key: value' lines under it",
    ),
    "a migration class that does not exist": (
        GOOD + "migration: {revision: a1, class: expnd}\n",
        "3:34: 'expnd' is none of none, expand, contract, breaking: did you mean 'expand'?",
    ),
    "a migration that is a word": (
        GOOD + "migration: expand\n",
        "3:12: 'migration' holds the text 'expand', not keys and values: indent 'key: value' lines under it",
    ),
    "a revision that YAML takes for a number": (
        GOOD + "migration: {revision: 12345}\n",
        '3:23: YAML reads 12345 as a number, not as text: quote it: "12345"',
    ),
    "a key misspelt": (GOOD + "migraton: {class: none}\n", "3:1: unknown key 'migraton': did you mean 'migration'?"),
    "a key of the migration misspelt": (GOOD + "migration: {clas: none}\n", "3:13: unknown key 'migration.clas': did you mean 'class'?"),
    "a secret": (
        GOOD + "password: x\n",
        "3:1: 'password' would put a secret into the settings: remove it; keep it in a Kubernetes Secret that the manifest refers to",
    ),
    "a key twice": (GOOD + "release: v1.5.1\n", "3:1: 'release' is written twice (first on line 1): keep one of them"),
    "a tab": ("release: v1\nimages:\n\tbackend: a:b\n", "3:1: a tab is used for indentation: indent with spaces"),
    "a bracket that is never closed": (
        "release: v1\nimages: {backend: a:b\n",
        "2:9: a '{' is never closed, or a ',' is missing: close it with '}'; text that begins with '{' needs quotes",
    ),
    "an alias of nothing": (
        "release: *name\nimages: {backend: a:b}\n",
        "1:10: alias *name stands for nothing: define &name above, and outside of what uses it",
    ),
    "a tag of another program": (
        "release: !release v1\nimages: {backend: a:b}\n",
        "1:10: the tag !release has no meaning here: remove it; a value that begins with '!' needs quotes",
    ),
    "two documents": (GOOD + "---\n" + GOOD, "4:1: a second document begins here (after '---'): keep one document per file"),
    "a list": ("- release: v1\n", "1:1: the file holds a list, not keys and values: write 'key: value' lines"),
    "nothing": ("", "1:1: the file is empty: write at least one 'key: value' line, or delete the file"),
    "a NUL": ("release: v1\x00\n", "1:12: character U+0000 is not allowed in YAML: remove it"),
    "answers of an unknown component": (
        GOOD + "answers: {fronted: v1}\n",
        "3:11: 'fronted' is no component of this application: did you mean 'frontend'?",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_says(name: str, tmp_path: Path) -> None:
    text, expected = MISTAKES[name]
    file = tmp_path / "release.yml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_release_file(file, COMPONENTS)
    assert str(caught.value) == f"1 mistake in the release file\n  {file}:{expected}"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(("encoding", "place"), [("utf-16", "1:1"), ("latin-1", "1:12")])
def test_another_encoding_is_placed(tmp_path: Path, encoding: str, place: str) -> None:
    file = tmp_path / "release.yml"
    file.write_bytes("release: v1é\n".encode(encoding))
    with pytest.raises(ConfigError, match=f":{place}: byte 0x.. is not UTF-8: save the file as UTF-8"):
        read_release_file(file, COMPONENTS)


@pytest.mark.parametrize("data", [b"\xef\xbb\xbf" + GOOD.encode(), GOOD.replace("\n", "\r\n").encode()])
def test_byte_order_marks_and_windows_line_ends_are_accepted(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "release.yml"
    file.write_bytes(data)
    assert read_release_file(file, COMPONENTS).name == "v1.5.0"


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "release.yml"
    file.write_text("release: 1.10\nimages: {bakend: a:b, frontend: c}\n")
    with pytest.raises(ConfigError, match="3 mistakes in the release file"):
        read_release_file(file, COMPONENTS)
