"""The body of a publish request, built from the archive and the plan alone (npm protocol, PUT)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping

from placet.adapters.egress.endpoint import EGRESS_DENIED, Endpoint, parse_endpoint
from placet.domain.authorization.operation import Operation
from placet.domain.encoding.archive import check_is_package, read_archive
from placet.domain.package.manifest import derive_manifest
from placet.domain.values.npm import parse_package_name
from placet.domain.values.unshown import Unshown
from placet.errors import EffectError

_ACCESS = {"": None, "public": "public", "restricted": "restricted"}
_PARAMS = frozenset({"access", "dist_tag"})


class Publication(Unshown, frozen=True, kw_only=True):
    """One publish request: which package and version, under which dist-tag, as which bytes."""

    package: str
    version: str
    dist_tag: str
    integrity: str
    body: bytes


def package_path(package: str) -> str:
    """Return the path of a package's document, its scope joined by `%2f` as npm does it.

    Raise `InvalidInputError` (`NAME_INVALID`) for anything that is no package name.
    """
    return "/" + parse_package_name(package).replace("/", "%2f")


def integrity_of(operation: Operation) -> str:
    """Return the integrity under which a registry shows the operation's one artifact."""
    digest = bytes.fromhex(operation.artifacts[0].sha512)
    return "sha512-" + base64.b64encode(digest).decode("ascii")


def build_publication(operation: Operation, archive: bytes, to: Endpoint) -> Publication:
    """Return the publish request of `archive` for registry `to`, its manifest derived from the archive.

    Raise `InvalidInputError` (`MANIFEST_MISMATCH`, `ARTIFACT_UNSAFE` …) where the archive is
    unsafe or names another package or version, and `EffectError` (`EGRESS_DENIED`) where plan or
    package name a place to publish to that is not the provider's.
    """
    package, version = operation.subject.name, operation.subject.version
    reading = read_archive(archive)
    check_is_package(reading, package, version)
    manifest = derive_manifest(reading)
    _check_target(operation, manifest, to)
    dist_tag, access = str(operation.params.get("dist_tag", "")) or "latest", str(operation.params.get("access", ""))
    dist = {
        "integrity": reading.integrity,
        "shasum": hashlib.sha1(archive, usedforsecurity=False).hexdigest(),
        "tarball": to.url(f"{package_path(package)}/-/{package.rpartition('/')[2]}-{version}.tgz"),
    }
    data = base64.b64encode(archive).decode("ascii")
    attachment = {"content_type": "application/octet-stream", "data": data, "length": len(archive)}
    document = {
        "_id": package,
        "name": package,
        "description": manifest.get("description", ""),
        "dist-tags": {dist_tag: version},
        "versions": {version: {**manifest, "dist": dist}},
        "access": _ACCESS[access],
        "_attachments": {f"{package}-{version}.tgz": attachment},
    }
    body = json.dumps(document, separators=(",", ":"), allow_nan=False).encode("ascii")
    return Publication(package=package, version=version, dist_tag=dist_tag, integrity=reading.integrity, body=body)


def _check_target(operation: Operation, manifest: Mapping[str, object], to: Endpoint) -> None:
    unknown = sorted(set(operation.params) - _PARAMS)
    if unknown or str(operation.params.get("access", "")) not in _ACCESS:
        raise EffectError(
            EGRESS_DENIED,
            f"nothing was opened: publishing takes no such parameters: {', '.join(unknown) or 'access'}",
            hint="where a package goes is said by the provider's record, never by a plan",
        )
    config = manifest.get("publishConfig")
    registry = config.get("registry") if isinstance(config, Mapping) else None
    if registry is not None and not _is_same_place(registry, to):
        raise EffectError(
            EGRESS_DENIED,
            f"nothing was opened: the package's publishConfig names another registry than {to.authority}",
            hint="take publishConfig.registry out of package.json, or publish to the provider that it names",
        )


def _is_same_place(registry: object, to: Endpoint) -> bool:
    if not isinstance(registry, str):
        return False
    try:
        named = parse_endpoint(registry)
    except EffectError:
        return False
    return (named.scheme, named.authority, named.base_path) == (to.scheme, to.authority, to.base_path)
