"""What every fault file says about itself: what people write, how it acts, how it is proved, and words for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from harness.faults.parameters import REQUIRED, Parameter, Unit, written
from harness.model.act import ContainerAct
from harness.model.effect import Effect
from harness.model.fault import Fault
from harness.model.units import ratio_text


class ActsOn(StrEnum):
    """What a fault takes hold of, and so which driver makes it so and takes it away again."""

    EDGES = "edges"
    """Proxy and packet filter of the caller's region: `effect` says what holds on each edge."""
    FLAGS = "flags"
    """Services with the label `regionfall.flags`, told through their proxy."""
    SERVICES = "services"
    """Containers."""


class Reach(StrEnum):
    """Which edges a place (region, service, role) stands for."""

    INTO = "into"
    AROUND = "into, out of and inside"
    RIM = "across the rim of"
    INWARD = "from outside into"
    BETWEEN = "between the two sides of"
    """Of a target with two sides (`A | B`): calls from either side to the other."""
    FORTH = "from the left to the right side of"

    @property
    def two_sided(self) -> bool:
        """Whether its target has two sides."""
        return self in (Reach.BETWEEN, Reach.FORTH)


class Proof(StrEnum):
    """Families of proof; each has one file in `harness/analysis/proof/`."""

    SLOW = "slow"
    """Waits grew by what was asked for (`latency_s`, ramps)."""
    FEWER_BYTES = "fewer bytes"
    """Waits grew, or fewer bytes passed."""
    SILENCE = "silence"
    """Callers tried, and nothing came back."""
    BROWNOUT = "brownout"
    """Waits grew, and a share of new connections stayed unanswered."""
    REFUSED = "refused"
    """New connections were reset."""
    LATE_CLOSE = "late close"
    """The callee's end of connections came late by what was asked for (parameter `delay`)."""
    SLICED = "sliced"
    """Packets of answers grew small (parameter `size`)."""
    BROKEN_OFF = "broken off"
    """Answers ended early (parameter `bytes`)."""
    RESET = "reset"
    """Live connections were reset."""
    MOVED = "moved"
    """Something moved on an edge of the service that was told to misbehave."""
    STATUS = "status"
    """Answers carried an error status of the class that was asked for."""
    ABORTED = "aborted"
    """Requests stayed without an answer, and not because their caller gave up."""
    LATE = "late"
    """Single requests waited by what was asked for."""
    CUT_SHORT = "cut short"
    """Answers ended before their length."""
    MISLED = "misled"
    """Look-ups of the callee's name got something else than its address."""
    LATE_NAME = "late name"
    """Look-ups of the callee's name waited by what was asked for."""


class Family(StrEnum):
    """Groups in which people read faults; reports give each a colour."""

    SLOW = "slow"
    CUT = "cut"
    ERRORS = "errors"
    STOPPED = "stopped"
    STARVED = "starved"
    NAMES = "names"
    TOLD = "told"


class ParameterError(ValueError):
    """A value that does not go with the others. `name` is the parameter; `key`: the key is wrong, not its value."""

    def __init__(self, name: str, message: str, *, key: bool = False) -> None:
        super().__init__(message)
        self.name, self.key = name, key


@dataclass(frozen=True, slots=True)
class Asked:
    """A fault as written, every value inside its own bounds and in its base unit, defaults filled in.

    `given` are the names that were written. `hold_s` is how long it will hold on the timeline's own clock (0 if that is
    not known because of another mistake); `wall_s` turns such seconds, counted from its start, into wall seconds.
    """

    kind: str
    values: Mapping[str, Any]
    given: frozenset[str]
    share: float
    hold_s: float
    wall_s: Callable[[float], float]


def plain(asked: Asked) -> Fault:
    """The fault of a kind whose parameters all go to `Fault.params`."""
    params = tuple((name, value) for name, value in asked.values.items() if value is not None)
    return Fault(asked.kind, share=asked.share, params=params)


def no_effect(fault: Fault, elapsed_s: float) -> None:
    """For faults that do not act on edges."""


def never(fault: Fault) -> Iterable[float]:
    """For faults whose effect stays as it is."""
    return ()


@dataclass(frozen=True, slots=True, eq=False)
class FaultType:
    """One entry of the catalogue, complete: nothing else needs to be told that the fault exists.

    `kind` is the key that people write. `effect(fault, elapsed_s)` is what holds on each of its edges `elapsed_s` after
    its start (None: nothing on edges); pure. `changes(fault)` names the moments, in seconds after its start, at which
    that answer changes. `build` makes the fault out of what was written; ParameterError refuses it.
    `full_cut`: with a share of 1 nothing else can be seen on its edges while it holds. `shares`: takes a share of new
    connections; a fault on services a share of them. `per_request`: acts on single requests, so on edges marked http
    only. `by_name`: acts on look-ups of the callee's name (its share as well), so only where that name is asked for.
    `act`: what is done to the container of each of its services; such a fault acts on services. `free`: people
    write names and values of their own instead of parameters. `words` tell the parameters in a plan (default: name and
    value each); `phrase` is what a report says of it; `family` names its colour there.
    `undo` says who takes it away, also with nobody alive. `parts` makes a fault of a user's own out of others
    (`own.py`); its `effect` and proof are then those of its parts.
    """

    kind: str
    symptom: str
    driver: str
    undo: str
    example: str
    proof: str
    cannot: str
    proved_by: Proof
    family: Family
    phrase: Callable[[Fault], str]
    parameters: tuple[Parameter, ...] = ()
    effect: Callable[[Fault, float], Effect | None] = no_effect
    changes: Callable[[Fault], Iterable[float]] = never
    build: Callable[[Asked], Fault] = plain
    acts_on: ActsOn = ActsOn.EDGES
    reach: Reach = Reach.INTO
    shares: bool = False
    full_cut: bool = False
    per_request: bool = False
    by_name: bool = False
    free: bool = False
    act: Callable[[Fault], ContainerAct] | None = None
    words: Callable[[Fault], str] | None = None
    parts: Callable[[Asked], Iterable[Mapping[str, Any]]] | None = None

    @property
    def bare(self) -> bool:
        """Whether its name alone is enough: `how: hang`, `hang: true`."""
        return not self.free and not any(parameter.required for parameter in self.parameters)

    @property
    def short(self) -> Parameter | None:
        """The parameter that the scalar form means."""
        return next((parameter for parameter in self.parameters if parameter.short), None)

    def told(self, fault: Fault) -> str:
        """A fault as a plan tells it: `slow 1.5 s ± 800 ms, 35 % of new connections`."""
        words = self.words(fault) if self.words else " ".join([self.kind, *_settings(self, fault)])
        return words + (f", {ratio_text(fault.share)} of {self.shared}" if fault.share < 1 else "")

    def told_in_a_report(self, fault: Fault) -> str:
        """The same as a phrase: `slow by 1.5 s ± 800 ms, on 35 % of new connections`."""
        phrase = self.phrase(fault)
        return phrase if fault.share >= 1 else f"{phrase}, on {ratio_text(fault.share)} of {self.shared}"

    @property
    def shared(self) -> str:
        """What a share of it is a share of."""
        return "look-ups" if self.by_name else "new connections"


def _settings(type_: FaultType, fault: Fault) -> Iterable[str]:
    values = dict(fault.params)
    for parameter in type_.parameters:
        value = values.get(parameter.name, parameter.default)
        if value is not REQUIRED and value is not None and value != parameter.default:
            name = "" if parameter.short else f"{parameter.name} "
            yield f"{name}{written(parameter.unit, value)}"


SHARE_OF_SERVICES = Parameter(
    "share",
    Unit.SHARE,
    "how many of the services of its target it hits; the seed draws which, `plan` names them",
    default=1.0,
    low=0.0,
    high=1.0,
    example="50%",
)
"""The same word for faults that act on services."""

SHARE_OF_LOOKUPS = Parameter(
    "share",
    Unit.SHARE,
    "how many of the look-ups it hits, exactly counted",
    default=1.0,
    low=0.0,
    high=1.0,
    example="50%",
)
"""The same word for faults that act on look-ups."""

SHARE = Parameter(
    "share",
    Unit.SHARE,
    "how many of the new connections it hits; live ones go on",
    default=1.0,
    low=0.0,
    high=1.0,
    example="35%",
)
"""Takes part in every fault whose type says `shares`."""

ALONE = "act beside bandwidth, slow answers, slicer or another ending on one edge: refused"
KERNEL_UNDO = "the proxy container, at the end of the command, of its lease, of its time; the kernel, 4 s later at most"
PROXY_UNDO = "the proxy container, at the end of the command, of its lease, of its time; its proxies end with it"


class Described(Protocol):
    """A fault, or a way of spreading one."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """As people write them."""


def parameter_rows(type_: Described) -> list[dict[str, str]]:
    """Its parameters as plain rows: name, unit, bounds, default and meaning, all as people read them."""
    share = []
    if isinstance(type_, FaultType) and type_.shares:
        on_services = type_.acts_on is ActsOn.SERVICES
        share = [SHARE_OF_SERVICES if on_services else SHARE_OF_LOOKUPS if type_.by_name else SHARE]
    rows = [_row(parameter) for parameter in (*type_.parameters, *share)]
    if isinstance(type_, FaultType) and type_.free:
        rows.append({"name": "NAME", "unit": "any value", "bounds": "", "default": "", "meaning": "as many as wanted"})
    return rows


def _row(parameter: Parameter) -> dict[str, str]:
    default = parameter.default
    shown = "" if parameter.required or default is None else written(parameter.unit, default)
    row = {"name": parameter.name, "unit": str(parameter.unit), "bounds": parameter.bounds, "default": shown}
    return row | {"meaning": parameter.meaning}
