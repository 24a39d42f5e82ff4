"""Reading YAML: places, types as YAML 1.1 sees them, aliases, and every way in which a file can be no YAML."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from console.document import read
from console.document.node import Mapping, Node, Scalar, Sequence, overlay, plain
from console.document.problems import Problems
from console.document.read import read_documents, read_mapping


@pytest.fixture(params=["libyaml", "python"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both parsers say the same, whichever PyYAML was built with."""
    loader = getattr(yaml, "CSafeLoader", None) if request.param == "libyaml" else yaml.SafeLoader
    if loader is None:
        pytest.skip("PyYAML was built without libyaml")
    monkeypatch.setattr(read, "_LOADER", loader)
    return str(request.param)


def mapping(tmp_path: Path, text: str) -> Mapping:
    problems = Problems()
    found = read_mapping(written(tmp_path, text), problems)
    assert found is not None, problems.found
    return found


def mistakes(tmp_path: Path, text: str | bytes) -> list[str]:
    problems = Problems()
    read_documents(written(tmp_path, text), problems, single=True)
    return [f"{p.line}:{p.column} {p.message}" for p in problems.found]


def written(tmp_path: Path, text: str | bytes) -> Path:
    file = tmp_path / "file.yml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def get(node: Mapping, key: str) -> Node:
    found = node.get(key)
    assert found is not None
    return found


def test_every_value_knows_its_place(tmp_path: Path) -> None:
    top = mapping(tmp_path, "a: 1\nb:\n  - x\n  - y: z\n")
    items = get(top, "b")
    assert isinstance(items, Sequence)
    inner = items.items[1]
    assert isinstance(inner, Mapping)
    assert (get(inner, "y").at.line, get(inner, "y").at.column) == (4, 8)


@pytest.mark.parametrize(
    ("written_as", "kind"),
    [
        ("1.10", "number"), ("1_000", "number"), ("0x1f", "number"), ("10:30", "number"), ("on", "boolean"), ("No", "boolean"),
        ("2026-01-31", "time"), ("~", "null"), ("", "null"), ('"1.10"', "text"), ("'on'", "text"), ("v1.10", "text"), ("1.2.3", "text"),
        ("!!str 1.10", "text"), ("=", "text"),
    ],
)  # fmt: skip
def test_types_are_those_of_yaml_1_1(tmp_path: Path, written_as: str, kind: str) -> None:
    found = get(mapping(tmp_path, f"a: {written_as}\n"), "a")
    assert isinstance(found, Scalar)
    assert found.kind == kind


def test_a_byte_order_mark_and_windows_lines_are_fine(tmp_path: Path) -> None:
    top = mapping(tmp_path, "\ufeffa: 1\r\nb: 2\r\n")
    assert plain(top) == {"a": 1, "b": 2}
    assert get(top, "b").at.line == 2


def test_aliases_stand_for_their_anchor(tmp_path: Path) -> None:
    values = [1, "two", 3.5, True, None]
    assert plain(mapping(tmp_path, "a: &x [1, two, 3.5, true, ~]\nb: *x\n")) == {"a": values, "b": values}


def test_merge_keys_give_way_to_what_is_written(tmp_path: Path) -> None:
    top = mapping(tmp_path, "one: &one {a: 1, b: 1}\ntwo: &two {b: 2, c: 2}\nall: {<<: [*one, *two], c: 3}\n")
    assert plain(get(top, "all")) == {"a": 1, "b": 1, "c": 3}


def test_overlay_keeps_the_order_and_merges_mappings_only(tmp_path: Path) -> None:
    base = mapping(tmp_path, "a: {x: 1, y: 1}\nb: [1, 2]\nc: 1\n")
    over = mapping(tmp_path, "d: 4\nb: [3]\na: {y: 2, z: 3}\n")
    merged = overlay(base, over)
    assert plain(merged) == {"a": {"x": 1, "y": 2, "z": 3}, "b": [3], "c": 1, "d": 4}
    assert [key.text for key, _ in merged] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2\nb: 1\nb: 2\n", ["2:1 'a' is written twice (first on line 1)", "4:1 'b' is written twice (first on line 3)"]),
        ("\ta: 1\n", ["1:1 a tab is used for indentation"]),
        ("a:\n  b: 1\n\tc: 2\n", ["3:1 a tab is used for indentation"]),
        ("a: &x {b: *x}\n", ["1:11 alias *x stands for nothing"]),
        ("<<: 1\n", ["1:5 '<<' merges mappings, not the number 1"]),
        ("? [a]\n: b\n", ["1:3 a key must be a word, not a list"]),
        ("a: !!python/object:os.system x\n", ["1:4 the tag !!python/object:os.system has no meaning here"]),
        ("a: %x\n", ["1:4 a value cannot begin with '%'"]),
        ("a: 'it's'\n", ["1:8 this line fits neither the keys above it nor a value"]),
        ("a: 1\n...\nb\n", ["3:1 text after the end of the document"]),
        ("- a\nb: 1\n", ["2:1 this line fits no list item above it"]),
        ("a: - b\n", ["1:4 a list item begins inside a line"]),
        ("a: 1\n b: 2\n", ["2:3 a second ': ' in one line, or a line indented too far"]),
        (b"\x00a: 1\n", ["1:1 character U+0000 is not allowed in YAML"]),
        (b"a: 1\nb: \xff\n", ["2:4 byte 0xff is not UTF-8"]),
        ("", ["1:1 the file is empty"]),
        ("# only a comment\n---\n", ["1:1 the file is empty"]),
    ],
)  # fmt: skip
def test_says_what_is_wrong(tmp_path: Path, text: str | bytes, said: list[str]) -> None:
    assert mistakes(tmp_path, text) == said


def test_an_unknown_escape(tmp_path: Path) -> None:
    (said,) = mistakes(tmp_path, 'a: "\\q"\n')
    assert said.startswith("1:")
    assert said.endswith("an unknown escape after a backslash")


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_depth_is_bounded(tmp_path: Path, opening: str) -> None:
    (said,) = mistakes(tmp_path, opening * 5_000)
    assert said.endswith("values are nested more than 40 deep")


def test_aliases_that_multiply_are_bounded(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (said,) = mistakes(tmp_path, "\n".join(lines))
    assert said.startswith("5:")
    assert said.endswith("the document has more than 50000 values once its aliases are written out")


def test_a_file_that_is_too_long(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "a: 1\n" * 250_000) == ["1:1 the file has 1250000 bytes, more than 1000000"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    problems = Problems()
    assert read_documents(tmp_path / "gone.yml", problems) == ()
    assert [p.message for p in problems.found] == ["the file does not exist"]


def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    problems = Problems()
    assert read_documents(tmp_path, problems) == ()
    assert [p.message for p in problems.found] == ["the file cannot be read (Is a directory)"]


def test_several_documents_where_several_may_be(tmp_path: Path) -> None:
    problems = Problems()
    found = read_documents(written(tmp_path, "a: 1\n---\n---\nb: 2\n"), problems)
    assert [plain(d) for d in found] == [{"a": 1}, {"b": 2}]
    assert problems.found == []
