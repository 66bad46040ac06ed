"""All HAProxys of one border: one for every caller that has `http` edges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from harness.containers.border.config import Config, EdgeConfig, Endpoint
from harness.containers.border.cuts import PART_PORT
from harness.containers.border.layer7.process import Counted, Gate, Rules
from harness.containers.border.layer7.runtime import GateError
from harness.model.effect import EdgeState
from harness.model.request_fault import Answer


class Gates:
    """Empty for a border without `http` edges: no process, no cost. Safe to call from several threads."""

    def __init__(self, config: Config, replaced: Callable[[str, str, str], None]) -> None:
        self._edges = {number: edge for number, edge in enumerate(config.edges) if edge.http}
        self._caller = {edge.id: edge.caller for edge in self._edges.values()}
        callers = dict.fromkeys(self._caller.values())
        self.gates = {
            caller: Gate(caller, place, self._of(caller), partial(replaced, caller))
            for place, caller in enumerate(callers)
        }
        self._applied: Rules = {}
        self._cutting: tuple[str, ...] = ()
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="gates")

    def start(self) -> None:
        """Starts all of them; GateError if one does not start."""
        list(self._pool.map(lambda gate: gate.start(), self.gates.values()))

    def apply(self, states: Mapping[str, EdgeState]) -> None:
        """Makes the request faults of these states so, and no others. A rule that stays keeps its count."""
        self._applied = {edge: state.requests for edge, state in states.items() if state.requests}
        cutting = (edge for edge, rules in self._applied.items() if any(rule.answer is Answer.CUT for rule in rules))
        self._cutting = tuple(dict.fromkeys([*self._cutting, *(self._caller[edge] for edge in cutting)]))
        busy = [gate.caller for gate in self.gates.values() if gate.busy or self._part(gate.caller)]
        self._each(busy, lambda gate: gate.apply(self._part(gate.caller)))

    def read(self, edges: Iterable[str]) -> Rules:
        """Rules by edge, of all callers of these edges; edges whose HAProxy does not answer are left out."""
        return self._each({self._caller[edge] for edge in edges if edge in self._caller}, lambda gate: gate.read())

    def keep(self) -> set[str]:
        """Prolongs what holds; returns edges on which rules ran out or were taken away."""
        return set().union(*self._pool.map(lambda gate: gate.keep(), self.gates.values())) if self.gates else set()

    def tend(self) -> bool:
        """Replaces those that died or do not answer; whether all rules are as wanted."""
        answers = [gate.tend() for gate in self.gates.values()]  # all are asked, whatever the first one says
        return all(answers)

    def strangers(self) -> list[str]:
        """Edges that carried something that is not HTTP since the last call."""
        found = []
        for gate in self.gates.values():
            try:
                found.append(gate.strange())
            except GateError as error:
                print(f"HAProxy of {gate.caller}: {error}", flush=True)
        return [edge for edge in found if edge]

    def cutting(self) -> dict[str, Counted]:
        """What was counted on the edges of callers of whose answers some are, or once were, cut short."""
        found: dict[str, Counted] = {}
        for caller in self._cutting:
            try:
                found |= self.gates[caller].counted()
            except GateError as error:
                print(f"HAProxy of {caller}: {error}", flush=True)
        return found

    def fronts(self) -> Mapping[Endpoint, EdgeConfig]:
        """Where they listen for callers."""
        first = {edge.at: edge for edge in self._edges.values()}
        return first | {(edge.listen, PART_PORT + number): edge for number, edge in self._edges.items()}

    def stop(self) -> None:
        """Ends all of them."""
        for gate in self.gates.values():
            gate.stop()

    def _of(self, caller: str) -> dict[int, EdgeConfig]:
        return {number: edge for number, edge in self._edges.items() if edge.caller == caller}

    def _part(self, caller: str) -> Rules:
        return {edge: rules for edge, rules in self._applied.items() if self._caller[edge] == caller}

    def _each(self, callers: Iterable[str], act: Callable[[Gate], Rules]) -> Rules:
        """Rules of every edge of these callers, () where there are none."""

        def safely(caller: str) -> Rules:
            try:
                found = act(self.gates[caller])
            except GateError as error:
                print(f"HAProxy of {caller}: {error}", flush=True)
                return {}
            return {edge.id: () for edge in self._of(caller).values()} | found

        answers = self._pool.map(safely, list(callers))
        return {edge: rules for answer in answers for edge, rules in answer.items()}
