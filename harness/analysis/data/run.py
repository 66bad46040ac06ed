"""A record prepared for judging: every question below is a lookup or a slice."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from functools import cached_property

from harness.analysis.data.edges import NO_ROWS, EdgeRows, edge_rows
from harness.analysis.data.events import Events, hold_of
from harness.analysis.data.flows import EMPTY, FlowRows, flow_rows, window_of
from harness.model.load import Flow
from harness.model.plan import STEADY
from harness.model.probe import Probe, Reading
from harness.model.record import Record

Window = tuple[int, int]


class RunData:
    """One finished run. Built once per judgement; read only."""

    def __init__(self, record: Record) -> None:
        self.record, self.plan, self.stack = record, record.plan, record.plan.stack
        self.events = Events(record.events)
        self.windows: dict[str, Window] = {phase.name: window_of(phase) for phase in record.phases}
        self.zero_us = record.zero_us
        self.flow_of: dict[str, Flow] = {flow.name: flow for flow in self.plan.load.flows}
        self.probe_of: dict[str, Probe] = {probe.name: probe for probe in self.plan.probes}
        self.holds = tuple(hold_of(injection, self.events, self.end_us) for injection in self.plan.injections)

    @cached_property
    def flows(self) -> dict[str, FlowRows]:
        """Arrivals by flow."""
        return flow_rows(self.record.samples)

    @cached_property
    def edges(self) -> dict[str, EdgeRows]:
        """Seconds by edge."""
        return edge_rows(self.record.edge_seconds)

    @property
    def end_us(self) -> int:
        """End of the last phase that really ran; t=0 if none did."""
        return max((end for _, end in self.windows.values()), default=self.zero_us)

    def flow(self, name: str) -> FlowRows:
        """Arrivals of one flow, empty if it had none."""
        return self.flows.get(name, EMPTY)

    def edge(self, edge_id: str) -> EdgeRows:
        """Seconds of one edge, empty if it carried nothing."""
        return self.edges.get(edge_id, NO_ROWS)

    @cached_property
    def readings(self) -> dict[str, list[Reading]]:
        """Answers by probe, in order of time."""
        found: dict[str, list[Reading]] = {}
        for reading in sorted(self.record.readings, key=lambda one: one.t_us):
            found.setdefault(reading.probe, []).append(reading)
        return found

    def scope(self, phases: Iterable[str]) -> tuple[list[Window], list[str]]:
        """Windows of the named phases that ran, and the names of those that did not."""
        names = list(dict.fromkeys(phases))
        return [self.windows[name] for name in names if name in self.windows], [
            name for name in names if name not in self.windows
        ]

    @cached_property
    def default_phases(self) -> tuple[str, ...]:
        """During and after: phases that end after the first planned fault begins; all but `steady` without faults."""
        first = min((injection.start_s for injection in self.plan.injections), default=float("-inf"))
        return tuple(phase.name for phase in self.plan.phases if phase.name != STEADY and phase.end_s > first)

    @cached_property
    def first_fault_us(self) -> int:
        """When the first fault took hold; t=0 where none did."""
        return min((hold.start_us for hold in self.holds if hold.start_us is not None), default=self.zero_us)

    @property
    def last_heal_us(self) -> int | None:
        """When the last fault ended; None where none held."""
        return max((hold.end_us for hold in self.holds if hold.end_us is not None), default=None)

    def wall_s(self, us: int | float) -> float:
        """Wall seconds from t=0."""
        return (us - self.zero_us) / 1e6

    def incident_s(self, us: int | float) -> float:
        """Incident seconds from t=0, by the phases as they really ran."""
        wall = self.wall_s(us)
        for name, (start, end) in self.windows.items():
            if start <= us < end:
                planned = next((phase for phase in self.plan.phases if phase.name == name), None)
                if planned is not None:
                    return planned.incident_start_s + (us - start) / 1e6 * planned.compression
        return self.plan.incident_s(wall) if self.plan.phases else wall

    def seed(self, *words: object) -> int:
        """A seed of its own for every question, the same in every judgement of this run."""
        return zlib.crc32(repr((self.plan.seed, *words)).encode())
