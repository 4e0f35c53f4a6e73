"""Change who may see a package, or every package of which nothing is said by name (contract 1, ADR 28).

A governed act: a key that may ask for anything of a package does not thereby show it to everybody.
"""

from __future__ import annotations

from datetime import datetime

from placet.core.acts.act import Act, Deed, Performance
from placet.core.entities.stored import entity_of
from placet.core.entities.visibility import EVERY_OTHER, PackageVisibility, read_visibility, visibility_key
from placet.domain.authorization.operation import Operation
from placet.domain.log.change import EntityKey
from placet.domain.values.kinds import Visibility
from placet.domain.values.npm import parse_package_name
from placet.errors import InvalidInputError


def _premises(operation: Operation, now: datetime) -> set[EntityKey]:  # noqa: ARG001 - one shape for all acts
    return {visibility_key(operation.subject.name)}


def _perform(performance: Performance) -> Deed:
    """Record who may see it from now on; what was recorded of it before is seen, or not, along with it.

    Raise `InvalidInputError` (`VISIBILITY_INVALID`) where that is said already, or is no visibility.
    """
    name = performance.operation.subject.name
    wanted = PackageVisibility(
        package=name if name == EVERY_OTHER else parse_package_name(name),
        visibility=_visibility(performance.text("visibility")),
    )
    standing = entity_of(performance.snapshot, wanted.key)
    if standing is not None and read_visibility(standing) == wanted:
        raise InvalidInputError("VISIBILITY_INVALID", f"{name} is {wanted.visibility} already: nothing would change")
    return Deed(
        type="package.visibility.changed",
        data={"receipt": performance.receipt, "visibility": wanted.visibility.value},
        writes={wanted.key: wanted.to_object()},
        response={"package": name, "visibility": wanted.visibility.value},
    )


def _visibility(text: str) -> Visibility:
    try:
        return Visibility(text)
    except ValueError as error:
        raise InvalidInputError("VISIBILITY_INVALID", f"{text[:40]!a} is no visibility") from error


ACT = Act(premises=_premises, perform=_perform)
