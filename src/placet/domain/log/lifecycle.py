"""Events of the Chronicle: the life of package versions, and what else is reported (contract 4)."""

from __future__ import annotations

import re
from enum import StrEnum

from placet.errors import InvalidInputError

CODE = "EVENT_INVALID"
EVENT_ID = r"evt_[0-9]{14}_[a-z0-9]{6}"
EVENT_TYPE = r"[a-z0-9_.]{1,100}"
_OF_PACKAGES = "package."


class LifecycleType(StrEnum):
    """The types of events that are about a package version."""

    BUILD_START = "package.build.start"
    BUILD_COMPLETE = "package.build.complete"
    BUILD_FAILED = "package.build.failed"
    TEST_COMPLETE = "package.test.complete"
    CERTIFICATE_ISSUED = "package.certificate.issued"
    PUBLISHED = "package.published"
    DEPRECATED = "package.deprecated"
    UNPUBLISHED = "package.unpublished"


class Source(StrEnum):
    """Whose word an event is: a key holder's, which proves nothing, or the Core's own."""

    REPORTED = "reported"
    OBSERVED = "observed"


def check_event(event_type: str, package: str, version: str) -> None:
    """Return where an event of this type may be reported about this package and version; either may be empty.

    Raise `InvalidInputError` (`EVENT_INVALID`): a `package.*` type has to be one of the list, and
    to name both; others are any `[a-z0-9_.]+`.
    """
    if re.fullmatch(EVENT_TYPE, event_type) is None:
        raise InvalidInputError(CODE, f"{event_type[:80]!a} is no event type", hint="write it of a-z, 0-9, '_' and '.'")
    if not event_type.startswith(_OF_PACKAGES):
        return
    if event_type not in frozenset(LifecycleType):
        raise InvalidInputError(
            CODE, f"{event_type} is no type of a package's event", hint=f"they are {', '.join(LifecycleType)}"
        )
    if not package or not version:
        raise InvalidInputError(CODE, f"{event_type} is about a package and a version", hint="send both")
