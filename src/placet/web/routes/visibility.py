"""Who may see a package (contract 1)."""

from __future__ import annotations

import msgspec

from placet.web.forms import PackageName, Seen
from placet.web.route import Answer, Call, Route

_TAG = "packages"


class PackageVisibility(msgspec.Struct, kw_only=True):
    """Who may see a package: everybody where it is `public`, else those whose keys have a scope about it."""

    package: PackageName
    visibility: Seen


class VisibilityRequest(msgspec.Struct, kw_only=True):
    """Who shall see it: `public` or `private`."""

    visibility: Seen


async def show(call: Call) -> Answer:
    """Tell who may see a package, to who holds a scope about it."""
    return Answer(document=await call.placet.visibility.show(call.path["package"]))


async def change(call: Call) -> Answer:
    """Ask that a package be seen by everybody or not: a governed act, which no key does without approvals."""
    changed = await call.placet.visibility.change(call.path["package"], call.body.visibility)
    return Answer(document={name: changed[name] for name in ("package", "visibility")})


ROUTES = (
    Route(
        method="GET",
        path="/v1/packages/{package}/visibility",
        handler=show,
        summary="Tell who may see a package",
        tag=_TAG,
        answers={200: PackageVisibility},
        codes=("NOT_FOUND", "NAME_INVALID"),
    ),
    Route(
        method="PUT",
        path="/v1/packages/{package}/visibility",
        handler=change,
        summary="Ask for another visibility",
        tag=_TAG,
        body=VisibilityRequest,
        answers={200: PackageVisibility},
        codes=("APPROVALS_MISSING", "NO_RULE", "PLAN_INVALID", "VISIBILITY_INVALID", "NAME_INVALID"),
    ),
)
