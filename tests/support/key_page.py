"""Prints docs/keys.md: every key of every screen, read from the bindings.

python -m tests.support.key_page > docs/keys.md
"""

from __future__ import annotations

from collections.abc import Iterable

from console.app.keymap import KeyRow, key_rows

HEAD = """# Keys

Generated from the bindings (`python -m tests.support.key_page > docs/keys.md`). `?` in the console lists those of the screen that is
open, with the reason of each that cannot be used right now. `^p` is ctrl+p.

Another key: name the action by its id in `console.yml` of your configuration folder (`~/.config/bluegreen`), several keys joined by
commas. Enter, escape, tab and ctrl+c keep their meaning. What answers a question (`s` switch, `b` roll back …) is the verb's own key and
cannot be moved.

```yaml
theme: bluegreen-colour-blind     # or bluegreen-dark, bluegreen-light, ansi-dark, ansi-light, nord …
ascii: false                      # plain characters instead of glyphs
bell: true                        # ring when a person is needed
notify: true                      # ask the terminal for a notification then (OSC 9)
title: true                       # say in the window's title how things stand
keys:
  overview.deploy: D
  console.rollback: ctrl+r,f8
```
"""


def page(rows: Iterable[KeyRow]) -> str:
    """One table for each screen."""
    by_screen: dict[str, list[KeyRow]] = {}
    for row in rows:
        by_screen.setdefault(row.where, []).append(row)
    parts = [HEAD]
    for where, mine in by_screen.items():
        lines = [f"| {' '.join(f'`{key}`' for key in row.keys)} | {row.does} | {row.id} |" for row in mine]
        parts.append("\n".join([f"## {where}\n", "| key | does | id |", "|---|---|---|", *lines]) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    print(page(key_rows()), end="")
