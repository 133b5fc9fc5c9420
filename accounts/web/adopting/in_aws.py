"""Look at AWS before anything is added: each account's roles, the worst first."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django_htmx.http import HttpResponseClientRefresh

from accounts.discover.looking import look, question_of
from accounts.discover.questions import seen
from accounts.http import Request, page_of
from accounts.mapping.adopting.looks import found_by
from accounts.models import Adoption, ManagedAccount, Question
from accounts.people.doors import operator_required
from accounts.web.adopting.forms import LookForm
from accounts.web.adopting.report import adoption_row, heading
from accounts.wording import counted
from onboarding.access_role import NAME
from onboarding.adopting.looking import count_looks

BUSY = "Bowline is busy with other questions to AWS. Try again in a few seconds."


@operator_required
def adoption_in_aws(request: Request, adoption: UUID) -> HttpResponse:
    row = adoption_row(adoption)
    if not row.taken:
        return redirect(row)
    if request.method == "POST":
        return look_posted(request, row)
    asked = seen(question_of(row)) if row.look else None
    if request.htmx and not (asked and asked.waits):
        return HttpResponseClientRefresh()
    if request.htmx:
        return render(request, "adopting/_looking.html", {"row": row})
    return look_page(
        request, row, LookForm(initial={"access_role": usual_role(row)}), asked
    )


def look_posted(request: Request, row: Adoption) -> HttpResponse:
    form = LookForm(request.POST)
    if not form.is_valid():
        return look_page(request, row, form)
    if look(row, form.cleaned_data["access_role"], request.user) is None:
        form.add_error(None, BUSY)
        return look_page(request, row, form)
    return redirect(request.path)


def usual_role(row: Adoption) -> str:
    """Propose the role of the last look, of other accounts, or as Bowline names it."""
    if row.look:
        return str(row.look["role"])
    of_others = ManagedAccount.objects.exclude(access_role="").values_list(
        "access_role", flat=True
    )
    return of_others.first() or NAME


def look_page(
    request: Request, row: Adoption, form: LookForm, asked: Question | None = None
) -> HttpResponse:
    found = found_by(row)
    shown: dict[str, Any] = {
        "row": row,
        "form": form,
        "at": row.look and datetime.fromisoformat(row.look["at"]),
        "waits": asked and asked.waits,
        "refusal": asked if asked and asked.refused else None,
        "is_stopped": row.look and row.look["looked"] < row.look["accounts"],
        "is_done": row.look and row.look["looked"] == row.look["accounts"],
        "counts": count_looks([in_aws for _, in_aws in found]),
        "page": page_of(request, found),
        "of": counted(len(row.taken)),
        **heading(row),
    }
    shown["crumbs"] = [*shown["crumbs"], ("Report", row.get_absolute_url())]
    return render(request, "adopting/in_aws.html", shown)
