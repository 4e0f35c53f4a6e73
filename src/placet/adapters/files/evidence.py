"""Evidence bundles in the home: one file per published version, always the newest."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from placet.errors import UnavailableError


class EvidenceFolder:
    """Keeps `PACKAGE/VERSION.json` below a folder. A file is there whole, or as it was before."""

    def __init__(self, root: Path) -> None:
        """Keep bundles below `root`, which is made when the first one is."""
        self._root = root

    def write(self, package: str, version: str, bundle: bytes) -> Path:
        """Keep the bundle of a package version (names in their strict grammar) and return its file.

        Raise `UnavailableError` (`EVIDENCE_UNWRITABLE`); the evidence can be collected again.
        """
        place = self._root / package / f"{version}.json"
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=place.parent, prefix=".", delete=False) as file:
                file.write(bundle)
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).replace(place)
        except OSError as error:
            raise UnavailableError(
                "EVIDENCE_UNWRITABLE",
                f"the evidence of {package}@{version} could not be written ({error.strerror})",
                hint="the publication stands; make room, then run the same command again",
            ) from error
        return place
