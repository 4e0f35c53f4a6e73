"""What a route may answer, as the OpenAPI description has it: statuses, headers, shapes, and where each leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from placet.domain.authorization.explanations import EXPLANATIONS
from placet.web.links import links_of, parameters_of
from placet.web.problems import MEDIA_TYPE, STATUSES
from placet.web.route import Access, Route, Shape

_JSON = "application/json"
_OF_EVERY_ROUTE = (400, 404, 405, 408, 413, 414, 429, 431, 500, 503)
_WITH_KEY = (401, 403, 409)
_CODES_OF_EVERY_ROUTE = (
    "REQUEST_MALFORMED",
    "PATH_INVALID",
    "PATH_TOO_LONG",
    "HEADERS_TOO_LARGE",
    "HEADERS_TIMEOUT",
    "METHOD_NOT_ALLOWED",
    "NOT_FOUND",
    "QUERY_INVALID",
    "CREDENTIALS_CONFLICT",
    "UNAUTHENTICATED",
    "BODY_TOO_LARGE",
    "BODY_TIMEOUT",
    "RATE_LIMITED",
    "BUSY",
    "AUDIT_UNAVAILABLE",
    "INTERNAL",
)
_CODES_WITH_DOCUMENT = ("BODY_INVALID", "MISSING_REQUIRED_FIELDS", "MEDIA_TYPE_UNSUPPORTED")
_CODES_WITH_NAME = ("NAME_INVALID", "NAME_CONFUSABLE")
_CODES_WITH_VERSION = ("VERSION_INVALID",)
_REASONS: Mapping[int, str] = {
    302: "Elsewhere",
    303: "Done; see there",
    400: "What was sent does not follow its grammar or limits",
    401: "Nobody is known by what was shown",
    403: "Denied, or approvals are missing",
    404: "Nothing is there, for this caller",
    405: "The path takes other methods",
    408: "The body did not come in time",
    409: "What stands contradicts it",
    410: "It counts no more",
    413: "The body is too large",
    414: "The path is too long",
    415: "The body is of another kind",
    429: "Too much was asked; see Retry-After",
    431: "The head of the request is too large",
    500: "A bug of the service",
    502: "A provider refused, or what became of it is unknown",
    503: "The service cannot answer now; see Retry-After",
}
_REQUEST_ID = "X-Request-Id"
_HEADERS: Mapping[str, Mapping[str, Any]] = {
    _REQUEST_ID: {"description": "Under which the service's log tells more", "schema": {"type": "string"}},
    "Retry-After": {"description": "In how many seconds to ask again", "schema": {"type": "integer", "minimum": 1}},
    "Allow": {"description": "The methods that the path takes", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "How to say who asks", "schema": {"type": "string"}},
    "Location": {"description": "Where to go on", "schema": {"type": "string", "format": "uri-reference"}},
}
_HEADER_OF: Mapping[int, str] = {
    302: "Location",
    303: "Location",
    401: "WWW-Authenticate",
    405: "Allow",
    429: "Retry-After",
    503: "Retry-After",
}
Code = Annotated[str, Meta(pattern="^[A-Z][A-Z0-9_]*$")]
Kind = Literal[
    "invalid_input",
    "not_found",
    "configuration",
    "denied",
    "approvals_pending",
    "verification",
    "effect",
    "unavailable",
    "internal",
]


class Problem(msgspec.Struct, kw_only=True):
    """What went wrong: a code that never changes, a sentence for people, and what to do next (RFC 9457).

    `kind` is what the code is one of; `run_id` is what waits for approvals.
    """

    type: Annotated[str, Meta(pattern="^urn:placet:problem:[A-Z][A-Z0-9_]*$")]
    title: str
    status: int
    detail: str
    error_code: Code
    error: Code
    message: str
    next_action: str
    request_id: str
    kind: Kind
    run_id: str = ""


def reference(shape: type[msgspec.Struct]) -> dict[str, Any]:
    """Return how the description names a document's type."""
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def content_of(shape: Shape) -> dict[str, Any]:
    """Return what a body of this shape is, by media type."""
    if isinstance(shape, type):
        return {_JSON: {"schema": reference(shape)}}
    if shape is None:
        return {}
    return {shape: {"schema": {"type": "object"} if shape == _JSON else {"type": "string", "contentMediaType": shape}}}


def responses_of(route: Route, routes: Sequence[Route]) -> dict[str, Any]:
    """Return every response of `route` by status, those of success with their links to `routes`."""
    problems = _problems_of(route)
    found: dict[str, Any] = {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in problems}
    for status, shape in route.answers.items():
        also = _PROBLEM if status in problems else {}
        links = links_of(route, shape, routes) if status not in problems else {}
        found[str(status)] = _response(status, {**content_of(shape), **also}, links)
    return dict(sorted(found.items()))


def codes_of(route: Route) -> list[str]:
    """Return every code that `route` may answer, those included that come before it is reached."""
    parameters = parameters_of(route.path)
    return sorted(
        {
            *_CODES_OF_EVERY_ROUTE,
            *(_CODES_WITH_DOCUMENT if isinstance(route.body, type) else ()),
            *(_CODES_WITH_NAME if "package" in parameters else ()),
            *(_CODES_WITH_VERSION if "version" in parameters else ()),
            *(("SCOPE_INSUFFICIENT",) if route.scope else ()),
            *(EXPLANATIONS if route.performs else ()),
            *route.codes,
        }
    )


def common_components() -> dict[str, Any]:
    """Return the problems and headers that responses have in common."""
    return {
        "responses": {f"Problem{status}": _response(status, _PROBLEM, {}) for status in sorted(_ALL_PROBLEMS)},
        "headers": {name: {"required": True, **header} for name, header in _HEADERS.items()},
    }


def _problems_of(route: Route) -> set[int]:
    of_codes = {STATUSES[code] for code in codes_of(route) if code in STATUSES}
    of_access = {401} if route.access is Access.PUBLIC else set(_WITH_KEY)
    return {*_OF_EVERY_ROUTE, *of_codes, *of_access, *([415] if route.body is not None else [])}


def _response(status: int, content: Mapping[str, Any], links: Mapping[str, Any]) -> dict[str, Any]:
    names = [_REQUEST_ID, *([_HEADER_OF[status]] if status in _HEADER_OF else [])]
    return {
        "description": _REASONS.get(status, "Done"),
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
        "content": content,
        **({"links": links} if links else {}),
    }


_PROBLEM = {MEDIA_TYPE: {"schema": reference(Problem)}}
_ALL_PROBLEMS = {*_OF_EVERY_ROUTE, *_WITH_KEY, 415, *STATUSES.values()}
