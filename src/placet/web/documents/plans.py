"""What is asked to be published or planned: bytes stand in it by digest alone."""

from __future__ import annotations

from typing import Any

import msgspec

from placet.web.documents.strict import StrictBody


class PublicationRequest(StrictBody, kw_only=True):
    """A package to publish: what it is, and the digest under which its archive was uploaded.

    `to` names providers, all where empty; with `offline` no provider is asked anything beforehand.
    """

    package: str
    version: str
    archive: str
    to: tuple[str, ...] = ()
    dist_tag: str = ""
    access: str = ""
    requester: str = ""
    offline: bool = False


class PlanRequest(StrictBody, kw_only=True):
    """A plan as a plan file has it, `package` and `operation`, but that all bytes are named by digest.

    `package` has `archive`, `name`, `version`, and as one wants `dist_tag` and `access`; each of `operation`
    `kind`, `provider`, and what its kind takes; an artifact has `name` and `digest`, or `made`.
    """

    operation: list[dict[str, Any]]
    package: dict[str, Any] = msgspec.field(default_factory=dict)
    requester: str = ""
    offline: bool = False
