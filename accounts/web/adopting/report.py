"""The page of a report: the verdict, the findings, and each account with its fields."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from accounts.http import Request, attachment, page_of
from accounts.lists.declaration import Filter, Listing
from accounts.mapping.adopting.keeping import confirm, document_of
from accounts.mapping.adopting.looks import looked_text
from accounts.mapping.adopting.reporting import CannotAdopt
from accounts.models import AdoptedAccount, Adoption, ManagedAccount
from accounts.models.states import word_of
from accounts.people.doors import operator_required
from accounts.web.accounts.accepting import waiting_alert
from accounts.web.crumbs import crumbs
from accounts.wording import counted, first_of
from onboarding.adopting.report import OF_ACCOUNTS, heads
from onboarding.adopting.values import PROVIDERS
from onboarding.adopting.wording import LONGEST_VALUE, MOST_NAMES, left, waiting
from onboarding.names import short

WAITS = Q(said__in_spinnaker__waits=True)
NONE_CHOSEN = "Choose the accounts to confirm."
ADOPTED = Listing(
    "adoption",
    filters=(
        Filter("waiting", lambda _: WAITS),
        Filter("text", lambda text: Q(name__icontains=text)),
        Filter("outcome", lambda outcome: Q(outcome=outcome)),
        Filter("type", lambda type_: Q(type=type_)),
    ),
)


class FieldLine(NamedTuple):
    name: str
    value: str
    says: str


class Listed(NamedTuple):
    account: AdoptedAccount
    source: str
    reasons: list[str]
    """Why it is left."""
    fields: list[tuple[str, list[FieldLine]]]
    """By what becomes of them."""
    total: int
    waits: bool
    """Whether a confirmation alone is missing."""


class Said(NamedTuple):
    """A finding."""

    says: str
    accounts: str


@operator_required
def adoption(request: Request, adoption: UUID) -> HttpResponse:
    row = adoption_row(adoption)
    if request.method == "POST":
        return confirmed(request, row)
    counts: Mapping[str, int] = row.report["counts"]
    asked = ADOPTED.matching(row.accounts.all(), request.GET)
    shown_now = page_of(request, asked)
    shown = {
        "row": row,
        "page": shown_now,
        "listed": [listed_account(one) for one in shown_now],
        "is_filtered": bool(ADOPTED.said(request.GET)),
        "filters": ADOPTED.values(request.GET),
        "can_be": row.can_be_taken,
        "of": counted(row.can_be_taken + counts["left"]),
        "counts": counts,
        "left": left(counts["left"]),
        "waiting": waiting(row.waiting),
        "add": f"{verb()} {counted(len(row.taken))}",
        "outcomes": [(one, word_of(one)) for one in OF_ACCOUNTS],
        "types": PROVIDERS,
        "findings": list(findings_of(row)),
        "settings": settings_of(row),
        "to_accept": waiting_alert(waiting_from(row)),
        **heading(row),
    }
    return render(request, "adopting/report.html", shown)


def verb() -> str:
    """Say what becomes of the accounts: they are compared with those of a report that
    were added before.
    """
    adopted = ManagedAccount.objects.exclude(adopted_from={})
    return "Compare" if adopted.exists() else "Add"


def waiting_from(row: Adoption) -> int:
    """Count the accounts of the report that were added and wait for acceptance."""
    rows = ManagedAccount.objects.to_accept().order_by()
    waiting = {*rows.values_list("account_id", flat=True)}
    return len(waiting & {one.get("account_id") for one in row.taken})


def confirmed(request: Request, row: Adoption) -> HttpResponse:
    """Take the chosen accounts as they are described, in a report of its own."""
    chosen = row.accounts.filter(WAITS, name__in=request.POST.getlist("confirm"))
    names = [one.said["name"] for one in chosen]
    if not (names and row.read):
        messages.warning(request, NONE_CHOSEN)
        return redirect(row)
    try:
        made = confirm(row, names, request.user)
    except CannotAdopt as error:
        messages.warning(request, str(error))
        return redirect(row)
    messages.success(request, f"You confirmed {counted(len(names))}.")
    return redirect(made)


@operator_required
def adoption_json(request: Request, adoption: UUID) -> HttpResponse:
    document = document_of(adoption_row(adoption))
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return attachment(text, "bowline-spinnaker-report.json", "application/json")


@operator_required
def adoption_text(request: Request, adoption: UUID) -> HttpResponse:
    kind = "text/plain; charset=utf-8"
    row = adoption_row(adoption)
    text = row.text + looked_text(row)
    return attachment(text, "bowline-spinnaker-report.txt", kind)


def adoption_row(pk: UUID) -> Adoption:
    return get_object_or_404(Adoption.objects.unexpired().select_related("by"), pk=pk)


def heading(row: Adoption) -> dict[str, Any]:
    return {
        "files": row.files,
        "crumbs": crumbs("accounts", "adopt"),
    }


def findings_of(row: Adoption) -> Iterator[Said]:
    for one in row.report["findings"]:
        yield Said(one["says"], first_of([*map(short, one["accounts"])], MOST_NAMES))


def settings_of(row: Adoption) -> list[tuple[str, list[FieldLine]]]:
    """Return what the providers say next to their accounts, by what becomes of it."""
    lines = [
        (one["outcome"], line(f"{one['provider']}.{one['setting']}", one))
        for one in row.report["settings"]
    ]
    return grouped(lines)


def listed_account(account: AdoptedAccount) -> Listed:
    said = account.said
    fields: Sequence[Mapping[str, Any]] = said["fields"]
    lines = [(one["outcome"], line(one["field"], one)) for one in fields]
    return Listed(
        account,
        said["source"],
        said["reasons"],
        grouped(lines, is_left=bool(said["reasons"])),
        len(fields),
        bool((said.get("in_spinnaker") or {}).get("waits")),
    )


def grouped(
    lines: Sequence[tuple[str, FieldLine]], *, is_left: bool = False
) -> list[tuple[str, list[FieldLine]]]:
    """Put what is left first: people search for that."""
    groups = [
        (head, [one for of, one in lines if of == outcome])
        for outcome, head in reversed(heads(is_left=is_left).items())
    ]
    return [(head, found) for head, found in groups if found]


def line(name: str, one: Mapping[str, Any]) -> FieldLine:
    says = " ".join(filter(None, (one.get("note", ""), one["says"])))
    return FieldLine(name, short(value_text(one["value"]), LONGEST_VALUE), says)


def value_text(value: Any) -> str:
    match value:
        case None:
            return "missing"
        case str():
            return value
        case {"secret": True}:
            return "a secret, which isn't shown"
        case {"reference": str(reference)}:
            return reference
    return json.dumps(value, ensure_ascii=False)
