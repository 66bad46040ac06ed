"""When a stack is ready: every guest runs (or ended well), and every declared call finds an open port.

Asked from outside: the engine for containers, the borders for ports. A guest's health checks are its own business.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.model.errors import ClusterError
from harness.model.stack import Stack

READY_S = 90.0
LOG_LINES = 40
SETTLE_S = 1.0
"""A stack must look ready for this long: a program that nobody calls may start, look around and die."""

_POLL_S = 0.25
_REPORT_EVERY_S = 10.0
_EXIT = re.compile(r"\((-?\d+)\)")


@dataclass(frozen=True, slots=True)
class Seen:
    """One guest's container as the engine lists it. `code` is None unless it ended (or is being restarted)."""

    service: str
    container: str
    state: str
    code: int | None = None


def seen(row: Mapping[str, Any]) -> Seen:
    """Out of one row of the engine's container list: `Exited (1) 3 seconds ago` carries the code."""
    labels, status = row["Labels"], str(row.get("Status", ""))
    code = _EXIT.search(status) if row["State"] in ("exited", "restarting", "dead") else None
    name = str(row["Names"][0]).lstrip("/")
    return Seen(labels["com.docker.compose.service"], name, row["State"], int(code[1]) if code else None)


@dataclass(frozen=True, slots=True)
class Probes:
    """How the outside is asked; tests put their own here."""

    guests: Callable[[], Sequence[Seen]]
    ports: Callable[[], Mapping[str, str]]
    """`callee:port` -> '' when it accepts connections, else why not."""
    logs: Callable[[str, int], str]
    """Last lines of a container."""
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at the stack: its containers, and `callee:port` -> why nothing accepts there."""

    guests: Sequence[Seen]
    missing: Mapping[str, str]

    @property
    def starting(self) -> list[Seen]:
        """Containers that neither run nor ended."""
        return [guest for guest in self.guests if guest.state not in ("running", "exited")]

    @property
    def waiting(self) -> list[str]:
        """Names of everything that is not ready yet."""
        return [*sorted(self.missing), *(guest.service for guest in self.starting)]


def required_ports(stack: Stack) -> dict[str, list[str]]:
    """`callee:port` -> callers, for every declared call and entry that can be dialled: a UDP port never says so."""
    needed: dict[str, list[str]] = {}
    for edge in (edge for edge in stack.edges if not edge.udp):
        needed.setdefault(f"{edge.callee}:{edge.port}", []).append(edge.caller)
    return needed


def wait_ready(stack: Stack, probes: Probes, *, progress: Callable[[str], None], timeout_s: float = READY_S) -> None:
    """Return when the stack is ready. ClusterError when a guest died, or after `timeout_s` with what is missing."""
    start = probes.now()
    needed = required_ports(stack)
    reported = start
    good_since: float | None = None
    while True:
        look = _Look(probes.guests(), _missing(needed, probes.ports()))
        refuse_dead(look.guests, probes.logs)
        now = probes.now()
        if not look.waiting:
            good_since = now if good_since is None else good_since
            if now - good_since >= SETTLE_S:
                return
            probes.sleep(_POLL_S)
            continue
        good_since = None
        _refuse_ended(look, probes.logs)
        if now - start > timeout_s:
            raise ClusterError(_never_came(look, needed, timeout_s, probes.logs))
        if now - reported > _REPORT_EVERY_S:
            reported = now
            progress(f"still waiting for {_some(look.waiting)}")
        probes.sleep(_POLL_S)


def refuse_dead(guests: Sequence[Seen], logs: Callable[[str, int], str]) -> None:
    """ClusterError for the first guest that ended with a code other than 0 and is not being restarted."""
    for guest in guests:
        if guest.state in ("exited", "dead") and guest.code:
            tail = _quoted(logs(guest.container, LOG_LINES))
            raise ClusterError(
                f"service {guest.service!r} ended with code {guest.code}{_meaning(guest.code)} while starting;"
                f" its last lines:{tail}\n  next: mend the service and start again"
            )


def _missing(needed: Mapping[str, list[str]], ports: Mapping[str, str]) -> dict[str, str]:
    unknown = "its proxy does not know it"
    return {name: reason for name in needed if (reason := ports.get(name, unknown))}


def _refuse_ended(look: _Look, logs: Callable[[str, int], str]) -> None:
    """A one-shot that ended well is ready, unless somebody calls it."""
    ended = {guest.service: guest for guest in look.guests if guest.state == "exited" and guest.code == 0}
    for name in look.missing:
        service, _, port = name.rpartition(":")
        if service in ended:
            tail = _quoted(logs(ended[service].container, LOG_LINES))
            raise ClusterError(
                f"service {service!r} ended (code 0) but is called on port {port}; its last lines:{tail}\n"
                "  next: keep it running, or take the call out of the labels"
            )


def _never_came(look: _Look, needed: Mapping[str, list[str]], timeout_s: float, logs: Callable[[str, int], str]) -> str:
    lines = [f"the stack was not ready after {timeout_s:g} s:"]
    for name, reason in sorted(look.missing.items()):
        lines.append(f"  {_called(name, needed[name])}: no connection ({reason})")
    for guest in look.starting:
        code = f", last ended with code {guest.code}" if guest.code is not None else ""
        lines.append(f"  {guest.service}: container is {guest.state!r}{code}")
    suspects = {name.rpartition(":")[0] for name in look.missing} | {guest.service for guest in look.starting}
    for guest in look.guests:
        if guest.service in suspects:
            lines.append(f"last lines of {guest.service}:{_quoted(logs(guest.container, LOG_LINES // 4))}")
    lines.append("  next: check the port in the label regionfall.calls or regionfall.entry, and what the service says")
    return "\n".join(lines)


def _called(name: str, callers: Sequence[str]) -> str:
    return f"{', '.join(f'{caller}->{name}' for caller in callers[:3])}{' …' if len(callers) > 3 else ''}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def _quoted(text: str) -> str:
    lines = text.rstrip().splitlines() or ["(it wrote nothing)"]
    return "".join(f"\n  | {line}" for line in lines)


def _meaning(code: int) -> str:
    known = {
        125: "engine error",
        126: "command not executable",
        127: "command not found",
        137: "killed",
        139: "crashed",
    }
    return f" ({known[code]})" if code in known else ""
