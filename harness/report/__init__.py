"""How a run is shown: live in the terminal, and afterwards as a page, a summary, JUnit and metrics."""

from harness.report.write import write_report

__all__ = ["write_report"]
