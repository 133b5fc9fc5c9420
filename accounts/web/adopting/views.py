"""Files of an existing Spinnaker: taken, read in memory, and looked up in AWS;
nothing stores them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import TooManyFilesSent, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse, reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_variables
from django_htmx.http import HttpResponseClientRefresh

from accounts.discover.files import adopted_spinnaker
from accounts.discover.looking import look, question_of
from accounts.discover.questions import ask, seen
from accounts.forms.fields import RuledField, bare_helper
from accounts.http import BESIDE, InMemory, Request, attachment, drain, length, page_of
from accounts.lists.declaration import Filter, Listing
from accounts.mapping.accounts_file import register_managing, sentence
from accounts.mapping.adopting.again import (
    NOTHING_CHANGED,
    AdoptedAgain,
    adopted_again,
    of_stored,
    remember,
)
from accounts.mapping.adopting.keeping import (
    MOST_IN_ALL,
    TOO_MUCH,
    CannotAdopt,
    ReadsAnother,
    ReportRequest,
    are_too_much,
    confirm,
    document_of,
    files_read,
    found_by,
    looked_text,
    managed_role,
    one_at_a_time,
    reported,
    sources_of,
    store_report,
    taken_of,
)
from accounts.models import (
    Adoption,
    ManagedAccount,
    ManagingAccount,
    Question,
    Spinnaker,
)
from accounts.models.question import LONGEST_NAME
from accounts.models.states import word_of
from accounts.people.doors import operator_required
from accounts.runs.deciding.starting import waiting_in_words
from accounts.web.bulk.from_file import BUSY, file_page, place_of_preview
from accounts.web.crumbs import crumbs
from accounts.web.questions import lead, still_waits
from accounts.wording import counted, first_of
from onboarding import names
from onboarding.access_role import NAME
from onboarding.accounts_file import FileProblems
from onboarding.adopting.looking import count_looks, identity_of
from onboarding.adopting.report import (
    OF_ACCOUNTS,
    accounts_file,
    heads,
    managing_of,
)
from onboarding.adopting.sources.passing import passed
from onboarding.adopting.sources.reading import Read
from onboarding.adopting.values import PROVIDERS
from onboarding.adopting.wording import (
    KEEP_LEFT,
    LONGEST_VALUE,
    MOST_NAMES,
    left,
    waiting,
)
from onboarding.names import short

FOUND = "The role of every account that Bowline looked at trusts this ARN."
NO_SOURCE = "Choose one or more files, or read the connected Spinnaker."


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Files of one request, within the bounds of all of them."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        sent = data if isinstance(data, Sequence) else [data]
        files = [super(FilesField, self).clean(one, initial) for one in sent if one]
        if are_too_much([file.size or 0 for file in files]):
            raise forms.ValidationError(TOO_MUCH)
        return files


class AdoptForm(forms.Form):
    sources = FilesField(
        required=False,
        allow_empty_file=True,
        label="Files",
        help_text=TOO_MUCH,
    )
    gate = forms.BooleanField(
        required=False,
        label="Also read the connected Spinnaker",
    )
    deployment = RuledField(
        rule=names.seen,
        required=False,
        max_length=LONGEST_NAME,
        label="Deployment of the Halyard config",
        help_text="Leave empty for the current one.",
    )

    def __init__(self, *args: Any, is_connected: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_connected:
            del self.fields["gate"]

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if not self.errors and not (said.get("sources") or said.get("gate")):
            raise forms.ValidationError(NO_SOURCE)
        return said

    @property
    def contents(self) -> dict[str, bytes]:
        """Return the files by name; one of a name that is taken gets a folder."""
        found: dict[str, bytes] = {}
        for number, file in enumerate(self.cleaned_data["sources"], 1):
            name = file.name if file.name not in found else f"{number}/{file.name}"
            found[name] = file.read()
        return found


class LookForm(forms.Form):
    access_role = RuledField(rule=names.ROLE_NAME, label="Role to look with")
    helper = bare_helper()


class AddForm(forms.Form):
    """What no source says of the accounts that are added."""

    access_role = RuledField(
        rule=names.ROLE_NAME,
        required=False,
        label="Access role",
        help_text="Bowline assumes it in each new account. Leave empty if they differ.",
    )
    identity = RuledField(
        rule=names.IDENTITY_ARN,
        label="Spinnaker's identity",
        help_text="The ARN of its role or user.",
    )
    helper = bare_helper()

    def __init__(
        self,
        *args: Any,
        has_managing: bool = False,
        has_new: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if has_managing:
            del self.fields["identity"]
        elif self.initial.get("identity"):
            self.fields["identity"].help_text = FOUND
        if not has_new:
            del self.fields["access_role"]


MOST_EARLIER = 10
SAME_AGAIN = "You sent the same files before, so this is the same report."
READING_BUSY = (
    "Two of your files are already being processed. Try again in a few seconds."
)
WAITING = {
    "title": "Adopt an existing Spinnaker",
    "says": "Reading the connected Spinnaker",
    "large": "With many accounts, this takes a few seconds. This page then shows the "
    "report.",
    "crumbs": [("Accounts", reverse_lazy("accounts:accounts"))],
}
NOT_READ = "The connected Spinnaker wasn't read in time. Choose the files again."


@csrf_exempt  # adopt_page is protected: it is first made sure that it may be read
@never_cache
@operator_required
def adopt(request: Request) -> HttpResponse:
    if request.method == "POST" and length(request) > MOST_IN_ALL + BESIDE:
        drain(request)
        return page(request, refused=TOO_MUCH)
    request.upload_handlers = [InMemory(request)]
    try:
        return adopt_page(request)
    except TooManyFilesSent:
        return page(request, refused=TOO_MUCH)


@csrf_protect
@sensitive_variables()
def adopt_page(request: Request) -> HttpResponse:
    """Show the form, or report on what is sent with it."""
    if request.method != "POST":
        return page(request)
    form = form_for(request.POST, request.FILES)
    if not form.is_valid():
        return page(request, form=form)
    said = form.cleaned_data
    try:
        with one_at_a_time():
            files = form.contents
            read = files_read(files, deployment=said["deployment"])
            asked = ReportRequest(
                sources_of(files), said["deployment"], bool(said.get("gate"))
            )
            if asked.gate:
                return read_gate_by_a_worker(request, read, asked)
            report = reported(read, role=managed_role())
    except (CannotAdopt, ReadsAnother) as error:
        return page(request, form=form, refused=str(error))
    row, is_new = store_report(report, asked, request.user)
    if not is_new:
        messages.info(request, SAME_AGAIN)
    return redirect(row)


def read_gate_by_a_worker(
    request: Request, read: Read, asked: ReportRequest
) -> HttpResponse:
    """Pass on what was read, which holds no secret."""
    content = json.dumps({"asked": asdict(asked), "read": passed(read)}).encode()
    question = adopted_spinnaker.about(request.user, content)
    waiting = ask(question, request.user, again=True)
    return redirect(waiting) if waiting else page(request, refused=READING_BUSY)


@operator_required
def adopt_wait(request: Request, question: str) -> HttpResponse:
    """Wait until a worker has read Gate, and lead to the report."""
    asked = adopted_spinnaker.read(request.user).filter(key=question).first()
    if waiting := still_waits(request, asked, WAITING):
        return waiting
    match asked and asked.answer:
        case {"adoption": adoption}:
            return lead(request, reverse("accounts:adoption", args=[adoption]))
        case {"refused": sentence}:
            messages.warning(request, str(sentence))
        case _:
            messages.warning(request, (asked and asked.why) or NOT_READ)
    return lead(request, reverse("accounts:adopt"))


def form_for(*posted: Any) -> AdoptForm:
    return AdoptForm(*posted, is_connected=Spinnaker.objects.exists())


def page(
    request: Request, *, form: AdoptForm | None = None, refused: str = ""
) -> HttpResponse:
    earlier = Adoption.objects.unexpired().order_by("-at").select_related("by")
    shown = {
        "form": form or form_for(),
        "refused": refused,
        "earlier": earlier.defer("text", "taken", "read")[:MOST_EARLIER],
        "crumbs": crumbs("accounts"),
    }
    return render(request, "adopting/adopt.html", shown)


LOOKING_BUSY = (
    "Bowline is busy with other questions to AWS. Try again in a few seconds."
)


@operator_required
def adoption_in_aws(request: Request, adoption: UUID) -> HttpResponse:
    row = adoption_row(adoption)
    if not row.taken:
        return redirect(row)
    form = LookForm(request.POST or None, initial={"access_role": usual_role(row)})
    if form.is_valid():
        if look(row, form.cleaned_data["access_role"], request.user):
            return redirect(request.path)
        form.add_error(None, LOOKING_BUSY)
    asked = seen(question_of(row)) if row.look and not form.is_bound else None
    if request.htmx and not (asked and asked.waits):
        return HttpResponseClientRefresh()
    if request.htmx:
        return render(request, "adopting/_looking.html", {"row": row})
    return look_page(request, row, form, asked)


def usual_role(row: Adoption) -> str:
    """Propose the role of the last look, of other accounts, or as Bowline names it."""
    if row.look:
        return str(row.look["role"])
    of_others = ManagedAccount.objects.exclude(access_role="").values_list(
        "access_role", flat=True
    )
    return of_others.first() or NAME


def look_page(
    request: Request, row: Adoption, form: LookForm, asked: Question | None
) -> HttpResponse:
    found = found_by(row)
    unread = sum(bool(in_aws["unread"]) for _, in_aws in found)
    shown = {
        "row": row,
        "form": form,
        "read": len(found) - unread,
        "unread": unread,
        "at": row.look and datetime.fromisoformat(row.look["at"]),
        "waits": asked and asked.waits,
        "refusal": asked if asked and asked.refused else None,
        "is_stopped": row.look and row.look["looked"] < row.look["accounts"],
        "is_done": row.look and row.look["looked"] == row.look["accounts"],
        "counts": count_looks([in_aws for _, in_aws in found]),
        "page": page_of(request, found),
        "of": counted(len(row.taken)),
        "crumbs": below_report(row),
    }
    return render(request, "adopting/in_aws.html", shown)


MOST_LISTED = 200
"""Of changes, and of conflicts: the others are asked the next time."""
NOTHING_CHANGES = "Nothing changes. Bowline keeps its values."
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
                managing_account = managing_of(taken, identity)
                register_managing(managing_account, request.user, trusts_bowline=True)
            again = with_answers(request, row, form)
            if not again.changes_something:
                remember(again, request.user)
                messages.info(request, NOTHING_CHANGES)
                return redirect(row)
            content = accounts_file(again.taken).encode()
            preview = place_of_preview(request, FILE, content)
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
    is_first = not (again.same or again.changed)
    add = f"Add {counted(len(again.taken.accounts))}"
    # A new name has a line of its own.
    changes = [one for one in again.changes if one.difference.path != ("name",)]
    shown = {
        "row": row,
        "form": form,
        "refused": refused,
        "add": counted(len(again.new) + len(changed)),
        "title": add if is_first else "Compare with Bowline",
        "nothing_changed": NOTHING_CHANGED if again.is_unchanged else "",
        "renamed": again.renamed[:MOST_LISTED],
        "new": "" if is_first else first_of([*map(short, again.new)], MOST_LEFT),
        "changes": changes[:MOST_LISTED],
        "more_changes": max(0, len(changes) - MOST_LISTED),
        "conflicts": conflicts[:MOST_LISTED],
        "more_conflicts": max(0, len(conflicts) - MOST_LISTED),
        "same": counted(again.same) if again.same else "",
        "gone": first_of([*map(short, again.gone)], MOST_LEFT),
        "held_back": again.held_back[:MOST_LISTED],
        "is_something": again.new or changed or conflicts,
        "left": first_of([*map(short, left)], MOST_LEFT),
        "keep_left": KEEP_LEFT,
        "crumbs": below_report(row),
    }
    return render(request, "adopting/add.html", shown)


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


@operator_required
def adoption(request: Request, adoption: UUID) -> HttpResponse:
    row = adoption_row(adoption)
    if request.method == "POST":
        return confirmed(request, row)
    counts: Mapping[str, int] = row.report["counts"]
    asked = ADOPTED.matching(row.accounts.all(), request.GET)
    shown_now = page_of(request, asked)
    found: list[Mapping[str, Any]] = row.report["findings"]
    shown = {
        "row": row,
        "page": shown_now,
        "listed": [
            (one, grouped(one.said["fields"], is_left=bool(one.said["reasons"])))
            for one in shown_now
        ],
        "is_filtered": bool(ADOPTED.said(request.GET)),
        "filters": ADOPTED.values(request.GET),
        "of": counted(row.can_be_taken + counts["left"]),
        "counts": counts,
        "left": left(counts["left"]),
        "waiting": waiting(row.waiting),
        "add": f"{verb()} {counted(len(row.taken))}",
        "outcomes": [(one, word_of(one)) for one in OF_ACCOUNTS],
        "types": PROVIDERS,
        "findings": [
            (one["says"], first_of([*map(short, one["accounts"])], MOST_NAMES))
            for one in found
        ],
        "settings": grouped(row.report["settings"]),
        "to_accept": waiting_in_words(waiting_from(row)),
        "crumbs": crumbs("accounts", "adopt"),
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


def below_report(row: Adoption) -> list[tuple[str, str]]:
    return [*crumbs("accounts", "adopt"), ("Report", row.get_absolute_url())]


def grouped(
    said: Sequence[Mapping[str, Any]], *, is_left: bool = False
) -> list[tuple[str, list[FieldLine]]]:
    """List fields of an account, or settings of providers, by what becomes of them:
    what is left first, as people search for that.
    """
    groups = [
        (head, [line(one) for one in said if one["outcome"] == outcome])
        for outcome, head in reversed(heads(is_left=is_left).items())
    ]
    return [(head, found) for head, found in groups if found]


def line(one: Mapping[str, Any]) -> FieldLine:
    name = one.get("field") or f"{one['provider']}.{one['setting']}"
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


ONE = "accounts/adopt/<uuid:adoption>/"

pages = [
    path("accounts/adopt/", adopt, name="adopt"),
    path(ONE, adoption, name="adoption"),
    path(f"{ONE}report.json", adoption_json, name="adoption-json"),
    path(f"{ONE}report.txt", adoption_text, name="adoption-text"),
    path(f"{ONE}aws/", adoption_in_aws, name="adoption-in-aws"),
    path(f"{ONE}add/", adoption_add, name="adoption-add"),
    path("accounts/adopt/<slug:question>/", adopt_wait, name="adopt-wait"),
]
