"""Secrets stay out of what we write: values of a guest's environment and credentials in addresses are masked."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "***"
SHORTEST = 4
"""Shorter values are everybody's words (`1`, `on`, `dev`); masking them would make every text unreadable."""

_PLAIN = re.compile(r"[\d.]+ ?(ms|s|m|h|%|[kKMG]i?B?)?|true|false", re.IGNORECASE)
"""Numbers, durations, sizes, yes and no: no secrets, and everywhere."""

_CREDENTIALS = re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{8,}")


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without any of `secrets` (longest first), URL credentials and authorization tokens."""
    for secret in sorted({s for s in secrets if _is_secret(s.strip())}, key=len, reverse=True):
        text = text.replace(secret, MASK)
    text = _CREDENTIALS.sub(MASK, text)
    return _BEARER.sub(lambda match: f"{match[1]} {MASK}", text)


def _is_secret(value: str) -> bool:
    return len(value) >= SHORTEST and not _PLAIN.fullmatch(value)
