"""Service flags: a service that can be told to misbehave, told so by the border of its region, for seconds at a time.

    PUT url   {"flags": {NAME: VALUE, …}, "left_s": 5.0}   exactly these flags hold; the service drops them by itself
                                                            after `left_s` seconds unless they are put again
    PUT url   {"flags": {}, "left_s": 0}                    nothing holds
    GET url   {"flags": {NAME: VALUE, …}, "left_s": 3.2}    what holds now

Any answer of 2xx is a yes. The time is relative, so that no clocks need to agree.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from harness.containers.border.config import FlagTarget

CALL_TIMEOUT_S = 1.0
LONGEST_S = 5.0
"""Flags are handed out for at most this long, so that they end soon after their agent does."""


class FlagService:
    """Puts and reads the flags of this border's services. Safe to call from several threads."""

    def __init__(self, targets: tuple[FlagTarget, ...]) -> None:
        self._urls = {target.service: target.url for target in targets}
        self._told: set[str] = set()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="flags")

    @property
    def services(self) -> tuple[str, ...]:
        """Services that have flags."""
        return tuple(self._urls)

    def put(self, wanted: Mapping[str, tuple[Mapping[str, Any], float]]) -> dict[str, str]:
        """Tells every service its flags (value: flags, seconds left); clears those told before and not named now.

        Returns what went wrong per service; a service that could not be cleared is told again at the next call.
        """
        with self._lock:
            bodies: dict[str, tuple[Mapping[str, Any], float]]
            bodies = {service: ({}, 0.0) for service in self._told - wanted.keys()} | dict(wanted)
            self._told |= wanted.keys()
            answers = list(self._pool.map(lambda item: self._put(item[0], *item[1]), bodies.items()))
            errors = {service: error for service, error in zip(bodies, answers, strict=True) if error}
            self._told = set(wanted) | errors.keys()
        return errors

    def read(self, services: list[str]) -> dict[str, dict[str, Any] | str]:
        """Service -> flags that hold there now, or text of what went wrong."""
        return dict(zip(services, self._pool.map(self._get, services), strict=True))

    def _put(self, service: str, flags: Mapping[str, Any], left_s: float) -> str:
        body = {"flags": dict(flags), "left_s": round(min(max(left_s, 0.0), LONGEST_S), 3)}
        try:
            with requests.Session() as session:
                session.trust_env = False
                session.put(self._urls[service], json=body, timeout=CALL_TIMEOUT_S).raise_for_status()
        except requests.RequestException as error:
            return f"PUT {self._urls[service]}: {error}"
        return ""

    def _get(self, service: str) -> dict[str, Any] | str:
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.get(self._urls[service], timeout=CALL_TIMEOUT_S)
                answer.raise_for_status()
                return dict(answer.json()["flags"])
        except (requests.RequestException, KeyError, TypeError, ValueError) as error:
            return f"GET {self._urls[service]}: {error}"
