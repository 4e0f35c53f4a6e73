"""`placet verify`: was this published under authorization? Judged here, offline, wherever the evidence comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from placet.cli.command import AGE, FILE, WORD, Command
from placet.cli.files import read_file
from placet.cli.installation import inside, settings, show
from placet.cli.output import Document, fields, moment, span, table
from placet.errors import ConfigurationError, InvalidInputError

if TYPE_CHECKING:
    from placet.domain.verification.verdict import VerdictError
    from placet.domain.verification.verifier import Held
    from placet.facade import AnyPlacet

_TRUST_ROOT_LIMIT_BYTES = 256 * 1024
_NAMED = re.compile(r"(?P<name>(@[^@/]+/)?[^@/.][^@/]*)@(?P<version>[^@/]+)")
_FILE_ENDINGS = (".tgz", ".json")
_SOURCES = {
    "bundle": "the bundle's list",
    "file": "the given list",
    "home": "this installation's list",
    "seen": "a list seen before",
}
_NAME_ONE = "give the path of a tarball or bundle, or a published version such as @acme/tool@1.0.0"


class _Given(TypedDict):
    evidence: Path | None
    trust_root: Path | None
    revocations: Path | None
    max_age: timedelta | None


@click.command("verify", cls=Command, example="placet verify @acme/tool@1.0.0")
@click.argument("what", metavar="FILE|NAME@VERSION|BUNDLE", type=WORD)
@click.option("--evidence", type=FILE, help="The evidence bundle [default: what this installation holds].")
@click.option("--trust-root", type=FILE, help="Whom to believe [default: this installation's trust-root.json].")
@click.option("--revocations", type=FILE, help="A list of revocations that is newer than the bundle's.")
@click.option(
    "--max-revocation-age",
    "max_age",
    type=AGE,
    help="Refuse where revocations are known only to an earlier time, as 90m, 36h or 7d [default: any].",
)
def verify(what: str, **given: Unpack[_Given]) -> None:
    """Verify a package, a published version or a bundle, offline.

    FILE is a package's tarball: its very bytes must be what was published. NAME@VERSION asks what
    was published under that name; a file that is called like one is given as ./FILE. BUNDLE is an
    evidence bundle by itself. With a bundle and --trust-root no installation is needed, and nothing
    is ever asked over a network.

    With --server, evidence and revocations come from the service in the place of this installation,
    and are believed no more than any other: the trust root is a file of yours.

    The newest list of revocations decides: the bundle's own, this installation's, that of
    --revocations, or the newest that was ever seen here. The answer says to when it is known.
    """
    from placet.domain.verification.verdict import VerdictError  # noqa: PLC0415 - help needs none of it

    try:
        show(_verdict(what, given), _lines)
    except VerdictError as error:
        show(_refused(what, error), _lines)
        raise


def _verdict(what: str, given: _Given) -> Document:
    from placet.domain.verification.verifier import NOTHING  # noqa: PLC0415 - help needs none of it

    held, evidence = _held(what), given["evidence"]
    is_bundle = held.tgz is not None and held.tgz[:1] == b"{"
    if is_bundle and evidence:
        raise InvalidInputError(
            "PATH_INVALID",
            f"{what[:200]!a} is a bundle, where --evidence asks for the package that it is about",
            hint="give the package's tarball or NAME@VERSION, or the bundle without --evidence",
        )
    if is_bundle and held.tgz is not None:
        return _judged(held.tgz, NOTHING, given, foreign=True)
    bundle = read_file(evidence) if evidence else _evidence_here(held)
    return _judged(bundle, held, given, foreign=evidence is not None)


def _judged(bundle: bytes, held: Held, given: _Given, *, foreign: bool) -> Document:
    """Return the verdict. A `foreign` bundle is not as of now: what this installation knows is added, if it is asked.

    It is asked where its trust root is believed.
    """
    from placet.facade.verification import Revocations, verify_as_consumer  # noqa: PLC0415 - help needs none of it

    trust_root = _trust_root(given["trust_root"])
    revocations = Revocations(
        given=read_file(given["revocations"]) if given["revocations"] else b"",
        home=_revocations_here(bundle) if foreign and given["trust_root"] is None else b"",
        max_age=given["max_age"],
    )
    return verify_as_consumer(settings(), bundle, trust_root, held, revocations)


def _revocations_here(bundle: bytes) -> bytes:
    """Return what this installation knows of revocations; nothing where there is only a trust root.

    A bundle from the future of this installation's own ledger seals it: then nothing is verified here.
    """
    from placet.facade.verification import origin_of  # noqa: PLC0415 - help needs none of it

    async def verb(placet: AnyPlacet) -> bytes:
        await placet.verification.compare(bundle)
        return await placet.verification.revocations(origin_of(bundle))

    try:
        return inside(verb)
    except ConfigurationError as error:
        if error.code != "HOME_MISSING":
            raise
        return b""


def _held(what: str) -> Held:
    """Return what is to be verified. Its spelling alone decides whether it is a name: no file can get in its way."""
    from placet.domain.verification.verifier import Held  # noqa: PLC0415 - help needs none of it

    named = _NAMED.fullmatch(what)
    if named is not None and not what.endswith(_FILE_ENDINGS):
        return Held(package=named["name"], version=named["version"])
    if not Path(what).exists():
        raise InvalidInputError("PATH_INVALID", f"{what[:200]!a} is no file and no NAME@VERSION", hint=_NAME_ONE)
    return Held(tgz=read_file(Path(what)))


def _trust_root(given: Path | None) -> bytes:
    if given:
        return read_file(given, limit=_TRUST_ROOT_LIMIT_BYTES)
    try:
        return read_file(settings().home / "trust-root.json", limit=_TRUST_ROOT_LIMIT_BYTES)
    except ConfigurationError as error:
        raise ConfigurationError(
            error.code, f"there is no trust root: {error.message}", hint="say whom to believe with --trust-root FILE"
        ) from error


def _evidence_here(held: Held) -> bytes:
    """Return the evidence that this installation holds."""
    try:
        return inside(lambda placet: _evidence(placet, held))
    except ConfigurationError as error:
        if error.code != "HOME_MISSING":
            raise
        hint = "without an installation, give --evidence FILE and --trust-root FILE; with one, --home DIR"
        raise ConfigurationError(error.code, error.message, hint=hint) from error


async def _evidence(placet: AnyPlacet, held: Held) -> bytes:
    if held.tgz is not None:
        return await placet.verification.evidence_of(held.tgz)
    return await placet.verification.evidence_for(held.package, held.version)


def _refused(what: str, error: VerdictError) -> Document:
    return {
        "verified": False,
        "asked": what,
        "code": error.code,
        "message": error.message,
        "steps": {name.replace(" ", "_").replace(",", ""): result for name, result in error.steps.items()},
    }


def _assurance(assurance: int) -> str:
    vouched = ", on the word of the installation alone: they were signed in" if assurance == 1 else ""
    return f"assurance {assurance}{vouched}"


def _lines(verdict: Document) -> Iterator[str]:
    if not verdict["verified"]:
        yield f"NOT verified: {verdict['code']}"
        yield ""
        yield from _steps(verdict)
        return
    glass = verdict["break_glass"]
    how = "UNDER BREAK-GLASS" if glass else "under authorization"
    yield f"Verified: {verdict['package']}@{verdict['version']} was published {how}."
    yield ""
    approvers = [f"{each['approver']} ({_assurance(each['assurance'])})" for each in verdict["approvers"]]
    yield from fields(
        [
            ("sha256", verdict["sha256"]),
            ("published", moment(verdict["published_at"])),
            ("asked by", verdict["requester"]),
            ("approved by", ", ".join(approvers) or f"nobody: policy {verdict['policy_version']} demands no approval"),
            ("waived", ", ".join(glass.get("waives", ()))),
            ("because", glass.get("justification", "")),
            ("policy", verdict["policy_version"]),
            ("certificate", verdict["certificate_id"]),
            *(("receipts", each) for each in verdict["receipts"]),
            (
                "revoked later",
                ", ".join(f"{moment(each['revoked_at'])} {each['reason']}" for each in verdict["revoked_later"]),
            ),
            ("as of", f"checkpoint {verdict['as_of']['size']} of {verdict['as_of']['origin']}"),
            ("revocations", _known_to(verdict)),
        ]
    )
    yield ""
    yield from _steps(verdict)


def _known_to(verdict: Document) -> str:
    age = span(verdict["revocations_age_seconds"])
    return f"known to {moment(verdict['revocations_known_to'])}, {age} ago ({_SOURCES[verdict['revocations_from']]})"


def _steps(verdict: Document) -> Iterator[str]:
    yield from table((name.replace("_", " "), result.replace("_", " ")) for name, result in verdict["steps"].items())
