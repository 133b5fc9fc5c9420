"""What bundles differ in, as pages show it: few compared at once, many by a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ninja import Field, Schema

from accounts.api.codes import Code
from accounts.api.openapi.choices import ChangeVerb
from accounts.api.paging import LARGEST
from accounts.api.problems import Problem, asked_of
from accounts.api.requests import Request
from accounts.api.v1.texts import READ_AGAIN
from accounts.discover.comparisons import Comparison, Made, changes_of
from accounts.discover.questions import same, seen
from accounts.spinnaker.two_bundles import sides
from onboarding.spinnaker.bundle.comparison import Altered, Named
from onboarding.spinnaker.bundle.excerpt import MOST_ACCOUNTS, MOST_FILES, Excerpt

if TYPE_CHECKING:
    from django.contrib.auth.models import User

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
    in_progress: bool = Field(
        description="Whether a worker is processing it. Poll until false"
    )
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
        "changed_files": [file._asdict() for file in excerpt.files],
    }


def account(verb: str, one: Named) -> dict[str, Any]:
    before, after = sides(verb, one)
    altered = one if isinstance(one, Altered) else None
    return {
        "verb": verb,
        "provider": one.provider,
        "name": one.name,
        "fields": [field._asdict() for field in altered.fields] if altered else [],
        "risks": list(altered.risks) if altered else [],
        "before": before,
        "after": after,
    }
