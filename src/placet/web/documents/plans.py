"""What is asked to be published or planned: bytes stand in it by digest alone."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from placet.domain.authorization.plan_file import MOST_OPERATIONS, OUTSIDE_KINDS, Made
from placet.web.documents.strict import StrictBody
from placet.web.forms import EXAMPLE_DIGEST, ArtifactDigest, PackageName, VersionText


class PublicationRequest(StrictBody, kw_only=True):
    """A package to publish: what it is, and the digest under which its archive was uploaded.

    `to` names providers, all where empty; with `offline` no provider is asked anything beforehand.
    """

    package: PackageName
    version: VersionText
    archive: ArtifactDigest
    to: tuple[str, ...] = ()
    dist_tag: str = ""
    access: str = ""
    requester: str = ""
    offline: bool = False


_TEXT = {"type": "string"}
_WANTED_ARTIFACT = {
    "type": "object",
    "properties": {
        "name": _TEXT,
        "digest": msgspec.json.schema(ArtifactDigest),
        "made": {"enum": [*Made]},
    },
    "additionalProperties": False,
}
_WANTED_OPERATION = {
    "properties": {
        "kind": {"enum": sorted(OUTSIDE_KINDS)},
        "provider": {"type": "string", "pattern": "^[a-z0-9][a-z0-9.-]{0,63}$"},
        "name": _TEXT,
        "version": _TEXT,
        "tag": _TEXT,
        "params": {"type": "object"},
        "artifact": {"enum": [*Made]},
        "artifacts": {"type": "array", "items": _WANTED_ARTIFACT},
        "preconditions": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"fact": _TEXT, "expected": _TEXT},
                "required": ["fact", "expected"],
                "additionalProperties": False,
            },
        },
        "message": _TEXT,
        "notes": _TEXT,
        "text": _TEXT,
    },
    "required": ["kind", "provider"],
    "additionalProperties": False,
}
_WANTED_PACKAGE = {
    "properties": {
        "archive": msgspec.json.schema(ArtifactDigest),
        "name": msgspec.json.schema(PackageName),
        "version": msgspec.json.schema(VersionText),
        "dist_tag": _TEXT,
        "access": {"enum": ["public", "restricted"]},
    },
    "additionalProperties": False,
}
EXAMPLE_OPERATION = {
    "kind": "put_object",
    "provider": "files",
    "name": "@acme/tool",
    "version": "1.0.0",
    "params": {"key": "packages/@acme/tool/1.0.0.txt"},
    "artifacts": [{"name": "notes.txt", "digest": EXAMPLE_DIGEST}],
}
WantedOperation = Annotated[dict[str, Any], Meta(extra_json_schema=_WANTED_OPERATION)]
WantedPackage = Annotated[dict[str, Any], Meta(extra_json_schema=_WANTED_PACKAGE)]


class PlanRequest(StrictBody, kw_only=True):
    """A plan as a plan file has it, `package` and `operation`, but that all bytes are named by digest.

    `package` has `archive`, `name`, `version`, and as one wants `dist_tag` and `access`; each of `operation`
    `kind`, `provider`, and what its kind takes; an artifact has `name` and `digest`, or `made`.
    """

    operation: Annotated[
        list[WantedOperation],
        Meta(extra_json_schema={"minItems": 1, "maxItems": MOST_OPERATIONS, "examples": [[EXAMPLE_OPERATION]]}),
    ]
    package: WantedPackage = msgspec.field(default_factory=dict)
    requester: str = ""
    offline: bool = False
