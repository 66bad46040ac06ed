"""Which values of a guest are secrets: what its variables hold, unless it is plain that they are not.

A variable is one that Compose resolved, out of `environment` or out of an `env_file`, or one that the experiment adds.
Its value is a secret when its name says so, and also when its name does not: only numbers, durations, switches, paths
and words that the stack shows anyway (names of services, regions and flows, labels) are taken for harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import cattrs

from harness.model.fault import State
from harness.model.finding import Answer
from harness.model.masking import LEAST, Mask
from harness.model.plan import Plan

LEAST_UNNAMED = 6
"""Characters of a value whose variable's name does not call it a secret; shorter ones are words of every day."""

_NAMED = re.compile(r"PASS|PWD|SECRET|TOKEN|KEY|CRED|AUTH|PRIVATE|SALT|SIGN|CERT|COOKIE|SESSION", re.IGNORECASE)
_CREDENTIALS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^\s/@]+)@")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)*([a-zA-Z%]{1,3}(/[a-z]{1,3})?)?(@clock)?")
_PATH = re.compile(r"(\.{0,2}/[\w.+-]*)+(:(\.{0,2}/[\w.+-]*)+)*")
_SPLIT = re.compile(r"[^A-Za-z0-9]+")
_EVERYDAY = frozenset(
    (
        *("true", "false", "yes", "none", "null", "auto", "default", "main", "public", "always", "never", "local"),
        *("debug", "info", "warning", "error", "fatal", "critical", "trace", "http", "https", "grpc", "localhost"),
        *("postgres", "postgresql", "mysql", "redis", "amqp", "mongodb", "kafka"),
        *("production", "development", "staging", "test"),
    )
)


def guest_mask(config: Mapping[str, Any], plan: Plan) -> Mask:
    """The mask of one run. `config`: Compose's merged answer."""
    return Mask(secrets_of(config, plan))


def secrets_of(config: Mapping[str, Any], plan: Plan) -> set[str]:
    """Every value that must not be seen."""
    shown = _shown(plan)
    words = frozenset(_words([shown]))
    found: set[str] = set()
    for name, value in _variables(config, plan):
        for credentials in _CREDENTIALS.findall(value):
            found |= {part for part in (unquote(credentials.partition(":")[2]), credentials) if len(part) >= LEAST}
        bare = _CREDENTIALS.sub("", value)
        named = _NAMED.search(name) is not None
        long_enough = len(value.strip()) >= (LEAST if named else LEAST_UNNAMED)
        if long_enough and not _harmless(bare, words, named=named):
            found.add(value.strip())
    return {secret for secret in found if secret.lower() not in shown}


def _variables(config: Mapping[str, Any], plan: Plan) -> Iterator[tuple[str, str]]:
    for service in (config.get("services") or {}).values():
        build = service.get("build")
        arguments = build.get("args") if isinstance(build, Mapping) else None
        for source in (service.get("environment"), arguments):
            if isinstance(source, Mapping):
                yield from ((str(name), str(value)) for name, value in source.items() if value is not None)
    for _, values in plan.environment:
        yield from values


def _harmless(value: str, words: frozenset[str], *, named: bool) -> bool:
    """A number, a switch, a path, or nothing but words that are shown anyway."""
    text = value.strip()
    if _NUMBER.fullmatch(text) and (not named or len(text) < LEAST_UNNAMED):
        return True
    if named:
        return text.lower() in _EVERYDAY
    tokens = [token for token in _SPLIT.split(text) if token]
    return bool(_PATH.fullmatch(text)) or all(_known(token, words) for token in tokens)


def _known(token: str, words: frozenset[str]) -> bool:
    lower = token.lower()
    return len(token) < LEAST or lower in words or lower in _EVERYDAY or _NUMBER.fullmatch(token) is not None


_FREE = frozenset(
    ("environment", "body", "path", "title", "notes", "seed_exec", "query", "command", "contains", "pattern", "run")
)
"""Keys of a plan whose values people write freely: they are kept with the secrets taken out."""

_OURS = (
    *State,
    *Answer,
    "completed",
    "aborted",
    "errored",
    "verified",
    "unverified",
    "steady",
    "blackout",
    "available",
)


def _shown(plan: Plan) -> str:
    """Everything of the plan that says what is what (names, labels, places, kinds), in lower case.

    A value that stands in there cannot be hidden: hiding it would only make the run folder unreadable.
    """
    return "\n".join([*_texts(cattrs.unstructure(plan)), *_OURS]).lower()


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for key, value in node.items():
            if key not in _FREE:
                yield str(key)
                yield from _texts(value)
    elif isinstance(node, list | tuple):
        for item in node:
            yield from _texts(item)


def _words(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from (word.lower() for word in _SPLIT.split(text) if word)
