"""The status of a version in our registry, and what may follow on what (contract 5, attacks A68).

A status is what somebody reports. Whether the version was published is another question, which
only the Core's own record of it answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from placet.errors import DeniedError


class VersionStatus(StrEnum):
    """How a version is said to stand. `unpublished` is final."""

    CERTIFIED = "certified"
    PUBLISHED = "published"
    DEPRECATED = "deprecated"
    UNPUBLISHED = "unpublished"


_MAY_FOLLOW: Mapping[VersionStatus, frozenset[VersionStatus]] = {
    VersionStatus.CERTIFIED: frozenset({VersionStatus.PUBLISHED, VersionStatus.UNPUBLISHED}),
    VersionStatus.PUBLISHED: frozenset({VersionStatus.DEPRECATED, VersionStatus.UNPUBLISHED}),
    VersionStatus.DEPRECATED: frozenset({VersionStatus.PUBLISHED, VersionStatus.UNPUBLISHED}),
    VersionStatus.UNPUBLISHED: frozenset(),
}


def check_transition(standing: VersionStatus, wanted: VersionStatus) -> None:
    """Return where `wanted` may follow on `standing`; raise `DeniedError` (`ILLEGAL_TRANSITION`)."""
    allowed = _MAY_FOLLOW[standing]
    if wanted not in allowed:
        then = " or ".join(sorted(allowed)) or "nothing"
        raise DeniedError(
            "ILLEGAL_TRANSITION",
            f"a version that is {standing} does not become {wanted}",
            hint=f"what may follow on {standing}: {then}",
        )


def check_first(wanted: VersionStatus) -> None:
    """Return where a version may be registered as `wanted`: as certified, or as what may follow on that at once."""
    if wanted is not VersionStatus.CERTIFIED:
        check_transition(VersionStatus.CERTIFIED, wanted)
