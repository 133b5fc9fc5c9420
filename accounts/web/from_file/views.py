"""Accounts from a file: every error before anything is saved, then a preview of what
is new, changed and the same, and then exactly that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from accounts.mapping.accounts_file.comparison import CHANGED, NEW, SAME
from accounts.mapping.accounts_file.export import export
from accounts.mapping.accounts_file.uploading import (
    Outcome,
    check,
    save_as_previewed,
)
from accounts.models import ManagingAccount, Upload
from accounts.web.access import operator_required
from accounts.web.exports.attachment import attachment
from accounts.web.from_file.forms import FileForm
from accounts.web.request import BESIDE, InMemory, Request, drain, length
from accounts.wording import counted
from onboarding.accounts_file import FileProblems
from onboarding.accounts_file.reader import TOO_LARGE, Problem
from onboarding.accounts_file.spreadsheet import COLUMNS
from onboarding.accounts_file.writing import csv_text, yaml_text
from onboarding.bounded_yaml import MOST_BYTES

PAGE = 50
EXAMPLE = {
    "name": "staging",
    "account_id": "922222222222",
    "environment": "staging",
    "regions": ["us-east-1", "us-west-2"],
    "access_role": "OrganizationAccountAccessRole",
    "external_id": True,
    "permissions": {"READ": ["developers"], "WRITE": ["operators"]},
    "providers": {"ec2": {}, "lambda": {"access": "read"}},
}
KINDS = {"csv": "text/csv; charset=utf-8", "yaml": "application/yaml; charset=utf-8"}


@csrf_exempt  # upload is protected: it is first made sure that it may be read
@never_cache
@operator_required
def from_file(request: Request) -> HttpResponse:
    if not ManagingAccount.objects.exists():
        messages.info(
            request, "Set up the managing account first. All accounts trust it."
        )
        return redirect("accounts:managing")
    if request.method == "POST" and length(request) > MOST_BYTES + BESIDE:
        drain(request)
        return page(request, problems=[Problem(1, TOO_LARGE)])
    request.upload_handlers = [InMemory(request)]
    return upload_page(request)


@csrf_protect
def upload_page(request: Request) -> HttpResponse:
    if request.method != "POST":
        return page(request)
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return page(request, form=form)
    file = form.cleaned_data["file"]
    try:
        upload = check(file.name, file.read(), csv=form.is_csv, by=request.user)
    except FileProblems as error:
        return page(request, problems=error.problems, name=file.name)
    return redirect(upload)


def page(
    request: Request,
    *,
    form: FileForm | None = None,
    problems: Iterable[Problem] = (),
    name: str = "",
) -> HttpResponse:
    shown = {
        "form": form or FileForm(),
        "problems": list(problems),
        "name": name,
        "columns": COLUMNS,
        "crumbs": [("Accounts", reverse("accounts:accounts"))],
    }
    return render(request, "from_file/from_file.html", shown)


@operator_required
def file_preview(request: Request, upload: str) -> HttpResponse:
    """Show what saving the file would change, save it, or say what was saved."""
    row = get_object_or_404(Upload.objects.kept(), pk=upload)
    if request.method != "POST":
        return preview_page(request, row)
    if "discard" in request.POST:
        row.delete()
        messages.info(request, "The file is discarded. Nothing was saved.")
        return redirect("accounts:from-file")
    try:
        outcome = save_as_previewed(
            row, request.user, seen=request.POST.get("seen", "")
        )
    except FileProblems as error:
        row.delete()
        return page(request, problems=error.problems, name=row.name)
    if outcome is not Outcome.SAVED:
        messages.warning(request, f"Nothing is saved yet. {WHY[outcome]} {NOW}")
    return redirect(row)


WHY = {
    Outcome.UNSEEN: "The preview changed after you opened it.",
    Outcome.CHANGED: "Somebody changed these accounts in the meantime.",
}
NOW = "Review what the file changes now, and save again."


def preview_page(request: Request, upload: Upload) -> HttpResponse:
    what = request.GET.get("what", "")
    accounts = upload.accounts.filter(what=what) if what else upload.accounts.all()
    by_what = upload.accounts.order_by("what").values_list("what")
    counts = Counter(dict(by_what.annotate(Count("pk"))))
    shown: dict[str, Any] = {
        "upload": upload,
        "what": what,
        "counts": [(what, counts[what]) for what in (NEW, CHANGED, SAME)],
        "page": Paginator(accounts, PAGE).get_page(request.GET.get("page")),
        "to_save": counted(counts[NEW] + counts[CHANGED]),
        "differs": counts[NEW] + counts[CHANGED] > 0,
        "saved": counted(len(upload.saved)),
        "crumbs": [
            ("Accounts", reverse("accounts:accounts")),
            ("Add from a file", reverse("accounts:from-file")),
        ],
    }
    return render(request, "from_file/preview.html", shown)


@operator_required
def file_template(request: Request, form: str) -> HttpResponse:
    text = csv_text([EXAMPLE]) if form == "csv" else yaml_text(None, [EXAMPLE])
    return attachment(text, f"bowline-template.{form}", KINDS[form])


@operator_required
def file_export(request: Request, form: str) -> HttpResponse:
    """Give all accounts as a file that can be uploaded again."""
    text = export().text(csv=form == "csv")
    return attachment(text, f"bowline-accounts-file.{form}", KINDS[form])
