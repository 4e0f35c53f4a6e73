"""How everything about issuers and their tokens is refused."""

from __future__ import annotations

from placet.domain.authorization.sign_in import CODE
from placet.errors import DeniedError


def refused(reason: str) -> DeniedError:
    """Return the refusal (`OIDC_INVALID`) for `reason`, which holds nothing that an issuer or a token says."""
    return DeniedError(CODE, reason, hint="see what is believed of the issuer: placet issuer list")
