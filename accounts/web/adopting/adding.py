"""What can be taken of a Spinnaker, added as an accounts file is: with its preview."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.http import Request
from accounts.mapping.accounts_file import register_managing, sentence
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

FILE = "accounts-of-spinnaker.yaml"
MOST_LEFT = 50
OTHER_ROLE = (
    "The usual managed role of this report is {}, and Bowline's managed role is {}. "
    "Choose the files again for a report that fits."
)


@operator_required
def adoption_add(request: Request, adoption: UUID) -> HttpResponse:
    row = adoption_row(adoption)
    managing = ManagingAccount.objects.first()
    taken = taken_of(row)
    if managing and managing.managed_role != taken.managed_role:
        why = OTHER_ROLE.format(taken.managed_role, managing.managed_role)
        return add_page(request, row, AddForm(has_managing=True), refused=why)
    found = identity_of(in_aws for _, in_aws in found_by(row))
    posted = request.POST if request.method == "POST" else None
    known = {"access_role": row.look["role"], "identity": found} if row.look else None
    form = AddForm(posted, has_managing=managing is not None, initial=known)
    if not row.taken or not form.is_valid():
        return add_page(request, row, form)
    try:
        with transaction.atomic():
            if identity := form.cleaned_data.get("identity"):
                describe(taken, identity, request)
            role = form.cleaned_data["access_role"]
            content = accounts_file(taken, access_role=role).encode()
            preview = place_of_preview(request, FILE, content, csv=False)
            transaction.set_rollback(not preview)
    except FileProblems as error:
        return file_page(request, problems=error.problems, name=FILE)
    except (ValueError, ValidationError) as error:
        form.add_error(None, sentence(error))
        return add_page(request, row, form)
    if not preview:
        return add_page(request, row, form, refused=BUSY)
    return redirect(preview)


def describe(taken: Taken, identity: str, request: Request) -> None:
    """Save the managing account, which the accounts of the file trust."""
    managing = managing_of(taken, identity)
    register_managing(managing, request.user, trusts_bowline=True)


def add_page(
    request: Request, row: Adoption, form: AddForm, *, refused: str = ""
) -> HttpResponse:
    left = row.accounts.filter(outcome="left").values_list("name", flat=True)
    shown = {
        "row": row,
        "form": form,
        "refused": refused,
        "add": counted(len(row.taken)),
        "left": first_of([*map(short, left)], MOST_LEFT),
        "keep_left": KEEP_LEFT,
        **heading(row),
    }
    shown["crumbs"] = [*shown["crumbs"], ("Report", row.get_absolute_url())]
    return render(request, "adopting/add.html", shown)
