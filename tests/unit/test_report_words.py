"""Words: faults, values and verdicts as people read them."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from report_endings import example

from harness.faults.catalogue import CATALOGUE
from harness.faults.contract import Family
from harness.model.fault import Fault
from harness.model.finding import Answer, Finding, FindingKind
from harness.report.measured import measure_words, measured
from harness.report.words import (
    FAMILY_WORDS,
    fault_words,
    interval_words,
    limit_words,
    observed_words,
    one_fate,
    overall,
    same_fate,
    value_words,
)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            Fault("slow", latency_s=1.5, jitter_s=0.8, share=0.35),
            "slow by 1.5 s ± 800 ms, on 35 % of new connections",
        ),
        (Fault("slow", latency_s=0.4, ramp_from_s=0.02, ramp_over_s=180), "slow by 20 ms → 400 ms over 3 m"),
        (Fault("bandwidth", rate_kbps=16), "limited to 16 kB/s a connection"),
        (Fault("flags", flags=(("login", '"fail"'), ("stale", "true"))), "told to misbehave: login fail, stale"),
        (Fault("refuse"), "refuses connections"),
    ],
)
def test_a_fault_is_named_in_words(fault: Fault, words: str) -> None:
    assert fault_words(fault) == words


def test_every_family_of_faults_has_words() -> None:
    assert {entry.family for entry in CATALOGUE.values()} <= set(Family) == set(FAMILY_WORDS)


@pytest.mark.parametrize(
    ("metric", "value", "words"),
    [
        ("availability", 0.9991, "99.91 %"),
        ("p95", 1.48, "1.48 s"),
        ("p99_ratio", 1.02, "102.0 %"),
        ("bytes", 12_300.0, "12.3 kB/s"),
        ("goodput", 9.96, "10.0/s"),
        ("recovered_at", 25_260.0, "t+421 min"),
        ("p95", None, "–"),
    ],
)
def test_a_value_is_shown_with_its_unit(metric: str, value: float | None, words: str) -> None:
    assert value_words(metric, value) == words


def test_a_quantile_among_timeouts_is_over_its_deadline_and_not_missing() -> None:
    finding = Finding("web p99", FindingKind.OBJECTIVE, Answer.FAILED, reason="> timeout", metric="p99")
    assert observed_words(finding) == "over its deadline"


def test_an_interval_without_an_upper_end_reads_as_open() -> None:
    finding = Finding("a", FindingKind.OBJECTIVE, Answer.FAILED, metric="recovers_within", interval=(3.0, float("inf")))
    assert interval_words(finding) == "3 s or more"


@pytest.mark.parametrize(
    ("limit", "words"),
    [(">= 99%", "≥ 99 %"), ("70%..78%", "70 % to 78 %"), ("404m..436m", "404 min to 436 min"), ("never", "never")],
)
def test_a_limit_of_the_file_reads_as_people_write_it(limit: str, words: str) -> None:
    assert limit_words(limit) == words


@pytest.mark.parametrize(
    ("measure", "value", "words"),
    [
        ("median wait (s) on web->db:5432", 1.49, "1.49 s"),
        ("share of new connections refused", 1.0, "100 %"),
        ("answers/s", 12.34, "12.3/s"),
        ("bytes/s back", 9000.0, "9 kB/s"),
        ("median round trip of the control connection (s), us-east-1", 0.00031, "310 µs"),
    ],
)
def test_evidence_has_the_unit_that_its_measure_names(measure: str, value: float, words: str) -> None:
    assert measured(measure, value) == words
    assert "(s)" not in measure_words(measure) and "/s" not in measure_words(measure)


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("passed", "PASSED"),
        ("failed", "FAILED"),
        ("inconclusive", "INCONCLUSIVE"),
        ("aborted", "STOPPED"),
        ("errored", "ERROR"),
        ("unclean", "CLEAN-UP UNVERIFIED"),
    ],
)
def test_every_ending_has_its_word(kind: str, word: str) -> None:
    assert overall(example(kind)[1]).word == word


def test_an_unverified_clean_up_outranks_a_stop() -> None:
    verdict = replace(example("aborted")[1], cleanup="unverified", exit_code=7)
    assert overall(verdict).word == "CLEAN-UP UNVERIFIED"


def test_slow_is_a_degraded_fate_and_unaffected_a_surviving_one() -> None:
    assert same_fate("slow", "degraded") is True
    assert same_fate("unaffected", "survived") is True
    assert same_fate("survived", "down") is False
    assert same_fate("", "down") is None


def test_a_service_whose_flows_differ_is_degraded_as_a_whole() -> None:
    assert one_fate({"survived", "down"}) == "degraded"
    assert one_fate({"survived", "unaffected"}) in ("survived", "unaffected")
    assert one_fate({"down"}) == "down"
