"""The account's page shows what Spinnaker has of it in addition, a line each."""

from __future__ import annotations

from typing import Any

from tests.rows import account_row, managing_row


def page_of(client: Any, **fields: Any) -> str:
    managing_row()
    account = account_row(**fields)
    page = client.get(account.get_absolute_url(), {"tab": "settings"})
    return " ".join(page.content.decode().split())


def test_it_is_folded_with_a_line_for_each_field(operator: Any) -> None:
    carried = {
        "aws": {"accountType": "<b>main</b>", "defaultSecurityGroups": ["sg-1"]},
        "kubernetes": {"apps": {"cacheThreads": 4}},
    }

    page = page_of(operator, carried=carried)

    assert "<summary>3 fields</summary>" in page
    assert '<dt>aws <span class="mono">accountType</span></dt>' in page
    assert "&lt;b&gt;main&lt;/b&gt;</dd>" in page
    assert "[&quot;sg-1&quot;]</dd>" in page
    assert '<dt>kubernetes apps <span class="mono">cacheThreads</span></dt>' in page


def test_an_account_without_any_has_no_such_line(operator: Any) -> None:
    assert "Other fields in Spinnaker" not in page_of(operator)
