from __future__ import annotations

import pytest

from placet.domain.values.npm import package_url, parse_package_name, parse_version, scope_of, unscoped_name


@pytest.mark.parametrize(
    ("name", "scope", "unscoped", "url"),
    [
        ("tool", "", "tool", "pkg:npm/tool@1.0.0-rc.1"),
        ("@acme/tool", "@acme", "tool", "pkg:npm/%40acme/tool@1.0.0-rc.1"),
    ],
)
def test_a_name_has_a_scope_a_bare_name_and_a_package_url(name: str, scope: str, unscoped: str, url: str) -> None:
    parsed = parse_package_name(name)
    assert (scope_of(parsed), unscoped_name(parsed)) == (scope, unscoped)
    assert package_url(parsed, parse_version("1.0.0-rc.1")) == url
