"""Where contract tests of the store run: over every adapter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.ledgers import Home, InMemory, InSqlite


@pytest.fixture(params=["memory", "sqlite"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    """Yield an empty place for one log, and close what was opened there."""
    place: Home = InMemory() if request.param == "memory" else InSqlite(tmp_path)
    yield place
    place.close()
