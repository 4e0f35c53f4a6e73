"""npm package names and versions, in one strict grammar each (contract 5, attacks A51 and A56).

Names follow npm's rules for *new* packages, and are stricter where clients differ: every segment
begins with a letter or digit. Versions are semantic versions 2.0.0 without build metadata: npm
drops it, so that `1.0.0` and `1.0.0+x` would be one version under two spellings.
"""

from __future__ import annotations

import re
from typing import NewType

from placet.domain.values.confusable import letters_read_as
from placet.errors import InvalidInputError

PackageName = NewType("PackageName", str)
"""An npm package name that passed `parse_package_name`: `tool` or `@acme/tool`."""

Version = NewType("Version", str)
"""A semantic version that passed `parse_version`: `1.0.0` or `1.0.0-rc.1`."""

LONGEST_NAME = 214
LONGEST_VERSION = 256
_MAX_NUMBER = 2**53 - 1  # npm refuses larger numbers: JavaScript cannot count them
_SEGMENT = r"[a-z0-9][a-z0-9._-]*"
PACKAGE_NAME = rf"(?:@{_SEGMENT}/)?{_SEGMENT}"
_NAME = re.compile(PACKAGE_NAME)
_NUMBER = r"(?:0|[1-9][0-9]*)"
_PRERELEASE = rf"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
VERSION = rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-{_PRERELEASE}(?:\.{_PRERELEASE})*)?"
_VERSION = re.compile(VERSION)
_RESERVED = frozenset({"node_modules", "favicon.ico"})
_CORE_MODULE = re.compile(
    "assert|async_hooks|buffer|child_process|cluster|console|constants|crypto|dgram|diagnostics_channel|dns|domain|"
    "events|fs|http|http2|https|inspector|module|net|os|path|perf_hooks|process|punycode|querystring|readline|repl|"
    "stream|string_decoder|sys|timers|tls|trace_events|tty|url|util|v8|vm|wasi|worker_threads|zlib"
)


def parse_package_name(text: str) -> PackageName:
    """Return `text` as a package name.

    Raise `InvalidInputError`: `NAME_CONFUSABLE` where look-alikes of ASCII letters would read
    as a valid name, `NAME_INVALID` for anything else outside the grammar.
    """
    if len(text) > LONGEST_NAME:
        raise _name_invalid(text, f"is longer than {LONGEST_NAME} characters")
    if _NAME.fullmatch(text) is None:
        _refuse_look_alike(text)
        raise _name_invalid(text, "is not [@scope/]name of lower-case letters, digits, '.', '_' and '-'")
    if unscoped_name(PackageName(text)) in _RESERVED:
        raise _name_invalid(text, "is reserved by npm")
    if _CORE_MODULE.fullmatch(text) is not None:
        raise _name_invalid(text, "is the name of a Node core module")
    return PackageName(text)


def parse_version(text: str) -> Version:
    """Return `text` as a version, or raise `InvalidInputError` (`VERSION_INVALID`)."""
    match = _VERSION.fullmatch(text) if len(text) <= LONGEST_VERSION else None
    if match is None:
        raise InvalidInputError(
            "VERSION_INVALID",
            f"{text[:80]!a} is not a semantic version",
            hint="versions are MAJOR.MINOR.PATCH[-PRERELEASE] in ASCII, without v, leading zeros or +build",
        )
    if any(int(number) > _MAX_NUMBER for number in match.groups()):
        raise InvalidInputError("VERSION_INVALID", f"{text[:80]} has a number above {_MAX_NUMBER}, which npm refuses")
    return Version(text)


Precedence = tuple[bool, int, int, int, tuple[tuple[bool, int, str], ...]]


def precedence(version: Version) -> Precedence:
    """Return what versions are put in order by: a release before every prerelease, else as semver.org 11 says."""
    core, _, prerelease = version.partition("-")
    major, minor, patch = (int(number) for number in core.split("."))
    identifiers = tuple(
        (False, int(each), "") if each.isdigit() else (True, 0, each) for each in prerelease.split(".") if each
    )
    return not prerelease, major, minor, patch, identifiers


def unscoped_name(name: PackageName) -> str:
    """Return the part of a name behind its scope: `tool` of `@acme/tool`."""
    return name.rpartition("/")[2]


def scope_of(name: PackageName) -> str:
    """Return the scope of a name with its `@`, or the empty string."""
    return name.rpartition("/")[0]


def package_url(name: PackageName, version: Version) -> str:
    """Return the package URL that identifies one version: `pkg:npm/%40acme/tool@1.0.0`."""
    return f"pkg:npm/{name.replace('@', '%40')}@{version}"


def _refuse_look_alike(text: str) -> None:
    plain = letters_read_as(text)
    if plain != text and _NAME.fullmatch(plain) is not None:
        raise InvalidInputError(
            "NAME_CONFUSABLE",
            f"{text[:80]!a} is written with look-alikes of the letters in {plain[:80]}",
            hint="type the name in ASCII",
        )


def _name_invalid(text: str, reason: str) -> InvalidInputError:
    return InvalidInputError(
        "NAME_INVALID",
        f"the package name {text[:80]!a} {reason}",
        hint="write it as npm takes it, in lower case: tool, or @acme/tool",
    )
