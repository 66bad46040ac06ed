"""The one place where the guest's secrets are taken out of what is kept and shown.

Everything that leaves a run passes here: the journal, the manifest, the notes of probes, kept logs, tracebacks, lines
for people. Reports and verdicts are made from those, so they hold no secret either. Only the rendered Compose file has
the values, because containers need them; it is readable by its owner only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar
from urllib.parse import quote

MASKED = "***"
LEAST = 4
"""Characters. A shorter secret cannot be masked: it would be found in every other word."""

_ANYWHERE = 8
"""From this length on a secret is found inside of other text as well, not only as a word."""

_PLAIN = re.compile(r"[\d.]+ ?(ms|s|m|h|%|[kKMG]i?B?)?|true|false", re.IGNORECASE)
"""Numbers, durations, sizes, yes and no: no secrets, and everywhere."""

_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{8,}")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30}://)[^\s/@'\"]{1,300}@")

Told = TypeVar("Told")


class Mask:
    """Replaces every secret in texts. Safe to use from several threads."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """`secrets`: the values themselves; those of several lines are taken line by line."""
        parts = {line.strip() for secret in secrets for line in secret.splitlines()}
        spelled = {way for part in parts if len(part) >= LEAST for way in (part, quote(part, safe=""), _escaped(part))}
        ordered = sorted(spelled, key=lambda part: (-len(part), part))
        self._secrets = re.compile("|".join(map(_pattern, ordered))) if ordered else None

    def text(self, text: str) -> str:
        """`text` without secrets, user and password of its URLs, and authorization tokens."""
        if self._secrets is not None:
            text = self._secrets.sub(MASKED, text)
        text = _BEARER.sub(lambda match: f"{match[1]} {MASKED}", text)
        return _URL.sub(rf"\1{MASKED}@", text) if "://" in text else text

    def tree(self, value: Any) -> Any:
        """The same in every text of a JSON-like value; keys stay."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.tree(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.tree(item) for item in value]
        return value

    def told(self, event: Told) -> Told:
        """The same in the texts of a dataclass, one level deep: what people are told while a run goes on."""
        if not is_dataclass(event) or isinstance(event, type):
            return event
        texts = {f.name: getattr(event, f.name) for f in fields(event)}
        return replace(event, **{name: self.text(text) for name, text in texts.items() if isinstance(text, str)})


def _escaped(text: str) -> str:
    """As JSON spells it."""
    return json.dumps(text)[1:-1]


def _pattern(part: str) -> str:
    escaped = re.escape(part)
    return escaped if len(part) >= _ANYWHERE else rf"(?<![A-Za-z0-9]){escaped}(?![A-Za-z0-9])"


NO_SECRETS = Mask()
"""Knows no value; still takes credentials out of URLs."""


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without any of `secrets`, of which plain numbers, durations and switches are none."""
    return Mask(secret for secret in secrets if not _PLAIN.fullmatch(secret.strip())).text(text)
