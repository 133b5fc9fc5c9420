"""A report on a Spinnaker as a row, with everything that a report can have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User

from accounts.mapping.adopting.keeping import ReportRequest, store_report
from accounts.mapping.edits import editing
from accounts.models import Adoption, ManagedAccount
from tests.onboarding.adopting.documents import aws, halconfig, reported
from tests.rows import person

AT = "2026-06-01T12:00:00+00:00"


def adoption_row(by: User, text: str = "x", **fields: Any) -> Adoption:
    field = {"field": text, "outcome": "left", "value": text, "says": text}
    row = Adoption.objects.create(
        by=by,
        digest=fields.pop("digest", "d" * 64),
        deployment=text,
        files=[{"name": text, "sha256": "d" * 64}],
        report={
            "version": 1,
            "sources": [],
            "counts": {
                "taken": 1,
                "left": 1,
                "other_providers": {},
            },
            "managed_role": None,
            "settings": [
                {"provider": "aws", "setting": text, "outcome": "left"}
                | {"value": text, "says": text}
            ],
            "findings": [{"kind": text, "says": text, "accounts": [text]}],
            "not_sources": [],
            "look": {"role": "Access", "at": AT, "accounts": 1, "looked": 1},
        },
        text=text,
        taken=[
            {
                "name": "staging",
                "account_id": "922222222222",
                "regions": ["us-east-1"],
                "external_id": False,
                "adopts": True,
                "providers": {"ec2": {}},
            }
        ],
        managing="managing",
        managed_role="spinnakerManaged",
        base_role="BaseIAMRole",
        **fields,
    )
    role = {"name": text, "exists": True, "strangers": True, "assumed_by": [text]}
    role |= {"managed_by": text, "actions": 1, "can": [text, text]}
    in_aws = {"at": AT, "account_id": "922222222222", "roles": [role]}
    in_aws |= {"unread": text, "hint": text}
    for position, outcome in enumerate(("taken", "left")):
        said = {"type": "aws", "name": text, "source": text, "outcome": outcome}
        said |= {"in_aws": in_aws}
        row.accounts.create(
            position=position,
            type="aws",
            name=text,
            outcome=outcome,
            said={**said, "reasons": [text], "fields": [{**field, "note": text}]},
        )
    return row


def report_row(by: User, accounts: Mapping[str, str]) -> Adoption:
    """Report on a Spinnaker with these accounts, by their names."""
    files = halconfig({"aws": {"accounts": [aws(*one) for one in accounts.items()]}})
    return store_report(reported(files), ReportRequest(()), by)[0]


def adoption_of() -> Adoption:
    """Return the only one."""
    return Adoption.objects.get()


def decided_since(**columns: Any) -> dict[str, Any]:
    """Change the account dev as olga does on its page; return all that it is then."""
    row = ManagedAccount.objects.get(name="dev")
    with editing(row, person("operator", username="olga")):
        for name, value in columns.items():
            setattr(row, name, value)
        row.save()
    return ManagedAccount.objects.values().get(name="dev")
