"""Text and JSON on standard output: the screens' lines with or without colour, and values as plain JSON."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

from console.cli.options import Options, wants_colour
from console.domain.views.lines import Line
from console.domain.views.marks import ASCII_TABLE, Tone

_SGR: Mapping[Tone, str] = {
    "dim": "2",
    "strong": "1",
    "title": "1",
    "well": "32",
    "partly": "33",
    "broken": "31",
    "unknown": "35",
    "running": "36",
    "waiting": "33",
    "slot-1": "94",
    "slot-2": "92",
    "key": "1",
    "disabled": "2",
    "alarm": "1;37;41",
}


def width(default: int = 100) -> int:
    """Columns of the terminal; `default` where there is none."""
    return shutil.get_terminal_size((default, 24)).columns


def print_lines(lines: Iterable[Line], options: Options) -> None:
    """Lines of a view, coloured where standard output is a terminal that wants it."""
    colour = wants_colour(options) and sys.stdout.isatty()
    for line in lines:
        print(ascii_safe("".join(_painted(s.text, s.tone) if colour else s.text for s in line).rstrip()))


def _painted(text: str, tone: Tone) -> str:
    code = _SGR.get(tone)
    return f"\x1b[{code}m{text}\x1b[0m" if code and text.strip() else text


def ascii_safe(text: str) -> str:
    """Text that standard output can encode: glyphs become their plain stand-ins where it cannot."""
    encoding = sys.stdout.encoding or "ascii"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(ASCII_TABLE).encode(encoding, "replace").decode(encoding)
    return text


def print_json(value: object) -> None:
    """One JSON document, two spaces of indent, keys as the values name them."""
    print(json.dumps(plain(value), indent=2, ensure_ascii=False))


def plain(value: object) -> object:
    """Any of our values as what JSON knows; times become ISO 8601 in UTC."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k.value if isinstance(k, Enum) else k): plain(v) for k, v in value.items()}
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in (sorted(value, key=str) if isinstance(value, set | frozenset) else value)]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
