"""Artifacts on their way."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from placet.web.forms import ArtifactDigest


class UploadQuery(msgspec.Struct, kw_only=True):
    """How many bytes the artifact has in all, and at which of them the body begins."""

    size: Annotated[int, Meta(ge=1, le=2**53)]
    offset: Annotated[int, Meta(ge=0, le=2**53)] = 0


class SizeQuery(msgspec.Struct, kw_only=True):
    """How many bytes the artifact has in all."""

    size: Annotated[int, Meta(ge=1, le=2**53)]


class ArtifactReceived(msgspec.Struct, kw_only=True):
    """How many bytes of an artifact are here; `complete` once all are, and their digest holds."""

    digest: ArtifactDigest
    received: int
    complete: bool
