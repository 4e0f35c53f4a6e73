"""A60: a certificate is revoked before or after it signed: what was logged before the theft stands, the rest does not.

The rule: a publication counts exactly if the log's time of its executed receipt is before the
revocation's `invalid_since`; when the revocation was made does not matter.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from placet.core.abandon import revoke_unpublished
from placet.core.lookup import the_certificate
from placet.domain.certificate.revocation import Revocation, RevocationReason
from placet.domain.verification.verdict import VerdictError
from placet.domain.verification.verifier import verify_bundle
from support.intents import a_publication
from support.publication import story
from support.verdicts import ID, PUBLISHED_AT, ROOT
from support.world import World

MILLISECOND = timedelta(milliseconds=1)


def verdict(since: timedelta, revoked: timedelta) -> str:
    """Return `verified`, or the code, where the revocation counts `since` and was made `revoked` after publishing."""
    theft = Revocation(
        certificate_id=ID,
        reason=RevocationReason.KEY_COMPROMISE,
        revoked_at=PUBLISHED_AT + revoked,
        invalid_since=PUBLISHED_AT + since,
    )
    try:
        verify_bundle(replace(story(), revocations=[theft]).encoded(), ROOT)
    except VerdictError as error:
        return error.code
    return "verified"


@pytest.mark.parametrize("revoked", [timedelta(days=1), timedelta(days=9999)])
@pytest.mark.parametrize("since", [MILLISECOND, timedelta(hours=1)])
def test_what_was_published_before_the_theft_stands_whenever_the_revocation_came(
    since: timedelta, revoked: timedelta
) -> None:
    assert verdict(since, revoked) == "verified"


@pytest.mark.parametrize("revoked", [timedelta(0), timedelta(days=1), timedelta(days=9999)])
@pytest.mark.parametrize("since", [timedelta(0), -MILLISECOND, timedelta(days=-300)])
def test_what_was_published_at_or_after_the_theft_does_not_though_it_was_revoked_after_signing(
    since: timedelta, revoked: timedelta
) -> None:
    assert verdict(since, revoked) == "CERTIFICATE_REVOKED"


def test_a_certificate_that_is_revoked_before_the_effect_publishes_nothing() -> None:
    world = World()
    certificate_id = world.certificate()
    plan, token = world.ready(a_publication(certificate_id=certificate_id))
    world.run(revoke_unpublished(world.context, certificate_id))

    with world.refusing("STALE_CERTIFICATE"):
        world.present(plan, token)

    assert world.double.effects.total() == 0


def test_a_certificate_that_ends_before_the_effect_publishes_nothing() -> None:
    world = World()
    certificate_id = world.certificate()
    world.clock.at = world.run(the_certificate(world.context, certificate_id)).expires_at - timedelta(minutes=1)
    plan, token = world.ready(a_publication(certificate_id=certificate_id))
    world.move(minutes=1, milliseconds=1)

    with world.refusing("STALE_CERTIFICATE"):
        world.present(plan, token)

    assert world.double.effects.total() == 0
