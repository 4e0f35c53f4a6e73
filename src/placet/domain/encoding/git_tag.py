"""Annotated tags as git spells and names them, so that a tag's SHA is known before it is made (protocol 5)."""

from __future__ import annotations

import hashlib
from datetime import datetime

from msgspec import Struct


class Tagger(Struct, frozen=True, kw_only=True):
    """Who is said to have tagged, and when, to the second in UTC. It is free text: it proves nothing."""

    name: str
    email: str
    at: datetime


def tag_object(commit_sha: str, tag: str, tagger: Tagger, message: bytes) -> bytes:
    """Return the annotated tag that names a commit, in git's own bytes."""
    lines = [
        f"object {commit_sha}",
        "type commit",
        f"tag {tag}",
        f"tagger {tagger.name} <{tagger.email}> {int(tagger.at.timestamp())} +0000",
    ]
    return "\n".join([*lines, "", ""]).encode("ascii") + message


def git_sha(kind: str, content: bytes) -> str:
    """Return git's name of an object: the SHA-1, in hex, over its kind, its size and its bytes.

    git's identity, not our integrity: what stands on it (receipts, plans) is bound with SHA-256.
    """
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()
