"""Why a listener stands still, read from the kernel's table of connections."""

from __future__ import annotations

from pathlib import Path

from harness.containers.border.backlog import stall_words, unanswered_dials
from harness.containers.border.config import EdgeConfig

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 010013C6:1F90 00000000:0000 0A 00000000:00000005 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 020012C6:C000 030012C6:1F90 02 00000001:00000000 01:00000030 00000001     0        0 0 2 0 20 4 30 10 -1
   2: 020012C6:C001 040012C6:1F90 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
"""


def edge(upstream: tuple[str, int]) -> EdgeConfig:
    return EdgeConfig("web->orders:8080", "web", "orders", "198.19.0.1", 8080, upstream)


def test_only_dials_without_an_answer_are_told(tmp_path: Path) -> None:
    (tmp_path / "tcp").write_text(TABLE, encoding="ascii")
    assert unanswered_dials(str(tmp_path / "tcp")) == {("198.18.0.3", 8080)}


def test_a_stall_names_the_callee_only_when_a_dial_to_it_waits() -> None:
    assert stall_words(edge(("198.18.0.3", 8080)), 1.0, unanswered=False) == "its listener stood still for 1 s"
    told = stall_words(edge(("198.18.0.3", 8080)), 1.0, unanswered=True)
    assert "takes no more connections" in told and "8080" in told
