"""Every failure's status, in one table, and how it is told (RFC 9457, contract 1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from placet.cli.hints import hint_for
from placet.errors import (
    ApprovalsPendingError,
    ConfigurationError,
    DeniedError,
    EffectError,
    InvalidInputError,
    NotFoundError,
    PlacetError,
    UnavailableError,
    VerificationError,
)
from placet.web.route import Answer
from placet.web.router import MethodNotAllowedError

MEDIA_TYPE = "application/problem+json"

STATUSES: Mapping[str, int] = {
    "UNAUTHENTICATED": 401,
    "BODY_TIMEOUT": 408,
    "HEADERS_TIMEOUT": 408,
    "METHOD_NOT_ALLOWED": 405,
    "BODY_TOO_LARGE": 413,
    "ARTIFACT_TOO_LARGE": 413,
    "PATH_TOO_LONG": 414,
    "MEDIA_TYPE_UNSUPPORTED": 415,
    "RATE_LIMITED": 429,
    "HEADERS_TOO_LARGE": 431,
    "EFFECT_FAILED": 502,
    "EGRESS_DENIED": 403,
    "OUTCOME_UNKNOWN": 502,
    "OTHER_CONTENT": 409,
    "IN_PROGRESS": 409,
    "VERSION_EXISTS": 409,
    "REGISTRATION_MISMATCH": 409,
    "ILLEGAL_TRANSITION": 409,
    "DIGEST_MISMATCH": 409,
    "UPLOAD_OFFSET": 409,
    "RUN_CLOSED": 409,
    "RUN_DIFFERS": 409,
    "RECEIPT_CONSUMED": 409,
    "RECEIPT_RESERVED": 409,
    "RECEIPT_REVOKED": 409,
    "RECEIPT_ALREADY_OPEN": 409,
    "CROSS_SITE": 403,
    "OIDC_INVALID": 403,
    "OIDC_REPLAYED": 403,
    "SESSION_MISSING": 403,
    "PROVIDER_UNREACHABLE": 502,
    "CERTIFICATE_NOT_FOUND": 404,
    "CERTIFICATE_EXPIRED": 410,
    "CERTIFICATE_REVOKED": 410,
}
"""By code where the kind of failure does not tell."""

_KINDS: tuple[tuple[type[PlacetError], int], ...] = (
    (NotFoundError, 404),
    (InvalidInputError, 400),
    (ApprovalsPendingError, 403),
    (DeniedError, 403),
    (VerificationError, 409),
    (EffectError, 502),
    (ConfigurationError, 409),
    (UnavailableError, 503),
)


RETRY_AFTER_SECONDS = {429: 60, 503: 5}
"""Where whoever refuses does not know it more exactly."""


def status_of(error: PlacetError) -> int:
    """Return the status that tells `error`; what nobody foresaw is unavailable rather than done."""
    kind = next((status for kind, status in _KINDS if isinstance(error, kind)), 503)
    return STATUSES.get(error.code, kind)


def problem(error: PlacetError, *, request_id: str) -> Answer:
    """Return `error` as a problem document."""
    status = status_of(error)
    waits: dict[str, Any] = {"run_id": error.run_id} if isinstance(error, ApprovalsPendingError) else {}
    document = problem_document(error.code, error.message, hint_for(error), status=status, request_id=request_id)
    told = {**document, "kind": error.kind, **waits}
    return Answer(status=status, document=told, media_type=MEDIA_TYPE, headers=_headers(error, status))


def not_valid(error: PlacetError) -> dict[str, Any]:
    """Return how it is told that what was to be verified is not valid: to who reads nothing but `valid`, too."""
    return {
        "valid": False,
        "error": error.code,
        "error_code": error.code,
        "message": error.message,
        "next_action": hint_for(error),
    }


def _headers(error: PlacetError, status: int) -> dict[str, str]:
    if error.code == "UNAUTHENTICATED":
        return {"www-authenticate": 'Bearer realm="placet"'}
    if isinstance(error, MethodNotAllowedError):
        return {"allow": ", ".join(error.allowed)}
    if status in RETRY_AFTER_SECONDS:
        return {"retry-after": str(getattr(error, "retry_after", RETRY_AFTER_SECONDS[status]))}
    return {}


def internal(*, request_id: str) -> Answer:
    """Return how a bug of ours is told: by its request id, and nothing else."""
    document = problem_document(
        "INTERNAL",
        "this is a bug in Placet",
        "report it with the request id; the server's log tells more under it",
        status=500,
        request_id=request_id,
    )
    return Answer(status=500, document=document, media_type=MEDIA_TYPE)


def problem_document(code: str, message: str, next_action: str, *, status: int, request_id: str) -> dict[str, Any]:
    """Return the members of a problem document."""
    return {
        "type": f"urn:placet:problem:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": message,
        "error_code": code,
        "error": code,
        "message": message,
        "next_action": next_action,
        "request_id": request_id,
        "kind": "internal",
    }
