"""Names on GitHub, in one strict grammar each: repositories, tags and branches, commits (attacks A51).

GitHub does not tell upper from lower case in repository names, but policies and holds do: a plan
spells them in lower case, so that one repository has one name.
"""

from __future__ import annotations

import re
from typing import NewType

from placet.errors import InvalidInputError

RepositoryName = NewType("RepositoryName", str)
"""`owner/repository` that passed `parse_repository_name`."""

SHA = r"[0-9a-f]{40}"
"""A commit's or a tag object's name as git spells it."""
_REPOSITORY = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,37}[a-z0-9])?/(?!\.{1,2}$)[a-z0-9._-]{1,100}(?<!\.git)")
_MAX_REF = 128
_REF_PART = r"@?[A-Za-z0-9](?:[A-Za-z0-9._@+-]*[A-Za-z0-9_+-])?"
_REF = re.compile(rf"{_REF_PART}(?:/{_REF_PART})*")
_NO_REF = re.compile(rf"\.\.|@@|\.lock(?:/|$)|^(?:{SHA}|refs/.*|heads/.*|tags/.*)$")


def parse_repository_name(text: str) -> RepositoryName:
    """Return `text` as `owner/repository`, or raise `InvalidInputError` (`NAME_INVALID`)."""
    if _REPOSITORY.fullmatch(text) is None:
        raise InvalidInputError(
            "NAME_INVALID",
            f"{text[:120]!a} is no repository",
            hint="OWNER/REPOSITORY in lower case: GitHub does not tell cases apart, policies do",
        )
    return RepositoryName(text)


def parse_ref_name(text: str) -> str:
    """Return `text` as the short name of a tag or branch, or raise `InvalidInputError` (`NAME_INVALID`).

    What git allows and people misread is refused: names like a commit's, or like a whole ref.
    """
    if len(text) > _MAX_REF or _REF.fullmatch(text) is None or _NO_REF.search(text) is not None:
        raise InvalidInputError(
            "NAME_INVALID",
            f"{text[:120]!a} is no tag or branch that is used here",
            hint="like v1.0.0 or @acme/tool@1.0.0: letters, digits and -._@+/ in up to 128 characters",
        )
    return text
