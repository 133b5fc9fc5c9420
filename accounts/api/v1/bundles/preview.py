"""The next bundle, before it is built: what it changes, and what it keeps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse
from ninja import Field, Query, Router, Schema
from ninja.responses import Status

from accounts.api.authentication import ApiRequest
from accounts.api.openapi.fields import AccountState
from accounts.api.v1.bundles.reading import (
    OTHERS,
    TAKES_LONG,
    AskedBefore,
    Compared,
    Waits,
    comparison_answer,
    made,
)
from accounts.api.v1.foreign.alike import AlikeListed, group_item
from accounts.discover.comparisons import with_last
from accounts.http import full_url
from accounts.models import Bundle, ManagedAccount
from accounts.spinnaker.next_bundle import MOST_KEPT, Failing, Unlike, unlike_now

router = Router()

OF_MANY = "The accounts are compared with the last bundle. {}"
OUT_OF_DATE = "Accounts changed since this comparison was made."


class BrokenAccount(Schema):
    account: str = Field(alias="account.name")
    state: AccountState = Field(alias="account.state")
    verified_at: datetime | None = Field(alias="account.verified_at")
    failed_run: int | None = Field(description="The run that found it")
    reason: str

    @staticmethod
    def resolve_failed_run(one: Failing) -> int | None:
        return one.failed.number if one.failed else None


class EditedAccount(Schema):
    account: str = Field(alias="name")
    state: AccountState = Field(alias="word")


class Excluded(Schema):
    account: str = Field(alias="name")
    at: datetime = Field(alias="excluded_at")
    by: str = Field(alias="excluded_by_name")


class NextBundle(Compared):
    number: int
    since: int | None = Field(description="The last bundle; null: there is none yet")
    accounts: int = Field(description="How many it has, each as it was last verified")
    digest: str = Field(description="Identifies what was read: give it to build")
    is_old: bool = Field(description=OUT_OF_DATE)
    kept: list[BrokenAccount] = Field(
        description="Those that the bundle keeps although the last verification "
        f"failed; the first {MOST_KEPT} by name"
    )
    kept_count: int
    added_broken: list[BrokenAccount] = Field(
        description="Those that the last bundle doesn’t have, and whose last "
        f"verification failed: name them to build; the first {MOST_KEPT} by name"
    )
    added_broken_count: int
    edited: list[EditedAccount] = Field(
        description="Those that the bundle has without their last edit, which isn’t "
        f"verified; the first {MOST_KEPT} by name"
    )
    edited_count: int
    excluded: list[Excluded] = Field(description="What people excluded from bundles")
    policies_of_others: list[AlikeListed] = Field(description=OTHERS)


@router.get(
    "",
    response={200: NextBundle, 202: NextBundle},
    summary="Preview the next bundle",
)
def read_next_bundle(request: ApiRequest, before: Query[AskedBefore]) -> Any:
    """Read what the next bundle changes compared with the last one. A worker compares
    many accounts: the answer is 202 until then.
    """
    ready = ManagedAccount.objects.ready().count()
    found = made(with_last(ready), request.user, before.asked)
    unlike = unlike_now()
    page = full_url(request, reverse("accounts:bundle-next"))
    last = Bundle.objects.built().values_list("number", flat=True).first()
    said: dict[str, Any] = {
        "number": Bundle.objects.next_number(),
        "since": last,
        "accounts": ready,
        **comparison_answer("/bundles/next", page, found),
        **unlike_of(unlike),
    }
    if isinstance(found, Waits):
        waits = {"sentence": OF_MANY.format(TAKES_LONG), "digest": "", "is_old": False}
        return Status(202, said | waits)
    changes = found.changes
    return said | {
        "sentence": changes.summary(unlike),
        "since": changes.since or None,
        "digest": changes.digest,
        "is_old": found.is_old,
    }


def unlike_of(unlike: Unlike) -> dict[str, Any]:
    return {
        "kept": unlike.kept,
        "kept_count": unlike.kept_count,
        "added_broken": unlike.added,
        "added_broken_count": unlike.added_count,
        "edited": unlike.edited,
        "edited_count": len(unlike.edited) + unlike.edited_more,
        "excluded": unlike.excluded,
        "policies_of_others": [group_item(one) for one in unlike.others],
    }
