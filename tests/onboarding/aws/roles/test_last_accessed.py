"""IAM's report on a role is waited for, and read to its end."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from onboarding.aws.errors import AwsError
from onboarding.aws.roles import last_accessed as module
from onboarding.aws.roles.last_accessed import last_accessed

AT = datetime(2026, 6, 1, tzinfo=UTC)
ROLE = "arn:aws:iam::111111111111:role/spinnakerManaged"


class Client:
    """IAM, with a report of these pages."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self.pages, self.asked = list(pages), list[dict[str, Any]]()
        self.iam = SimpleNamespace(
            generate_service_last_accessed_details=self.generate,
            get_service_last_accessed_details=self.get,
        )

    def call(self, method: Any, doing: str, **given: Any) -> Any:
        return method(**given)

    def generate(self, **given: Any) -> dict[str, str]:
        assert given == {"Arn": ROLE, "Granularity": "ACTION_LEVEL"}
        return {"JobId": "job"}

    def get(self, **given: Any) -> dict[str, Any]:
        self.asked.append(given)
        return self.pages.pop(0) if len(self.pages) > 1 else self.pages[0]


def page(*services: dict[str, Any], status: str = "COMPLETED", to: str = "") -> Any:
    more = {"IsTruncated": bool(to), "Marker": to}
    return {"JobStatus": status, "ServicesLastAccessed": [*services], **more}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(module, "PAUSE", 0.0)

    def read(*pages: dict[str, Any]) -> tuple[dict[str, datetime], Client]:
        client = Client(*pages)
        monkeypatch.setattr(module.AccountClient, "of", lambda *_: client)
        reach: Any = SimpleNamespace(account_id="1" * 12)
        return last_accessed(SimpleNamespace(), reach, ROLE), client  # type: ignore[arg-type]

    return read


def test_it_waits_and_reads_every_page(read: Any) -> None:
    ec2 = {
        "ServiceNamespace": "ec2",
        "LastAuthenticated": AT,
        "TrackedActionsLastAccessed": [
            {"ActionName": "RunInstances", "LastAccessedTime": AT},
            {"ActionName": "StopInstances"},
        ],
    }
    sns = {"ServiceNamespace": "sns", "LastAuthenticated": AT}
    unused = {"ServiceNamespace": "sqs"}

    found, client = read(
        page(status="IN_PROGRESS"), page(ec2, to="next"), page(sns, unused)
    )

    assert found == {"ec2:RunInstances": AT, "sns:*": AT}
    assert client.asked == [
        {"JobId": "job"},
        {"JobId": "job"},
        {"JobId": "job", "Marker": "next"},
    ]


@pytest.mark.parametrize("status", ["FAILED", "IN_PROGRESS"])
def test_a_report_that_does_not_come_is_said(
    read: Any, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.0)

    with pytest.raises(AwsError, match="didn't finish its report"):
        read(page(status=status))
