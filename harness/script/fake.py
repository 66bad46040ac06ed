"""A cluster that is none: every move is checked as a real one is, nothing is started, and answers are given by order.

For testing one's tests: a test that still passes when every answer is "failed" expects nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, cast

from harness.model.errors import Inconclusive, ResilienceFailed, UsageError
from harness.model.fault import State
from harness.model.progress import FlowNow
from harness.script.chaos import Chaos
from harness.script.cluster import Cluster
from harness.spec.script import Script
from harness.wiring.live import LiveRun
from harness.wiring.workspace import Workspace

ANSWERS = ("passed", "failed", "inconclusive")


class FakeCluster(Cluster):
    """The project of some Compose files, read and never started. `answers`: subject of `expect` -> its answer."""

    def __init__(self, workspace: Workspace, answer: str = "passed") -> None:
        super().__init__(workspace)
        self.answer = answer
        """What `expect` answers for subjects that `answers` does not name."""
        self.answers: dict[str, str] = {}

    def up(self) -> Self:
        """Read the project: InvalidFile for one that a real cluster could not start."""
        self.workspace.project()
        return self

    def down(self) -> None:
        """Nothing is up."""

    def recreate(self) -> None:
        """As good as new."""
        self.used_by = ""

    @property
    def running(self) -> Any:
        """Always UsageError."""
        raise UsageError("this cluster is a fake (--chaos-fake): nothing runs that could be asked")

    @property
    def urls(self) -> dict[str, str]:
        """Nobody answers anywhere."""
        return {}

    def chaos(self, name: str = "experiment", *, seed: int | None = None) -> Chaos:
        """The same moves, in no time."""
        return FakeChaos(self, name, seed=seed)

    def run(self, *_: Any, **__: Any) -> Any:
        """Always UsageError."""
        raise UsageError("this cluster is a fake (--chaos-fake): it runs no experiment file")

    def answer_for(self, subject: str) -> None:
        """Raises what was ordered for a subject: nothing, ResilienceFailed or Inconclusive."""
        __tracebackhide__ = True
        answer = self.answers.get(subject, self.answer)
        if answer not in ANSWERS:
            raise UsageError(f"a fake cluster answers {', '.join(ANSWERS)}; not {answer!r}")
        if answer == "failed":
            raise ResilienceFailed(f"{subject}: failed by order (--chaos-fake); nothing was measured")
        if answer == "inconclusive":
            raise Inconclusive(f"{subject}: inconclusive by order (--chaos-fake); nothing was measured")


class FakeChaos(Chaos):
    """`Chaos` on a fake cluster."""

    cluster: FakeCluster

    def _opened(self, script: Script) -> LiveRun:
        return cast(LiveRun, FakeRun(script, self.cluster.workspace))

    def _wait_for_band(self, run: LiveRun, load: Mapping[str, Any], before: str) -> str:
        return ""

    def _answered(self, run: LiveRun, subject: str, asked: Mapping[str, Any]) -> None:
        __tracebackhide__ = True
        cast(FakeRun, run).expected(subject, asked)
        self.cluster.answer_for(subject)


class FakeRun:
    """What `Chaos` asks of a run, on a clock that only `wait` moves."""

    folder = None
    flows: tuple[FlowNow, ...] = ()

    def __init__(self, script: Script, workspace: Workspace) -> None:
        self.script, self._workspace = script, workspace
        self._now_s, self._zero_s = 0.0, 0.0

    @property
    def holding(self) -> tuple[str, ...]:
        """Faults that hold now."""
        return self.script.holding

    def start(self) -> None:
        """InvalidFile for a load that cannot be had."""
        self._plan()

    def steady(self, for_s: float, expect: Mapping[str, Any]) -> None:
        """The baseline: what it expects holds."""
        self.script.steady(for_s, self._now_s, expect)
        self._plan()
        self._now_s += for_s
        self._zero_s = self._now_s

    def inject(self, on: str, how: Mapping[str, Any], *, id_: str = "", phase: str = "") -> str:
        """The fault's id; InvalidFile for one that cannot be had."""
        name = self.script.broken(on, how, self._wall_s(), id_=id_, phase=phase)
        self._plan()
        return name

    def lift(self, name: str) -> State:
        """It ends."""
        self.script.mended(name, self._wall_s())
        return State.HEALED

    def phase(self, name: str) -> None:
        """Time from now on is called `name`."""
        self.script.phase(name, self._wall_s())

    def wait(self, seconds: float) -> None:
        """No time passes but this one's."""
        self._now_s += seconds

    def expected(self, subject: str, asked: Mapping[str, Any]) -> None:
        """InvalidFile for what could not be judged."""
        self.script.expect.setdefault(subject, []).append(dict(asked))
        self._plan()

    def finish(self, error: BaseException | None = None) -> None:
        """Nothing is open any more."""
        for name in self.script.holding:
            self.script.mended(name, self._wall_s())
        self.script.done(max(self._wall_s(), 1.0))

    def _wall_s(self) -> float:
        return self._now_s - self._zero_s

    def _plan(self) -> None:
        self.script.plan(self._workspace.read_stack)
