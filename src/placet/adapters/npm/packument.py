"""Strict reading of a registry's packument: only the members we rely on, each in one form.

A packument is data of somebody else. Whatever is ambiguous in a member that we rely on (a key
named twice, another type, an integrity that is not one sha512) makes the answer unusable.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NoReturn

from msgspec import Struct

from placet.errors import EffectError

LIMIT_BYTES = 64 * 1024 * 1024
_INTEGRITY = re.compile(r"sha512-[A-Za-z0-9+/]{86}==")
_WORD = re.compile(r"[!-~]{1,256}")


class AnswerInvalidError(EffectError):
    """The registry answered with something that is no usable packument (`PROVIDER_ANSWER_INVALID`)."""


class Packument(Struct, frozen=True, kw_only=True):
    """One package as its registry shows it: versions, dist-tags, and every version there ever was."""

    versions: Mapping[str, object]
    dist_tags: Mapping[str, object]
    times: Mapping[str, object]

    def has(self, version: str) -> bool:
        """Return whether the version stands now."""
        return version in self.versions

    def once_had(self, version: str) -> bool:
        """Return whether the version stood and was taken away: it may have been ours."""
        return version in self.times and version not in self.versions

    def integrity(self, version: str) -> str:
        """Return `dist.integrity` of a version that stands.

        Raise `AnswerInvalidError` where it is not exactly one sha512.
        """
        dist = _members(_members(self.versions, version), "dist")
        integrity = dist.get("integrity")
        if not isinstance(integrity, str) or _INTEGRITY.fullmatch(integrity) is None:
            _refuse("gives a version without one sha512 integrity")
        return integrity

    def tagged(self, tag: str) -> str | None:
        """Return the version that a dist-tag names, None where there is no such tag."""
        version = self.dist_tags.get(tag)
        if version is not None and (not isinstance(version, str) or _WORD.fullmatch(version) is None):
            _refuse("gives a dist-tag that names no version")
        return version


class _Repeated(dict[str, object]):
    """An object that named a key twice: two readers would see different things in it."""


def read_packument(body: bytes, package: str) -> Packument:
    """Return the packument of `package` that `body` holds, or raise `AnswerInvalidError`."""
    try:
        document = json.loads(body.decode("utf-8"), object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise AnswerInvalidError("PROVIDER_ANSWER_INVALID", "the registry's answer is not JSON") from error
    if not isinstance(document, dict) or isinstance(document, _Repeated) or document.get("name") != package:
        _refuse(f"is not the document of {package}")
    return Packument(
        versions=_members(document, "versions"),
        dist_tags=_members(document, "dist-tags"),
        times=_members(document, "time") if "time" in document else {},
    )


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else _Repeated(members)


def _members(parent: Mapping[str, object], name: str) -> dict[str, object]:
    value = parent.get(name)
    if not isinstance(value, dict) or isinstance(value, _Repeated):
        _refuse(f"has no unambiguous object {name[:80]!r}")
    return value


def _refuse(reason: str) -> NoReturn:
    raise AnswerInvalidError("PROVIDER_ANSWER_INVALID", f"the registry's answer {reason}")
