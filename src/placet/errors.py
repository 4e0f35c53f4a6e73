"""Every deliberate failure: a code that never changes, a sentence for people, and a hint.

Codes are public interface (protocol 4, contract 5). Anything raised that is not a
`PlacetError` is a bug and is shown as `INTERNAL`.
"""

from __future__ import annotations

from typing import ClassVar


class PlacetError(Exception):
    """A deliberate failure with a stable `code`, a message for people and an optional hint.

    Messages name values, never secrets. Subclasses say what kind of failure it is, by the name that
    it has over the network too, and carry the exit code of the command line.
    """

    kind: ClassVar[str] = "failure"
    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, message: str, *, hint: str = "") -> None:
        """Keep `code` (UPPER_SNAKE, never changes), `message` (one sentence) and `hint`."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Return `CODE: message`."""
        return f"{self.code}: {self.message}"


class InvalidInputError(PlacetError):
    """What was given does not follow its grammar, schema or limits."""

    kind = "invalid_input"
    exit_code = 1


class NotFoundError(PlacetError):
    """What was named does not exist here."""

    kind = "not_found"
    exit_code = 1


class ConfigurationError(PlacetError):
    """The installation, its settings or its credentials are missing or unusable."""

    kind = "configuration"
    exit_code = 1


class DeniedError(PlacetError):
    """An authorization check said no (protocol 4 and 6)."""

    kind = "denied"
    exit_code = 3


class ApprovalsPendingError(PlacetError):
    """Nothing was refused, but somebody has yet to approve: `run_id` is what waits for them."""

    kind = "approvals_pending"
    exit_code = 4

    def __init__(self, code: str, message: str, *, hint: str = "", run_id: str = "") -> None:
        """Say what is missing, and in which run."""
        super().__init__(code, message, hint=hint)
        self.run_id = run_id


class VerificationError(PlacetError):
    """Evidence does not prove what it should (protocol 8)."""

    kind = "verification"
    exit_code = 5


class EffectError(PlacetError):
    """A provider refused, or what became of an effect is not known or in conflict."""

    kind = "effect"
    exit_code = 6


class UnavailableError(PlacetError):
    """State cannot be read or written safely now: sealed, locked, full or too busy."""

    kind = "unavailable"
    exit_code = 7
