"""A GitHub is added as a provider, the public one or an Enterprise Server."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.shell import Shell

OPTIONS = ("--kind", "github", "--credential", "env:GITHUB_TOKEN")


@pytest.mark.parametrize("url", ["", "https://git.example.com/api/v3", "https://api.acme.ghe.com"])
def test_a_github_is_added_by_its_api_s_address(tmp_path: Path, url: str) -> None:
    shell = Shell(tmp_path)
    shell.done("init", "--profile", "trial")

    ran = shell.done("provider", "add", "github", *OPTIONS, *(["--url", url] if url else []))

    assert "Provider github is configured." in ran.out
    assert shell.done("provider", "list", "--json").json()["providers"] == [
        {
            "provider_id": "github",
            "kind": "github",
            "url": url or "https://api.github.com",
            "credential": "env:GITHUB_TOKEN",
            "private": False,
            "region": "",
        }
    ]
