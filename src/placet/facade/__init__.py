"""The verbs of Placet, for the command line, the web and other programs: nothing else knows the inside.

    async with Placet.open(config.load()) as placet:
        published = await placet.publishing.publish(request)

Every method returns the JSON object that the command line prints with `--json`, and raises
`PlacetError` with a stable code.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, TypeAlias

from placet import bootstrap
from placet.bootstrap import registry_of_user
from placet.config import Config
from placet.core.caller import NOBODY, Caller
from placet.core.installation import Profile
from placet.domain.certificate.keys import KeyAlgorithm
from placet.domain.encoding.canonical import Object
from placet.domain.package.publish_request import PublishRequest
from placet.facade.artifacts import Artifacts
from placet.facade.break_glass import BreakGlass
from placet.facade.certificates import Certificates
from placet.facade.chitty_ids import ChittyIds
from placet.facade.chronicle import Chronicle
from placet.facade.client_certificates import ClientCertificates
from placet.facade.denials import Denials
from placet.facade.figures import StateFigures
from placet.facade.freezes import Freezes
from placet.facade.governance import Governance
from placet.facade.keys import Keys
from placet.facade.ledger import LedgerBook
from placet.facade.packages import Packages
from placet.facade.planning import Planning
from placet.facade.publishing import Publishing
from placet.facade.receipts import Receipts
from placet.facade.registry import Registry
from placet.facade.sessions import Returned, Sessions, Word
from placet.facade.storage import Storage
from placet.facade.trust import Trust
from placet.facade.verification import Verification, verify
from placet.facade.visibility import PackageVisibilities
from placet.ports.effects import Secret
from placet.ports.meter import Meter

if TYPE_CHECKING:
    from placet.bootstrap.remote import connected
    from placet.client import RemotePlacet

__all__ = [
    "NOBODY",
    "AnyPlacet",
    "Caller",
    "Packages",
    "Placet",
    "PublishRequest",
    "RemotePlacet",
    "Returned",
    "Word",
    "connected",
    "registry_of_user",
    "verify",
]


class Placet:
    """An open installation, its verbs grouped by theme."""

    def __init__(self, opened: bootstrap.Opened) -> None:
        """Take an installation that is open; use `open`."""
        self.artifacts = Artifacts(opened)
        self.publishing = Publishing(opened)
        self.planning = Planning(opened, self.publishing)
        self.verification = Verification(opened)
        self.governance = Governance(opened)
        self.freezes = Freezes(opened)
        self.break_glass = BreakGlass(opened)
        self.certificates = Certificates(opened)
        self.client_certificates = ClientCertificates(opened)
        self.chitty_ids = ChittyIds(opened)
        self.chronicle = Chronicle(opened)
        self.registry = Registry(opened)
        self.receipts = Receipts(opened)
        self.keys = Keys(opened)
        self.trust = Trust(opened)
        self.sessions = Sessions(opened, self.publishing)
        self.visibility = PackageVisibilities(opened)
        self.storage = Storage(opened)
        self.ledger = LedgerBook(opened)
        self.denials = Denials(opened)
        self.figures = StateFigures(opened)
        self.signer = bootstrap.approval_signer(opened.config)
        self._opened = opened

    @property
    def public_base_url(self) -> str:
        """Return where others reach this installation, as addresses that it gives out begin."""
        return self._opened.context.settings.bases.api

    def acting_as(self, caller: Caller) -> Placet:
        """Return the verbs as `caller`, who may be `NOBODY`, may use them over the network."""
        return Placet(self._opened.acting_as(caller))

    def offline(self) -> Placet:
        """Return the verbs as they ask no provider anything: what one holds stays unobserved."""
        return Placet(self._opened.offline())

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls,
        config: Config,
        *,
        offline: bool = False,
        at: Callable[[str], None] | None = None,
        meter: Meter | None = None,
    ) -> AsyncIterator[Placet]:
        """Open the installation in `config.home` for the length of a `with`.

        `offline` asks no provider anything. `at` is told each named point of a publication. A
        service gives a `meter`: then repeated denials are bundled (see `denials`).
        """
        async with bootstrap.opened(config, offline=offline, at=at, meter=meter) as opened:
            yield cls(opened)

    @staticmethod
    async def init(
        config: Config, *, profile: str = "team", name: str = "placet", algorithm: str = "p256"
    ) -> tuple[Object, Secret | None]:
        """Make a new installation; return what was made, and a team's bootstrap key, shown once.

        Raise `ConfigurationError` (`HOME_EXISTS`, `ANCHOR_INSIDE_HOME`, `PASSPHRASE_MISSING`).
        """
        founded = await bootstrap.found(config, profile=Profile(profile), name=name, algorithm=KeyAlgorithm(algorithm))
        made: Object = {
            "home": str(founded.home),
            "origin": founded.origin,
            "profile": founded.profile.value,
            "keys_sealed": founded.keys_sealed,
        }
        return made, founded.bootstrap_key


AnyPlacet: TypeAlias = "Placet | RemotePlacet"
"""An installation on this machine, or a service: what the command line asks of either, both have."""


def __getattr__(name: str) -> object:
    """Return what only those need who ask a service: a command for this machine does not wait for its import."""
    if name == "connected":
        from placet.bootstrap.remote import connected  # noqa: PLC0415 - see above

        return connected
    if name == "RemotePlacet":
        from placet.client import RemotePlacet  # noqa: PLC0415 - see above

        return RemotePlacet
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
