"""Whether a version stands at its registry, found by name and digest (protocol 5).

*Absent* is a positive finding: the package's own document without the version, or a 404 for the
package from a registry that at the same time answers another question of ours. A 401, 403, 429,
5xx, a cached or a broken answer is no finding.
"""

from __future__ import annotations

from placet.adapters.npm.client import Registry, UnclearError
from placet.adapters.npm.packument import AnswerInvalidError, Packument
from placet.domain.encoding.canonical import Object
from placet.ports.effects import Finding, Presence

_UNKNOWN = Finding(presence=Presence.UNKNOWN)


async def look_up_version(registry: Registry, package: str, version: str, integrity: str) -> Finding:
    """Tell whether `package@version` stands with `integrity`, with another one, or not at all.

    A version that stood and was taken away is `unknown`: it may have been ours, so that nothing
    follows from its absence. Raise `EffectError` (`EGRESS_DENIED`) where the registry must not
    be asked.
    """
    try:
        packument = await registry.packument(package)
        if packument is None:
            return Finding(presence=Presence.ABSENT) if await registry.admits_us() else _UNKNOWN
        return _judge(packument, version, integrity)
    except (UnclearError, AnswerInvalidError):
        return _UNKNOWN


def _judge(packument: Packument, version: str, integrity: str) -> Finding:
    if packument.once_had(version):
        return _UNKNOWN
    if not packument.has(version):
        return Finding(presence=Presence.ABSENT)
    found = packument.integrity(version)
    response: Object = {"integrity": found}
    if found == integrity:
        return Finding(presence=Presence.SAME, response=response)
    return Finding(presence=Presence.OTHER, response=response)
