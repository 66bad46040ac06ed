"""The terminal: calm while it runs, plain where there is no terminal, an answer at the end."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import pytest
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parent))
from report_endings import KINDS, example
from report_fixture import GUESTS

from harness.model.progress import Event, FlowNow, InjectionChanged, PhaseChanged, RunOpened, Said, Tick
from harness.report.plain import PlainLines, as_ascii, as_plain
from harness.report.terminal import LiveTerminal, verdict_table

FLOWS = tuple(FlowNow(guest.name, guest.good, guest.slow_s, 10.0) for guest in GUESTS)
STEADY = tuple(FlowNow(guest.name, 1.0, 0.02, 10.0) for guest in GUESTS)


def _console(width: int = 120, *, terminal: bool = False, encoding: str = "utf-8") -> tuple[Console, io.BytesIO]:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    return Console(file=stream, width=width, height=60, force_terminal=terminal, no_color=not terminal), raw


def _events() -> list[Event]:
    run, _ = example("passed")
    return [
        RunOpened(run.run, ".regionfall/runs/x", run.plan),
        Said("proxies hold, services start"),
        PhaseChanged("steady", -20),
        Tick("steady", -5.0, -450.0, 220.0, (), STEADY),
        InjectionChanged("bridge-full", "holding"),
        PhaseChanged("blind", 10),
        Tick("blind", 30.0, 3600.0, 185.0, ("bridge-full", "dns-changes"), FLOWS),
    ]


def test_the_display_shows_phase_both_clocks_faults_flows_and_time_left() -> None:
    console, raw = _console(terminal=True)
    live = LiveTerminal(console)
    for event in _events():
        live(event)
    with console.capture() as captured:
        console.print(live.block())
    live.close()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", captured.get())
    for part in (
        "blind",
        "08:31 PST",
        "+30 s",
        "3 m 5 s left",
        "bridge-full",
        "slow by 1.5 s",
        "newswire",
        "2.0 %",
        "2 s",
    ):
        assert part in text
    assert raw.getvalue()


def test_the_display_leaves_nothing_behind_and_closing_twice_is_safe() -> None:
    console, _ = _console(terminal=True)
    live = LiveTerminal(console)
    for event in _events():
        live(event)
    live.close()
    live.close()
    assert not live._live.is_started


def test_warnings_and_lost_faults_stay_on_the_screen_above_the_display() -> None:
    console, raw = _console(terminal=True)
    live = LiveTerminal(console)
    for event in (
        *_events(),
        Said("pressure is high", warning=True),
        InjectionChanged("identity", "lost", "somebody removed it"),
    ):
        live(event)
    live.close()
    text = raw.getvalue().decode()
    assert "pressure is high" in text and "fault identity lost: somebody removed it" in text


def test_flows_stand_still_with_those_that_have_an_objective_first() -> None:
    console, _ = _console(terminal=True)
    live = LiveTerminal(console)
    for event in _events():
        live(event)
    names = [flow.flow for flow in live._chosen()]
    live.close()
    assert set(names[:5]) == {"static-east", "air-switch", "signup", "air-off", "loaded-routes"}


def test_plain_lines_tell_every_change_and_the_load_every_ten_seconds_only() -> None:
    moment = [0.0]
    stream = io.StringIO()
    lines = PlainLines(stream, now=lambda: moment[0])
    run, _ = example("passed")
    lines(RunOpened(run.run, "runs/x", run.plan))
    for second in range(100):
        moment[0] = float(second)
        lines(Tick("blind", float(second), 0.0, 100.0 - second, ("bridge-full",), FLOWS))
    lines(InjectionChanged("bridge-full", "healed"))
    lines(PhaseChanged("", 215.0))
    text = stream.getvalue().splitlines()
    assert sum("left;" in line for line in text) == 10
    assert text[-2:] == ["bridge-full healed", "timeline ended"]
    assert "newswire 2.0 % 2 s" in "\n".join(text) or "flex-login 1.0 % 2 s" in "\n".join(text)


def test_a_plain_line_of_a_new_fault_says_what_it_does_to_whom() -> None:
    stream = io.StringIO()
    lines = PlainLines(stream)
    for event in _events()[:5]:
        lines(event)
    assert "bridge-full holding: tag:bridge slow by 1.5 s +- 800 ms" in stream.getvalue()


def test_one_event_is_one_line_whatever_its_text() -> None:
    stream = io.StringIO()
    PlainLines(stream)(Said("first\nsecond\x1b"))
    assert stream.getvalue().count("\n") == 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_end_names_word_reasons_report_and_how_to_repeat(kind: str) -> None:
    run, verdict = example(kind)
    console, raw = _console()
    verdict_table(verdict, run, console, folder=".regionfall/runs/x")
    text = raw.getvalue().decode()
    assert ".regionfall/runs/x/report.html" in text and f"regionfall rerun {run.run}" in text
    assert f"clean-up {verdict.cleanup}" in text
    assert kind in ("passed",) or verdict.reasons[0] in text


def test_no_colour_code_is_written_where_colour_is_off() -> None:
    console, raw = _console()
    verdict_table(example("failed")[1], example("failed")[0], console)
    assert b"\x1b" not in raw.getvalue()


def test_a_terminal_without_unicode_gets_ascii_throughout() -> None:
    console, raw = _console(encoding="ascii")
    verdict_table(example("inconclusive")[1], example("inconclusive")[0], console, folder="runs/x")
    text = raw.getvalue().decode("ascii")
    assert "[?] INCONCLUSIVE" in text and "[x]" in text


@pytest.mark.parametrize("width", [80, 120])
def test_no_row_of_the_table_is_wider_than_the_terminal_or_wrapped(width: int) -> None:
    console, raw = _console(width)
    verdict_table(example("passed")[1], example("passed")[0], console)
    rows = [
        line
        for line in raw.getvalue().decode().splitlines()
        if line.startswith(("✓ ", "✗ ", "≈ ")) and "PASSED" not in line
    ]
    assert len(rows) == len(GUESTS)
    assert all(len(row) <= width for row in rows)


def test_what_came_out_otherwise_than_expected_is_named_in_the_table() -> None:
    console, raw = _console()
    verdict_table(example("failed")[1], example("failed")[0], console)
    row = next(line for line in raw.getvalue().decode().splitlines() if "air-switch " in line)
    assert "down" in row and "survived" in row


def test_the_plain_answer_is_complete_and_can_be_ascii() -> None:
    run, verdict = example("failed")
    text = as_plain(verdict, run, folder="runs/x", ascii_only=True)
    assert text.isascii() and text.startswith("FAILED aws-us-east-1-2021-12-07\n")
    assert all(f"  {guest.name}: " in text for guest in GUESTS)
    assert as_ascii("≥ 99 % → ±") == ">= 99 % -> +-"
