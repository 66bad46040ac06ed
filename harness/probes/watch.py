"""Asks every probe at its interval for as long as a run lasts. A probe that hangs holds up nobody but itself."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence

from harness.model.errors import NotAnswered, NotMeasured, ProbeError
from harness.model.probe import Outcome, Probe, Reading, bad, unknown
from harness.probes.catalogue import CATALOGUE
from harness.probes.contract import World

SLACK_S = 2.0
"""Beyond its timeout a question has so long to come back (starting a process takes its time); then it is unknown."""

Heard = Callable[[Reading], None]


def ask_once(probe: Probe, world: World, memory: dict[str, str]) -> Outcome:
    """One answer, whatever happens: no answer is bad, everything else that goes wrong is unknown."""
    try:
        return CATALOGUE[probe.kind].measure(probe, world, memory)
    except NotAnswered as error:
        return bad(str(error))
    except (NotMeasured, ProbeError) as error:
        return unknown(str(error))
    except Exception as error:  # a bug of ours in one probe must not end the run, nor pass for an answer
        return unknown(f"internal: {type(error).__name__}")


class Watch:
    """All probes of one run. `heard` is called from the probes' threads."""

    def __init__(
        self,
        probes: Sequence[Probe],
        world: World,
        *,
        now_us: Callable[[], int],
        heard: Heard,
        slack_s: float = SLACK_S,
    ) -> None:
        self.world, self.now_us, self.heard, self.slack_s = world, now_us, heard, slack_s
        self.ended = threading.Event()
        self._rounds = [_Round(probe, self) for probe in probes]

    def start(self) -> None:
        """Begin; the first questions are asked at once."""
        for one in self._rounds:
            one.start()

    def stop(self) -> None:
        """No question is asked any more, and `heard` is not called again. Waits for nobody."""
        self.ended.set()


class _Round:
    """One probe: a thread that keeps the interval, and one that asks. The second may hang, the first may not."""

    def __init__(self, probe: Probe, watch: Watch) -> None:
        self._probe, self._watch = probe, watch
        self._memory: dict[str, str] = {}
        self._questions: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._late = False

    def start(self) -> None:
        """Both threads."""
        for name, body in (("every", self._keep_time), ("asks", self._ask)):
            threading.Thread(target=body, name=f"probe-{self._probe.name}-{name}", daemon=True).start()

    def _ask(self) -> None:
        while True:
            self._questions.get()
            if self._watch.ended.is_set():
                return
            self._answers.put(ask_once(self._probe, self._watch.world, self._memory))

    def _keep_time(self) -> None:
        due, watch = time.monotonic(), self._watch
        while not watch.ended.wait(max(0.0, due - time.monotonic())):
            at_us, begun = watch.now_us(), time.monotonic()
            outcome = self._one()
            took_us = round((time.monotonic() - begun) * 1e6)
            if watch.ended.is_set():
                break
            watch.heard(Reading(at_us, self._probe.name, outcome.state, outcome.value, took_us, outcome.note))
            due = max(due + self._probe.every_s, time.monotonic())
        self._questions.put(None)

    def _one(self) -> Outcome:
        if not self._late:
            self._questions.put(None)
        patience_s = self._probe.timeout_s + self._watch.slack_s
        try:
            outcome = self._answers.get(timeout=patience_s)
        except queue.Empty:
            self._late = True
            return unknown(f"the probe itself did not come back within {patience_s:g} s")
        if self._late:  # the answer to an earlier question is not one to this
            self._late = False
            return unknown("the answer came too late")
        return outcome
