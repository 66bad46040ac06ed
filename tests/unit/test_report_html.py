"""report.html as text: self-contained, escaped, in words that need no glossary."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from report_endings import KINDS, example, facts

from harness.report import write_report
from harness.report.facts import build_facts
from harness.report.html.page import render_page
from harness.report.html.sheet import Axis, Sheet
from harness.report.markdown import render_markdown
from harness.report.sentences import lead

MACHINERY = re.compile(r"\b(cells?|borders?|weaves?|woven|leases?|guardians?|arrivals?|postures?)\b", re.IGNORECASE)


class _Reader(HTMLParser):
    """Splits a page into elements, visible text, styles and scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text, self.style, self.scripts, self.data = "", "", list[str](), ""
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script" and dict(attrs).get("type") != "application/json":
            self.scripts.append("")
            self._inside = "program"

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self.style += data
        elif self._inside == "program":
            self.scripts[-1] += data
        elif self._inside == "script":
            self.data += data
        else:
            self.text += data

    def attributes(self, name: str) -> list[str]:
        return [attrs[name] or "" for _, attrs in self.elements if name in attrs]


@cache
def _page(kind: str) -> _Reader:
    return _Reader(render_page(facts(kind), Path("run"), {}, ""))


@pytest.mark.parametrize("kind", KINDS)
def test_every_ending_has_a_page_a_summary_junit_and_metrics(tmp_path: Path, kind: str) -> None:
    page = write_report(tmp_path, *example(kind))
    assert page == tmp_path / "report.html"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["junit.xml", "metrics.txt", "report.html", "summary.md"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_word_of_the_machinery_is_shown(kind: str) -> None:
    page = _page(kind)
    shown = " ".join([page.text, *page.attributes("aria-label"), *page.attributes("title")])
    assert not MACHINERY.findall(shown)
    assert not MACHINERY.findall(render_markdown(facts(kind)))


def test_the_page_asks_for_nothing_outside_itself() -> None:
    page = _page("passed")
    assert not page.attributes("src") and not [tag for tag, _ in page.elements if tag in ("link", "img", "iframe")]
    assert all(link.startswith("#") for link in page.attributes("href"))
    assert not re.findall(r"@import|url\(", page.style)


def test_the_policy_allows_exactly_this_style_and_these_scripts() -> None:
    page = _page("passed")
    policy = next(attrs["content"] or "" for tag, attrs in page.elements if "http-equiv" in attrs)
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy
    assert len(page.scripts) == 2
    for text in (page.style, *page.scripts):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert not page.attributes("style") and not [
        name for _, attrs in page.elements for name in attrs if name.startswith("on")
    ]


def test_hostile_text_of_guests_stays_text() -> None:
    page = _page("quick")
    assert page.text.count("<img src=x onerror=alert(1)></script>") >= 4
    assert "img" not in [tag for tag, _ in page.elements]
    assert json.loads(page.data)["flows"]["web"]["title"] == "web"


def test_a_flow_named_like_a_closing_tag_cannot_end_the_data(tmp_path: Path) -> None:
    run, verdict = example("quick")
    evil = "</script><script>alert(1)</script>"
    flows = tuple(replace(flow, name=evil) for flow in run.plan.load.flows)
    samples = tuple(replace(sample, flow=evil) for sample in run.samples)
    plan = replace(run.plan, load=replace(run.plan.load, flows=flows))
    page = _Reader(write_report(tmp_path, replace(run, plan=plan, samples=samples), verdict).read_text("utf-8"))
    assert len(page.scripts) == 2
    assert evil in json.loads(page.data)["flows"]


def test_the_first_screen_says_who_survived_who_did_not_and_why() -> None:
    text = " ".join(_page("failed").text.split())
    top = text[: text.index("The outage")]
    assert "FAILED" in top and "4 of 12 survived, 2 were degraded, 6 went down" in top
    assert "Not as expected: Airline, warm standby." in top
    assert "5.4 % answered well and in time" in top
    assert "single region · hit by bridge-full" in top


@pytest.mark.parametrize(("kind", "meaning"), [("inconclusive", "do not decide"), ("errored", "says nothing about")])
def test_what_decided_and_what_to_change_come_before_any_number(kind: str, meaning: str) -> None:
    text = " ".join(_page(kind).text.split())
    assert text.index(meaning) < text.index("What decided, and what to change") < text.index("The outage")
    assert example(kind)[1].reasons[0] in text


def test_a_run_that_measured_nothing_claims_nothing() -> None:
    text = " ".join(_page("errored").text.split())
    assert "Nobody can be said to have survived or not" in text
    assert "The run ended before anything was broken" in text
    assert not re.search(r"(?<!\d)0 %", text.replace("0 – 100 %", ""))


def test_a_plain_experiment_shows_no_fidelity() -> None:
    text = _page("quick").text
    assert "Fidelity" not in text and "replay" not in text and "Was it the outage" not in text


def test_faults_left_out_of_a_control_run_are_said_to_be(tmp_path: Path) -> None:
    run, verdict = example("passed")
    run = replace(run, plan=replace(run.plan, without_faults=True))
    verdict = replace(verdict, injections=())
    text = write_report(tmp_path, run, verdict).read_text("utf-8")
    assert "control run" in text and "left out in this control run" in text and "--no-faults" not in text


def test_a_fault_that_was_not_proved_says_so_on_its_bar_and_in_its_row() -> None:
    text = " ".join(_page("inconclusive").text.split())
    assert "refuses connections effect not proved" in text
    assert "? not proved" in text and "no traffic while it held" in text


def test_logs_are_linked_relative_to_the_page(tmp_path: Path) -> None:
    logs = {"newswire": tmp_path / "logs" / "newswire.log"}
    page = _Reader(write_report(tmp_path, *example("passed"), logs=logs).read_text("utf-8"))
    assert "logs/newswire.log" in page.attributes("href")


def test_a_run_of_fifty_thousand_samples_stays_under_two_megabytes(tmp_path: Path) -> None:
    run, verdict = example("passed")
    run = replace(run, samples=run.samples + run.samples[: 50_000 - len(run.samples)])
    assert len(run.samples) == 50_000
    assert write_report(tmp_path, run, verdict).stat().st_size < 2_000_000


def test_positions_become_rules_and_equal_positions_share_one() -> None:
    sheet = Sheet()
    first, again, other = sheet.place(10, 5), sheet.place(10, 5), sheet.from_right(0)
    assert first == again != other
    assert sheet.css().count("{") == 2
    assert Axis(0, 10).percent(20) == 100 and Axis(0, 0).percent(-1) == 0


def test_without_a_baseline_nobody_is_called_a_survivor() -> None:
    run, verdict = example("quick")
    run = replace(run, phases=tuple(phase for phase in run.phases if phase.name != "steady"))
    story = replace(verdict.stories[0], status="unaffected")
    shown = build_facts(run, replace(verdict, stories=(story,)))
    assert [card.group for card in shown.cards] == ["not judged"]
    assert lead(shown) == ""


def test_flows_that_watch_the_provider_do_not_count_as_dependents() -> None:
    shown = facts("passed")
    assert {card.flow for card in shown.others} == {"dns-change", "status-post"}
    assert lead(shown).startswith("5 of 12 survived")


def test_a_service_is_compared_with_its_expectation_as_a_whole() -> None:
    cards = {card.flow: card for card in facts("passed").cards}
    assert cards["flex-login"].fate == cards["loaded-routes"].fate == "expected degraded as a whole"
    assert {card.flow for card in facts("failed").cards if card.as_expected is False} == {"air-switch"}


def test_during_is_the_time_in_which_faults_on_the_path_held() -> None:
    cards = {card.flow: card for card in facts("passed").cards}
    assert cards["newswire"].during.n < cards["static-east"].during.n
    assert (cards["newswire"].during.good or 1) < 0.05


def test_many_reasons_are_folded_after_the_first_few() -> None:
    run, verdict = example("inconclusive")
    verdict = replace(verdict, reasons=tuple(f"reason {number}" for number in range(20)))
    text = render_page(build_facts(run, verdict), Path("run"), {}, "")
    assert text.index("reason 3<") < text.index("and 16 more") < text.index("reason 4<")


def test_a_chain_goes_from_the_fault_to_the_users() -> None:
    text = " ".join(_page("passed").text.split())
    chain = text[text.index("Why Newswire was down") :]
    order = ["bridge-full", "objects-east → bridge-east:8080", "newswire → objects-east:8080", "→ 2.0 %"]
    places = [chain.index(part) for part in order]
    assert places == sorted(places)
