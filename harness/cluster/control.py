"""The controller's end of a border's control stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.cluster.stream import Answer, ControlStream, ExecStream, Heard
from harness.model.effect import Effect

Faults = Mapping[str, tuple[float, Mapping[str, Effect]]]
"""Injection -> (seconds left, edge -> effect)."""

Flags = Mapping[str, tuple[float, Mapping[str, Mapping[str, Any]]]]
"""Injection -> (seconds left, service -> flag -> value)."""


class Border(ControlStream):
    """One border's control stream."""

    what = "border"

    def __init__(self, stream: ExecStream, name: str, on_event: Heard) -> None:
        self.edges: tuple[str, ...] = ()
        super().__init__(stream, name, on_event)

    @property
    def region(self) -> str:
        """The region that it stands around."""
        return self.name

    def want(self, faults: Faults, flags: Flags, lease_s: float) -> Answer:
        """Everything that should hold on this border from now on; what holds by read-back, and what is missing."""
        return self._call(
            "want",
            lease_s=lease_s,
            faults={
                injection: {"left_s": left, "edges": {edge: effect.to_wire() for edge, effect in edges.items()}}
                for injection, (left, edges) in faults.items()
            },
            flags={
                injection: {"left_s": left, "services": {service: dict(told) for service, told in services.items()}}
                for injection, (left, services) in flags.items()
            },
        )

    def renew(self, lease_s: float) -> Answer:
        """Prolongs the lease; which injections still hold by fresh read-back, and which were lost and why."""
        return self._call("renew", lease_s=lease_s)

    def stats(self, *, flush: bool = False, back_s: int = 0) -> Answer:
        """What this border saw since the last call; `flush` includes seconds that are not complete yet.

        `back_s` instead asks for that many seconds of the past, as far as the border remembers them.
        """
        return self._call("stats", flush=flush, back_s=back_s)

    def callees(self) -> dict[str, bool]:
        """`callee:port` -> up, for every callee that this border reaches directly."""
        return {str(name): bool(up) for name, up in self._call("callees")["up"].items()}

    def callee_reasons(self) -> dict[str, str]:
        """`callee:port` -> why it is not up."""
        return {str(name): str(why) for name, why in self._call("callees")["why"].items()}

    def down(self, service: str, down: bool) -> None:
        """Tells the border that a service's process is gone, or may be back."""
        self._call("down", service=service, down=down)

    def status(self) -> Answer:
        """All injections of all owners on this border, and its disturbances."""
        return self._call("status")

    def heal(self) -> Answer:
        """Drops all faults of all owners; `healed` and `left` (not verified)."""
        return self._call("heal")

    def by_hand(self, edge: str, method: str, path: str, body: Any) -> tuple[int, str]:
        """One call to Toxiproxy about the proxy of an edge; status and body. The edge is ours until we end."""
        answer = self._call("by_hand", edge=edge, method=method, path=path, body=body)
        return int(answer["status"]), str(answer["body"])

    def take_back(self) -> list[str]:
        """Edges that were in our own hands are as before; those that could not be read back so."""
        return [str(edge) for edge in self._call("take_back")["left"]]

    def _greeting(self, answer: Answer) -> None:
        self.name = str(answer["border"])
        self.edges = tuple(answer["edges"])
