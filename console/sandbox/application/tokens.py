"""Anti-forgery tokens: signed, without state, valid for an hour on every pod that shares the secret."""

from __future__ import annotations

import hashlib
import hmac
import secrets

LIFETIME = 3600
"""Seconds."""


def issue(secret: bytes, *, now: float) -> str:
    """A fresh token: issue time, nonce, signature."""
    body = f"{int(now)}.{secrets.token_hex(8)}"
    return f"{body}.{_signature(secret, body)}"


def is_valid(secret: bytes, token: str, *, now: float) -> bool:
    """True for an unexpired token that was issued with this secret."""
    body, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(secret, body).encode()):
        return False
    issued = int(body.partition(".")[0])
    return issued <= now + 60 and now < issued + LIFETIME


def _signature(secret: bytes, body: str) -> str:
    return hmac.new(secret, body.encode(), hashlib.sha256).hexdigest()
