"""Flows and rates: the file's, or one GET on every entry."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass

from harness.model.load import Flow, Load, RatePoint
from harness.model.stack import Entry
from harness.spec.bind.binding import Binding
from harness.spec.clock import Warp
from harness.spec.document.load import METHODS, FlowDoc, LoadDoc, OkDoc
from harness.spec.document.places import Path
from harness.spec.document.types import empty
from harness.spec.durations import shown
from harness.spec.suggest import did_you_mean

DEFAULT_RATE = 20.0
"""Intended requests per second and flow where the file names no rate."""

SPARE_SLOTS = 1.3


@dataclass(frozen=True, slots=True)
class Asked:
    """Flows, and the total rate by time on the timeline's clock: (seconds from t=0, per second)."""

    doc: LoadDoc
    flows: tuple[Flow, ...]
    points: tuple[tuple[float, float], ...]

    def least_rate(self, flow: str) -> float:
        """The lowest rate of one flow, per second of wall time."""
        total = sum(f.weight for f in self.flows) or 1.0
        weight = next((f.weight for f in self.flows if f.name == flow), 0.0)
        return min((rate for _, rate in self.points), default=0.0) * weight / total


def ask(b: Binding) -> Asked:
    """Who asks for what and how often; problems for flows that no entry serves."""
    doc = b.doc.load or empty(LoadDoc)
    if doc.locustfile is not None:
        b.add(("load", "locustfile"), "a closed-loop locustfile is not handled by this version; declare load.flows")
    flows = tuple(flow for name, part in doc.flows.items() if (flow := _flow(b, name, part, doc)) is not None)
    if not doc.flows and not b.problems.any_broken("load", "flows") and doc.locustfile is None:
        flows = _default_flows(b, doc)
    return Asked(doc, flows, _points(b, doc, len(flows)))


def build_load(b: Binding, asked: Asked, warp: Warp) -> Load:
    """The load on wall time, with as many slots as its rate and deadlines need."""
    rates = tuple(RatePoint(warp.wall(at), rate) for at, rate in asked.points)
    peak = max((point.per_s for point in rates), default=0.0)
    longest = max((flow.deadline_s for flow in asked.flows), default=0.0)
    slots = asked.doc.slots
    if slots is not None and slots < peak * longest:
        need = math.ceil(peak * longest * SPARE_SLOTS) + 10
        b.add(
            ("load", "slots"),
            f"{slots} slots cannot hold {peak:g}/s for a deadline of {longest:g} s (up to {math.ceil(peak * longest)}"
            f" requests in flight); write slots: {need}, or leave it out",
        )
    computed = math.ceil(peak * longest * SPARE_SLOTS) + 10
    return Load(rates, asked.flows, asked.doc.arrivals, asked.doc.connections, slots or computed)


def _default_flows(b: Binding, doc: LoadDoc) -> tuple[Flow, ...]:
    if b.stack is None:
        return ()
    entries = [(s.name, s.entry) for s in b.stack.services if s.entry is not None and s.entry.protocol == "http"]
    flows = tuple(Flow(name, name, entry.port, path=entry.path, deadline_s=doc.deadline) for name, entry in entries)
    if not flows:
        b.add(
            ("load",) if b.doc.load else (),
            "nobody sends requests: the stack has no http entry; add the label"
            ' regionfall.entry: "8080/http/" to a service',
        )
        return ()
    asked = ", ".join(f"{f.name} (GET {f.path})" for f in flows[:6]) + (", …" if len(flows) > 6 else "")
    b.notes.append(f"No flows in the file: every entry is asked {DEFAULT_RATE:g}/s unless it names a rate: {asked}.")
    return flows


def _points(b: Binding, doc: LoadDoc, flows: int) -> tuple[tuple[float, float], ...]:
    if doc.rate is None:
        return ((0.0, DEFAULT_RATE * max(flows, 1)),)
    points = [(point.at, point.rate) for point in doc.rate]
    for index, (at, rate) in enumerate(points):
        if index and at <= points[index - 1][0]:
            b.add(("load", "rate", index, "at"), "rate points go forward in time; this one is not after the one before")
        if rate <= 0 or rate > 100_000:
            b.add(("load", "rate", index, "rate"), f"a rate of {rate:g}/s; write one above 0 and up to 100000/s")
    if not points:
        b.add(("load", "rate"), "an empty list; write a rate as 120/s, or points as {at: 0s, rate: 120/s}")
    return tuple(points) or ((0.0, DEFAULT_RATE),)


def _flow(b: Binding, name: str, doc: FlowDoc, load: LoadDoc) -> Flow | None:
    path: Path = ("load", "flows", name)
    method, url = _request(b, path, doc)
    deadline = load.deadline if doc.deadline is None else doc.deadline
    if not 0 < deadline <= 600:
        where = (*path, "deadline") if doc.deadline is not None else ("load", "deadline")
        b.add(where, f"a deadline of {deadline:g} s; write one above 0 s and up to 10m")
    ok = ok_status(b, (*path, "ok", "status"), doc.ok)
    entry = _entry(b, path, name, doc)
    if entry is None:
        return None
    body = json.dumps(doc.body, ensure_ascii=False) if doc.body is not None else ""
    if body and method in ("GET", "HEAD"):
        b.add((*path, "json"), f"a {method} has no body; use post, put or patch, or remove json")
    return Flow(name, doc.service or name, entry.port, method, url or entry.path, body, doc.weight, deadline, ok)


def _entry(b: Binding, path: Path, name: str, doc: FlowDoc) -> Entry | None:
    """Where the flow comes in. Without a stack a stand-in, so that the rest is still checked."""
    if b.stack is None:
        return Entry(80)
    service = doc.service or name
    where = (*path, "service") if doc.service is not None else path
    entries = {s.name: s.entry for s in b.stack.services if s.entry is not None}
    if service in entries:
        return entries[service]
    if service in {s.name for s in b.stack.services}:
        others = f"one of: {', '.join(entries)}" if entries else "another service"
        b.add(where, f"service {service!r} has no entry; add the label regionfall.entry, or ask {others}")
    else:
        b.add(where, f"unknown service {service!r}; {did_you_mean(service, entries)}", key=doc.service is None)
    return None


def _request(b: Binding, path: Path, doc: FlowDoc) -> tuple[str, str]:
    """Method and path ('' for the entry's own path)."""
    given = [(method, value) for method in METHODS if (value := getattr(doc, method)) is not None]
    if not given:
        return "GET", ""
    if len(given) > 1:
        both = " and ".join(method for method, _ in given)
        b.add((*path, given[1][0]), f"one request per flow; it has {both}", key=True)
    method, url = given[0]
    if not re.fullmatch(r"/[!-~]*", url):
        b.add((*path, method), f"{shown(url)} is not a path; begin with / and write blanks as %20")
    return method.upper(), url


def ok_status(b: Binding, path: Path, doc: OkDoc) -> tuple[int, ...]:
    """Every status that counts as good; `path` is where they are written."""
    found: list[int] = []
    for index, status in enumerate(doc.status):
        klass = re.fullmatch(r"([1-5])xx", status) if isinstance(status, str) else None
        if klass:
            found += range(int(klass[1]) * 100, int(klass[1]) * 100 + 100)
        elif isinstance(status, int) and not isinstance(status, bool) and 100 <= status <= 599:
            found.append(status)
        else:
            b.add((*path, index), f"{shown(status)} is not an HTTP status; write 200, or 2xx")
    if not doc.status:
        b.add(path, "an empty list; no answer would ever be good")
    return tuple(dict.fromkeys(found)) or (200,)
