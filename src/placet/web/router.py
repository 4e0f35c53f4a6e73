"""Finds the route of a path: literal segments before parameters, `{package}` with its scope."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct, field

from placet.domain.values.npm import parse_package_name, parse_version
from placet.errors import NotFoundError
from placet.web.route import Route

_PACKAGE = "{package}"
_GRAMMARS: Mapping[str, Callable[[str], str]] = {"package": parse_package_name, "version": parse_version}


class MethodNotAllowedError(NotFoundError):
    """The path leads somewhere, but not by this method: `allowed` are those that do."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        """Say which methods there are."""
        super().__init__("METHOD_NOT_ALLOWED", f"this takes {', '.join(allowed)}", hint=f"use {' or '.join(allowed)}")
        self.allowed = allowed


class _Node(Struct):
    """A place in the tree of templates: the routes that end here, and where the next segment leads."""

    routes: dict[str, Route] = field(default_factory=dict)
    literal: dict[str, _Node] = field(default_factory=dict)
    parameter: dict[str, _Node] = field(default_factory=dict)


class Router:
    """The routes of a table, found in time that grows with the path alone."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Arrange the routes."""
        self._root = _Node()
        for route in routes:
            node = self._root
            for part in route.path.strip("/").split("/") if route.path != "/" else ():
                branch = node.parameter if part.startswith("{") else node.literal
                node = branch.setdefault(part, _Node())
            node.routes[route.method] = route

    def find(self, method: str, segments: tuple[str, ...]) -> tuple[Route, Mapping[str, str]]:
        """Return the route of a request and its parameters.

        Raise `NotFoundError` (`NOT_FOUND`) where nothing has this path, and `MethodNotAllowedError`.
        """
        for node, parameters in _leaves(self._root, segments, {}):
            if method in node.routes:
                return node.routes[method], parameters
            if node.routes:
                raise MethodNotAllowedError(tuple(sorted(node.routes)))
        raise nothing()


def nothing() -> NotFoundError:
    """Return what says that nothing has a path: also of what is there for others only."""
    return NotFoundError("NOT_FOUND", "there is nothing at this path", hint="see /openapi.json for what there is")


def check_names(parameters: Mapping[str, str]) -> None:
    """Return where each parameter that is a name or a version is one.

    Raise `InvalidInputError` (`NAME_INVALID`, `NAME_CONFUSABLE`, `VERSION_INVALID`).
    """
    for name, value in parameters.items():
        if name in _GRAMMARS:
            _GRAMMARS[name](value)


def _leaves(
    node: _Node, segments: tuple[str, ...], parameters: dict[str, str]
) -> Iterable[tuple[_Node, dict[str, str]]]:
    if not segments:
        yield node, parameters
        return
    first, rest = segments[0], segments[1:]
    if first in node.literal:
        yield from _leaves(node.literal[first], rest, parameters)
    for name, child in node.parameter.items():
        value, behind = (first, rest) if name != _PACKAGE else _package(first, rest)
        if value and ("/" not in value or name == _PACKAGE):
            yield from _leaves(child, behind, {**parameters, name.strip("{}"): value})


def _package(first: str, rest: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return a package's name and what follows it: a scope is half a name, so the next segment is its other half."""
    if not first.startswith("@"):
        return ("" if "/" in first else first), rest
    if "/" in first:
        return first, rest
    return (f"{first}/{rest[0]}", rest[1:]) if rest and "/" not in rest[0] else ("", rest)
