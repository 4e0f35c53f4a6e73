"""What the effect port accepts: an operation that passed every check and was reserved (protocol 5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from placet.domain.authorization.checks import Cleared
from placet.domain.authorization.operation import Operation
from placet.domain.values.kinds import Mode
from placet.domain.values.unshown import Unshown

_MADE_BY_THE_CHECKS = object()


class AuthorizedOperation(Unshown, frozen=True, kw_only=True):
    """An operation whose receipt is consumed, with the very bytes that were hashed.

    `fence` is the ledger index of the reservation; after `deadline` nothing may be sent.
    `contents` maps each artifact's name to its bytes. Only `reserved` makes one, out of what the
    checks cleared: a guard against mistakes, not against hostile code in the process.
    """

    operation: Operation
    mode: Mode
    receipt_id: str
    attempt: int
    fence: int
    deadline: datetime
    contents: Mapping[str, bytes]
    made_by: object

    def __post_init__(self) -> None:
        """Refuse to be built outside the checks."""
        if self.made_by is not _MADE_BY_THE_CHECKS:
            raise TypeError("an AuthorizedOperation comes out of the checks, it is not built")


def reserved(cleared: Cleared, *, fence: int, deadline: datetime, contents: Mapping[str, bytes]) -> AuthorizedOperation:
    """Return the authorised operation of a reservation that is durable at index `fence`."""
    return AuthorizedOperation(
        operation=cleared.operation,
        mode=cleared.receipt.mode,
        receipt_id=cleared.receipt.receipt_id,
        attempt=cleared.receipt.attempt,
        fence=fence,
        deadline=deadline,
        contents=contents,
        made_by=_MADE_BY_THE_CHECKS,
    )
