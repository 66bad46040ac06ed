"""Before against during, for one injection on one edge: which seconds may be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.analysis.data.arrays import Floats, Ints
from harness.analysis.data.disturbance import Disturbance, touching
from harness.analysis.data.edges import EdgeRows
from harness.analysis.data.events import Hold
from harness.analysis.data.run import RunData, Window
from harness.analysis.data.spans import length_s, minus, overlap_us
from harness.faults.catalogue import cuts_all, type_of
from harness.faults.contract import Proof
from harness.faults.spread.ramp import step_of
from harness.model.fault import Fault
from harness.model.plan import STEADY

SETTLE_US = 1_000_000
"""A heal is written down after it was read back, so the end of a hold is trimmed as well."""
SHORT_US = 3_000_000
"""A hold this short keeps all its seconds."""
EARLY_US = 500_000
"""A fault bites before its read-back is written down: this much before `holding` is not 'before'."""
LEAST_BEFORE_S = 3.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Seconds of one edge before and during a hold. `asked` are the whole seconds of the hold, without settling.

    `others` are injections that held on this edge for most of the time as well; `matched` says that they held
    before as well, so that the difference is not theirs. Seconds in which one cut the edge completely are in neither
    `during` nor `asked`; where none is left, `masked` names it. `misled` names one that led every look-up astray.
    """

    edge: str
    fault: Fault
    rows: EdgeRows
    before: tuple[Window, ...]
    during: tuple[Window, ...]
    asked: tuple[Window, ...]
    others: tuple[Fault, ...] = ()
    matched: bool = True
    masked: str = ""
    misled: str = ""

    def count(self, name: str, windows: Sequence[Window]) -> int:
        """Sum of one count over whole seconds of the windows."""
        return self.rows.total(name, self.rows.within(windows))

    def waits(self, windows: Sequence[Window]) -> tuple[Ints, Ints]:
        """Waits that were answered, and waits after which the caller gave up, microseconds."""
        mask = self.rows.within(windows)
        return self.rows.answered(mask), self.rows.abandoned(mask)

    def rate(self, name: str, windows: Sequence[Window]) -> Floats:
        """One count by second of the windows."""
        values = self.rows.bytes_both if name == "bytes" else self.rows.counts[name]
        return self.rows.grid(values, windows)

    @property
    def last_third(self) -> list[Window]:
        """The end of the hold: a fault that was taken away behind our back bites at first only."""
        if not self.during:
            return []
        start, end = self.during[0][0], self.during[-1][1]
        return minus(self.during, [(start, end - (end - start) // 3)])


def compare(run: RunData, hold: Hold, edge: str, disturbed: Sequence[Disturbance]) -> Comparison | None:
    """The comparison for one edge; None if the injection never held on it."""
    window = _window(hold, edge)
    if window is None:
        return None
    fault, others = hold.injection.fault, _others(run, hold, edge)
    ours = [one.window for one in touching(disturbed, [edge], [(0, window[1])])]
    unhidden = type_of(fault).by_name  # look-ups go on when the edge itself is cut
    hiding = [] if unhidden else [other for other in others if cuts_all(other.injection.fault)]
    cuts = [(other.window[0] - EARLY_US, other.window[1]) for other in hiding if other.window]
    wanted = minus(_on(hold, window), ours)
    asked, during = minus(wanted, cuts), minus(_biting(hold, window), ours + cuts)
    masked = next((other.injection.id for other in hiding), "") if length_s(during) < 1 <= length_s(wanted) else ""
    along = [other for other in others if other.window and 2 * overlap_us(window, other.window) > window[1] - window[0]]
    before, matched = _before(run, window[0], others, along)
    away = _away(hold, window)
    if length_s(away) >= LEAST_BEFORE_S:
        before = minus(away, [_lingering(other) for other in others if other not in along])
    return Comparison(
        edge=edge,
        fault=fault,
        rows=run.edge(edge),
        before=tuple(minus(before, ours)),
        during=tuple(during),
        asked=tuple(asked),
        others=tuple(other.injection.fault for other in along),
        matched=matched,
        masked=masked,
        misled=next((one.injection.id for one in along if _misleads(one.injection.fault)), ""),
    )


def _misleads(fault: Fault) -> bool:
    """Whether no look-up gives the callee's address while it holds."""
    return type_of(fault).proved_by is Proof.MISLED and fault.share >= 1


def _window(hold: Hold, edge: str) -> Window | None:
    """The hold on one edge: one that takes its edges piece by piece took it with one of its steps."""
    climbing, edges = hold.injection.fault.ramp, hold.injection.edges
    if hold.window is None or climbing is None:
        return hold.window
    step = step_of(climbing, edges.index(edge), len(edges))
    if step > len(hold.changes):
        return None
    return (hold.changes[step - 1], hold.window[1]) if step else hold.window


def _others(run: RunData, hold: Hold, edge: str) -> list[Hold]:
    return [
        other
        for other in run.holds
        if other.injection.id != hold.injection.id and edge in other.injection.edges and other.window is not None
    ]


def _parts(hold: Hold, window: Window) -> list[Window]:
    """A hold cut where a fault that flaps went and came; changes are written down when they were read back."""
    if hold.injection.fault.flap is None:
        return [window]
    moments = [window[0], *(at for at in hold.changes if window[0] < at < window[1]), window[1]]
    ends = [*(at - EARLY_US for at in moments[1:-1]), window[1]]
    return [(start, max(start, end)) for start, end in zip(moments[:-1], ends, strict=True)]


def _on(hold: Hold, window: Window) -> list[Window]:
    """The parts of the hold in which it acts: all of it, unless it flaps."""
    return _parts(hold, window)[::2]


def _away(hold: Hold, window: Window) -> list[Window]:
    """The parts of the hold in which a fault that flaps is away, and callers had time to notice."""
    return [(start + SETTLE_US, end) for start, end in _parts(hold, window)[1::2] if end > start + SETTLE_US]


def _biting(hold: Hold, window: Window) -> list[Window]:
    """The parts of the hold in which the effect is looked for: after settling; of a ramp its stronger half."""
    return [_settled(hold.injection.fault, part) for part in _on(hold, window)]


def _settled(fault: Fault, window: Window) -> Window:
    start, end = window
    settle = min(SETTLE_US, max(0, (end - start - SHORT_US) // 4))
    settled, end = start + settle, end - settle // 2
    if fault.ramp_from_s is None or fault.ramp_over_s <= 0:
        return settled, end
    middle = start + min(round(fault.ramp_over_s * 1e6), end - start) // 2
    return (settled, middle) if fault.ramp_from_s > fault.latency_s else (middle, end)


def _before(run: RunData, start: int, others: Sequence[Hold], along: Sequence[Hold]) -> tuple[list[Window], bool]:
    """Seconds since `steady` began: with the same other faults as during; else with none; else all there are."""
    history = [(run.windows.get(STEADY, (run.zero_us, run.zero_us))[0], start - EARLY_US)]
    if along:
        foreign = [_lingering(other) for other in others if other not in along]
        same = minus(history, foreign)
        for other in along:
            same = minus(same, minus(history, [other.window or (0, 0)]))
        if length_s(same) >= LEAST_BEFORE_S:
            return same, True
    alone = minus(history, [_lingering(other) for other in others])
    if length_s(alone) >= LEAST_BEFORE_S:
        return alone, not along
    return minus(history, []), not others


def _lingering(hold: Hold) -> Window:
    start, end = hold.window or (0, 0)
    return start - EARLY_US, end + 2 * SETTLE_US
