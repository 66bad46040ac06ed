"""Samples and edge counters as one series per flow and edge on a shared axis. Pure, by numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from harness.model.load import Outcome
from harness.model.record import EdgeSecond, Record
from harness.report.clock import windows, zero_us

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MAX_BINS = 900
"""A chart has at most this many points a line; longer runs get wider bins, so that a page stays small."""

QUANTILES = (0.50, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Samples:
    """All rows of a run as columns; `due_s` is wall seconds from t=0."""

    flows: tuple[str, ...]
    flow: Ints
    due_s: Floats
    latency_s: Floats
    good: NDArray[np.bool_]
    unanswered: NDArray[np.bool_]
    """Rows that stand at their deadline because no answer came in time."""

    def window(self, flow: str, start_s: float, end_s: float) -> WindowStats:
        """What became of one flow's intended requests that were due in the half-open window."""
        if flow not in self.flows:
            return NOTHING
        rows = (self.flow == self.flows.index(flow)) & (self.due_s >= start_s) & (self.due_s < end_s)
        count = int(rows.sum())
        if not count:
            return NOTHING
        order = np.argsort(self.latency_s[rows], kind="stable")
        rank = order[max(ceil(0.95 * count) - 1, 0)]
        return WindowStats(
            n=count,
            good=float(self.good[rows].mean()),
            p95_s=float(self.latency_s[rows][rank]),
            p95_over_deadline=bool(self.unanswered[rows][rank]),
        )


@dataclass(frozen=True, slots=True)
class WindowStats:
    """One flow in one window. `good` and `p95_s` are None without a row."""

    n: int
    good: float | None
    p95_s: float | None
    p95_over_deadline: bool = False


NOTHING = WindowStats(0, None, None)


@dataclass(frozen=True, slots=True)
class FlowSeries:
    """One flow per bin: intended and good requests per second, share good, quantiles in seconds (NaN: no row)."""

    flow: str
    offered: Floats
    good: Floats
    share: Floats
    p50: Floats
    p95: Floats
    p99: Floats


@dataclass(frozen=True, slots=True)
class Series:
    """Every line of the page on one axis: `times` are the starts of bins of `step_s` wall seconds, from t=0."""

    times: Floats
    step_s: float
    flows: dict[str, FlowSeries]
    edges: dict[str, Floats]
    """Bytes per second, both directions."""
    samples: Samples

    @property
    def end_s(self) -> float:
        """End of the last bin; 0 where there is none."""
        return float(self.times[-1]) + self.step_s if self.times.size else 0.0


def build_series(record: Record) -> Series:
    """All series of a run, warm-up left out; an aborted run gives as many bins as it lived."""
    samples = _columns(record)
    start, end = _span(record, samples)
    step = float(max(1, ceil((end - start) / MAX_BINS)))
    times: Floats = start + step * np.arange(ceil((end - start) / step), dtype=np.float64)
    flows = {name: _flow(samples, index, times, step) for index, name in enumerate(samples.flows)}
    return Series(times, step, flows, _edges(record.edge_seconds, zero_us(record), times, step), samples)


def _columns(record: Record) -> Samples:
    names = tuple(flow.name for flow in record.plan.load.flows)
    index = {name: position for position, name in enumerate(names)}
    rows = [sample for sample in record.samples if sample.flow in index]
    slow = {Outcome.TIMEOUT, Outcome.NO_SLOT}
    due = np.array([sample.due_us for sample in rows], dtype=np.float64)
    return Samples(
        flows=names,
        flow=np.array([index[sample.flow] for sample in rows], dtype=np.int64),
        due_s=(due - zero_us(record)) / 1e6,
        latency_s=np.array([sample.latency_us for sample in rows], dtype=np.float64) / 1e6,
        good=np.array([sample.outcome == Outcome.OK for sample in rows], dtype=np.bool_),
        unanswered=np.array([sample.outcome in slow for sample in rows], dtype=np.bool_),
    )


def _span(record: Record, samples: Samples) -> tuple[float, float]:
    """From the start of the first phase to the last thing that was seen, whole seconds."""
    reached = [window for window in windows(record) if window.reached]
    start = floor(min((window.start_s for window in reached), default=record.plan.phases[0].start_s))
    ends = [window.end_s for window in reached]
    if samples.due_s.size:
        ends.append(float(samples.due_s.max()))
    return start, max(ceil(max(ends, default=start)), start)


def _flow(samples: Samples, index: int, times: Floats, step: float) -> FlowSeries:
    mine = samples.flow == index
    bins = _bins(samples.due_s[mine], times, step)
    inside = (bins >= 0) & (bins < times.size)
    bins, latency = bins[inside], samples.latency_s[mine][inside]
    offered = np.bincount(bins, minlength=times.size).astype(np.float64)
    good = np.bincount(bins, weights=samples.good[mine][inside], minlength=times.size)
    p50, p95, p99 = _quantiles(bins, latency, times.size)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(offered > 0, good / offered, np.nan)
    return FlowSeries(samples.flows[index], offered / step, good / step, share, p50, p95, p99)


def _bins(at_s: Floats, times: Floats, step: float) -> Ints:
    start = times[0] if times.size else 0.0
    return np.floor((at_s - start) / step).astype(np.int64)


def _quantiles(bins: Ints, values: Floats, size: int) -> list[Floats]:
    """Nearest rank per bin over all its rows, one array for each of `QUANTILES`."""
    ordered = values[np.lexsort((values, bins))]
    counts = np.bincount(bins, minlength=size)
    first = np.concatenate(([0], np.cumsum(counts)[:-1])) if size else np.zeros(0, dtype=np.int64)
    out = []
    for quantile in QUANTILES:
        line = np.full(size, np.nan)
        filled = counts > 0
        ranks = np.maximum(np.ceil(quantile * counts[filled]).astype(np.int64) - 1, 0)
        line[filled] = ordered[first[filled] + ranks]
        out.append(line)
    return out


def _edges(seconds: Sequence[EdgeSecond], zero: int, times: Floats, step: float) -> dict[str, Floats]:
    lines: dict[str, Floats] = {}
    for second in seconds:
        position = floor(((second.t_us - zero) / 1e6 - times[0]) / step + 1e-9) if times.size else -1
        if 0 <= position < times.size:
            line = lines.setdefault(second.edge, np.zeros(times.size))
            line[position] += (second.up_bytes + second.down_bytes) / step
    return lines
