"""Facts that an npm registry holds, read for plans and premises: versions and dist-tags."""

from __future__ import annotations

from placet.adapters.egress.endpoint import parse_endpoint
from placet.adapters.egress.exchange import Egress
from placet.adapters.npm.client import Registry, UnclearError
from placet.adapters.npm.packument import AnswerInvalidError, Packument
from placet.domain.authorization.operation import Subject
from placet.ports.effects import Credentials, Provider

ABSENT = "absent"
UNOBSERVED = "unobserved"
_DIST_TAG = "dist_tag:"


class NpmFacts:
    """Reads `version` and `dist_tag:NAME` of a package; reads only."""

    def __init__(self, egress: Egress, credentials: Credentials) -> None:
        """Take the way out and where credentials are."""
        self._egress = egress
        self._credentials = credentials

    async def read(self, provider: Provider, subject: Subject, fact: str) -> str:
        """Return `absent`, an integrity or a version; `unobserved` for every unclear answer.

        `absent` is as positive as in a look-up. Raise `EffectError` (`EGRESS_DENIED`) and
        `ConfigurationError` where the registry cannot be asked at all.
        """
        endpoint = parse_endpoint(provider.url, private=provider.private)
        registry = Registry(self._egress, endpoint, self._credentials.of(provider))
        try:
            packument = await registry.packument(subject.name)
            if packument is None:
                return ABSENT if await registry.admits_us() else UNOBSERVED
            return _value(packument, subject, fact)
        except (UnclearError, AnswerInvalidError):
            return UNOBSERVED


def _value(packument: Packument, subject: Subject, fact: str) -> str:
    if fact.startswith(_DIST_TAG):
        return packument.tagged(fact.removeprefix(_DIST_TAG)) or ABSENT
    if fact != "version" or packument.once_had(subject.version):
        return UNOBSERVED
    return packument.integrity(subject.version) if packument.has(subject.version) else ABSENT
