"""The whole road of a publication, for the attacks that try it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.evidence import Evidence
from support.road import Road, a_road


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    with a_road(tmp_path_factory.mktemp("road")) as road:
        yield road


@pytest.fixture(scope="module")
def evidence(road: Road) -> Evidence:
    return Evidence.made(road)
