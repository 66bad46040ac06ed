"""What became of every step of the timeline, and which faults held when it was tried."""

from __future__ import annotations

from harness.analysis.data.events import Event, number
from harness.analysis.data.run import RunData
from harness.model.step import Step, StepResult, StepState


def step_results(run: RunData) -> tuple[StepResult, ...]:
    """One result a step, in the order of the plan; steps that were never begun included."""
    return tuple(_result(run, step) for step in run.plan.steps)


def _result(run: RunData, step: Step) -> StepResult:
    began, ended = _event(run, "step_started", step.name), _event(run, "step_ended", step.name)
    at_us = run.events.at_us(began) if began else None
    state, detail = StepState.NOT_RUN, "the run ended before its time, or everything was lifted"
    if began:
        state, detail = StepState.CUT_OFF, "the run ended first"
    if ended:
        state, detail = _state(ended), str(ended.get("detail") or "")
    status = number(ended.get("status"))
    lines = ended.get("lines")
    return StepResult(
        name=step.name,
        kind=str(step.kind),
        what=step.words,
        phase=step.phase,
        state=str(state),
        detail=detail,
        status=None if status is None else int(status),
        at_s=None if at_us is None else run.wall_s(at_us),
        took_s=number(ended.get("took_s")) or 0.0,
        deadline_s=step.deadline_s,
        during=_held(run, at_us, run.events.at_us(ended) if ended else None),
        lines=tuple(str(line) for line in lines) if isinstance(lines, list) else (),
    )


def _event(run: RunData, name: str, step: str) -> Event:
    return next((event for event in run.events.named(name) if event.get("step") == step), {})


def _state(ended: Event) -> StepState:
    try:
        return StepState(str(ended.get("state")))
    except ValueError:
        return StepState.FAILED


def _held(run: RunData, at_us: int | None, end_us: int | None) -> tuple[str, ...]:
    """Injections that held from the step's beginning to its end: what was lifted meanwhile may not have met it."""
    if at_us is None:
        return ()
    last_us = at_us if end_us is None else max(at_us, end_us)
    windows = ((hold.injection.id, hold.window) for hold in run.holds)
    return tuple(name for name, window in windows if window and window[0] <= at_us and last_us < window[1])
