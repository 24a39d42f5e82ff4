"""Takes secrets out of text that is kept: logs, events, messages (SAFETY 6). Better one word too many than one password."""

from __future__ import annotations

import re

HIDDEN = "[hidden]"

_NAMED = re.compile(
    r"(?P<name>(?<![\w.-])[\w.-]*"  # from a word's beginning only: a megabyte without spaces is read once
    r"(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|session[_-]?id)"
    r"[\w.-]*[\"']?\s*[:=]\s*)(?P<value>\"[^\"]*\"|'[^']*'|[^\s,;&\"'}\]]+)",
    re.IGNORECASE,
)
_AUTHORIZATION = re.compile(r"(?P<name>\b(?:authorization|proxy-authorization|cookie|set-cookie)[\"']?\s*[:=]\s*)[^\r\n]+", re.IGNORECASE)
_BEARER = re.compile(r"\b(?P<name>bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
_USER_INFO = re.compile(r"(?P<name>\b[a-z][a-z0-9+.-]{0,20}://[^\s:/@]{0,200}:)[^\s/]+@", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+")
_AWS = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")
_KEY_BLOCK = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)


_HINTS = (
    "passw", "passphrase", "pwd", "secret", "token", "key", "credential", "session", "authorization", "cookie", "bearer", "basic", "://",
    "eyj", "akia", "asia",
)  # fmt: skip
"""One of these is in every text that holds a secret; megabytes without any are told apart in no time."""


def redacted(text: str) -> str:
    """`text` with the values of named secrets, credentials in URLs, tokens and keys replaced."""
    low = text.lower()
    if not any(hint in low for hint in _HINTS):
        return text
    text = _KEY_BLOCK.sub(HIDDEN, text)
    text = _AUTHORIZATION.sub(rf"\g<name>{HIDDEN}", text)
    text = _USER_INFO.sub(rf"\g<name>{HIDDEN}@", text)
    text = _BEARER.sub(rf"\g<name> {HIDDEN}", text)
    text = _NAMED.sub(rf"\g<name>{HIDDEN}", text)
    return _AWS.sub(HIDDEN, _JWT.sub(HIDDEN, text))
