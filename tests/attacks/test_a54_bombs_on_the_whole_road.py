"""A54 on the whole road: an archive that costs more to read than it may is refused before anything is asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.bombs import BOMBS
from support.road import Road, publication

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.__name__)
def test_a54_a_bomb_is_not_published(bomb: Callable[[], bytes], road: Road) -> None:
    assert road.refused_unasked(publication(bomb())) == "ARTIFACT_TOO_LARGE"
