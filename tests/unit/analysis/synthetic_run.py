"""Literal synthetic records: a stack of three edges, flows and edge seconds that behave as a test says.

Clock: warm-up 5 s, steady 30 s, so t=0 is 35 s on the run's clock. All times in arguments are seconds from t=0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from harness.faults.catalogue import changes_of
from harness.model.fault import Fault, Injection
from harness.model.load import Flow, Load, Outcome, RatePoint, Sample
from harness.model.objective import Limit, Objective, Role, SignatureCheck, Tag
from harness.model.plan import Phase, Plan
from harness.model.probe import Probe, Reading
from harness.model.record import CanarySecond, EdgeSecond, PhaseWindow, Record
from harness.model.stack import Edge, Service, Stack

WARMUP, STEADY = 5.0, 30.0
ZERO = WARMUP + STEADY
DEADLINE = 2.0
WEB, DB, SIDE = "load->web:80", "web->db:5432", "web->mail:25"

Answered = tuple[Outcome, float]
"""Outcome and latency in seconds of one request."""


def us(seconds: float) -> int:
    """Seconds from t=0 on the run's clock, microseconds."""
    return round((seconds + ZERO) * 1e6)


def stack() -> Stack:
    services = (
        Service("web", "east", labels=(("regionfall.strategy", "retries"), ("regionfall.expected", "slow"))),
        Service("db", "east"),
        Service("mail", "east"),
    )
    edges = (
        Edge("load", "web", 80, caller_region="internet", callee_region="east"),
        Edge("web", "db", 5432, caller_region="east", callee_region="east"),
        Edge("web", "mail", 25, caller_region="east", callee_region="east"),
    )
    return Stack("shop", services, edges)


def fine(_t: float, rng: np.random.Generator) -> Answered:
    """A healthy service: about 20 ms."""
    return Outcome.OK, 0.015 + rng.exponential(0.005)


def out(start: float, end: float, share: float = 1.0) -> Callable[[float, np.random.Generator], Answered]:
    """Healthy, but `share` of the requests due between start and end time out."""

    def answer(t: float, rng: np.random.Generator) -> Answered:
        return (Outcome.TIMEOUT, DEADLINE) if start <= t < end and rng.random() < share else fine(t, rng)

    return answer


def slow(start: float, end: float, by_s: float) -> Callable[[float, np.random.Generator], Answered]:
    """Healthy, but slower by `by_s` between start and end."""

    def answer(t: float, rng: np.random.Generator) -> Answered:
        outcome, latency = fine(t, rng)
        return outcome, latency + by_s * (start <= t < end)

    return answer


@dataclass(frozen=True)
class Run:
    """What a test changes; `record()` makes the rest."""

    rate: float = 20.0
    arrivals: str = "even"
    answer: Callable[[float, np.random.Generator], Answered] = fine
    phases: tuple[tuple[str, float, float], ...] = (("gone", 0.0, 30.0), ("after", 30.0, 60.0))
    injections: tuple[Injection, ...] = ()
    objectives: tuple[Objective, ...] = ()
    steady: tuple[Objective, ...] = ()
    signature: tuple[SignatureCheck, ...] = ()
    edges: Mapping[str, Callable[[float, np.random.Generator], dict[str, Any]]] = field(default_factory=dict)
    more_events: tuple[Mapping[str, Any], ...] = ()
    closed: Mapping[str, Any] | None = field(default_factory=lambda: {"status": "completed", "cleanup": "verified"})
    holds: Mapping[str, tuple[float, float] | None] = field(default_factory=dict)
    canary: Callable[[float], dict[str, int]] = lambda _t: {"n": 10, "failed": 0, "p50_us": 300, "max_us": 900}
    load_report: Mapping[str, int] | None = field(default_factory=dict)
    other_flows: Mapping[str, Callable[[float, np.random.Generator], Answered]] = field(default_factory=dict)
    clock: float = 1.0
    without_faults: bool = False
    seed: int = 1
    late_us: int = 0
    probes: tuple[Probe, ...] = ()
    readings: tuple[Reading, ...] = ()

    @property
    def end(self) -> float:
        return self.phases[-1][2]

    def plan(self) -> Plan:
        names = ["shop", *self.other_flows]
        phases = [Phase("steady", -STEADY, 0.0, -STEADY * self.clock, 0.0)]
        phases += [Phase(n, a, b, a * self.clock, b * self.clock) for n, a, b in self.phases]
        return Plan(
            name="drill",
            title="Drill",
            file="drill.chaos.yaml",
            sha256="0",
            seed=7,
            stack=stack(),
            load=Load(
                (RatePoint(-ZERO, self.rate * len(names)),),
                tuple(Flow(name, "web", 80, deadline_s=DEADLINE) for name in names),
                arrivals=self.arrivals,
            ),
            warmup_s=WARMUP,
            phases=tuple(phases),
            injections=() if self.without_faults else self.injections,
            objectives=self.objectives,
            steady=self.steady,
            signature=self.signature,
            incident_clock=self.clock != 1.0,
            without_faults=self.without_faults,
            probes=self.probes,
        )

    def record(self) -> Record:
        rng = np.random.default_rng(self.seed)
        samples = [*self._samples("shop", self.answer, rng)]
        for name, answer in self.other_flows.items():
            samples += self._samples(name, answer, rng)
        windows = [PhaseWindow("steady", us(-STEADY), us(0.0))]
        windows += [PhaseWindow(name, us(start), us(end)) for name, start, end in self.phases]
        return Record(
            run="r1",
            plan=self.plan(),
            phases=tuple(windows),
            samples=tuple(samples),
            edge_seconds=tuple(self._edge_seconds(rng)),
            canary=tuple(self._canary()),
            events=tuple(self._events(len(samples))),
            zero_us=us(0.0),
            readings=self.readings,
        )

    def _samples(
        self, flow: str, answer: Callable[[float, np.random.Generator], Answered], rng: np.random.Generator
    ) -> Iterable[Sample]:
        length = self.end + ZERO
        if self.arrivals == "poisson":
            due = np.sort(rng.uniform(0, length, rng.poisson(self.rate * length)))
        else:
            due = np.arange(0, length, 1 / self.rate)
        for at in due:
            outcome, latency = answer(at - ZERO, rng)
            if latency >= DEADLINE:
                outcome, latency = Outcome.TIMEOUT, DEADLINE
            yield Sample(round(at * 1e6), flow, round(latency * 1e6), outcome, 200, self.late_us)

    def _edge_seconds(self, rng: np.random.Generator) -> Iterable[EdgeSecond]:
        for edge, values in self.edges.items():
            for second in range(int(self.end + ZERO)):
                found = values(second - ZERO, rng)
                if found:
                    yield EdgeSecond(t_us=second * 1_000_000, edge=edge, **found)

    def _canary(self) -> Iterable[CanarySecond]:
        for second in range(int(self.end + ZERO)):
            values = self.canary(second - ZERO)
            if values:
                yield CanarySecond(t_us=second * 1_000_000, border="east", **values)

    def _events(self, rows: int) -> Iterable[Mapping[str, Any]]:
        yield {"event": "anchor", "load_start_mono": 100.0, "mono": 100.0}
        for injection in self.plan().injections:
            held = self.holds.get(injection.id, (injection.start_s + 0.02, injection.end_s + 0.02))
            yield {"event": "injection_pending", "injection": injection.id, "at_us": us(injection.start_s)}
            if held is not None:
                yield {"event": "injection_holding", "injection": injection.id, "at_us": us(held[0])}
                for after in changes_of(injection.fault):
                    yield {"event": "injection_changed", "injection": injection.id, "at_us": us(held[0] + after)}
                yield {"event": "injection_healed", "injection": injection.id, "at_us": us(held[1])}
        yield from self.more_events
        if self.load_report is not None:
            yield {"event": "load_report", "offered": rows, "rows": rows, "late": 0, "no_slot": 0, **self.load_report}
        if self.closed is not None:
            yield {"event": "run_closed", **self.closed}


def traffic(
    fault: Callable[[float, np.random.Generator], dict[str, Any]] | None = None,
    window: tuple[float, float] = (0.0, 30.0),
    per_s: int = 10,
    wait_s: float = 0.004,
) -> Callable[[float, np.random.Generator], dict[str, Any]]:
    """Seconds of a healthy edge; in `window` (whole seconds) those of `fault` instead."""

    def second(t: float, rng: np.random.Generator) -> dict[str, Any]:
        if fault is not None and window[0] <= t < window[1]:
            return fault(t, rng)
        return healthy(rng, per_s, wait_s)

    return second


def healthy(rng: np.random.Generator, per_s: int = 10, wait_s: float = 0.004) -> dict[str, Any]:
    """One second of a healthy edge, a connection per request."""
    count = int(rng.poisson(per_s))
    waits = tuple((1e6 * (wait_s + rng.exponential(0.001, count))).astype(int).tolist())
    return {
        "up_bytes": 300 * count,
        "down_bytes": 900 * count,
        "connects": count,
        "requests": count,
        "responses": count,
        "times_us": waits,
        "segments": 2 * count,
        "answer_bytes": 700 * count,
        "closes": count,
        "close_us": 2000 * count,
    }


def injection(fault: Fault, *edges: str, name: str = "fault", start: float = 0.0, end: float = 30.0) -> Injection:
    """A fault on edges, by default for all of phase `gone`."""
    return Injection(name, fault, ",".join(edges), "gone", start, end, edges or (DB,))


def objective(
    metric: str, text: str, *, subject: str = "shop", phases: tuple[str, ...] = ("gone",), **more: Any
) -> Objective:
    """An objective in short form: `>= 0.99`, `<= 1.5`, `0.7..0.78`, `never`."""
    return Objective(subject, metric, limit(text), phases, **more)


def check(
    point: int, metric: str, text: str, *, effect: bool = True, subject: str = "shop", **more: Any
) -> SignatureCheck:
    """A signature check in short form; an effect check needs injection `fault` unless told otherwise."""
    role = Role.EFFECT if effect else Role.INVARIANT
    more = {"needs": ("fault",) if effect else (), "phases": ("gone",), **more}
    return SignatureCheck(point, role, Tag.SCRIPTED, subject, metric, limit(text), **more)


def limit(text: str) -> Limit:
    """`OP NUMBER`, `LOW..HIGH` or `never`, numbers in the metric's own unit."""
    if text == "never":
        return Limit(text)
    if ".." in text:
        low, high = text.split("..")
        return Limit(text, low=float(low), high=float(high))
    operator, number = text.split()
    value, strict = float(number), operator in ("<", ">")
    return Limit(text, low=value, low_strict=strict) if ">" in operator else Limit(text, high=value, high_strict=strict)


SLOW = Fault("slow", latency_s=0.3)
HANG = Fault("hang")
REFUSE = Fault("refuse")


def slow_edge(by_s: float = 0.3) -> Callable[[float, np.random.Generator], dict[str, Any]]:
    """A second of an edge that is slower by `by_s`."""
    return lambda _t, rng: healthy(rng, wait_s=0.004 + by_s)


def hanging_edge(_t: float, rng: np.random.Generator) -> dict[str, Any]:
    """A second of an edge on which callers try in vain."""
    count = int(rng.poisson(5))
    return {"up_bytes": 60 * count, "connects": count, "unanswered": count}


def refusing_edge(_t: float, rng: np.random.Generator) -> dict[str, Any]:
    """A second of an edge that answers every new connection with a reset."""
    count = int(rng.poisson(10))
    return {"up_bytes": 60 * count, "down_bytes": 40 * count, "connects": count, "refused": count}


def slowed(**changes: Any) -> Run:
    """A proved, contained `slow` on web->db for phase `gone`; the flow stays good and gets slower."""
    base = Run(
        injections=(injection(SLOW, DB),),
        edges={WEB: traffic(slow_edge()), DB: traffic(slow_edge())},
        answer=slow(0, 30, 0.3),
        objectives=(objective("availability", ">= 0.95"),),
    )
    return replace(base, **changes)
