"""What a package says of its own publication, and what was asked for: npm would follow it, we refuse a difference."""

from __future__ import annotations

from placet.core.context import Context
from placet.core.entities.governance import provider_key, stored_provider
from placet.core.entities.stored import required
from placet.domain.encoding.archive import ArchiveReading
from placet.domain.values.npm import scope_of
from placet.errors import InvalidInputError


async def check_manifest(
    context: Context, package: ArchiveReading, *, registry: str, dist_tag: str, access: str
) -> None:
    """Return only where the package's own manifest does not contradict what is asked for.

    Approvers see the plan, not the package.json: what it says never changes the target, and where it
    says otherwise nothing is planned. Raise `InvalidInputError`: `PACKAGE_PRIVATE` for `"private": true`,
    `PUBLISH_CONFIG_DIFFERS` where `publishConfig` names another registry, dist-tag or access.
    """
    if package.manifest.get("private") is True:
        raise InvalidInputError(
            "PACKAGE_PRIVATE",
            f'the package.json of {package.name} says "private": true',
            hint="take it out if the package is to be published",
        )
    wanted = package.manifest.get("publishConfig")
    if not isinstance(wanted, dict):
        return
    key = provider_key(registry)
    provider = stored_provider(required(await context.store.load([key]), key, "provider"))
    for name in ("registry", f"{scope_of(package.name)}:registry"):
        if isinstance(wanted.get(name), str) and _address(str(wanted[name])) != _address(provider.url):
            raise _differs(f"{name}, which is not where {registry} is", "take it out, or name its provider with --to")
    default = "" if scope_of(package.name) else "public"  # of an unscoped package npm knows nothing else
    for name, option, given in (("tag", "--tag", dist_tag), ("access", "--access", access or default)):
        if isinstance(wanted.get(name), str) and wanted[name] != given:
            said = str(wanted[name])[:80]
            asked = given or "the registry's default"
            raise _differs(f"{name} {said!a}, asked for is {asked}", f"{option} {ascii(said)[1:-1]}, or take it out")


def _address(url: str) -> str:
    return url.rstrip("/").lower()


def _differs(what: str, hint: str) -> InvalidInputError:
    return InvalidInputError("PUBLISH_CONFIG_DIFFERS", f"publishConfig in the package.json names {what}", hint=hint)
