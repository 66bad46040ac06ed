"""Signed tokens that whoever has the key can verify without asking anybody."""

from __future__ import annotations

import hashlib
import hmac
import time


def issue(key: bytes, subject: str, life_s: float, now: float | None = None) -> str:
    """A token for a subject, good for `life_s`."""
    until = int((time.time() if now is None else now) + life_s)
    return f"{subject}.{until}.{sign(key, subject, until)}"


def sign(key: bytes, subject: str, until: int) -> str:
    """The signature part."""
    return hmac.new(key, f"{subject}.{until}".encode(), hashlib.sha256).hexdigest()


def verify(key: bytes, token: str, now: float | None = None) -> bool:
    """Whether the token was signed with the key and is still good."""
    parts = token.split(".")
    if len(parts) != 3 or not parts[1].isdigit():
        return False
    subject, until, signature = parts[0], int(parts[1]), parts[2]
    fresh = until >= (time.time() if now is None else now)
    return fresh and hmac.compare_digest(signature, sign(key, subject, until))
