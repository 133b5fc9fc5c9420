"""Bundles: what the next one has, built, read, compared, downloaded."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from ninja import Field, Path, Query, Router, Schema
from ninja.responses import Status

from accounts.api.authentication import OPERATES, ApiRequest
from accounts.api.openapi import AccountState, BundleStatus, ChangeVerb, with_filters
from accounts.api.operations import operation
from accounts.api.paging import LARGEST, Page, PageQuery, page_of
from accounts.api.problems import Code, Problem, asked_of
from accounts.api.requests import Request
from accounts.api.v1.foreign import AlikeListed, group_item
from accounts.api.v1.texts import IN_PROGRESS, NO_NUL, READ_AGAIN, Digest, Number, Typed
from accounts.discover.comparisons import (
    Comparison,
    Made,
    changes_of,
    of_two,
    refuse_changed,
    with_last,
)
from accounts.discover.questions import same, seen
from accounts.http import attachment, full_url
from accounts.lists.bundles import BUNDLES, matching_bundles
from accounts.lists.declaration import cells_of
from accounts.models import Bundle, ManagedAccount
from accounts.spinnaker.bundles import (
    MOST_CHARACTERS,
    download,
    install,
    new_bundle,
    text_of,
)
from accounts.spinnaker.next_bundle import (
    EVERY,
    MOST_KEPT,
    Failing,
    sides,
    two,
    unlike_now,
)
from accounts.spinnaker.policies_of_others import MOST_IN_BUNDLE, of_bundle
from onboarding.spinnaker.bundle.comparison import (
    MOST_ACCOUNTS,
    MOST_FILES,
    Altered,
    Excerpt,
    Named,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import User

router = Router()

OTHERS = (
    "What the last verifications found in its accounts and the managing one that "
    f"Bowline didn't plan; the first {MOST_IN_BUNDLE}"
)

ZIP = "application/zip"
A_ZIP = {
    "responses": {
        200: {"content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}}
    }
}


@with_filters(BUNDLES)
class BundleFilters(Request):
    """What the list of bundles is searched by, as on its page."""


class BundleListed(Schema):
    number: int
    status: BundleStatus
    accounts: int
    size: int
    sha256: str
    created_at: datetime
    created_by: str
    installed_at: datetime | None


class BundleFile(Schema):
    path: str
    size: int
    sha256: str


class BundleInFull(BundleListed):
    path: str = Field(description=READ_AGAIN)
    in_progress: bool = Field(
        description="Whether a worker is building it. Poll until false"
    )
    page: str = Field(description="Where people read it")
    error: str
    files: list[BundleFile]
    policies_of_others: list[AlikeListed] = Field(description=OTHERS)


@router.get("", response=Page[BundleListed], summary="List bundles")
def list_bundles(
    request: HttpRequest, asked: Query[PageQuery], filters: Query[BundleFilters]
) -> dict[str, Any]:
    """List the bundles, newest first, as the filters ask."""
    return page_of(
        matching_bundles(request.GET),
        "-number",
        asked,
        lambda rows: [cells_of(BUNDLES.columns, row) for row in rows],
    )


@router.get("/{number}", response=BundleInFull, summary="Read a bundle")
def read_bundle(request: HttpRequest, number: Number) -> dict[str, Any]:
    """Read what a bundle is made of."""
    rows = Bundle.objects.defer("archive", "readme", "load")
    row = get_object_or_404(rows.annotate(count=Count("accounts")), number=number)
    return {
        **cells_of(BUNDLES.columns, row),
        "path": f"/bundles/{number}",
        "in_progress": row.status == Bundle.Status.BUILDING,
        "page": full_url(request, row.get_absolute_url()),
        "error": row.error,
        "files": row.files,
        "policies_of_others": [
            group_item(one) for one in of_bundle(row.accounts.all())
        ],
    }


@router.get(
    "/{number}/download",
    auth=OPERATES,
    response={200: None},
    summary="Download a bundle",
    openapi_extra=A_ZIP,
)
def download_bundle(request: ApiRequest, number: Number) -> HttpResponse:
    """Download the zip. The activity log says who did."""
    row = get_object_or_404(Bundle.objects.built().light(), number=number)
    return attachment(*download(row, request.user), ZIP)


FilePath = Annotated[str, Path(max_length=500, pattern=NO_NUL)]


class BundleFileInFull(BundleFile):
    text: str = Field(description=f"At most {MOST_CHARACTERS:,} characters")
    excluded: int = Field(description="How many characters more are in the zip")


@router.get(
    "/{number}/files/{path:path}",
    response=BundleFileInFull,
    summary="Read a file of a bundle",
)
def read_bundle_file(
    request: HttpRequest, number: Number, path: FilePath
) -> dict[str, Any]:
    """Read one file; the bundle lists their paths."""
    built = Bundle.objects.filter(status=Bundle.Status.READY).defer("archive", "load")
    file, text = text_of(get_object_or_404(built, number=number), path)
    part = text[:MOST_CHARACTERS]
    return {**file, "text": part, "excluded": len(text) - len(part)}


NOT_COMPARED = "The accounts could not be compared."
TAKES_LONG = "A worker compares them, which takes a few seconds."


class Waits(NamedTuple):
    """A worker compares."""

    asked: int
    """How often it was asked: an answer to a later time does as well."""


class AskedBefore(Request):
    asked: int = Field(0, ge=0, le=LARGEST, description="As “path” of a 202 says it")


class Verbs(Schema):
    create: int = 0
    update: int = 0
    delete: int = 0


class FieldChanged(Schema):
    name: str
    before: str
    after: str


class AccountCompared(Schema):
    """An account of Spinnaker, as the files of bundles describe it."""

    verb: ChangeVerb
    provider: str
    name: str
    fields: list[FieldChanged]
    risks: list[str] = Field(description="What opens to more people or places")
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class FileCompared(Schema):
    path: str
    verb: ChangeVerb
    before: str | None
    after: str | None
    is_long: bool = Field(description="Too long to be compared here: it is in the zip")


class Differences(Schema):
    accounts: Verbs = Field(description="How many, listed or not")
    files: Verbs
    changed_accounts: list[AccountCompared] = Field(
        description=f"At most {MOST_ACCOUNTS} of each verb"
    )
    changed_files: list[FileCompared] = Field(description=f"At most {MOST_FILES}")


class Compared(Schema):
    path: str = Field(description=READ_AGAIN)
    in_progress: bool = Field(description=IN_PROGRESS)
    page: str = Field(description="Where people read it")
    sentence: str
    changes: Differences | None = Field(description="null: in progress")


def made(comparison: Comparison, by: User, asked: int) -> Made | Waits:
    """Return what was found, or that a worker compares; raise Problem where it cannot.
    What was found of another moment is for whoever waited for it.
    """
    if not comparison.is_large:
        return Made(comparison.make())
    question, now = comparison.question, comparison.of()
    last = same(question).first()
    found = changes_of(last) if last else None
    if last and found and (found.of == now or 0 < asked <= last.times_asked):
        return Made(found, is_old=found.of != now)
    latest = seen(question)
    if latest is None or not (latest.waits or latest.message):
        latest = asked_of(question, by, again=True)
    if latest.waits:
        return Waits(latest.times_asked)
    found = changes_of(latest)
    if found is None:
        raise Problem(Code.WORKER_FAILED, f"{NOT_COMPARED} {latest.hint}".strip())
    return Made(found, is_old=found.of != now)


def comparison_answer(path: str, page: str, found: Made | Waits) -> dict[str, Any]:
    """Say what was found, or where to read it once it is."""
    if isinstance(found, Waits):
        again = f"{path}?asked={found.asked}"
        return {"path": again, "in_progress": True, "page": page, "changes": None}
    changes = differences(found.changes.excerpt)
    return {"path": path, "in_progress": False, "page": page, "changes": changes}


def differences(excerpt: Excerpt) -> dict[str, Any]:
    named = (
        *(("update", one) for one in excerpt.changed),
        *(("delete", one) for one in excerpt.removed),
        *(("create", one) for one in excerpt.added),
    )
    return {
        "accounts": excerpt.accounts,
        "files": excerpt.paths,
        "changed_accounts": [account(*one) for one in named],
        "changed_files": excerpt.files,
    }


def account(verb: str, one: Named) -> dict[str, Any]:
    before, after = sides(verb, one)
    altered = one if isinstance(one, Altered) else None
    return {
        "verb": verb,
        "provider": one.provider,
        "name": one.name,
        "fields": altered.fields if altered else [],
        "risks": list(altered.risks) if altered else [],
        "before": before,
        "after": after,
    }


MOST_NAMED = 1000
"""The most broken accounts that are named to build."""


class BundleBuild(Request):
    digest: Digest | None = Field(None, description="Of the preview that you read")
    add_broken: list[Typed] = Field(
        [],
        max_length=MOST_NAMED,
        description="Broken accounts that the last bundle doesn’t have, and this one "
        f"adds; “{EVERY}”: all",
    )

    def given(self) -> dict[str, Any]:
        refuse_changed(self.digest)
        return {"add_broken": self.add_broken}


class BundleInstalled(Request):
    answer: Typed = Field(
        "",
        description="The line “all gone” of hal/check.sh, or “gone” if you looked",
    )


def bundle_numbered(number: Number) -> Bundle:
    return get_object_or_404(Bundle.objects.light(), number=number)


operation(
    router,
    "",
    new_bundle,
    "build_bundle",
    "Build a bundle",
    {202: BundleInFull},
    says="""Let a worker build the next bundle, of all accounts that are ready. Its
    status says when it can be downloaded. If you give the digest of the preview,
    nothing is built once something else would change. Nothing is built, either, while
    it would add a broken account that you neither name nor exclude.
    """,
    body=BundleBuild | None,
    answer=lambda request, done: read_bundle(request, done.number),
)
operation(
    router,
    "/{number}/installed",
    install,
    "mark_bundle_installed",
    "Mark a bundle as installed",
    {200: BundleInFull},
    says="""Record that this is what Spinnaker has now. Where earlier bundles had
    accounts that this one doesn't have, the answer must say that Spinnaker no longer
    has them.
    """,
    find=bundle_numbered,
    body=BundleInstalled | None,
    answer=lambda request, row, _: read_bundle(request, row.number),
)


NOTHING = "Nothing changed. Both bundles are identical."


class TwoBundles(Compared):
    number: int
    since: int = Field(description="The earlier bundle")


@router.get(
    "/{number}/since/{since}",
    response={200: TwoBundles, 202: TwoBundles},
    summary="Compare a bundle with an earlier one",
)
def compare_bundles(
    request: ApiRequest, number: Number, since: Number, before: Query[AskedBefore]
) -> Any:
    """Read what changes in Spinnaker’s configuration. A worker compares large bundles:
    the answer is 202 until then.
    """
    earlier, later = two(number, since)
    found = made(of_two(earlier, later), request.user, before.asked)
    said: dict[str, Any] = {
        "number": number,
        "since": since,
        **comparison_answer(
            f"/bundles/{number}/since/{since}",
            full_url(request, reverse("accounts:bundle-since", args=(number, since))),
            found,
        ),
    }
    if isinstance(found, Waits):
        said["sentence"] = f"{later} is compared with {earlier}. {TAKES_LONG}"
        return Status(202, said)
    changes = replace(found.changes, since=since)
    said["sentence"] = changes.summary() if changes.excerpt else NOTHING
    return said


upcoming = Router()

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


@upcoming.get(
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
        "kept": unlike.kept,
        "kept_count": unlike.kept_count,
        "added_broken": unlike.added,
        "added_broken_count": unlike.added_count,
        "edited": unlike.edited,
        "edited_count": len(unlike.edited) + unlike.edited_more,
        "excluded": unlike.excluded,
        "policies_of_others": [group_item(one) for one in unlike.others],
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
