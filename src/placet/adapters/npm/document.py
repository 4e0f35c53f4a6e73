"""The body of a publish request, built from the archive and the plan alone (npm protocol, PUT)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from placet.adapters.egress.endpoint import EGRESS_DENIED, Endpoint, parse_endpoint
from placet.domain.authorization.operation import Operation
from placet.errors import DeniedError, EffectError

ManifestOf = Callable[[bytes], Mapping[str, object]]
"""Returns the `package.json` of an archive; raises `InvalidInputError` for an unsafe one."""

_ACCESS = {"": None, "public": "public", "restricted": "restricted"}
_PARAMS = frozenset({"access", "dist_tag"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One publish request: which package and version, under which dist-tag, as which bytes."""

    package: str
    version: str
    dist_tag: str
    integrity: str
    body: bytes = field(repr=False)


def package_path(package: str) -> str:
    """Return the path of a package's document, its scope joined by `%2f` as npm does it.

    Raise `EffectError` (`EGRESS_DENIED`) for anything but `name` and `@scope/name`.
    """
    scope, slash, name = package.rpartition("/")
    if "/" in scope or not name or bool(slash) != package.startswith("@") or scope == "@":
        raise EffectError(EGRESS_DENIED, f"nothing was opened: {package[:80]!r} is no package name")
    return "/" + quote(package, safe="@!'()*~").replace("%2F", "%2f")


def integrity_of(operation: Operation) -> str:
    """Return the integrity under which a registry shows the operation's one artifact."""
    digest = bytes.fromhex(operation.artifacts[0].sha512)
    return "sha512-" + base64.b64encode(digest).decode("ascii")


def build_publication(
    operation: Operation, archive: bytes, manifest: Mapping[str, object], to: Endpoint
) -> Publication:
    """Return the publish request of `archive`, whose own manifest is `manifest`, for registry `to`.

    Raise `DeniedError` (`MANIFEST_MISMATCH`) where the archive names another package or version,
    and `EffectError` (`EGRESS_DENIED`) where plan or package name a place to publish to that is
    not the provider's.
    """
    package, version = operation.subject.name, operation.subject.version
    if (manifest.get("name"), manifest.get("version")) != (package, version):
        raise DeniedError("MANIFEST_MISMATCH", f"the archive's package.json is not that of {package}@{version}")
    _check_target(operation, manifest, to)
    dist_tag, access = str(operation.params.get("dist_tag", "")) or "latest", str(operation.params.get("access", ""))
    integrity = integrity_of(operation)
    dist = {
        "integrity": integrity,
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
        "versions": {version: {**manifest, "_id": f"{package}@{version}", "dist": dist}},
        "access": _ACCESS[access],
        "_attachments": {f"{package}-{version}.tgz": attachment},
    }
    body = json.dumps(document, separators=(",", ":"), allow_nan=False).encode("ascii")
    return Publication(package=package, version=version, dist_tag=dist_tag, integrity=integrity, body=body)


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
