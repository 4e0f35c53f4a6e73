"""What the Core published stands registered, as published; its status and its place in the lists (contract 5)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from placet.core.acts.register_package import STATEMENT_ARTIFACT
from placet.core.entities.chronicle import event_key, read_event
from placet.core.entities.registrations import read_registration, registration_key
from placet.core.entities.stored import entity_of, required
from placet.core.execute import execute_plan
from placet.core.governed import ask, authorization_of
from placet.core.granted import granted_by
from placet.core.lookup import the_certificate
from placet.core.said import keeping, said_under
from placet.domain.authorization.operation import Subject
from placet.domain.encoding.canonical import encode
from placet.domain.log.change import Entity
from placet.domain.log.lifecycle import Source
from placet.domain.package.status import VersionStatus
from placet.errors import DeniedError, InvalidInputError, PlacetError
from support.installation import ACTOR
from support.intents import ARCHIVE, a_publication, an_object, artifact
from support.ledgers import InMemory
from support.registering import (
    STATEMENT,
    TOOL,
    asked,
    certificate_of,
    event,
    kept,
    latest,
    published,
    registration_of,
    reported,
    status,
    world,
)

# What the Core published


def test_a_publication_registers_its_certificate_its_bytes_and_its_statement() -> None:
    here = world()
    certificate_id = here.certificate()

    plan = published(here, certificate_id)

    found = kept(here)
    sent = artifact(ARCHIVE)
    assert (found.sha256, found.sha512, found.statement_sha256) == (
        sent.sha256,
        sent.sha512,
        artifact(STATEMENT).sha256,
    )
    assert (found.certificate_id, found.run_id) == (certificate_id, plan.run_id)
    assert found.event_id == here.run(the_certificate(here.context, certificate_id)).event_id
    assert found.is_published
    assert here.receipt(found.publication_receipt).operation_id == plan.operations[0].operation_id
    assert latest(here) == ("1.0.0", VersionStatus.PUBLISHED)


def test_a_registration_needs_a_certificate_of_its_own_version() -> None:
    here = world()
    certificate_id = here.certificate()

    wanted = registration_of(certificate_id, version="1.0.1")

    with here.refusing("STALE_CERTIFICATE"):
        here.run(ask(here.context, wanted, requester="person:alice", contents={STATEMENT_ARTIFACT: STATEMENT}))


def test_the_same_bytes_at_another_registry_are_adopted() -> None:
    here = world()
    certificate_id = here.certificate()
    published(here, certificate_id)
    first = kept(here)

    published(here, certificate_id, registry="mirror")

    assert kept(here) == first
    assert len(here.entries("package.registration.adopted")) == 1


def test_other_bytes_of_a_registered_version_are_refused() -> None:
    here = world()
    certificate_id = here.certificate()
    published(here, certificate_id)
    first = kept(here)

    with pytest.raises(DeniedError, match="VERSION_EXISTS"):
        published(here, certificate_id, registry="mirror", content=b"other bytes")

    assert kept(here) == first
    assert here.denials()[-1]["code"] == "VERSION_EXISTS"


BEFORE = {
    "something else comes before it": [an_object()],
    "other bytes were published": [a_publication(artifacts=(artifact(b"other"),))],
    "another version was published": [
        a_publication(subject=Subject(provider="npm", name="@acme/tool", version="1.0.1", tag="latest"))
    ],
}


@pytest.mark.parametrize("why", BEFORE)
def test_digests_are_registered_only_behind_the_publication_of_these_bytes(why: str) -> None:
    here = world()
    here.run(here.blobs.put(b"other"))
    plan = here.approved(here.plan(*BEFORE[why], registration_of(here.certificate())))

    with pytest.raises(DeniedError, match="OPERATION_OUT_OF_ORDER"):
        here.run(execute_plan(here.context, plan, actor=ACTOR))

    assert entity_of(here.load(registration_key(*TOOL)), registration_key(*TOOL)) is None


def test_digests_alone_are_registered_nowhere() -> None:
    here = world()
    wanted = registration_of(here.certificate())

    with here.refusing("OPERATION_OUT_OF_ORDER"):
        here.run(ask(here.context, wanted, requester="person:alice", contents={STATEMENT_ARTIFACT: STATEMENT}))


def test_what_was_published_is_an_event_that_the_core_observed() -> None:
    here = world()
    certificate_id = here.certificate()

    published(here, certificate_id)

    (entry,) = here.entries("package.published")
    found = read_event(required(here.load(event_key(entry.body.entry_id)), event_key(entry.body.entry_id), "event"))
    assert (found.package, found.version, found.certificate_id) == (*TOOL, certificate_id)
    assert (found.source, found.said) == (Source.OBSERVED, "")
    assert found.receipt_id == kept(here).publication_receipt
    assert here.load(found.key).entities[found.key].revision == entry.seq


# Its status


def test_a_status_is_reported_and_leaves_the_publication_as_it_is() -> None:
    here = world()
    published(here, here.certificate())

    done = asked(here, status("deprecated"))

    found = kept(here)
    assert done.report.response["status"] == "deprecated"
    assert (found.status, found.is_published) == (VersionStatus.DEPRECATED, True)
    assert latest(here) == ("1.0.0", VersionStatus.DEPRECATED)


def test_a_status_that_may_not_follow_is_refused_and_recorded() -> None:
    here = world()
    asked(here, reported(here))

    with here.refusing("ILLEGAL_TRANSITION"):
        asked(here, status("certified"))


def test_what_is_not_registered_has_no_status() -> None:
    with pytest.raises(PlacetError, match="NOT_FOUND"):
        asked(world(), status("published"))


def test_a_package_is_listed_by_its_highest_release() -> None:
    here = world()
    for version in ("1.0.0-rc.1", "0.9.0", "1.0.0-rc.2", "2.0.0-rc.1", "1.0.0", "0.9.1"):
        certificate_id = certificate_of(here, version=version)
        wanted = reported(here, certificate=certificate_id, event=event(here, version))
        asked(here, replace(wanted, subject=replace(wanted.subject, version=version)))

    assert latest(here)[0] == "1.0.0"
    asked(here, status("unpublished"))
    asked(here, status("deprecated", "0.9.1"))
    assert latest(here) == ("1.0.0", VersionStatus.UNPUBLISHED)


# As it is kept, and why it was let


def test_a_registration_from_before_there_were_reports_is_a_publication() -> None:
    here = world()
    published(here, here.certificate())
    new = kept(here)
    members = new.to_object()
    for name in ("publication", "published_under", "said", "status_updated_at", "status_reason"):
        del members[name]
    here.write(new.key, members)

    old = kept(here)

    assert old == replace(new, published_under="")
    assert old.publication_receipt == old.receipt_id


def test_a_registration_is_read_as_it_was_written() -> None:
    here = world()
    asked(here, reported(here))
    moved = kept(here).moved(VersionStatus.UNPUBLISHED, at=here.clock.now(), reason="sha256:" + "0" * 64)
    here.write(moved.key, moved.to_object())

    assert kept(here) == moved


def test_the_rule_that_let_it_is_named_by_its_number() -> None:
    here = world()
    done = asked(here, reported(here))

    named = here.run(granted_by(here.context, done.report.receipt_id))

    assert named["rules"] == [3]
    assert (named["policy_version"], named["approvers"]) == ("v1", [])
    assert named["run_id"] == done.run.run_id


def test_what_let_it_is_answered_from_the_change_as_the_ledger_tells_it() -> None:
    here = world()
    done = asked(here, reported(here))

    told = here.run(granted_by(here.context, done.report.receipt_id))

    assert done.granted == told
    assert here.run(authorization_of(here.context, done)) == told
    assert here.run(authorization_of(here.context, replace(done, granted={}))) == told


def test_a_registration_whose_index_is_no_list_is_corrupt() -> None:
    damaged = Entity(revision=1, content=encode({"salt": "0" * 32, "index": "x"}))

    with pytest.raises(InvalidInputError, match="LEDGER_CORRUPT"):
        read_registration(damaged)


def test_what_was_said_can_be_erased_and_nothing_else_is_lost() -> None:
    here = world()
    said = keeping(here.context, b'{"metadata": {"author": "alice@example.com"}}')
    asked(here, reported(here, said=said.digest), said=said)
    assert isinstance(here.home, InMemory)
    assert here.home.tables is not None

    here.home.tables.erasable.clear()

    assert here.run(said_under(here.context, kept(here).said)) == {}
    assert here.run(said_under(here.context, "")) == {}
    assert keeping(here.context, b"").digest == ""
