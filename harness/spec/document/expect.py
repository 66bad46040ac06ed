"""`expect`, `steady`, `signature`, `stop` and `limits`: what must hold, what must be seen, and where to end."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema, create_model

from harness.model.objective import Limit
from harness.spec.document.types import Duration, Flag, Int, Name, Names, Part, listed, short
from harness.spec.limits import parse_limit
from harness.spec.metrics import METRICS, Metric, Value


def _limit_type(metric: Metric) -> Any:
    number = {"type": ["string", "number"]} if metric.value is Value.RATIO else {"type": "string"}
    schema = WithJsonSchema({**number, "examples": [metric.example]})
    return Annotated[Limit, PlainValidator(partial(parse_limit, metric.name)), schema]


def _metric_fields() -> dict[str, Any]:
    return {
        name: (_limit_type(metric) | None, Field(None, description=f"{metric.meaning} ({metric.subject})."))
        for name, metric in METRICS.items()
    }


class _ExpectBase(Part):
    """Limits of metrics of one flow, edge or probe, scoped to phases."""

    phases: Names | None = Field(None, description="Default: phases in which a fault holds, and all later ones.")
    after: Name | None = Field(
        None, description="recovers_within and within: phase from whose end the time is counted."
    )
    existential: Flag = Field(False, description="One counterexample decides, whatever else holds.")


class _CheckBase(Part):
    """One check of a signature point: a flow or an edge with one metric, or an order of recoveries."""

    point: Int = Field(description="Number of the signature point.", ge=1, le=999)
    role: Literal["effect", "invariant"] = Field(
        description="effect: only with the faults; invariant: with and without."
    )
    tag: Literal["scripted", "calibrated", "emergent"] = Field(description="How the point comes about.")
    flow: Name | None = Field(None, description="Flow that is looked at.")
    edge: str | None = Field(None, description="Edge that is looked at, as a->b or a->b:port.")
    order: Names | None = Field(None, description="Flows in the order in which they must recover.")
    phases: Names | None = Field(
        None, description="Default: invariant: the whole timeline; effect: phases in which what it needs holds."
    )
    after: Name | None = Field(None, description="recovers_within: phase from whose end recovery is counted.")
    needs: Names | None = Field(None, description="Ids of the faults without which an effect cannot be seen.")
    source: str = Field("", description="Where the claim comes from.")
    grade: str = Field("", description="How sure the source is.")
    title: str = Field("", description="For people.")


ExpectDoc: Any = create_model("ExpectDoc", __base__=_ExpectBase, __doc__=_ExpectBase.__doc__, **_metric_fields())
CheckDoc: Any = create_model("CheckDoc", __base__=_CheckBase, __doc__=_CheckBase.__doc__, **_metric_fields())


def limits_of(part: Any) -> dict[str, Limit]:
    """The metrics that an ExpectDoc or CheckDoc names, with their limits, in the order of the catalogue."""
    return {name: getattr(part, name) for name in METRICS if getattr(part, name) is not None}


Expectations = dict[str, Annotated[tuple[ExpectDoc, ...], short(listed)]]
"""Flow, edge, probe or `alert(NAME)` -> one mapping of limits, or a list of them."""


class SteadyDoc(Part):
    """The baseline before anything is broken."""

    for_: Duration = Field(20.0, alias="for", description="Wall time, never scaled. Default 20s.")
    expect: Expectations = Field(default_factory=dict, description="What must hold in it, or the run is inconclusive.")


class StopDoc(Part):
    """Ends the timeline early."""

    when: str = Field(
        description="`FLOW.METRIC < VALUE for DURATION`; also PROBE.holds, PROBE.value, host.memory_free.",
        examples=["checkout.availability < 20% for 10s"],
    )
    verdict: Literal["failed", "inconclusive"] = Field("failed", description="How the run ends then.")


class LimitsDoc(Part):
    """How much this file may break; a fault that would break more is an error."""

    regions: Names | None = Field(None, description="Faults touch only these regions.")
    services: Names | None = Field(None, description="Faults touch only these services.")
    edges: Int | None = Field(None, description="At most so many edges faulted at once.", ge=0)
    faults: Int | None = Field(None, description="At most so many faults at once.", ge=0)
    for_: Duration | None = Field(None, alias="for", description="No fault holds longer (wall time).")
    protect: Names | None = Field(None, description="Services that no fault may select.")


class BriefDoc(Part):
    """For the people at the table."""

    why: str = Field("", description="Why this is run.")
    expected: str = Field("", description="What should be noticed, and when.")
    runbook: str = Field("", description="Where to look.")
