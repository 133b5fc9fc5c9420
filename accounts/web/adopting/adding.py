"""What can be taken of a Spinnaker, added as an accounts file is: with its preview."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.http import Request
from accounts.mapping.accounts_file import register_managing, sentence
from accounts.mapping.adopting.again import (
    NOTHING_CHANGED,
    AdoptedAgain,
    Changed,
    adopted_again,
    decided_by,
    of_stored,
    remember,
    text_before,
    text_of,
)
from accounts.mapping.adopting.keeping import taken_of
from accounts.mapping.adopting.looks import found_by
from accounts.models import Adoption, ManagingAccount
from accounts.people.doors import operator_required
from accounts.web.adopting.forms import AddForm
from accounts.web.adopting.report import adoption_row, heading
from accounts.web.from_file.views import BUSY, file_page, place_of_preview
from accounts.wording import counted, first_of
from onboarding.accounts_file import FileProblems
from onboarding.adopting.looking import identity_of
from onboarding.adopting.report import Taken, accounts_file, managing_of
from onboarding.adopting.wording import KEEP_LEFT
from onboarding.names import short

MOST_LISTED = 200
"""Of changes, and of conflicts: the others are asked the next time."""
NOTHING_CHANGES = "Nothing changes. Bowline keeps its values."
FILE = "accounts-of-spinnaker.yaml"
MOST_LEFT = 50
OTHER_ROLE = (
    "The usual managed role of this report is {}, and Bowline's managed role is {}. "
    "Choose the files again for a report that fits."
)


class ChangeLine(NamedTuple):
    """A value that the sources changed."""

    account: str
    field: str
    choice: str
    before: str
    now: str
    here: str
    decided: str
    """Who decided what Bowline has, and when."""


@operator_required
def adoption_add(request: Request, adoption: UUID) -> HttpResponse:
    row = adoption_row(adoption)
    managing = ManagingAccount.objects.first()
    taken = taken_of(row)
    again = adopted_again(taken, of_stored(row))
    posted = request.POST if request.method == "POST" else None
    found = identity_of(in_aws for _, in_aws in found_by(row))
    known = {"access_role": row.look["role"], "identity": found} if row.look else None
    form = AddForm(
        posted,
        has_managing=managing is not None,
        has_new=bool(again.new),
        initial=known,
    )
    if managing and managing.managed_role != taken.managed_role:
        why = OTHER_ROLE.format(taken.managed_role, managing.managed_role)
        return add_page(request, row, form, again, refused=why)
    if not again.taken.accounts or not form.is_valid():
        return add_page(request, row, form, again)
    try:
        with transaction.atomic():
            if identity := form.cleaned_data.get("identity"):
                describe(taken, identity, request)
            again = with_answers(request, row, form)
            if not again.changes_something:
                remember(again, request.user)
                messages.info(request, NOTHING_CHANGES)
                return redirect(row)
            content = accounts_file(again.taken).encode()
            preview = place_of_preview(request, FILE, content, csv=False)
            transaction.set_rollback(not preview)
    except FileProblems as error:
        return file_page(request, problems=error.problems, name=FILE)
    except (ValueError, ValidationError) as error:
        form.add_error(None, sentence(error))
        return add_page(request, row, form, again)
    if not preview:
        return add_page(request, row, form, again, refused=BUSY)
    return redirect(preview)


def with_answers(request: Request, row: Adoption, form: AddForm) -> AdoptedAgain:
    """Compare again, with what was answered of the conflicts that the page shows."""
    take = {*request.POST.getlist("take")}
    return adopted_again(
        taken_of(row),
        of_stored(row),
        access_role=form.cleaned_data.get("access_role", ""),
        take=take,
        keep={*request.POST.getlist("asked")} - take,
    )


def describe(taken: Taken, identity: str, request: Request) -> None:
    """Save the managing account, which the accounts of the file trust."""
    managing = managing_of(taken, identity)
    register_managing(managing, request.user, trusts_bowline=True)


def add_page(
    request: Request,
    row: Adoption,
    form: AddForm,
    again: AdoptedAgain,
    *,
    refused: str = "",
) -> HttpResponse:
    left = row.accounts.filter(outcome="left").values_list("name", flat=True)
    changed = {one.account for one in again.changes}
    conflicts = again.conflicts
    # A new name has a line of its own.
    changes = [one for one in again.changes if one.difference.path != ("name",)]
    shown = {
        "row": row,
        "form": form,
        "refused": refused,
        "add": counted(len(again.new) + len(changed)),
        "title": title_of(again),
        "nothing_changed": NOTHING_CHANGED if again.is_unchanged else "",
        "renamed": again.renamed[:MOST_LISTED],
        "new": "" if is_first(again) else first_of([*map(short, again.new)], MOST_LEFT),
        "changes": [*map(line_of, changes[:MOST_LISTED])],
        "more_changes": max(0, len(changes) - MOST_LISTED),
        "conflicts": [*map(line_of, conflicts[:MOST_LISTED])],
        "more_conflicts": max(0, len(conflicts) - MOST_LISTED),
        "same": counted(again.same) if again.same else "",
        "gone": first_of([*map(short, again.gone)], MOST_LEFT),
        "held_back": again.held_back[:MOST_LISTED],
        "is_something": again.new or changed or conflicts,
        "left": first_of([*map(short, left)], MOST_LEFT),
        "keep_left": KEEP_LEFT,
        **heading(row),
    }
    shown["crumbs"] = [*shown["crumbs"], ("Report", row.get_absolute_url())]
    return render(request, "adopting/add.html", shown)


def title_of(again: AdoptedAgain) -> str:
    if is_first(again):
        return f"Add {counted(len(again.taken.accounts))}"
    return "Compare with Bowline"


def is_first(again: AdoptedAgain) -> bool:
    """Return whether Bowline has none of the accounts yet."""
    return not (again.same or again.changed)


def line_of(one: Changed) -> ChangeLine:
    said = one.difference
    return ChangeLine(
        one.account,
        said.field,
        one.choice,
        text_before(said),
        text_of(said.now),
        text_of(said.here),
        decided_by(one),
    )
