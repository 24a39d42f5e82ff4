"""The verbs that a runbook's steps name, one module per subject.

May live here: what a procedure does to the world, as observe, plan, apply and verify over ports. May not: clients, the journal, the screen.
A plan function awaits nothing, reads no clock and opens no file: what it needs was observed. A check is answered by its `verify`.
"""

from __future__ import annotations

from actions.registry import ACTIONS, registry

__all__ = ["ACTIONS", "registry"]
