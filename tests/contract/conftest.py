"""Where contract tests of the store run: over every adapter."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.ledgers import Home, InMemory, InSqlite


@pytest.fixture(params=["memory", "sqlite"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    """Return an empty place for one log."""
    return InMemory() if request.param == "memory" else InSqlite(tmp_path)
