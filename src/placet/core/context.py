"""What every use case is given: the ports, the installation's identity, and its settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from msgspec import Struct, field
from msgspec.structs import replace

from placet.core.bundles import EachDenial, Recorder
from placet.core.numbers import Numbers
from placet.domain.log.checkpoint import CheckpointSigner
from placet.domain.values.kinds import Mode
from placet.domain.values.unshown import Unshown
from placet.ports.authority import CertificateAuthority
from placet.ports.blobs import BlobStore
from placet.ports.effects import Observer, SideEffectPort
from placet.ports.keys import KeyMaker
from placet.ports.meter import Meter, Unmetered
from placet.ports.store import Store
from placet.ports.world import Clock, Randomness

_EMBEDDED = "http://localhost:8480"
"""Where `placet serve` listens by default."""


class PublicBases(Struct, frozen=True, kw_only=True):
    """Where others reach the services, as addresses that are given out begin; one may serve all (contract 1).

    `id` is the certificate authority's, `api` the event log's and everything else's.
    """

    id: str = _EMBEDDED
    api: str = _EMBEDDED
    registry: str = _EMBEDDED


class Settings(Struct, frozen=True, kw_only=True):
    """What the person who runs Placet may set, each with the protocol's default.

    `deadline` is how long one effect may take; `settle` maps a provider kind to how long after
    its deadline an absent effect may still appear; `lookups` how often the reconciler asks before
    it asks a person; `embedded_in_ci` whether this process runs in a detected CI environment;
    `account_kinds` names the provider kinds whose fact reader tells who pushed and merged a commit;
    `session` is how long somebody who signed in may go on asking.
    """

    deadline: timedelta = timedelta(seconds=60)
    settle: Mapping[str, timedelta] = field(
        default_factory=lambda: {
            "npm": timedelta(minutes=15),
            "github": timedelta(seconds=60),
            "folder": timedelta(0),
            "s3": timedelta(seconds=60),
        }
    )
    lookups: int = 5
    embedded_in_ci: bool = False
    account_kinds: frozenset[str] = frozenset()
    bases: PublicBases = PublicBases()
    metadata_key: str = "chittyos"
    session: timedelta = timedelta(hours=8)


def _nowhere(name: str) -> None:
    """Do nothing at a named point; crash tests end the process there instead."""


class Context(Unshown, frozen=True, kw_only=True):
    """One installation as the Core sees it.

    `issuer` is the log's origin; `mode` what this process's effect port was built for;
    `receipt_secrets` maps key ids to their secrets and `minting_key` names the one that mints;
    `credential_id` is what whoever asks showed over the network, empty for commands on this machine;
    `numbers` are those that this process has taken from its sequences;
    `recorder` decides when denials become entries, `meter` is told what happens, and
    `at` is told each named point of a publication as it is passed, before what follows it.
    """

    store: Store
    clock: Clock
    randomness: Randomness
    issuer: str
    mode: Mode
    receipt_secrets: Mapping[str, bytes]
    minting_key: str
    effects: SideEffectPort
    observer: Observer
    blobs: BlobStore
    authority: CertificateAuthority
    key_maker: KeyMaker
    checkpoint_signer: CheckpointSigner
    settings: Settings = field(default_factory=Settings)
    credential_id: str = ""
    numbers: Numbers = field(default_factory=Numbers)
    recorder: Recorder = field(default_factory=EachDenial)
    meter: Meter = field(default_factory=Unmetered)
    at: Callable[[str], None] = _nowhere

    def told(self, at: Callable[[str], None]) -> Context:
        """Return the context whose named points are told to `at`."""
        return replace(self, at=at)
