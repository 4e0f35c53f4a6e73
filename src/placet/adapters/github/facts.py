"""Facts that a repository on GitHub holds, read for plans and premises: tags, branches, releases, accounts."""

from __future__ import annotations

import re

from placet.adapters.egress.exchange import Egress
from placet.adapters.github.accounts import mergers_of, pushers_of
from placet.adapters.github.answers import UnclearError, flag_of, text_of
from placet.adapters.github.client import Repository, repository_at
from placet.domain.authorization.operation import Subject
from placet.domain.values.repository import SHA, parse_ref_name, parse_repository_name
from placet.errors import InvalidInputError
from placet.ports.effects import Credentials, Provider

ABSENT = "absent"
UNOBSERVED = "unobserved"
_REFS = {"tag": "tags", "branch": "heads"}
_ACCOUNTS = {"pusher": pushers_of, "merger": mergers_of}


class GithubFacts:
    """Reads `tag:NAME`, `branch:NAME` (`absent` or a SHA) and `release:TAG` (`absent` or `published`).

    And the account ids that pushed and merged a commit: `pusher:SHA`, `merger:SHA`.
    """

    def __init__(self, egress: Egress, credentials: Credentials) -> None:
        """Take the way out and where credentials are."""
        self._egress = egress
        self._credentials = credentials

    async def read(self, provider: Provider, subject: Subject, fact: str) -> str:
        """Return the fact; `unobserved` for every unclear answer, and for facts that are not known here.

        `absent` is as positive as in a look-up. Raise `EffectError` (`EGRESS_DENIED`) and
        `ConfigurationError` where the record itself names no GitHub or no credential.
        """
        kind, _, name = fact.partition(":")
        try:
            repository = repository_at(self._egress, self._credentials, provider, parse_repository_name(subject.name))
            if kind in _ACCOUNTS and re.fullmatch(SHA, name):
                return await _ACCOUNTS[kind](repository, name)
            return await _read(repository, kind, parse_ref_name(name))
        except (UnclearError, InvalidInputError):
            return UNOBSERVED


async def _read(repository: Repository, kind: str, name: str) -> str:
    if kind in _REFS:
        ref = await repository.ref(_REFS[kind], name)
        return ref.sha if ref else ABSENT
    if kind != "release":
        return UNOBSERVED
    await repository.check_readable()
    releases = await repository.pages("/releases")
    published = any(text_of(each, "tag_name") == name and not flag_of(each, "draft") for each in releases)
    return "published" if published else ABSENT
