"""Cut the part that Placet uses out of GitHub's published API description, for the contract tests.

    npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-*.tgz
    python tools/github_slice.py package/generated/api.github.com.json >tests/contract/github/api.json

Only what a validator does not look at is left out: other paths, webhooks, prose, examples. Answers of
the type `application/json` are also described as `application/vnd.github+json`, which is how GitHub
answers who asks for that; without it Prism refuses to answer (406).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, TypeAlias

Json: TypeAlias = "dict[str, Any] | list[Any] | str | float | bool | None"
SOURCE = "@octokit/openapi 23.0.2, generated/api.github.com.json"
JSON = "application/json"
MEDIA_TYPE = "application/vnd.github+json"
REPOSITORY = "/repos/{owner}/{repo}"
USED = {
    REPOSITORY: ["get"],
    f"{REPOSITORY}/git/matching-refs/{{ref}}": ["get"],
    f"{REPOSITORY}/git/refs": ["post"],
    f"{REPOSITORY}/git/tags": ["post"],
    f"{REPOSITORY}/git/tags/{{tag_sha}}": ["get"],
    f"{REPOSITORY}/releases": ["get", "post"],
    f"{REPOSITORY}/releases/{{release_id}}": ["get", "patch"],
    f"{REPOSITORY}/releases/{{release_id}}/assets": ["get", "post"],
    f"{REPOSITORY}/releases/assets/{{asset_id}}": ["get", "delete"],
    f"{REPOSITORY}/pulls": ["get", "post"],
    f"{REPOSITORY}/pulls/{{pull_number}}": ["get"],
    f"{REPOSITORY}/commits/{{commit_sha}}/pulls": ["get"],
    f"{REPOSITORY}/activity": ["get"],
}
PROSE = ("description", "summary", "example", "examples", "externalDocs", "tags", "operationId", "title")
NAMED = ("properties", "schemas", "parameters", "responses", "headers", "paths", "content")
"""Objects whose keys are names, not words of OpenAPI: nothing in them is prose."""


def bare(value: Json, inside: str = "") -> Json:
    """Return `value` without prose and extensions."""
    if isinstance(value, list):
        return [bare(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: bare(member, key)
        for key, member in value.items()
        if inside in NAMED or not (key in PROSE or key.startswith("x-"))
    }


def references(value: Json) -> set[str]:
    """Return every reference in `value`."""
    if isinstance(value, list):
        return set().union(*(references(each) for each in value)) if value else set()
    if not isinstance(value, dict):
        return set()
    own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
    return own.union(*(references(each) for each in value.values()))


def with_media_type(value: Json) -> Json:
    """Return `value` with each JSON content also under GitHub's media type, and responses that are whole."""
    if isinstance(value, list):
        return [with_media_type(each) for each in value]
    if not isinstance(value, dict):
        return value
    members: dict[str, Any] = {key: with_media_type(member) for key, member in value.items()}
    for response in members.get("responses", {}).values():
        response.setdefault("description", "")  # which OpenAPI demands: a response without one is overlooked
    content = members.get("content")
    if isinstance(content, dict) and JSON in content:
        content[MEDIA_TYPE] = content[JSON]
    return members


def cut(whole: dict[str, Any]) -> dict[str, Any]:
    """Return the slice of the whole description."""
    paths = {
        path: {name: whole["paths"][path][name] for name in [*methods, "parameters"] if name in whole["paths"][path]}
        for path, methods in USED.items()
    }
    for path in paths.values():
        for operation in path.values():
            if isinstance(operation, dict):
                operation.pop("servers", None)
    components: dict[str, dict[str, Any]] = {}
    left = references(paths)
    while left:
        _, _, kind, name = left.pop().split("/")
        if name not in components.get(kind, {}):
            components.setdefault(kind, {})[name] = whole["components"][kind][name]
            left |= references(whole["components"][kind][name])
    info = {"title": f"Slice of {SOURCE}", "version": whole["info"]["version"], "license": whole["info"]["license"]}
    return {
        "openapi": whole["openapi"],
        "info": info,
        "servers": [{"url": "http://127.0.0.1"}],
        "paths": with_media_type(bare(paths, "paths")),
        "components": with_media_type(bare(components)),
    }


def main() -> None:
    """Read the description named on the command line and print the slice."""
    whole = json.loads(Path(sys.argv[1]).read_bytes())
    json.dump(cut(whole), sys.stdout, indent=1, sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
