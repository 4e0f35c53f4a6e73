"""What the npm double holds: packages, versions, dist-tags, tarballs, and how often each was written."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

_TIME = "2026-01-01T00:00:00.000Z"
_ABBREVIATED = ("name", "version", "bin", "dependencies", "engines", "dist", "directories")


class RefusedError(Exception):
    """The registry refuses a request, with a status and the text that npm shows."""

    def __init__(self, status: int, reason: str) -> None:
        """Keep both."""
        super().__init__(reason)
        self.status = status
        self.reason = reason


class _Package(Struct):
    versions: dict[str, dict[str, Any]] = field(default_factory=dict)
    tarballs: dict[str, bytes] = field(default_factory=dict)
    dist_tags: dict[str, str] = field(default_factory=dict)
    times: dict[str, str] = field(default_factory=lambda: {"created": _TIME, "modified": _TIME})


class Packages:
    """Packages under one lock. `effects` counts writes of each (package, version)."""

    def __init__(self, base_url: str) -> None:
        """Take the address under which tarballs are served."""
        self._base_url = base_url
        self._packages: dict[str, _Package] = {}
        self._lock = threading.Lock()
        self.effects: Counter[tuple[str, str]] = Counter()

    def publish(self, name: str, body: bytes) -> None:
        """Store the one version that a publish request carries.

        Raise `RefusedError`: 400 for a body that is no publication of `name` or whose digests
        are not those of its bytes, 409 for a version that stands.
        """
        version, manifest, tarball, tags = _read_publication(name, body)
        with self._lock:
            package = self._packages.setdefault(name, _Package())
            if version in package.versions:
                raise RefusedError(409, "this package is already present")
            file = f"{name.rpartition('/')[2]}-{version}.tgz"
            manifest["dist"] = {**digests(tarball), "tarball": f"{self._base_url}/{name}/-/{file}"}
            package.versions[version] = manifest
            package.tarballs[file] = tarball
            package.times[version] = _TIME
            package.dist_tags.update(tags)
            package.dist_tags.setdefault("latest", version)
            self.effects[name, version] += 1

    def packument(self, name: str, *, abbreviated: bool) -> dict[str, Any]:
        """Return the package's document, or raise `RefusedError` (404)."""
        with self._lock:
            package = self._packages.get(name)
            if package is None:
                raise RefusedError(404, "no such package available")
            document: dict[str, Any] = {"name": name, "dist-tags": dict(package.dist_tags)}
            if abbreviated:
                versions = {version: _short(manifest) for version, manifest in package.versions.items()}
                return {**document, "versions": versions, "modified": package.times["modified"]}
            return {**document, "versions": dict(package.versions), "time": dict(package.times), "_id": name}

    def tarball(self, name: str, file: str) -> bytes:
        """Return a tarball's bytes, or raise `RefusedError` (404)."""
        with self._lock:
            package = self._packages.get(name)
            if package is None or file not in package.tarballs:
                raise RefusedError(404, "no such file available")
            return package.tarballs[file]

    def withdraw(self, name: str, version: str) -> None:
        """Take a version away, as an unpublish does: its time stays."""
        with self._lock:
            del self._packages[name].versions[version]


def digests(tarball: bytes) -> dict[str, str]:
    """Return `integrity` and `shasum` of a tarball as registries show them."""
    sha512 = base64.b64encode(hashlib.sha512(tarball).digest()).decode()
    return {"integrity": f"sha512-{sha512}", "shasum": hashlib.sha1(tarball, usedforsecurity=False).hexdigest()}


def _read_publication(name: str, body: bytes) -> tuple[str, dict[str, Any], bytes, Mapping[str, str]]:
    try:
        document = json.loads(body)
        (version, manifest) = next(iter(document["versions"].items()))
        (file, attachment) = next(iter(document["_attachments"].items()))
        tarball = base64.b64decode(attachment["data"], validate=True)
    except (ValueError, KeyError, AttributeError, StopIteration, TypeError, binascii.Error) as error:
        raise RefusedError(400, "unsupported registry call") from error
    if document.get("name") != name or manifest.get("name") != name or file != f"{name}-{version}.tgz":
        raise RefusedError(400, "the document is not that of this package")
    claimed = {key: manifest.get("dist", {}).get(key) for key in ("integrity", "shasum")}
    if len(tarball) != attachment.get("length") or claimed != digests(tarball):
        raise RefusedError(400, "the attachment is not what the document says")
    return version, manifest, tarball, document.get("dist-tags", {})


def _short(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {key: manifest[key] for key in _ABBREVIATED if key in manifest}


def package_in(path: str) -> tuple[str, str] | None:
    """Return package and tarball name (or an empty one) that a decoded path names, None for neither."""
    match = re.fullmatch(r"/(?P<name>(?:@[^/]+/)?[^/@][^/]*)(?:/-/(?P<file>[^/]+\.tgz))?", path)
    return (match["name"], match["file"] or "") if match else None
