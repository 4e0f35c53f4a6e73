"""What somebody wants published."""

from __future__ import annotations

from placet.domain.values.unshown import Unshown


class PublishRequest(Unshown, frozen=True, kw_only=True):
    """What somebody wants published: the packed archive, where to, and as which dist-tag.

    `to` names providers, all configured ones where empty; an empty `access` is the registry's
    default; an empty `requester` is whoever the façade finds. `package` and `version` are what the
    archive has to be, whatever it is where they are empty.
    """

    tgz: bytes
    requester: str = ""
    to: tuple[str, ...] = ()
    dist_tag: str = ""
    access: str = ""
    package: str = ""
    version: str = ""
