"""Files as people, editors, merges and transfers spoil them: a number gives the same spoiled file on every machine."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import yaml

_LOADER, _DUMPER = getattr(yaml, "CSafeLoader", yaml.SafeLoader), getattr(yaml, "CSafeDumper", yaml.SafeDumper)
Spoil = Callable[[random.Random, bytes], bytes]

SCRAPS = (
    "{", "}", "[", "]", ": ", "- ", "\t", "\n", "  ", '"', "'", "#", "&a ", "*a", "<<: ", "!x ", "!!python/object/apply:os.system ",
    "|", ">", "~", "on", "1.10", "{slot}", "$reason", "%YAML 9.9\n", "---\n", "...\n", "? ", "@", "`", "\\", "\x00", "\x07", "\x85",
    "\u2028", "\ufeff", "\u202e", "é", "🦄", "\ud7ff", "0x1F", "0o17", "12:30:45", "2026-02-30", "1e999", ".inf", ".nan", "=", "<<",
    "null", "yes",
)  # fmt: skip
"""Put anywhere."""

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.10, 10**30, float("inf"), float("nan"), "", " ", "1.10", "on", "null", "~", "{slot}", "$reason", "*",
    "a" * 5000, "ü\n\tx", "http://[::1", "https://u:p@h/", "../../etc/passwd", "~nobody-of-this-name/x", "15m", "9999999999h", "%", [], {},
    [[]], [None], {"a": {"b": []}}, ["x", 1, None], {"": ""}, {"blue": 1}, "sha256:" + "0" * 64, "a@sha256:zz", "x:y:z",
)  # fmt: skip
"""Put in the place of any value."""


def spoiled(original: bytes, number: int, *, seed: int) -> tuple[bytes, str]:
    """One to three mistakes in a file, and their names."""
    choice = random.Random(f"{seed}-{number}")
    names = [choice.choice(list(KINDS)) for _ in range(choice.choice((1, 1, 2, 3)))]
    data = original
    for name in names:
        data = KINDS[name](choice, data)
    return data, " + ".join(names)


def _at(choice: random.Random, data: bytes) -> int:
    return choice.randint(0, len(data))


def _flip(choice: random.Random, data: bytes) -> bytes:
    if not data:
        return data
    at = choice.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << choice.randrange(8))]) + data[at + 1 :]


def _cut(choice: random.Random, data: bytes) -> bytes:
    at = _at(choice, data)
    return data[:at] + data[at + choice.randint(1, 60) :]


def _truncate(choice: random.Random, data: bytes) -> bytes:
    return data[: _at(choice, data)]


def _scrap(choice: random.Random, data: bytes) -> bytes:
    at = _at(choice, data)
    return data[:at] + choice.choice(SCRAPS).encode("utf-8", "surrogatepass") + data[at:]


def _double(choice: random.Random, data: bytes) -> bytes:
    """A stretch twice, as after a bad merge."""
    at = _at(choice, data)
    piece = data[at : at + choice.randint(1, 400)]
    return data[:at] + piece + data[at:]


def _lines(change: Callable[[random.Random, list[bytes]], None]) -> Spoil:
    def spoil(choice: random.Random, data: bytes) -> bytes:
        lines = data.split(b"\n")
        change(choice, lines)
        return b"\n".join(lines)

    return spoil


def _move(choice: random.Random, lines: list[bytes]) -> None:
    lines.insert(choice.randrange(len(lines)), lines.pop(choice.randrange(len(lines))))


def _repeat(choice: random.Random, lines: list[bytes]) -> None:
    lines.insert(choice.randrange(len(lines)), choice.choice(lines))


def _indent(choice: random.Random, lines: list[bytes]) -> None:
    at = choice.randrange(len(lines))
    lines[at] = choice.choice((b" ", b"  ", b"\t", b" \t")) + lines[at]


def _unindent(choice: random.Random, lines: list[bytes]) -> None:
    at = choice.randrange(len(lines))
    lines[at] = lines[at].removeprefix(b" ")


def _conflict(choice: random.Random, lines: list[bytes]) -> None:
    at = choice.randrange(len(lines))
    lines[at:at] = [b"<<<<<<< HEAD", lines[at], b"=======", b"name: other", b">>>>>>> theirs"]


def _recoded(choice: random.Random, data: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(choice.choice(("utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-7")), "replace") + choice.choice(
        (b"", b"\xff\xfe")
    )


def _structure(change: Callable[[random.Random, Any], Any]) -> Spoil:
    """A change of the values, written back as YAML."""

    def spoil(choice: random.Random, data: bytes) -> bytes:
        if len(data) > 20_000 or b"deep: " in data or b"&b0" in data:
            return data + b"\n"  # what builds values takes for ever for what is nested or aliased without end
        try:
            document = yaml.load(data, _LOADER)
        except (yaml.YAMLError, ValueError, RecursionError):
            return data + b"\n"
        return yaml.dump(change(choice, document), Dumper=_DUMPER, sort_keys=False, allow_unicode=True).encode("utf-8", "surrogatepass")

    return spoil


def _slots(document: Any) -> list[tuple[Any, Any]]:
    """Every place of a value: the container, and its key or index. Each container once: an alias may lead into itself."""
    found: list[tuple[Any, Any]] = []
    waiting, seen = [document], set[int]()
    while waiting:
        here = waiting.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        keys = list(here) if isinstance(here, dict) else range(len(here)) if isinstance(here, list) else ()
        for key in keys:
            found.append((here, key))
            waiting.append(here[key])
    return found


def _replace(choice: random.Random, document: Any) -> Any:
    if slots := _slots(document):
        here, key = choice.choice(slots)
        here[key] = choice.choice(VALUES)
    return document


def _remove(choice: random.Random, document: Any) -> Any:
    if slots := _slots(document):
        here, key = choice.choice(slots)
        del here[key]
    return document


def _swap(choice: random.Random, document: Any) -> Any:
    if slots := _slots(document):
        (one, a), (other, b) = choice.choice(slots), choice.choice(slots)
        one_value, other_value = one[a], other[b]
        if not _holds(one_value, other) and not _holds(other_value, one):
            one[a], other[b] = other_value, one_value
    return document


def _holds(value: Any, container: Any) -> bool:
    """Would the container end up inside itself?"""
    return value is container or any(here is container or here[key] is container for here, key in _slots(value))


def _rename(choice: random.Random, document: Any) -> Any:
    slots = [(here, key) for here, key in _slots(document) if isinstance(here, dict)]
    if slots:
        here, key = choice.choice(slots)
        wrong = choice.choice((f"{key}s", str(key)[:-1], str(key).upper(), f"{key}_", "password", "", 1, None, True))
        here[wrong] = here.pop(key)
    return document


def _append(text: Callable[[random.Random], str]) -> Spoil:
    return lambda choice, data: data + b"\n" + text(choice).encode("utf-8", "surrogatepass")


def _nested(choice: random.Random) -> str:
    opening = choice.choice(("[", "{a: ", "- ", "? "))
    return f"deep: {opening * choice.choice((20, 39, 45, 400, 20_000))}"


def _bomb(choice: random.Random) -> str:
    rows = ["b0: &b0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 10)}]" for n in range(1, choice.choice((4, 6, 12)))]
    return "\n".join(rows)


MERGES = (
    "<<: *nobody", "a: &a {x: 1}\n<<: [*a, 3]", "b: &b\n  c: *b", "<<: {name: other}", "k: &k [*k]", "<<: &m {<<: *m}", "? [a, b]\n: c",
    "<<: 1",
)  # fmt: skip


KINDS: dict[str, Spoil] = {
    "a bit flipped": _flip,
    "a stretch cut out": _cut,
    "the end missing": _truncate,
    "a scrap put in": _scrap,
    "a stretch twice": _double,
    "a line moved": _lines(_move),
    "a line repeated": _lines(_repeat),
    "a line indented": _lines(_indent),
    "a line less indented": _lines(_unindent),
    "a merge conflict": _lines(_conflict),
    "another encoding": _recoded,
    "a byte order mark": lambda choice, data: b"\xef\xbb\xbf" * choice.choice((1, 2)) + data,
    "windows line ends": lambda choice, data: data.replace(b"\n", choice.choice((b"\r\n", b"\r", b"\n\r"))),
    "a NUL": lambda choice, data: data[: (at := _at(choice, data))] + b"\x00" + data[at:],
    "a value of another kind": _structure(_replace),
    "a value missing": _structure(_remove),
    "two values swapped": _structure(_swap),
    "a key misspelt": _structure(_rename),
    "nested too deep": _append(_nested),
    "an alias bomb": _append(_bomb),
    "odd anchors and merges": _append(lambda choice: choice.choice(MERGES)),
    "a huge value": _append(lambda choice: f"huge: {'x' * choice.choice((1_000, 200_000, 1_100_000))}"),
    "a huge list": _append(lambda choice: "huge: [" + "1, " * choice.choice((100, 30_000, 60_000)) + "1]"),
    "a second document": _append(lambda choice: choice.choice(("---\na: 1", "---", "...\nx"))),
    "a key twice": _append(lambda choice: "name: other\nname: again\nrelease: v9\nenvironment: other"),
}
