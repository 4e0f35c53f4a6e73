"""Where an answer leads: the endpoints that take as a parameter of their path what the answer told (OpenAPI links).

They are read off the table: a member of an answer leads to each path with a parameter of its very form. A
route states by itself only what leads on with more than that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin

import msgspec

from placet.web.forms import PARAMETERS
from placet.web.route import Route, Shape

_PARAMETER = re.compile(r"\{([a-z_]+)\}")


def operation_id(route: Route) -> str:
    """Return the name of a route, unique in its table."""
    return route.handler.__module__.rpartition(".")[2] + "_" + route.handler.__name__.strip("_")


def parameters_of(path: str) -> list[str]:
    """Return the names of a template's parameters, in order."""
    return _PARAMETER.findall(path)


def links_of(route: Route, shape: Shape, routes: Sequence[Route]) -> dict[str, Any]:
    """Return the links of an answer of `route` with this shape to other `routes`: to what its own path did not name."""
    told = list(_told(shape)) if isinstance(shape, type) else []
    asked = set(parameters_of(route.path))
    found: dict[str, Any] = {}
    for target in routes:
        places = {name: _place_of(PARAMETERS[name], told) for name in parameters_of(target.path)}
        if not asked.issuperset(places) and all(places.values()):
            name = operation_id(target)
            parameters = {parameter: f"$response.body#{place}" for parameter, place in places.items()}
            found[name] = {"operationId": name, "parameters": parameters}
    names = {operation_id(each) for each in routes}
    return {**found, **{name: {"operationId": name, **link} for name, link in route.links.items() if name in names}}


def _told(shape: type[msgspec.Struct], place: str = "") -> Iterator[tuple[Any, str]]:
    """Yield the form of each member of a document with where it stands, and of those of the first in each list."""
    for member in msgspec.structs.fields(shape):
        at = f"{place}/{member.encode_name}"
        if get_origin(member.type) is not list:
            yield member.type, at
            continue
        (element,) = get_args(member.type)
        if isinstance(element, type) and issubclass(element, msgspec.Struct):
            yield from _told(element, f"{at}/0")
        else:
            yield element, f"{at}/0"


def _place_of(form: Any, told: Sequence[tuple[Any, str]]) -> str:  # noqa: ANN401 - as above
    return next((place for each, place in told if each == form), "")
