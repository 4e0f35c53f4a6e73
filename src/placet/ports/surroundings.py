"""What surrounds an installation: files, disks, the database file, providers' addresses. Facts only, for `doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from msgspec import Struct

from placet.ports.effects import Provider


class Place(Struct, frozen=True, kw_only=True):
    """A file or folder: whether it is there, who may get at it, on which file system, and what room that has.

    `is_private` tells that nobody but its owner has any right to it. `problem` says why nothing
    could be learned.
    """

    path: Path
    exists: bool
    is_private: bool = False
    is_ours: bool = False
    device: int = 0
    free_bytes: int = 0
    problem: str = ""


class Storage(Struct, frozen=True, kw_only=True):
    """The database file: how it writes, and what a quick check of its pages found (empty: nothing wrong)."""

    journal_mode: str
    problem: str


class Surroundings(Protocol):
    """Looks, and changes nothing."""

    def place(self, path: Path) -> Place:
        """Return what can be learned of a file or folder."""
        ...

    def key_files(self) -> list[Place]:
        """Return the key files of the home, sorted by name."""
        ...

    def storage(self) -> Storage:
        """Return how the database file stands; reads all of it."""
        ...


class ProviderProbe(Protocol):
    """Asks whether a provider could be used, without acting there."""

    def address(self, provider: Provider) -> None:
        """Return only if the provider's address may be used; raise `PlacetError` (`EGRESS_DENIED` and others)."""
        ...

    def credential(self, provider: Provider) -> None:
        """Return only if the credential that the provider's record names is there.

        Raise `ConfigurationError` (`CREDENTIAL_MISSING`, `CREDENTIAL_INVALID`). Shows it to nobody.
        """
        ...

    async def reach(self, provider: Provider) -> str:
        """Return what the provider answered, in a few words; raise `PlacetError` where nothing did."""
        ...
