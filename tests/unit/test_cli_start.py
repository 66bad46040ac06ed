"""The command starts quickly because nothing heavy is loaded before a command needs it."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("docker", "scipy", "scipy.stats", "numpy", "jinja2", "locust", "pydantic", "ruamel", "requests")


def loaded_after(code: str) -> list[str]:
    """Which of the heavy packages a fresh interpreter holds after `code`."""
    report = f"import sys; print(' '.join(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.splitlines()[-1].split()


def test_knowing_all_commands_loads_nothing_heavy() -> None:
    assert loaded_after("import harness.cli.app") == []


def test_the_check_would_see_a_heavy_package() -> None:
    assert loaded_after("import docker") == ["docker", "requests"]


def test_asking_what_holds_loads_no_arithmetic() -> None:
    assert not {"scipy", "numpy", "jinja2", "locust"} & set(loaded_after("import harness.wiring.standing"))


def test_where_a_command_works_is_known_without_reading_any_project() -> None:
    assert loaded_after("import harness.cli.app, harness.wiring.workspace") == []


def test_judging_does_without_the_large_half_of_scipy() -> None:
    assert "scipy.stats" not in loaded_after("import harness.wiring.judgement")
    assert "scipy.stats" in loaded_after("import scipy.stats")
