"""Experiments that a program writes: load, steady, inject, hold, recover, expect."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from harness.analysis.verdict import guard_reasons
from harness.faults.catalogue import CATALOGUE
from harness.journal.manifest import read_record
from harness.model.errors import CleanupUnverified, HarnessError, Inconclusive, ResilienceFailed, UsageError
from harness.model.fault import State
from harness.model.finding import Answer, Finding, Verdict
from harness.model.progress import Event
from harness.report.failure import failure_text, undecided_text
from harness.runner.rig import StopClock
from harness.script.band import CALM_SECONDS
from harness.script.edge import Edge, edge_named
from harness.script.question import Question, probe_of
from harness.spec.durations import parse_duration
from harness.spec.script import Script
from harness.wiring.live import LiveRun
from harness.wiring.proxy import Hands

if TYPE_CHECKING:
    from harness.script.cluster import Cluster

STEADY = "8s"
"""The baseline where a program asks for none before it breaks something."""
SETTLE_S = 30.0
"""How long a stack may take to get back to its baseline before it is made anew."""
WARM_UP_S = 2.0

BESIDE = frozenset({"share", "flap", "ramp", "gray"})
"""What stands beside a symptom and is none itself."""

Listen = Callable[[Event], None]


class Fault:
    """One fault of a program: holds within its `with`."""

    def __init__(self, chaos: Chaos, on: str, how: Mapping[str, Any], id_: str, phase: str) -> None:
        self._chaos, self._on, self._how, self._id, self._phase = chaos, on, how, id_, phase
        self.name = ""
        """Its id in the run, '' before it holds."""

    @property
    def words(self) -> str:
        """What it is, as it was written."""
        how = " ".join(f"{kind}" if value is True else f"{kind} {value}" for kind, value in self._how.items())
        return f"{how} on {self._on}"

    def __enter__(self) -> Fault:
        __tracebackhide__ = True
        self._chaos.entered(self)
        try:
            self.name = self._chaos.load_now.inject(self._on, self._how, id_=self._id, phase=self._phase)
        except BaseException as error:  # its `with` was never entered, so nobody will leave it: the load lifts it
            self._chaos.left(self)
            if not isinstance(error, Exception):
                self._chaos.never_mind(self)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._chaos.left(self)
        state = self._chaos.load_now.lift(self.name) if self.name else State.HEALED
        if state is State.STUCK and error is None:
            raise CleanupUnverified(f"{self.words} may still hold; run: regionfall heal")


class Chaos:
    """Experiments on one cluster, from one thread. What `load`, `inject` and `expect` take is the file's grammar.

    Durations are texts with units (`"10s"`), rates `"50/s"`, shares `"35%"`.
    """

    def __init__(
        self, cluster: Cluster, name: str, *, seed: int | None = None, listener: Listen = lambda event: None
    ) -> None:
        self.cluster, self.name, self.seed = cluster, name, seed
        self._listener = listener
        self._run: LiveRun | None = None
        self._last: LiveRun | None = None
        self._clock = StopClock()
        self._probes: dict[str, Mapping[str, Any]] = {}
        self.hands = Hands(name)
        """Edges whose bare proxy the program has."""
        self._written: list[Fault] = []
        self._inside: list[Fault] = []

    # -- load

    @contextmanager
    def load(
        self,
        *flows: str | Mapping[str, Mapping[str, Any]],
        rate: str | None = None,
        deadline: str | None = None,
        arrivals: str | None = None,
        connections: str | None = None,
    ) -> Iterator[Chaos]:
        """Requests at the intended rate from now to the end of the scope, whether or not the stack keeps up.

        `flows`: names of services with an entry label (GET on its path), or mappings `{name: {service, post, json, …}}`
        as in `load.flows` of a file; none: every entry. `rate` is the total, default 20/s a flow.
        """
        if self._run is not None:
            raise UsageError("a load runs already; one `with chaos.load(…)` at a time, with several flows in it")
        options = {"rate": rate, "deadline": deadline, "arrivals": arrivals, "connections": connections}
        wanted: dict[str, Any] = {key: value for key, value in options.items() if value is not None}
        if named := _flows(flows):
            wanted["flows"] = named
        run = self._settled(wanted)
        try:
            yield self
        except BaseException as error:
            self._ended(run, error)
            raise
        self._ended(run, None)

    def steady(self, for_: str = STEADY, /, **expect: Mapping[str, Any]) -> None:
        """The baseline: nothing is broken for so long. `expect`: what must hold, `web={"availability": ">= 99%"}`.

        Raises Inconclusive when it does not hold.
        """
        __tracebackhide__ = True
        run = self.load_now
        if run.script.steady_s is not None:
            raise UsageError("the baseline of this load was measured already; let time pass with hold()")
        run.steady(_seconds("steady", for_), expect)
        if not self.cluster.used_by:
            self.cluster.bands.learn(run.script.load, run.flows)

    def inject(self, on: str, *how: str, id: str = "", phase: str = "", **settings: Any) -> Fault:
        """A fault on a target while its `with` lasts: `inject("orders->db", slow="300ms")`, `inject("db", "kill")`.

        `on` and the symptom are those of an experiment file (`share="35%"` beside it); a region alone means blackout.
        `phase` names the time in which it holds, for `expect`. Returns a context manager; entering raises Inconclusive
        when the fault does not take hold, InvalidFile when it cannot be had.
        """
        fault = Fault(self, on, _how(how, settings), id, phase)
        self._written.append(fault)
        return fault

    def hold(self, for_: str, /, *, phase: str = "") -> None:
        """Let time pass, with whatever holds; `phase` names the time from now on."""
        __tracebackhide__ = True
        if phase:
            self.load_now.phase(phase)
        self.load_now.wait(_seconds("hold", for_))

    def recover(self, for_: str, /) -> None:
        """Let time pass after everything was lifted."""
        __tracebackhide__ = True
        if holding := self.load_now.holding:
            raise UsageError(f"recover() while a fault holds ({', '.join(holding)}); leave its `with` first")
        self.load_now.wait(_seconds("recover", for_))

    # -- what there is

    def edge(self, name: str) -> Edge:
        """One edge, `"orders->db"`; with the port where there are several. UsageError names those that there are."""
        return Edge(self, edge_named(self.cluster.workspace.project().stack.edges, name))

    def probe(self, name: str, /, **how: Any) -> Question:
        """A question in the grammar of the file: `probe("pool", sql={"at": "db:5432", "query": "…"}, every="1s")`.

        Asked at its interval in every load that begins after this; `expect(name, holds="100%")` judges the answers.
        """
        question = Question(self, name, probe_of(self, name, how, self.cluster.workspace.directory / self.name))
        if self._run is not None:
            raise UsageError(f"probe {name!r} while a load runs; declare it before `with chaos.load(…)`")
        self._probes[name] = how
        return question

    # -- answers

    def expect(
        self,
        subject: str,
        *,
        phases: list[str] | None = None,
        after: str | None = None,
        existential: bool | None = None,
        **limits: str,
    ) -> None:
        """What must have held in the last load, for a flow or an edge `a->b`: `p99="< 800ms", availability=">= 99%"`.

        Default phases: those in which a fault held, and all later ones. Raises ResilienceFailed with the evidence,
        Inconclusive when the fault was not proved or the data do not decide.
        """
        __tracebackhide__ = True
        if self._run is not None:
            raise UsageError("expect() judges a load that is over; move it out of `with chaos.load(…)`")
        if self._last is None:
            raise UsageError("expect() has nothing to judge; write `with chaos.load(…):` before it")
        if not limits:
            raise UsageError(f'expect({subject!r}) without a limit; write availability=">= 99%"')
        scope = {"phases": phases, "after": after, "existential": existential}
        asked = {**limits, **{key: value for key, value in scope.items() if value is not None}}
        self._answered(self._last, subject, asked)

    @property
    def report(self) -> Path | None:
        """The run folder of the last load; report.html and verdict.json lie in it."""
        run = self._run or self._last
        return run.folder if run is not None else None

    # -- for fixtures

    @property
    def load_now(self) -> LiveRun:
        """The load that runs; UsageError outside of one. Breaking something before the baseline measures one first."""
        if self._run is None:
            raise UsageError("no load runs; write `with chaos.load(…):` around it, or nothing would be measured")
        return self._run

    def entered(self, fault: Fault) -> None:
        """A fault is about to hold."""
        __tracebackhide__ = True
        if self.load_now.script.steady_s is None:
            self.steady()
        self.cluster.used_by = self.name
        self._inside.append(fault)

    def left(self, fault: Fault) -> None:
        """A fault was let go."""
        if fault in self._inside:
            self._inside.remove(fault)

    def never_mind(self, fault: Fault) -> None:
        """The program was interrupted; it is not to blame for what it did not get to."""
        self._written.remove(fault)

    def close(self) -> list[str]:
        """End whatever still goes on; answers what the program forgot. CleanupUnverified if a fault may still hold."""
        forgotten = [f"{fault.words} still held at the end; leave its `with`" for fault in self._inside]
        unused = [fault for fault in self._written if not fault.name and fault not in self._inside]
        forgotten += [f"{fault.words} was never entered: write `with chaos.inject(…):`" for fault in unused]
        self._inside, self._written = [], []
        if self._run is not None:
            forgotten.append("the load still ran at the end; leave its `with`")
            self._ended(self._run, None)
        self.hands.give_back()
        return forgotten

    def stop(self, signal_number: int) -> None:
        """A signal asks the load to end in order."""
        self._clock.stop(signal_number)

    # -- inside

    def _answered(self, run: LiveRun, subject: str, asked: Mapping[str, Any]) -> None:
        """Judge; raises what the answer is."""
        __tracebackhide__ = True
        verdict, findings = run.expect(subject, asked)
        _decide(verdict, findings, run.folder)

    def _opened(self, script: Script) -> LiveRun:
        """The run that carries out what is written in `script`."""
        return LiveRun(script, self.cluster.workspace, self.cluster.running, self._listener, self._clock)

    def _settled(self, load: Mapping[str, Any]) -> LiveRun:
        """A load on a stack that is as it was before anything was broken. Inconclusive names whoever it was."""
        before, why = self.cluster.used_by, ""
        for fresh in (False, True):
            if fresh:
                self.cluster.recreate()
            run = self._begun(load)
            try:
                why = self._wait_for_band(run, load, before)
            except BaseException as error:
                self._ended(run, error)
                raise
            if not why:
                self.cluster.used_by = before if not fresh else ""
                return run
            self._ended(run, Inconclusive(why))
        raise Inconclusive(f"the stack does not come back to its baseline after {before}, nor made anew: {why}")

    def _begun(self, load: Mapping[str, Any]) -> LiveRun:
        workspace = self.cluster.workspace
        place = workspace.directory / self.name
        compose = tuple(str(file) for file in workspace.files)
        self._clock = StopClock()
        script = Script(place, _name(self.name), load, compose, self.seed, probes=self._probes)
        run = self._opened(script)
        self._run = self._last = run
        try:
            run.start()
        except BaseException as error:
            self._ended(run, error)
            raise
        return run

    def _wait_for_band(self, run: LiveRun, load: Mapping[str, Any], before: str) -> str:
        """'' as soon as some seconds in a row are like the baseline; else why not. A fresh stack only warms up."""
        run.wait(WARM_UP_S)
        if not before:
            return ""
        calm, why, waited = 0, "", 0.0
        while waited < SETTLE_S:
            why = self.cluster.bands.outside(load, run.flows)
            calm = 0 if why else calm + 1
            if calm >= CALM_SECONDS:
                return ""
            run.wait(1.0)
            waited += 1.0
        return why

    def _ended(self, run: LiveRun, error: BaseException | None) -> None:
        self._run = None
        try:
            run.finish(error)
        except HarnessError:
            if error is None:
                raise


def _flows(flows: tuple[str | Mapping[str, Mapping[str, Any]], ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for flow in flows:
        found |= {flow: {}} if isinstance(flow, str) else {name: dict(doc) for name, doc in flow.items()}
    return found


def _how(words: tuple[str, ...], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The symptom as a file has it. Python's `one_way` is `one-way`."""
    found: dict[str, Any] = dict.fromkeys(words, True)
    for name, value in settings.items():
        dashed = name.replace("_", "-")
        found[dashed if dashed in CATALOGUE else name] = value
    return found if found.keys() - BESIDE else {"how": "blackout", **found}


def _seconds(what: str, text: str) -> float:
    try:
        return parse_duration(text)
    except (ValueError, TypeError, AttributeError):
        raise UsageError(f'{what}({text!r}): write how long with a unit, as in {what}("10s")') from None


def _name(text: str) -> str:
    """A name that an experiment may have."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")[:80] or "experiment"


def _decide(verdict: Verdict, findings: tuple[Finding, ...], folder: Path) -> None:
    """surface.md §6: existential counterexample > guard > failed objective > inconclusive objective."""
    __tracebackhide__ = True
    record = read_record(folder)
    failed = [finding for finding in findings if finding.verdict is Answer.FAILED]
    if verdict.cleanup != "verified":
        raise CleanupUnverified(undecided_text(verdict, verdict.reasons[:1], folder))
    if sure := [finding for finding in failed if finding.existential]:
        raise ResilienceFailed(failure_text(verdict, sure, record, folder))
    if guards := guard_reasons(verdict.findings):
        raise Inconclusive(undecided_text(verdict, guards, folder))
    if failed:
        raise ResilienceFailed(failure_text(verdict, failed, record, folder))
    if open_ := [finding for finding in findings if finding.verdict is Answer.INCONCLUSIVE]:
        raise Inconclusive(failure_text(verdict, open_, record, folder))
