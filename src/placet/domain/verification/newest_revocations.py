"""Which of the lists of revocations at hand counts: the newest, and never an older one again (protocol 8, attack A65).

A bundle carries the list of its own moment. Whoever verifies may know a newer one: from a file,
from an installation, from an earlier verification. A revocation is never taken back, so a newer
list names everything that an older one did; one that does not, contradicts its own log.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from placet.domain.values.time import format_instant
from placet.domain.verification.revocation_list import RevocationList, open_list
from placet.domain.verification.trust_root import Log
from placet.errors import PlacetError, VerificationError

BUNDLE = "bundle"
GIVEN = "file"
_HINT = "get a newer list: placet certificate revocations --out FILE, where the package was published"


class Known(Struct, frozen=True, kw_only=True):
    """What is known of revocations beside a bundle: signed lists, believed in nothing yet.

    `given` was chosen by hand and must be as new as any other; `others` are named by where they
    come from. `since` refuses to answer on a list that is known only up to an earlier instant.
    """

    given: bytes = b""
    others: Mapping[str, bytes] = field(default_factory=dict)
    since: datetime | None = None


NOTHING_KNOWN = Known()
"""Only the bundle's own list counts, however old it is."""


class Newest(Struct, frozen=True, kw_only=True):
    """The list that counts, where it comes from, and the envelope it came in (empty for the bundle's)."""

    listed: RevocationList
    source: str
    encoded: bytes


def newest_revocations(of_bundle: RevocationList, log: Log, known: Known) -> Newest:
    """Return the newest of all lists at hand.

    Raise `VerificationError`: `REVOCATION_STALE` where the list given by hand is older than
    another, where a newer list lacks what an older one names, and where the newest is not new
    enough; as `open_list` for a list that this log did not sign.
    """
    newest = Newest(listed=of_bundle, source=BUNDLE, encoded=b"")
    for source, encoded in (*known.others.items(), (GIVEN, known.given)):
        if encoded:
            newest = _newer(newest, Newest(listed=_opened(encoded, log, source), source=source, encoded=encoded))
    if known.given and newest.source != GIVEN:
        raise VerificationError(
            "REVOCATION_STALE",
            f"the given list of revocations is older than another at hand ({newest.source}), which is known to "
            f"{format_instant(newest.listed.known_to)}",
            hint=_HINT,
        )
    if known.since is not None and newest.listed.known_to < known.since:
        raise VerificationError(
            "REVOCATION_STALE", f"revocations are known only to {format_instant(newest.listed.known_to)}", hint=_HINT
        )
    return newest


def _opened(encoded: bytes, log: Log, source: str) -> RevocationList:
    try:
        return open_list(encoded, log)
    except PlacetError as error:
        raise VerificationError(error.code, f"{error.message} (the list from: {source})", hint=error.hint) from error


def _newer(one: Newest, other: Newest) -> Newest:
    """Return the one of a later moment, the `other` where both are of the same."""
    older, newer = (other, one) if other.listed.checkpoint.size < one.listed.checkpoint.size else (one, other)
    same_size = older.listed.checkpoint.size == newer.listed.checkpoint.size
    if same_size and older.listed != newer.listed:
        raise VerificationError(
            "CHECKPOINT_INVALID",
            f"two lists of one size differ ({older.source}, {newer.source}): the log forked",
        )
    if not all(any(new.covers(old) for new in newer.listed.revocations) for old in older.listed.revocations):
        raise VerificationError(
            "REVOCATION_STALE",
            f"the newest list ({newer.source}) lacks revocations that an older one ({older.source}) names",
            hint=_HINT,
        )
    return newer
