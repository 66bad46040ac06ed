"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The repository that these tests stand in."""
    return Path(__file__).resolve().parents[1]
