from __future__ import annotations

import pytest

from placet.adapters.github.place import place_at
from placet.demo.github_double import Fault
from placet.errors import EffectError
from support.github import TAG, read_fact, running_github, tag_sha


def test_tags_branches_and_releases_are_absent_or_what_they_are() -> None:
    facts = [f"tag:{TAG}", "branch:main", "branch:docs-1.0.0", f"release:{TAG}"]
    with running_github() as github:
        before = [read_fact(github, fact) for fact in facts]
        github.tagged().release()
        head = github.with_branch()
        after = [read_fact(github, fact) for fact in facts]

    assert before == ["absent", github.commit, "absent", "absent"]
    assert after == [tag_sha(github.commit), github.commit, head, "published"]


def test_a_draft_is_no_published_release() -> None:
    with running_github() as github:
        github.repository.make_release({"tag_name": TAG, "draft": True})

        assert read_fact(github, f"release:{TAG}") == "absent"


@pytest.mark.parametrize("fact", ["version", "tag", "tag:", "tag:..", "commit:main", "dist_tag:latest", "release:a b"])
def test_what_is_no_fact_here_is_unobserved(fact: str) -> None:
    with running_github() as github:
        assert read_fact(github, fact) == "unobserved"


def test_a_repository_that_cannot_be_named_or_read_is_unobserved() -> None:
    with running_github() as github:
        found = [read_fact(github, "branch:main", "acme/other"), read_fact(github, "branch:main", "Acme/tool")]
        github.repository.readable = False
        found += [read_fact(github, "branch:main"), read_fact(github, f"release:{TAG}")]

    assert found == ["unobserved"] * 4


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 301])
def test_an_unclear_answer_is_unobserved(status: int) -> None:
    with running_github() as github:
        github.double.inject(Fault(method="GET", path="matching-refs", status=status))

        assert read_fact(github, "branch:main") == "unobserved"


@pytest.mark.parametrize(
    ("url", "api", "uploads"),
    [
        ("https://api.github.com", "https://api.github.com/x", "https://uploads.github.com/x"),
        ("https://api.acme.ghe.com/", "https://api.acme.ghe.com/x", "https://uploads.acme.ghe.com/x"),
        ("https://api.example.com:8443", "https://api.example.com:8443/x", "https://uploads.example.com:8443/x"),
        ("https://git.example.com/api/v3", "https://git.example.com/api/v3/x", "https://git.example.com/api/uploads/x"),
        (
            "https://git.example.com:8443/api/v3/",
            "https://git.example.com:8443/api/v3/x",
            "https://git.example.com:8443/api/uploads/x",
        ),
        ("http://127.0.0.1:80/api/v3", "http://127.0.0.1/api/v3/x", "http://127.0.0.1/api/uploads/x"),
        ("http://[::1]:8080/api/v3", "http://[::1]:8080/api/v3/x", "http://[::1]:8080/api/uploads/x"),
    ],
)
def test_the_address_of_uploads_follows_from_the_record(url: str, api: str, uploads: str) -> None:
    place = place_at(url)

    assert (place.api.url("/x"), place.uploads.url("/x")) == (api, uploads)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com",
        "https://github.com/acme/tool",
        "https://api.github.com/v3",
        "https://git.example.com/api/v4",
        "https://git.example.com/x/api/v3",
        "http://api.github.com",
        "http://git.example.com/api/v3",
        "https://10.0.0.1",
        "ssh://git.example.com/api/v3",
    ],
)
def test_what_is_no_github_s_api_is_refused(url: str) -> None:
    with pytest.raises(EffectError, match="EGRESS_DENIED"):
        place_at(url)
