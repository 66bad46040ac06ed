"""The whole file."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from types import GenericAlias
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, create_model

from harness.faults.contract import FaultType
from harness.spec.document.expect import BriefDoc, CheckDoc, Expectations, LimitsDoc, SteadyDoc, StopDoc
from harness.spec.document.load import LoadDoc, StackDoc
from harness.spec.document.probes import ProbeDoc
from harness.spec.document.symptoms import SymptomBase
from harness.spec.document.timeline import ClockDoc, PhaseDoc, symptoms_of
from harness.spec.document.types import Duration, Int, Name, Names, Part, Texts, empty, listed, short
from harness.spec.durations import shown


def _version(value: Any) -> Any:
    if value is True or value != 1:
        raise ValueError(f"{shown(value)} is not a version that this program reads; write version: 1")
    return value


_HOW = "Smallest form: the symptom. Default: blackout."
_TIMELINE = "Phases from t=0, the end of steady."


class ExperimentDoc(Part):
    """A regionfall experiment, version 1: `break` for one fault in a few lines, or a `timeline`."""

    version: Annotated[Literal[1], BeforeValidator(_version)] = Field(description="Version of this format.")
    name: Name | None = Field(None, description="Unique; the run's folder is named after it. Default: the file's name.")
    title: str = Field("", description="For people.")
    owner: str = Field("", description="Who answers for it.")
    tags: Names = Field((), description="For `run -m TAG`.", examples=[["gate"]])
    seed: Int | None = Field(
        None, description="Of everything random. Default: from the file's contents.", ge=0, lt=2**63
    )
    stack: StackDoc = Field(default_factory=lambda: empty(StackDoc), description="What is broken.")
    load: LoadDoc | None = Field(None, description="Who asks for what. Default: GET on every entry, 20/s each.")
    steady: SteadyDoc = Field(
        default_factory=lambda: SteadyDoc.model_validate({}),
        description="The baseline: how long, and what must hold in it.",
    )
    clock: ClockDoc | None = Field(None, description="Incidents only: compression of the timeline. Default: real time.")
    break_: str | None = Field(None, alias="break", description="Smallest form: the target.", examples=["us-east-1"])
    how: SymptomBase | None = Field(None, description=_HOW)
    for_: Duration | None = Field(None, alias="for", description="Smallest form: how long. Default 30s.")
    timeline: tuple[PhaseDoc, ...] | None = Field(None, description=_TIMELINE)
    probes: dict[Name, ProbeDoc] = Field(
        default_factory=dict, description="Questions asked of the running stack, for expect, steady and stop."
    )
    plugins: Texts = Field(
        (),
        description="Python files beside this one that add faults. They run on this machine: `run` needs"
        " --allow-host-commands for them.",
        examples=[["faults.py"]],
    )
    expect: Expectations = Field(default_factory=dict, description="Objectives by flow, edge or probe.")
    signature: tuple[CheckDoc, ...] = Field((), description="Replays only: was it the outage that it claims to be?")
    limits: LimitsDoc = Field(
        default_factory=lambda: LimitsDoc.model_validate({}), description="How much this file may break."
    )
    stop: Annotated[tuple[StopDoc, ...], short(listed)] = Field((), description="When to end early.")
    brief: BriefDoc | None = Field(None, description="What people should know before it runs.")


def document_of(types: Iterable[FaultType]) -> type[ExperimentDoc]:
    """The whole file with one key for each of these faults."""
    return _document(tuple(types))


@cache
def _document(types: tuple[FaultType, ...]) -> type[ExperimentDoc]:
    symptoms = symptoms_of(types)
    faults: Any = Annotated[_several(symptoms.fault), short(listed)], Field((), description="What holds in it.")
    phase: Any = create_model("PhaseDoc", __base__=PhaseDoc, __doc__=PhaseDoc.__doc__, faults=faults)
    timeline: Any = _several(phase) | None, Field(None, description=_TIMELINE)
    how: Any = symptoms.how | None, Field(None, description=_HOW)
    words = ExperimentDoc.__doc__
    return create_model("ExperimentDoc", __base__=ExperimentDoc, __doc__=words, how=how, timeline=timeline)


def _several(item: Any) -> Any:
    return GenericAlias(tuple, (item, ...))
