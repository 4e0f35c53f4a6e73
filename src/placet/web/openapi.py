"""The OpenAPI 3.1 description, made from the same table as the server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from placet import __version__
from placet.web.cookies import SESSION
from placet.web.problems import MEDIA_TYPE, STATUSES
from placet.web.route import Access, Route

_PARAMETER = re.compile(r"\{([a-z_]+)\}")
_REF = "#/components/schemas/{name}"
_JSON = "application/json"
_OF_EVERY_ROUTE = (400, 404, 405, 408, 413, 414, 429, 431, 500, 503)
_WITH_KEY = (401, 403)
_REASONS = {
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


class Problem(msgspec.Struct, kw_only=True):
    """What went wrong: a code that never changes, a sentence for people, and what to do next (RFC 9457).

    `kind` is what the code is one of: invalid_input, not_found, configuration, denied, approvals_pending, verification,
    effect, unavailable, internal. `run_id` is what waits for approvals.
    """

    type: str
    title: str
    status: int
    detail: str
    error_code: str
    error: str
    message: str
    next_action: str
    request_id: str
    kind: str
    run_id: str = ""


def openapi(routes: Sequence[Route], *, title: str, base_url: str) -> dict[str, Any]:
    """Return the description of `routes`, as served at `base_url`."""
    shapes = list(dict.fromkeys([Problem, *(shape for route in routes for shape in _shapes(route))]))
    _, components = msgspec.json.schema_components(shapes, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": __version__,
            "description": "Nothing is published without a yes.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "bearer": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": f"__Host-{SESSION}"},
            },
        },
    }


def _shapes(route: Route) -> Iterable[type[msgspec.Struct]]:
    for shape in (route.body, *route.answers.values()):
        if isinstance(shape, type):
            yield shape


def _operation(route: Route) -> dict[str, Any]:
    public = route.access is Access.PUBLIC
    operation: dict[str, Any] = {
        "operationId": route.handler.__module__.rpartition(".")[2] + "_" + route.handler.__name__.strip("_"),
        "summary": route.summary,
        "description": _described(route),
        "tags": [route.tag],
        "parameters": [*_path_parameters(route), *_query_parameters(route)],
        "security": [*([{}] if public else []), {"key": []}, {"bearer": []}, {"session": []}],
        "responses": _responses(route),
    }
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(route.body)}
    return operation


def _described(route: Route) -> str:
    said = " ".join((route.handler.__doc__ or "").split())
    scope = f" Needs the scope `{route.scope}` for the package." if route.scope else ""
    codes = f" Codes: {', '.join(sorted(route.codes))}." if route.codes else ""
    return said + scope + codes


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in _PARAMETER.findall(route.path)
    ]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    schema: Mapping[str, Any] = msgspec.json.schema_components([route.query])[1][route.query.__name__]
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": shape}
        for name, shape in schema["properties"].items()
    ]


def _responses(route: Route) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {
        str(status): {"description": _REASONS.get(status, "Done"), "content": _content(shape)}
        for status, shape in route.answers.items()
    }
    statuses = {*_OF_EVERY_ROUTE, *(STATUSES[code] for code in route.codes if code in STATUSES)}
    if route.access is not Access.PUBLIC:
        statuses |= {*_WITH_KEY, 409}
    else:
        statuses.add(401)
    if route.body is not None:
        statuses.add(415)
    problem = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(name="Problem")}}}
    for status in sorted(statuses):
        entry = found.setdefault(str(status), {"description": _REASONS[status], "content": {}})
        entry["content"] = {**entry["content"], **problem}
    return found


def _content(shape: type[msgspec.Struct] | str | None) -> dict[str, Any]:
    if shape is None:
        return {}
    if isinstance(shape, str):
        return {shape: {"schema": {"type": "string", "contentMediaType": shape}}}
    return {_JSON: {"schema": {"$ref": _REF.format(name=shape.__name__)}}}
