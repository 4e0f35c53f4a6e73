from __future__ import annotations

import pytest
from msgspec.structs import replace

from placet.domain.values.kinds import OutcomeStatus
from placet.errors import InvalidInputError
from placet.ports.effects import Presence
from support.effects import TOKEN, GivenCredentials, artifact_of
from support.github import MESSAGE, TAG, Github, running_github, tag_operation, tag_sha

REF = f"refs/tags/{TAG}"


def test_a_tag_is_an_object_and_then_a_ref_and_executed_when_github_shows_it() -> None:
    with running_github() as github:
        outcome = github.tag()

    assert (outcome.status, outcome.response["found_by"]) == (OutcomeStatus.EXECUTED, "answer")
    assert outcome.response["tag_sha"] == tag_sha(github.commit) == github.repository.refs[REF]
    assert github.sent() == [("POST", "/git/tags"), ("POST", "/git/refs")]
    assert github.repository.tags[tag_sha(github.commit)] == {
        "tag": TAG,
        "message": MESSAGE.decode(),
        "object": github.commit,
        "type": "commit",
        "tagger": {"name": "Placet", "email": "placet@example.com", "date": "2026-01-02T03:04:05Z"},
    }


def test_a_tag_that_stands_as_planned_is_adopted() -> None:
    with running_github() as github:
        github.tagged()
        outcome = github.tag()

    assert (outcome.status, outcome.response["found_by"]) == (OutcomeStatus.EXECUTED, "look_up")
    assert github.effects("ref") == {}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 451])
@pytest.mark.parametrize("path", ["/git/tags", "/git/refs"])
def test_a_refusal_is_failed_and_never_sent_again(path: str, status: int) -> None:
    with running_github() as github:
        github.double.inject(github.fault("POST", path, acts=False, status=status))
        outcome = github.tag()

    assert (outcome.status, outcome.error_code, outcome.retries) == (OutcomeStatus.FAILED, "PROVIDER_REFUSED", 0)
    assert len([each for each in github.sent() if each[1] == path]) == 1
    assert github.effects("ref") == {}


def test_what_github_said_of_a_refusal_is_told_without_its_control_characters() -> None:
    with running_github() as github:
        said = b'{"message": "no\\u202e\\n"}'
        github.double.inject(github.fault("POST", "/git/tags", acts=False, status=403, body=said))
        outcome = github.tag()

    assert outcome.error_message == "GitHub refused the tag object with 403: 'no\\u202e\\n'"


def test_a_commit_that_is_not_there_is_failed() -> None:
    with running_github() as github:
        outcome = github.perform(tag_operation("ab" * 20))

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.FAILED, "PROVIDER_REFUSED")


def test_a_422_with_no_tag_there_is_failed_and_with_nothing_to_be_read_a_doubt() -> None:
    with running_github() as github:
        github.double.inject(github.fault("POST", "/git/refs", acts=False, status=422))
        absent = github.tag()
        github.double.inject(github.fault("POST", "/git/refs", acts=False, status=422))
        github.double.inject(github.fault("GET", status=500, times=10))
        unclear = github.tag()

    assert [absent.status, unclear.status] == [OutcomeStatus.FAILED, OutcomeStatus.INDETERMINATE]


def test_a_yes_that_shows_only_after_a_while_is_executed() -> None:
    with running_github() as github:
        github.double.inject(github.fault("GET", "matching-refs", status=200, body=b"[]", times=2))
        outcome = github.tag()

    assert outcome.status is OutcomeStatus.EXECUTED


def test_a_yes_that_never_shows_is_a_doubt() -> None:
    with running_github() as github:
        github.double.inject(github.fault("GET", "matching-refs", status=200, body=b"[]", times=10))
        outcome = github.tag()

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.INDETERMINATE, "PROVIDER_AMBIGUOUS")


def test_a_tag_object_made_without_an_answer_is_found_by_its_sha_and_gets_its_ref() -> None:
    with running_github() as github:
        github.double.inject(github.fault("POST", "/git/tags", status=502))
        outcome = github.tag()

    assert (outcome.status, outcome.response["requests"]) == (OutcomeStatus.EXECUTED, ["tag_object?", "ref"])


@pytest.mark.parametrize(
    "headers", [{"retry-after": "1"}, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1767225603"}]
)
@pytest.mark.parametrize("status", [403, 429])
def test_a_limit_is_waited_for_and_the_request_sent_again(status: int, headers: dict[str, str]) -> None:
    with running_github() as github:
        given = {**headers, "date": "Thu, 01 Jan 2026 00:00:00 GMT"}
        github.double.inject(github.fault("POST", "/git/refs", acts=False, status=status, headers=given, times=2))
        outcome = github.tag()

    assert (outcome.status, outcome.retries) == (OutcomeStatus.EXECUTED, 2)
    assert github.effects("ref") == {("ref", REF): 1}


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"x-ratelimit-remaining": "0"}, id="no time to come back"),
        pytest.param({"retry-after": "31"}, id="after the deadline"),
        pytest.param({"retry-after": "-1"}, id="negative"),
        pytest.param(
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1767225900"}, id="a reset after the deadline"
        ),
        pytest.param({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, id="no number"),
        pytest.param(
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1", "date": "today"}, id="no date to compare with"
        ),
    ],
)
def test_a_limit_without_a_usable_time_is_failed_and_not_sent_again(headers: dict[str, str]) -> None:
    with running_github() as github:
        given = {"date": "Thu, 01 Jan 2026 00:00:00 GMT", **headers}
        github.double.inject(github.fault("POST", "/git/refs", acts=False, status=403, headers=given))
        outcome = github.tag()

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.FAILED, "PROVIDER_RATE_LIMITED")
    assert (outcome.retries, github.effects("ref")) == (0, {})


def test_a_403_without_headers_of_a_limit_is_a_refusal() -> None:
    with running_github() as github:
        github.double.inject(
            github.fault("POST", "/git/refs", acts=False, status=403, headers={"x-ratelimit-remaining": "9"})
        )
        outcome = github.tag()

    assert (outcome.error_code, outcome.retries) == ("PROVIDER_REFUSED", 0)


def test_an_unclear_error_that_asks_to_come_back_is_not_sent_again() -> None:
    with running_github() as github:
        github.double.inject(github.fault("POST", "/git/refs", acts=False, status=503, headers={"retry-after": "0"}))
        outcome = github.tag()

    assert (outcome.status, outcome.retries) == (OutcomeStatus.INDETERMINATE, 0)


def test_a_redirect_is_not_followed_and_failed() -> None:
    with running_github() as canary, running_github() as github:
        to = {"location": f"{canary.double.url}/repos/acme/tool/git/refs"}
        github.double.inject(github.fault("POST", "/git/refs", acts=False, status=307, headers=to))
        outcome = github.tag()

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.FAILED, "EGRESS_DENIED")
    assert canary.double.connections == 0


def test_a_github_that_is_not_there_is_failed_and_nothing_was_sent() -> None:
    with running_github() as github:
        pass
    outcome = github.tag()

    assert (outcome.status, outcome.error_code, outcome.retries) == (OutcomeStatus.FAILED, "PROVIDER_UNREACHABLE", 3)


def test_a_fence_lost_between_object_and_ref_makes_no_ref() -> None:
    with running_github() as github:

        def lose() -> None:
            github.world.fence.held = False

        github.double.inject(github.fault("POST", "/git/tags", happens=lose))
        outcome = github.tag()

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.FAILED, "FENCE_LOST")
    assert (outcome.response["requests"], github.effects("ref")) == (["tag_object"], {})


@pytest.mark.parametrize("secret", ["wrong", None])
def test_a_credential_that_is_not_known_is_refused_and_seen_as_nothing(secret: str | None) -> None:
    with running_github() as github:
        github.world.credentials = GivenCredentials({"github": secret} if secret else {})
        outcome = github.tag()
        found = github.look_up(tag_operation(github.commit))

    assert (outcome.error_code, found.presence) == ("PROVIDER_REFUSED", Presence.UNKNOWN)


@pytest.mark.parametrize("status", [403, 422, 500])
def test_a_refusal_that_repeats_the_credential_is_told_without_its_text(status: int) -> None:
    with running_github() as github:
        said = b'{"message": "the token %s is bad"}' % TOKEN.encode()
        github.double.inject(github.fault("POST", "/git/tags", acts=False, status=status, body=said))
        outcome = github.tag()

    assert TOKEN not in repr(outcome)
    assert str(status) in outcome.error_message


def test_a_message_that_is_not_the_planned_one_is_refused_before_anything_is_opened() -> None:
    with running_github() as github:
        other = b"another message"
        operation = replace(tag_operation(github.commit), artifacts=(artifact_of("message", other),))
        with pytest.raises(InvalidInputError, match="PARAMS_INVALID"):
            github.perform(operation, {"message": other})

    assert github.double.connections == 0


@pytest.mark.parametrize(
    ("body", "presence"),
    [
        pytest.param(b"[]", Presence.ABSENT, id="nothing"),
        pytest.param(b"[1]", Presence.UNKNOWN, id="no object"),
        pytest.param(b'[{"ref": 1}]', Presence.UNKNOWN, id="mistyped"),
        pytest.param(b'[{"ref": "refs/tags/v1.0.0"}]', Presence.UNKNOWN, id="nowhere"),
        pytest.param(b'[{"ref": "refs/tags/v1.0.0-rc.1", "object": {}}]', Presence.ABSENT, id="a longer name"),
        pytest.param(
            b'[{"ref": "refs/tags/v1.0.0", "object": {"type": "tag", "sha": "ab"}},'
            b' {"ref": "refs/tags/v1.0.0", "object": {"type": "tag", "sha": "cd"}}]',
            Presence.UNKNOWN,
            id="twice",
        ),
        pytest.param(b'{"message": "x"}', Presence.UNKNOWN, id="no list"),
    ],
)
def test_a_list_of_refs_is_read_strictly(body: bytes, presence: Presence) -> None:
    with running_github() as github:
        github.double.inject(github.fault("GET", "matching-refs", status=200, body=body))

        assert github.look_up(tag_operation(github.commit)).presence is presence


def test_an_answer_about_another_repository_is_no_finding() -> None:
    with running_github() as github:
        github.double.inject(github.fault("GET", status=200, body=b'{"full_name": "acme/other"}'))

        assert github.look_up(tag_operation(github.commit)).presence is Presence.UNKNOWN


def test_a_name_that_github_spells_otherwise_is_the_same_repository() -> None:
    with running_github() as github:
        github.repository.full_name = "Acme/Tool"

        assert github.tag().status is OutcomeStatus.EXECUTED


def test_a_tag_is_found_on_whichever_page_it_stands() -> None:
    with running_github(page_cap=2) as github:
        github.tag()
        for number in range(5):
            github.repository.refs[f"{REF}-{number}"] = github.commit
        github.repository.refs[REF] = github.repository.refs.pop(REF)

        assert github.look_up(tag_operation(github.commit)).presence is Presence.SAME


def looked(github: Github) -> int:
    return len([path for method, path in github.double.requests if method == "GET" and "matching-refs" in path])


def test_a_list_without_end_is_given_up_after_a_hundred_pages() -> None:
    with running_github() as github:
        more = {"link": '<http://127.0.0.1:9/>; rel="next"'}
        github.double.inject(github.fault("GET", "matching-refs", headers=more, times=1000))
        found = github.look_up(tag_operation(github.commit))

    assert (found.presence, looked(github)) == (Presence.UNKNOWN, 100)
