"""The OpenAPI 3.1 description, made from the same table as the server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from placet import __version__
from placet.web.cookies import SESSION
from placet.web.forms import PARAMETERS
from placet.web.links import operation_id, parameters_of
from placet.web.responses import Problem, codes_of, common_components, content_of, responses_of
from placet.web.route import Access, Route

_REF = "#/components/schemas/{name}"


def openapi(routes: Sequence[Route], *, title: str, base_url: str) -> dict[str, Any]:
    """Return the description of `routes`, as served at `base_url`."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, routes)
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
            "schemas": _schemas(routes),
            **common_components(),
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "bearer": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": f"__Host-{SESSION}"},
            },
        },
    }


def _schemas(routes: Sequence[Route]) -> dict[str, Any]:
    shapes = list(dict.fromkeys([Problem, *(shape for route in routes for shape in _shapes(route))]))
    _, schemas = msgspec.json.schema_components(shapes, ref_template=_REF)
    for body in {route.body for route in routes if isinstance(route.body, type)}:
        _need_text(schemas[body.__name__])
    return schemas


def _need_text(body: dict[str, Any]) -> None:
    """Say that the texts that a body has to have are not empty: an empty one counts as missing."""
    for name in body.get("required", ()):
        if body["properties"][name].get("type") == "string":
            body["properties"][name].setdefault("minLength", 1)


def _shapes(route: Route) -> Iterable[type[msgspec.Struct]]:
    for shape in (route.body, *route.answers.values()):
        if isinstance(shape, type):
            yield shape


def _operation(route: Route, routes: Sequence[Route]) -> dict[str, Any]:
    public = route.access is Access.PUBLIC
    operation: dict[str, Any] = {
        "operationId": operation_id(route),
        "summary": route.summary,
        "description": _described(route),
        "tags": [route.tag],
        "parameters": [*_path_parameters(route), *_query_parameters(route)],
        "security": [*([{}] if public else []), {"key": []}, {"bearer": []}, {"session": []}],
        "responses": responses_of(route, routes),
        "x-error-codes": codes_of(route),
    }
    if route.body is not None:
        of_bytes = isinstance(route.body, str)  # none at all is a piece of them, too
        operation["requestBody"] = {"required": not of_bytes, "content": content_of(route.body)}
    return operation


def _described(route: Route) -> str:
    said = " ".join((route.handler.__doc__ or "").split())
    scope = f" Needs the scope `{route.scope}` for the package." if route.scope else ""
    codes = f" Codes: {', '.join(sorted(route.codes))}." if route.codes else ""
    return said + scope + codes


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": msgspec.json.schema(PARAMETERS[name])}
        for name in parameters_of(route.path)
    ]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    schema = msgspec.json.schema_components([route.query])[1][route.query.__name__]
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": shape}
        for name, shape in schema["properties"].items()
    ]
