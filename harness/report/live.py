"""The calm display of a running experiment: one block that redraws in place, once a second."""

from __future__ import annotations

from collections import deque

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from harness.model.plan import Plan
from harness.model.progress import Event, FlowNow, InjectionChanged, PhaseChanged, RunOpened, Said, StepChanged, Tick
from harness.model.units import duration_text, ratio_text
from harness.report.clock import Clock
from harness.report.plain import as_ascii, step_text
from harness.report.words import MISSING, fault_words

ROWS = 14
"""Flows on display at most; those with an objective come first, the others are counted."""

SAID = 3
"""Last words that stay in sight while nothing runs yet."""


class LiveTerminal:
    """A listener for a terminal. `close()` takes the display away, so that the table can follow."""

    def __init__(self, console: Console) -> None:
        self._console, self._ascii = console, console.options.ascii_only
        self._live = Live(
            console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self._said: deque[Text] = deque(maxlen=SAID)
        self._plan: Plan | None = None
        self._clock: Clock | None = None
        self._tick: Tick | None = None
        self._baseline: dict[str, list[float]] = {}

    def __call__(self, event: Event) -> None:
        """Shows one event."""
        match event:
            case RunOpened():
                self._plan, self._clock = event.plan, Clock(event.plan)
            case Tick():
                self._tick = event
                self._learn(event)
            case Said():
                self._say(event)
            case InjectionChanged() if event.state in ("lost", "stuck"):
                detail = f": {event.detail}" if event.detail else ""
                self._print(f"fault {event.injection} {event.state}{detail}", "magenta")
            case StepChanged():
                self._print(step_text(event), "" if event.state in ("started", "worked") else "yellow")
            case PhaseChanged() | InjectionChanged():
                pass
        self._show()

    def close(self) -> None:
        """Ends the display; safe to repeat."""
        if self._live.is_started:
            self._live.update(Text(""), refresh=True)
            self._live.stop()

    def _show(self) -> None:
        if not self._live.is_started:
            self._live.start()
        self._live.update(self.block(), refresh=True)

    def _say(self, said: Said) -> None:
        if said.warning:
            self._print(f"! {said.text}", "yellow")
        elif self._tick is None:
            self._said.append(Text(self._text(said.text), style="dim"))

    def _print(self, text: str, style: str) -> None:
        self._console.print(Text(self._text(text), style=style), highlight=False, soft_wrap=True)

    def _learn(self, tick: Tick) -> None:
        """Remembers the good share before t=0, so that only what left it stands out."""
        if tick.wall_s < 0:
            for flow in tick.flows:
                if flow.availability is not None:
                    self._baseline.setdefault(flow.flow, []).append(flow.availability)

    # -- what is drawn

    def block(self) -> RenderableType:
        """The whole display as it is now."""
        if self._tick is None or self._plan is None or self._clock is None:
            return Group(*self._said)
        return Group(
            self._head(self._tick, self._clock), self._bar(self._tick, self._plan), *self._faults(), self._flows()
        )

    def _head(self, tick: Tick, clock: Clock) -> Text:
        zone = f" {clock.zone}" if clock.zone else ""
        moment = f"   {clock.label(tick.wall_s)}{zone}" if clock.incident else ""
        left = f"   {tick.wall_s:+.0f} s   {duration_text(max(round(tick.left_s), 0))} left"
        return Text.assemble((self._text("▶ "), "blue"), (tick.phase, "bold"), (moment, "bold"), (left, "dim"))

    def _bar(self, tick: Tick, plan: Plan) -> Text:
        width = max(min(self._console.width - 2, 76), 10)
        share = (tick.wall_s - plan.start_s) / max(plan.end_s - plan.start_s, 1e-9)
        done = round(width * min(max(share, 0.0), 1.0))
        full, empty = ("#", "-") if self._ascii else ("━", "─")
        return Text.assemble((full * done, "blue"), (empty * (width - done), "dim"))

    def _faults(self) -> list[Text]:
        if self._tick is None or self._plan is None:
            return []
        if not self._tick.holding:
            return [Text("  no fault holds", style="dim")]
        words = {injection.id: fault_words(injection.fault) for injection in self._plan.injections}
        lines = [
            Text.assemble((self._text("  ■ "), "magenta"), name, (self._text(f"  {words.get(name, '')}"), "dim"))
            for name in self._tick.holding
        ]
        for line in lines:
            line.truncate(max(self._console.width - 1, 20), overflow="crop" if self._ascii else "ellipsis")
        return lines

    def _flows(self) -> RenderableType:
        table = Table(box=None, padding=(0, 2, 0, 2), show_edge=False, header_style="dim")
        table.add_column("flow", no_wrap=True, overflow="ellipsis" if not self._ascii else "crop")
        for name in ("good", "p95", "per s"):
            table.add_column(name, justify="right", no_wrap=True)
        flows = self._chosen()
        for flow in flows[:ROWS]:
            table.add_row(*self._row(flow))
        if len(flows) > ROWS:
            table.add_row(Text(f"and {len(flows) - ROWS} more", style="dim"))
        return table

    def _chosen(self) -> list[FlowNow]:
        """In the plan's order, so that rows stand still; those with an objective first."""
        asked = {objective.subject for objective in self._plan.objectives} if self._plan else set()
        return sorted(self._tick.flows if self._tick else (), key=lambda flow: flow.flow not in asked)

    def _row(self, flow: FlowNow) -> tuple[Text, Text, Text, Text]:
        style = self._style(flow)
        good = MISSING if flow.availability is None else ratio_text(flow.availability)
        p95 = MISSING if flow.p95_s is None else duration_text(flow.p95_s)
        return (
            Text(flow.flow),
            Text(self._text(good), style=style),
            Text(self._text(p95)),
            Text(f"{flow.per_s:.0f}", style="dim"),
        )

    def _style(self, flow: FlowNow) -> str:
        before = self._baseline.get(flow.flow)
        if flow.availability is None or not before:
            return ""
        usual = sum(before) / len(before)
        if flow.availability >= 0.95 * usual:
            return "green"
        return "red" if flow.availability < 0.5 * usual else "yellow"

    def _text(self, text: str) -> str:
        return as_ascii(text) if self._ascii else text
