"""Policies of others as a run finds them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts.models import ForeignPolicy, ManagedAccount


def foreign_row(account: ManagedAccount | None, **fields: Any) -> ForeignPolicy:
    given: dict[str, Any] = {
        "role": "spinnakerManaged",
        "policy": "AdministratorAccess",
        "kind": "attachment",
        "policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess",
        "document": {"Version": "2012-10-17", "Statement": []},
        "effects": ["Allows every action on every resource."],
        "digest": "d" * 64,
        "alike": "a" * 64,
        "found_at": timezone.now(),
    }
    return ForeignPolicy.objects.create(account=account, **given | fields)
