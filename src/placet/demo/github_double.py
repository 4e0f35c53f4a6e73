"""A small GitHub on loopback, for the demo and the tests, whose faults can be chosen.

It answers the requests that Placet makes about tags, releases and pull requests as GitHub's published
description says (the contract tests hold both beside it), at the addresses of an Enterprise Server:
`/api/v3` and `/api/uploads`. It is no GitHub: state is in memory, and there is one credential.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote, unquote

from placet.demo import github_double_documents as documents
from placet.demo.double_server import Asked, DoubleServer, Fault, Reply
from placet.demo.github_double_state import RefusedError, Repository, read_members

__all__ = ["Fault", "GithubDouble"]

_API, _UPLOADS = "/api/v3", "/api/uploads"
_PLACE = re.compile(rf"(?P<base>{_API}|{_UPLOADS})/repos/(?P<owner>[^/]+)/(?P<name>[^/]+)(?P<rest>(?:/.*)?)")
_CONTENT = "application/vnd.github+json; charset=utf-8"
_BYTES = "application/octet-stream"
_PER_PAGE, _DATE = 30, "Thu, 01 Jan 2026 00:00:00 GMT"
_CREATED, _NO_CONTENT = 201, 204


class GithubDouble(DoubleServer):
    """GitHub and its controls. `page_cap` bounds how many elements a page has, whatever is asked for.

    `exchanges` holds every request with its answer, faults aside, for those who compare them with GitHub's
    description.
    """

    def __init__(self, token: str, *, page_cap: int = 100) -> None:
        """Open a free port on 127.0.0.1; `token` is the one bearer token that is known."""
        super().__init__()
        self._token = token
        self._page_cap = page_cap
        self._repositories: dict[str, Repository] = {}
        self.url = self.address + _API
        self.uploads = self.address + _UPLOADS
        self.exchanges: list[tuple[Asked, Reply]] = []

    def add_repository(self, full_name: str) -> Repository:
        """Return a new repository with one commit on its branch `main`."""
        repository = Repository(full_name, len(self._repositories) + 1)
        repository.commit("main")
        self._repositories[full_name.lower()] = repository
        return repository

    def answer(self, asked: Asked) -> Reply:
        """Carry out one request."""
        with self._lock:
            try:
                reply = self._route(asked)
            except RefusedError as refused:
                errors = [{"resource": "Placet", "field": "name", "code": refused.code}] if refused.code else []
                said: dict[str, Any] = {"message": refused.message, "documentation_url": "https://example.com/docs"}
                reply = Reply.of(refused.status, {**said, **({"errors": errors} if errors else {})})
            reply = Reply(reply.status, reply.body, reply.content_type, {"date": _DATE, **reply.headers})
            self.exchanges.append((asked, reply))
        return reply

    def _route(self, asked: Asked) -> Reply:
        given = asked.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            raise RefusedError(401, "Bad credentials")
        place = _PLACE.fullmatch(asked.path)
        repository = self._repositories.get(f"{place['owner']}/{place['name']}".lower()) if place else None
        if place is None or repository is None or not repository.readable:
            raise RefusedError(404, "Not Found")
        if asked.method != "GET" and not repository.may_push:
            raise RefusedError(403, "Resource not accessible by personal access token")
        about = _About(self, repository, asked)
        for uploads, method, pattern, serve in _ROUTES:
            found = re.fullmatch(pattern, place["rest"])
            if found and method == asked.method and uploads is (place["base"] == _UPLOADS):
                return serve(about, *(unquote(group) for group in found.groups()))
        raise RefusedError(404, "Not Found")

    def page_of(self, elements: list[Any], asked: Asked) -> Reply:
        """Return the asked page of a list, with a link to the next where there is one."""
        query = parse_qs(asked.query)
        size = min(int(query.get("per_page", [str(_PER_PAGE)])[0]), 100, self._page_cap)
        page = int(query.get("page", ["1"])[0])
        reply = Reply.of(200, elements[(page - 1) * size : page * size], _CONTENT)
        if len(elements) <= page * size:
            return reply
        link = f'<{self.address}{asked.path}?per_page={size}&page={page + 1}>; rel="next"'
        return Reply(reply.status, reply.body, reply.content_type, {"link": link})

    def page_after(self, elements: list[Any], asked: Asked) -> Reply:
        """Return the page of a list behind the asked cursor, with a link to the next where there is one."""
        query = parse_qs(asked.query)
        size = min(int(query.get("per_page", [str(_PER_PAGE)])[0]), 100, self._page_cap)
        start = int(query.get("after", ["cursor+=0"])[0].removeprefix("cursor+="))
        reply = Reply.of(200, elements[start : start + size], _CONTENT)
        if len(elements) <= start + size:
            return reply
        cursor = quote(f"cursor+={start + size}", safe="")
        link = f'<{self.address}{asked.path}?per_page={size}&after={cursor}>; rel="next"'
        return Reply(reply.status, reply.body, reply.content_type, {"link": link})


class _About:
    """One request about one repository."""

    def __init__(self, double: GithubDouble, repository: Repository, asked: Asked) -> None:
        self.double = double
        self.repository = repository
        self.asked = asked

    @property
    def members(self) -> dict[str, Any]:
        return read_members(self.asked.body)

    @property
    def _name(self) -> str:
        return self.repository.full_name

    def show(self) -> Reply:
        shown = documents.repository(self._name, self.repository.number, self.double.url, push=self.repository.may_push)
        return Reply.of(200, shown, _CONTENT)

    def matching_refs(self, prefix: str) -> Reply:
        refs = self.repository.refs.items()
        found = [self._ref(name, sha) for name, sha in sorted(refs) if name.startswith(f"refs/{prefix}")]
        return self.double.page_of(found, self.asked)

    def make_ref(self) -> Reply:
        members = self.members
        name, sha = str(members.get("ref")), str(members.get("sha"))
        self.repository.make_ref(name, sha)
        return Reply.of(_CREATED, self._ref(name, sha), _CONTENT)

    def _ref(self, name: str, sha: str) -> dict[str, Any]:
        return documents.ref(self._name, name, self.repository.kind_of(sha), sha, self.double.url)

    def make_tag(self) -> Reply:
        return Reply.of(_CREATED, self._tag(self.repository.make_tag(self.members)), _CONTENT)

    def tag(self, sha: str) -> Reply:
        if sha not in self.repository.tags:
            raise RefusedError(404, "Not Found")
        return Reply.of(200, self._tag(sha), _CONTENT)

    def _tag(self, sha: str) -> dict[str, Any]:
        return documents.tag(self._name, sha, self.repository.tags[sha], self.double.url)

    def releases(self) -> Reply:
        return self.double.page_of([self._release(each) for each in self.repository.shown_releases()], self.asked)

    def make_release(self) -> Reply:
        return Reply.of(_CREATED, self._release(self.repository.make_release(self.members)), _CONTENT)

    def release(self, number: str) -> Reply:
        return Reply.of(200, self._release(self.repository.release(int(number))), _CONTENT)

    def change_release(self, number: str) -> Reply:
        return Reply.of(200, self._release(self.repository.change_release(int(number), self.members)), _CONTENT)

    def _release(self, release: dict[str, Any]) -> dict[str, Any]:
        return documents.release(self._name, release, self.double.url, self.double.uploads)

    def assets(self, number: str) -> Reply:
        found = self.repository.release(int(number))["assets"].values()
        return self.double.page_of([self._asset(each) for each in found], self.asked)

    def upload(self, number: str) -> Reply:
        name = parse_qs(self.asked.query).get("name", [""])[0]
        if not name or not self.asked.body:
            raise RefusedError(422, "Validation Failed", "missing_field")
        return Reply.of(_CREATED, self._asset(self.repository.add_asset(int(number), name, self.asked.body)), _CONTENT)

    def asset(self, number: str) -> Reply:
        found, _ = self.repository.asset(int(number))
        if self.asked.headers.get("accept") == _BYTES:
            return Reply(200, found["content"], _BYTES)
        return Reply.of(200, self._asset(found), _CONTENT)

    def remove_asset(self, number: str) -> Reply:
        found, release = self.repository.asset(int(number))
        del release["assets"][found["id"]]
        return Reply(_NO_CONTENT, b"")

    def _asset(self, asset: dict[str, Any]) -> dict[str, Any]:
        return documents.asset(self._name, asset, self.double.url)

    def pulls(self) -> Reply:
        query = {name: values[0] for name, values in parse_qs(self.asked.query).items()}
        owner = self._name.partition("/")[0]
        found = [
            self._pull(each, whole=False)
            for each in reversed(self.repository.pulls.values())
            if query.get("state", "open") in (each["state"], "all")
            and query.get("head") in (None, f"{owner}:{each['head']}")
            and query.get("base") in (None, each["base"])
        ]
        return self.double.page_of(found, self.asked)

    def pulls_of(self, sha: str) -> Reply:
        found = [self._pull(each, whole=False) for each in self.repository.pulls_of(sha)]
        return self.double.page_of(found, self.asked)

    def pull(self, number: str) -> Reply:
        return Reply.of(200, self._pull(self.repository.pull(int(number)), whole=True), _CONTENT)

    def activities(self) -> Reply:
        found = [documents.activity(each, self.double.url) for each in reversed(self.repository.activities)]
        return self.double.page_after(found, self.asked)

    def open_pull(self) -> Reply:
        return Reply.of(_CREATED, self._pull(self.repository.open_pull(self.members), whole=True), _CONTENT)

    def _pull(self, pull: dict[str, Any], *, whole: bool) -> dict[str, Any]:
        return documents.pull(self._name, pull, self.double.url, whole=whole)


_ROUTES: tuple[tuple[bool, str, str, Callable[..., Reply]], ...] = (
    (False, "GET", "", _About.show),
    (False, "GET", "/git/matching-refs/(.+)", _About.matching_refs),
    (False, "POST", "/git/refs", _About.make_ref),
    (False, "POST", "/git/tags", _About.make_tag),
    (False, "GET", "/git/tags/([^/]+)", _About.tag),
    (False, "GET", "/releases", _About.releases),
    (False, "POST", "/releases", _About.make_release),
    (False, "GET", "/releases/([0-9]+)", _About.release),
    (False, "PATCH", "/releases/([0-9]+)", _About.change_release),
    (False, "GET", "/releases/([0-9]+)/assets", _About.assets),
    (True, "POST", "/releases/([0-9]+)/assets", _About.upload),
    (False, "GET", "/releases/assets/([0-9]+)", _About.asset),
    (False, "DELETE", "/releases/assets/([0-9]+)", _About.remove_asset),
    (False, "GET", "/pulls", _About.pulls),
    (False, "POST", "/pulls", _About.open_pull),
    (False, "GET", "/pulls/([0-9]+)", _About.pull),
    (False, "GET", "/commits/([^/]+)/pulls", _About.pulls_of),
    (False, "GET", "/activity", _About.activities),
)
"""Whether it is served at the uploads' address, method, path below the repository, and who serves it."""
