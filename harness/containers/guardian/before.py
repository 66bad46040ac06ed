"""What a container was before an act: enough to bring it back. Pure: reads what the engine says of a container."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

UNLIMITED = 0x7FFF_FFFF_FFFF_F000
"""The kernel's own word for no memory limit: the engine has none, since 0 means 'leave it as it is' to it."""

DEFAULT_PERIOD_US = 100_000


@dataclass(frozen=True, slots=True)
class Before:
    """State and limits of one container. Limits as the engine spells them: 0 is none."""

    running: bool
    paused: bool
    nano_cpus: int = 0
    cpu_quota: int = 0
    cpu_period: int = 0
    memory: int = 0
    memory_swap: int = 0
    pids: int = 0

    def to_wire(self) -> dict[str, Any]:
        """As it is written down."""
        return asdict(self)

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Before:
        """Inverse of `to_wire`; ValueError, KeyError or TypeError if it is none."""
        if not isinstance(wire, Mapping):
            raise ValueError(f"not what a container was before: {wire!r}")
        numbers = {name: int(wire[name]) for name in wire if name not in ("running", "paused")}
        return cls(bool(wire["running"]), bool(wire["paused"]), **numbers)

    def cpu_update(self, cpus: float = 0.0) -> dict[str, int]:
        """What to tell the engine so that `cpus` processors (0: as before) are what the container gets."""
        if self.nano_cpus:
            return {"NanoCpus": round(cpus * 1e9) or self.nano_cpus}
        period = self.cpu_period or DEFAULT_PERIOD_US
        return {"CpuPeriod": period, "CpuQuota": max(1000, round(cpus * period)) if cpus else self.cpu_quota or -1}

    def memory_update(self, limit: int = 0) -> dict[str, int]:
        """The same for memory; swap is not a way around the limit."""
        if limit:
            return {"Memory": limit, "MemorySwap": limit}
        memory = self.memory or UNLIMITED
        swap = self.memory_swap if self.memory_swap > 0 else UNLIMITED
        return {"Memory": memory, "MemorySwap": max(swap, memory)}

    def pids_update(self, limit: int = 0) -> dict[str, int]:
        """The same for the number of processes and threads."""
        return {"PidsLimit": limit or self.pids or -1}


def runs(state: Mapping[str, Any]) -> bool:
    """Whether its process runs: the engine also says so of a container that only waits for its next restart. Pure."""
    return bool(state["Running"]) and not state.get("Restarting")


def before_of(attrs: Mapping[str, Any]) -> Before:
    """Out of the engine's description of a container."""
    state, host = attrs["State"], attrs["HostConfig"]
    memory = int(host.get("Memory") or 0)
    return Before(
        running=runs(state),
        paused=bool(state["Paused"]),
        nano_cpus=int(host.get("NanoCpus") or 0),
        cpu_quota=max(0, int(host.get("CpuQuota") or 0)),
        cpu_period=int(host.get("CpuPeriod") or 0),
        memory=0 if memory >= UNLIMITED else memory,
        memory_swap=0 if memory >= UNLIMITED else int(host.get("MemorySwap") or 0),
        pids=max(0, int(host.get("PidsLimit") or 0)),
    )


def same_limits(one: Before, other: Before) -> bool:
    """Whether both mean the same limits."""
    return _limits(one) == _limits(other)


def _limits(before: Before) -> tuple[float, int, int]:
    cpus = before.nano_cpus / 1e9 if before.nano_cpus else before.cpu_quota / (before.cpu_period or DEFAULT_PERIOD_US)
    return round(cpus, 6), before.memory, before.pids
