"""Pages on which an accounts file is sent, compared and saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse, reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from accounts.discover.files import checked_file, saved_upload
from accounts.discover.questions import ask, seen
from accounts.http import BESIDE, InMemory, Request, attachment, drain, length, page_of
from accounts.lists.accounts import ACCOUNTS_FILE, are_few, lines_of
from accounts.lists.declaration import KINDS
from accounts.mapping.accounts_file.comparison import CHANGED, NEW, SAME
from accounts.mapping.accounts_file.outcome import is_short
from accounts.mapping.accounts_file.uploading import (
    LONGEST_NAME,
    Outcome,
    check,
    save_as_previewed,
)
from accounts.models import ManagedAccount, ManagingAccount, Question, Upload
from accounts.models.question import UploadedAccount
from accounts.people.doors import operator_required
from accounts.web.bulk.exports import by_a_worker
from accounts.web.crumbs import crumbs
from accounts.web.questions import lead, still_waits
from accounts.wording import counted, for_count
from onboarding.accounts_file import FileProblems
from onboarding.accounts_file.reader import TOO_LARGE, Problem
from onboarding.accounts_file.spreadsheet import COLUMNS
from onboarding.accounts_file.writing import csv_text, yaml_text
from onboarding.bounded_yaml import MOST_BYTES

FILE_KINDS = (".csv", ".yaml", ".yml")


class FileForm(forms.Form):
    file = forms.FileField(
        allow_empty_file=True,
        label="The file",
        help_text="CSV or YAML, up to 10,000 accounts and 16 MB.",
        error_messages={"required": "Choose a file."},
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(FILE_KINDS)}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if PurePath(file.name).suffix.lower() not in FILE_KINDS:
            raise forms.ValidationError(
                f"“{file.name}” isn't a .csv, .yaml, or .yml file."
            )
        return file


Change = dict[str, Any]
FEW = 2
"""Of fewer new accounts, each is shown whole."""


class Listed(NamedTuple):
    account: UploadedAccount
    changes: list[Change]
    """Without what all new ones have in common."""


class Alike(NamedTuple):
    of: int
    """How many new accounts have it in common."""
    changes: list[Change]
    rows: list[Listed]


def alike(accounts: Sequence[UploadedAccount]) -> Alike:
    """Take what is the same of all new accounts out of each of them."""
    new = [one.changes for one in accounts if one.what == NEW]
    first = new[0] if len(new) >= FEW else []
    shared = [change for change in first if all(change in one for one in new)]
    rows = [
        Listed(one, [c for c in one.changes if one.what != NEW or c not in shared])
        for one in accounts
    ]
    return Alike(len(new), shared, rows)


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
        return file_page(request, problems=[Problem(1, TOO_LARGE)])
    request.upload_handlers = [InMemory(request)]
    return upload_page(request)


@csrf_protect
def upload_page(request: Request) -> HttpResponse:
    if request.method != "POST":
        return file_page(request)
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return file_page(request, form=form)
    file = form.cleaned_data["file"]
    try:
        there = place_of_preview(request, file.name, file.read())
    except FileProblems as error:
        return file_page(request, problems=error.problems, name=file.name)
    if there:
        return redirect(there)
    form.add_error("file", TOO_MANY)
    return file_page(request, form=form)


def place_of_preview(request: Request, name: str, content: bytes) -> str:
    """Check a file, or let a worker check a long one; return where its preview is, or
    will be: nowhere if too much waits. Raise FileProblems.
    """
    csv = PurePath(name).suffix.lower() == ".csv"
    if is_short(content):
        return check(name, content, csv=csv, by=request.user).get_absolute_url()
    said = {"form": "csv" if csv else "yaml", "name": name[-LONGEST_NAME:]}
    question = checked_file.about(request.user, content, **said)
    asked = ask(question, request.user, again=True)
    return asked.get_absolute_url() if asked else ""


@operator_required
def file_check(request: Request, question: str) -> HttpResponse:
    """Wait until a worker has checked the file, and lead to its preview."""
    asked = checked_file.read(request.user).filter(key=question).first()
    if waiting := still_waits(request, asked, CHECKING):
        return waiting
    match asked and asked.answer:
        case {"upload": upload}:
            return lead(request, reverse("accounts:file-preview", args=[upload]))
        case {"problems": problems} if asked:
            return problems_page(request, problems, asked.input["name"])
    why = asked.why if asked else NOT_CHECKED
    messages.warning(request, f"{why} {UPLOAD_AGAIN}")
    return lead(request, reverse("accounts:from-file"))


CHECKING = {
    "title": "Add from a file",
    "says": "Validating the file",
    "large": "A long file takes a few seconds. This page then shows the changes.",
    "crumbs": [("Accounts", reverse_lazy("accounts:accounts"))],
}
NOT_CHECKED = "The file wasn't validated in time, or is no longer stored."
UPLOAD_AGAIN = "Upload the file again."
BUSY = "Two of your files are already being processed, or many files are waiting."
TOO_MANY = f"{BUSY} Upload this file again in a few seconds."


def file_page(
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
        "crumbs": crumbs("accounts"),
    }
    return render(request, "from_file/from_file.html", shown)


def problems_page(request: Request, found: list[list[Any]], name: str) -> HttpResponse:
    """Show what a worker found, on a whole page also where htmx asks."""
    if request.htmx:
        return lead(request, request.get_full_path())
    return file_page(request, problems=[Problem(*one) for one in found], name=name)


@operator_required
def file_preview(request: Request, upload: str) -> HttpResponse:
    """Show what saving the file would change, save it, or say what was saved."""
    row = get_object_or_404(Upload.objects.unexpired(), pk=upload)
    if request.method != "POST":
        if seen := request.GET.get("saving"):
            return saving_page(request, row, seen)
        return preview_page(request, row)
    if "discard" in request.POST:
        row.delete()
        messages.info(request, "The file is discarded. Nothing was saved.")
        return redirect("accounts:from-file")
    seen = request.POST.get("seen", "")
    if not are_few(row.accounts.count()):
        return save_by_a_worker(request, row, seen)
    try:
        outcome = save_as_previewed(row, request.user, seen=seen)
    except FileProblems as error:
        return file_page(request, problems=error.problems, name=row.name)
    return saved_or_why(request, row, outcome)


def saved_or_why(request: Request, row: Upload, outcome: Outcome) -> HttpResponse:
    if outcome is not Outcome.SAVED:
        messages.warning(request, f"Nothing is saved yet. {WHY[outcome]} {NOW}")
    return lead(request, row.get_absolute_url())


WHY = {
    Outcome.UNSEEN: "The preview changed after you opened it.",
    Outcome.CHANGED: "Someone changed these accounts in the meantime.",
}
NOW = "Review the changes again, then save."


def save_by_a_worker(request: Request, row: Upload, seen: str) -> HttpResponse:
    if ask(saving(request, row, seen), request.user, again=True) is None:
        messages.warning(request, f"Nothing is saved yet. {BUSY} {SAVE_AGAIN}")
        return redirect(row)
    return redirect(f"{row.get_absolute_url()}?{urlencode({'saving': seen})}")


def saving(request: Request, row: Upload, seen: str) -> Question:
    return saved_upload.about(request.user, seen=seen, upload=str(row.pk))


def saving_page(request: Request, row: Upload, read: str) -> HttpResponse:
    """Wait until a worker has saved the file, and lead to what was saved."""
    asked = seen(saving(request, row, read))
    if not row.saved_at and (waiting := still_waits(request, asked, SAVING)):
        return waiting
    match asked and asked.answer:
        case {"outcome": outcome}:
            return saved_or_why(request, row, Outcome[outcome])
        case {"problems": problems}:
            return problems_page(request, problems, row.name)
        case {"denied": sentence}:
            messages.warning(request, f"Nothing is saved. {sentence}")
        case _ if asked and asked.refused:
            messages.warning(request, f"{asked.why} {SAVE_AGAIN}")
    return lead(request, row.get_absolute_url())


SAVING = {
    "title": "Add from a file",
    "says": "Saving the accounts",
    "large": (
        "With many accounts, this takes a few seconds. This page then shows what was "
        "saved."
    ),
    "crumbs": CHECKING["crumbs"],
}
SAVE_AGAIN = "Save again in a few seconds."


def without_access_role(upload: Upload) -> str:
    """Warn of accounts that Bowline would plan with Bowline's identity; that is right
    for its own account, which usually is the managing one. Empty: there are none.
    """
    rows = upload.accounts.exclude(what=SAME).exclude(written__has_key="access_role")
    rows = rows.exclude(written__has_key="made_by")
    own = ManagingAccount.objects.filter(access_role="").values("account_id")
    count = rows.exclude(account_id__in=own).count()
    some = for_count(count, "1 account has", "{count} accounts have")
    return f"{some} no access role: {ONLY_OWN}" if count else ""


ONLY_OWN = (
    "Bowline would use Bowline's identity, which can plan only its own account. "
    "Add access_role to the file, and upload it again."
)


def preview_page(request: Request, upload: Upload) -> HttpResponse:
    what = request.GET.get("what", "")
    accounts = upload.accounts.filter(what=what) if what else upload.accounts.all()
    by_what = upload.accounts.order_by("what").values_list("what")
    counts = Counter(dict(by_what.annotate(Count("pk"))))
    shown_now = page_of(request, accounts)
    shown: dict[str, Any] = {
        "upload": upload,
        "what": what,
        "counts": [(what, counts[what]) for what in (NEW, CHANGED, SAME)],
        "page": shown_now,
        "alike": alike(list(shown_now)),
        "without_access_role": without_access_role(upload),
        "to_save": counted(counts[NEW] + counts[CHANGED]),
        "differs": counts[NEW] + counts[CHANGED] > 0,
        "saved": counted(len(upload.saved)),
        "crumbs": crumbs("accounts", "from-file"),
    }
    return render(request, "from_file/preview.html", shown)


@operator_required
def file_template(request: Request, form: str) -> HttpResponse:
    text = csv_text([EXAMPLE]) if form == "csv" else yaml_text(None, [EXAMPLE])
    return attachment(text, f"bowline-template.{form}", KINDS[form])


@operator_required
def file_export(request: Request, form: str) -> HttpResponseBase:
    """Give all accounts as a file that can be uploaded again."""
    name = f"bowline-accounts-file.{form}"
    if are_few(ManagedAccount.objects.count()):
        return attachment("".join(lines_of(ACCOUNTS_FILE, form)), name, KINDS[form])
    return by_a_worker(request, ACCOUNTS_FILE, form, name)
