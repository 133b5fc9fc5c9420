"""The list of runs, and one run: its plan, how far it is, and what fixes it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from django import forms
from django.core.paginator import Page
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from accounts.forms.fields import RuledField, bare_helper
from accounts.http import Request, page_of
from accounts.lists.runs import MINE, RUNS, matching_runs, row_of
from accounts.mapping.handing_off import hand_off_of
from accounts.mapping.managing import NoManagingAccount, managing_of, managing_row
from accounts.mapping.plans import entry_changes_of, plan_of, take_over_of
from accounts.models import ManagingAccount, Run, Step
from accounts.models.states import State, Status
from accounts.people.authors import authors_of_run
from accounts.people.deciding import judge
from accounts.people.reach import DecisionReach, reach_of_run
from accounts.people.roles import APPROVER, has_role
from accounts.runs.actions import approve
from accounts.runs.deciding.approving import (
    before_approval,
    open_managing_run,
    waiting_among,
    waiting_for_managing,
)
from accounts.runs.deciding.confirmation import (
    LONGEST_ANSWER,
    UNTESTED,
    AccessUntested,
    Answer,
    Unconfirmed,
    access_tested,
    confirm_run,
    lost_in_words,
    names_of_ids,
    plan_in_words,
)
from accounts.runs.deciding.same_changes import identical_plans
from accounts.runs.foreign.taking_over import UNDOES
from accounts.runs.managing.other_sites import found_another
from accounts.runs.results import results_of, trust_problem
from accounts.runs.rollouts.census import GOOD
from accounts.web.accounts.verdict import lines_of
from accounts.web.crumbs import crumbs
from accounts.web.live.views import live_run, live_site, watched
from accounts.web.role_limits import here, limits_shown
from accounts.web.runs.review.foreseen import foreseen
from accounts.web.runs.review.plans import Review, review
from accounts.wording import counted
from onboarding import names
from onboarding.access_role import OWN_ACCOUNT, AccessRole
from onboarding.aws.errors import DENIED, NOT_ENABLED, NOT_OURS
from onboarding.desired.capacity import PolicySet, policy_sets_after
from onboarding.details import DetailsError
from onboarding.resources.plan import Plan
from onboarding.resources.policy import QuotaExceeded, as_list

NOTHING_BROUGHT = f"Paste what verify.sh prints, or type “{UNTESTED}”."


class CommentForm(forms.Form):
    """Approves plans, with a word about it for the record."""

    comment = RuledField(
        rule=names.seen,
        required=False,
        max_length=2000,
        label="Comment (optional)",
        widget=forms.Textarea(
            attrs={"rows": 1, "class": "form-control", "placeholder": "Comment"}
        ),
    )
    test = forms.CharField(
        required=False,
        max_length=LONGEST_ANSWER,
        label=f"What verify.sh prints, or “{UNTESTED}”",
        widget=forms.Textarea(
            attrs={"rows": 1, "class": "form-control", "spellcheck": "false"}
        ),
    )

    def __init__(self, *args: Any, asks_test: str = "", **kwargs: Any) -> None:
        """`asks_test`: why a test of access is asked for; empty: none is."""
        super().__init__(*args, **kwargs)
        self.asks_test = asks_test
        if not asks_test:
            del self.fields["test"]

    @property
    def given(self) -> dict[str, str]:
        """Return what goes with the decision, which no confirmation does."""
        said = self.cleaned_data.items()
        return {name: text for name, text in said if name != "confirmation"}


class ConfirmedForm(CommentForm):
    """Approves plans; what has something to confirm asks to type a phrase first."""

    confirmation = forms.CharField(
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(
        self, *args: Any, asks: str, confirm: Callable[[str], None], **kwargs: Any
    ) -> None:
        """`asks` is the label; empty: nothing is to be typed."""
        super().__init__(*args, **kwargs)
        self.confirm = confirm
        if asks:
            self.fields["confirmation"].label = asks
        else:
            del self.fields["confirmation"]

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"]
        try:
            self.confirm(typed)
        except Unconfirmed as error:
            raise forms.ValidationError(str(error)) from error
        return typed


class ApproveForm(ConfirmedForm):
    """Approves a plan; what deletes something, or takes it from Spinnaker, asks for the
    account's name first.
    """

    read = RuledField(rule=names.seen, required=False, widget=forms.HiddenInput())
    """The digest of the plan as the page showed it."""

    def __init__(self, *args: Any, run: Run, says: str, **kwargs: Any) -> None:
        """`says` what there is to confirm; empty: nothing."""
        self.run, name = run, run.account_name
        asks = f"{says} Type {name} to continue"
        confirm = partial(confirm_run, name)
        super().__init__(*args, asks=asks if says else "", confirm=confirm, **kwargs)
        self.helper = bare_helper()

    def clean_test(self) -> str:
        given: str = self.cleaned_data["test"]
        if not given.strip():
            raise forms.ValidationError(NOTHING_BROUGHT)
        try:
            access_tested(self.run, plan_of(self.run), Answer.of(given))
        except AccessUntested as error:
            raise forms.ValidationError(str(error)) from error
        return given


ENABLE = re.compile(r"aws account enable-region --region-name [a-z0-9-]+")
ASSUME = "sts:AssumeRole"


class Link(NamedTuple):
    label: str
    url: str


class ToCopy(NamedTuple):
    says: str
    text: str


class Fixes(NamedTuple):
    links: tuple[Link, ...] = ()
    to_copy: tuple[ToCopy, ...] = ()
    step: Link | None = None
    """The step of taking over that comes next: to plan again changes nothing."""


def fixes_of(run: Run) -> Fixes:
    """Read what fixes the run's error; nothing where only its sentence does."""
    error: dict[str, Any] = run.error or {}
    account = run.account
    code, operation = error.get("code", ""), error.get("operation", "")
    if code == NOT_OURS:
        # A name is taken: keep what has it, or take another name.
        adopts = step(run, "id_adopts", "Keep and use existing roles")
        return Fixes((*adopts, managing("id_managed_role", "Choose other names")))
    if account and account.adopts and not account.is_handed_off and trust_problem(run):
        page = f"{account.get_absolute_url()}?tab=of-others"
        return Fixes(step=Link("Replace the trust policy", page))
    if found_another(run):
        page = f"{reverse('accounts:managing')}#other-site"
        return Fixes((Link("Decide on the managing account's page", page),))
    if code == NOT_ENABLED:
        command = ENABLE.search(error["hint"])
        text = (ToCopy("Or enable the Region:", command[0]),) if command else ()
        return Fixes(step(run, "regions", "Change the account's Regions"), text)
    if code in DENIED and error.get("hint", "").startswith("Allow "):
        allowed = {"Action": operation, "Resource": resource_of(run, operation)}
        said = json.dumps({"Effect": "Allow", **allowed}, indent=2)
        return Fixes(to_copy=(ToCopy("The statement to add:", said),))
    if code in DENIED and operation == ASSUME:
        return Fixes(step(run, "id_access_role", "Test the access role"))
    if operation == "organizations:DescribeOrganization":
        return Fixes((managing("id_organization", "Change the organization"),))
    return Fixes()


def step(run: Run, control: str, label: str) -> tuple[Link, ...]:
    """Link to a control of the access step, if the run is an account's."""
    if run.account is None:
        return ()
    page = reverse("accounts:wizard", args=[run.account.pk, "access"])
    return (Link(label, f"{page}#{control}"),)


def managing(control: str, label: str) -> Link:
    return Link(label, f"{reverse('accounts:managing')}?edit=1#{control}")


RESOURCE = re.compile(r"on resource: (arn:[^\s)]*[^\s).,])")
"""What AWS says it denied the call on, where it says it."""


def resource_of(run: Run, action: str) -> Any:
    """Say what an action is to be allowed on: what AWS named, or what access roles are
    made for; “*” where neither says it.
    """
    error: dict[str, Any] = run.error or {}
    if named := RESOURCE.search(error.get("message", "")):
        return named[1]
    account, managing = run.account, ManagingAccount.objects.first()
    if account and managing and error.get("account") == account.account_id:
        role = AccessRole(managing_of(managing), "", managed_role=account.managed_role)
        for needed in role.statements:
            if action in as_list(needed["Action"]):
                where = json.dumps(needed["Resource"])
                return json.loads(where.replace(OWN_ACCOUNT, account.account_id))
    return "*"


class Brought(NamedTuple):
    newer_policies: tuple[PolicySet, ...]
    """What is new to the account to which the most is new."""
    sentence: str


def brought(policy_sets: Iterable[int]) -> Brought | None:
    """Say what newer policies plans bring to the accounts that have these, 0 for none
    yet; None: nothing.
    """
    older = [number for number in policy_sets if number and policy_sets_after(number)]
    if not older:
        return None
    oldest = min(older)
    newer = policy_sets_after(oldest)
    later = " or a later one" if max(older) != oldest else ""
    sentence = (
        f"These plans update {counted(len(older))} from policy version {oldest}{later} "
        f"to version {newer[-1].number}:"
    )
    return Brought(newer, sentence)


def brings(run: Run) -> str:
    """Say from which policy set to which a plan brings its account; empty: none."""
    account = run.account
    newer = account.newer_policies if account and run.kind == Run.Kind.ONBOARD else ()
    if account is None or not newer:
        return ""
    return (
        f"This plan updates {account.name} from policy version {account.policy_set} "
        f"to version {newer[-1].number}:"
    )


DONE, NOW, WAITS, FAILED, AHEAD, SKIPPED = (
    "done",
    "running",
    "waiting",
    "failed",
    "ahead",
    "skipped",
)


@dataclass(frozen=True, slots=True)
class Stage:
    title: str
    state: str
    """`done`, `running`, `waiting` for a person, `failed`, `ahead` or `skipped`."""
    about: str = ""
    moment: datetime | None = None
    seconds: float | None = None


def stages(run: Run, steps: Sequence[Step], *, checked: bool) -> tuple[Stage, ...]:
    """List the run's stages; a run that only verifies has one."""
    entries = entry_changes_of(run)
    planned = bool(steps or entries or checked)
    states = states_of(run, steps, planned=planned, checked=checked)
    about = run.verification if states.verify == DONE else ""
    verify = Stage("Verify", states.verify, about)
    if run.kind == Run.Kind.VERIFY:
        return (verify,)
    in_spinnaker = f", {len(entries)} in Spinnaker" if entries else ""
    plan = Stage(
        title="Plan",
        state=states.plan,
        about=f"{len(steps)} in AWS{in_spinnaker} ·" if planned else "",
        moment=run.created_at,
    )
    approve = Stage(
        title="Approve",
        state=states.approve,
        about=approval(run) if run.approved_at else "",
        moment=run.approved_at,
    )
    removes = run.kind == Run.Kind.REMOVE
    apply = Stage(
        title="Remove" if removes else "Apply",
        state=states.apply,
        about=f"{count_done(steps)} of {len(steps)} done"
        if run.approved_at and steps
        else "",
        seconds=seconds_of(steps),
    )
    line = (plan, approve, apply)
    return line if removes else (*line, verify)


FAILED_AT = {
    "Plan": "The plan couldn't be created",
    "Apply": "The run stopped while changing AWS",
    "Remove": "The run stopped while changing AWS",
    "Verify": "Verification failed",
}


def failed_at(found: Iterable[Stage]) -> str:
    """Name the last stage that a failed run came to."""
    titles = [FAILED_AT[one.title] for one in found if one.state == FAILED]
    return titles[-1] if titles else "The run failed before it changed AWS"


def count_done(steps: Sequence[Step]) -> int:
    return sum(step.status == Step.Status.DONE for step in steps)


def seconds_of(steps: Sequence[Step]) -> float | None:
    """Measure from the first step's start to the last one's end."""
    starts = [step.started_at for step in steps if step.started_at]
    ends = [step.finished_at for step in steps if step.finished_at]
    return (max(ends) - min(starts)).total_seconds() if starts and ends else None


def approval(run: Run) -> str:
    """Say who approved it; an undo was approved with the step that it undoes."""
    if run.approval_comment.startswith(UNDOES):
        return f"with run {take_over_of(run).undone_run}, which it undoes"
    return f"by {run.approved_by_name or 'the command line'}"


class States(NamedTuple):
    """How far each stage is."""

    plan: str
    approve: str
    apply: str
    verify: str


def states_of(
    run: Run, steps: Sequence[Step], *, planned: bool, checked: bool
) -> States:
    """Nothing to change needs nobody's approval: it is skipped then."""
    approved = DONE if run.approved_at else SKIPPED
    match run.status:
        case Status.PLANNING:
            return States(NOW, AHEAD, AHEAD, AHEAD)
        case Status.PLANNED:
            return States(DONE, WAITS, AHEAD, AHEAD)
        case Status.APPROVED:
            return States(DONE, approved, AHEAD, AHEAD)
        case Status.APPLYING:
            return States(DONE, approved, NOW, AHEAD)
        case Status.HANDED_OFF:
            return States(DONE, approved, WAITS, AHEAD)
        case Status.VERIFYING:
            return States(DONE, approved, approved, NOW)
        case Status.VERIFIED | Status.EVALUATED | Status.REMOVED:
            return States(DONE, approved, approved, DONE)
        case Status.DISCARDED:
            return States(DONE, approved, SKIPPED, SKIPPED)
    is_halfway = count_done(steps) < len(steps)
    applied = FAILED if run.approved_at and is_halfway else approved
    verifies = checked or applied == DONE or run.kind == Run.Kind.VERIFY
    verified = FAILED if verifies else SKIPPED
    return States(DONE if planned else FAILED, approved, applied, verified)


def runs(request: Request) -> HttpResponse:
    """List the runs, newest first, as the filters in the URL ask."""
    live = watched(request, live_site())
    found = matching_runs(request.GET, request.user)
    page: Page[Any] = page_of(request, found.values_list("pk", flat=True))
    # By their keys, or the steps of all runs on the pages before are counted, too.
    page.object_list = found.filter(pk__in=list(page.object_list))
    approves = has_role(request.user, APPROVER)
    form = RUNS.form(request.GET, waits=MINE if approves else ())
    after = waiting_among(run for run in page if run.status == Status.PLANNED)
    shown = {
        "live": live,
        "page": page,
        "rows": [row_of(run) for run in page],
        "after": after,
        "managing_run": open_managing_run() if after else None,
        "moving": any(run.is_working for run in page),
        "filter_form": form,
        "same": [] if form.is_filtered else identical_plans(),
    }
    return render(request, "runs/runs.html", shown)


def run_by_number(request: Request, number: int) -> HttpResponse:
    """Lead from the number that somebody quoted to the run."""
    return redirect(get_object_or_404(Run, number=number))


AGAIN = {
    Run.Kind.ONBOARD: "Plan again",
    Run.Kind.MANAGING: "Plan again",
    Run.Kind.REMOVE: "Plan the removal again",
    Run.Kind.VERIFY: "Verify again",
}
STARTS = {Run.Kind.ONBOARD: "accounts:plan", Run.Kind.VERIFY: "accounts:verify"}


def again(run: Run) -> Link:
    """Return what starts it again: what the fix of its error says, or the same."""
    kind = Run.Kind(run.kind)
    advised = Run.Kind(run.advises or kind)
    if run.account and kind in STARTS and advised != kind:
        page = reverse(STARTS[advised], args=[run.account.pk])
        return Link(AGAIN[advised], page)
    return Link(AGAIN[kind], reverse("accounts:run-again", args=[run.pk]))


def run(request: Request, pk: UUID) -> HttpResponse:
    return run_page(request, run_of(pk))


def run_of(pk: UUID) -> Run:
    return get_object_or_404(Run.objects.select_related("account", "rollout"), pk=pk)


def run_page(
    request: Request, run: Run, *, form: ApproveForm | None = None
) -> HttpResponse:
    """Show a run whole, with every document of its plan."""
    if run.is_working:
        return working_page(request, run)
    live, reach = watched(request, live_run(run)), reach_of_run(run)
    waits = run.status == Status.PLANNED
    authors = authors_of_run(run, reach) if waits else {}
    steps = list(run.steps.all())
    plan = plan_of(run, steps)
    known = before_approval(run, plan, reach, authors)
    managing = ManagingAccount.objects.first()
    same = Run.objects.same_anywhere(run.fingerprint)
    edit = run.outdated_by(run.account, managing) if waits else ""
    shown = {
        "live": live,
        "managing": managing,
        **progress(run, steps),
        "plan": plan,
        "review": review_of(run, plan),
        "lost": "" if run.kind == Run.Kind.REMOVE else lost_in_words(plan),
        **known,
        "form": form
        or ApproveForm(
            run=run,
            says=plan_in_words(run, plan),
            asks_test=known["test"],
            initial={"read": plan.digest},
        ),
        "brings": brings(run),
        "same_person": judge(reach, authors, request.user).same_person if waits else "",
        **order(run, comes_first=known["comes_first"]),
        "same": same.exclude(pk=run.pk).count() if waits else 0,
        "outdated_by": edit,
        "waits": waits and not edit,
        "back": back(run),
        "again": again(run),
        "can_accept": waits_for_acceptance(run),
        "foreseen": foreseen(run, managing) if waits and not edit else [],
        "fixes": fixes_of(run),
        "delete_command": delete_command(run),
        "ask_approver": partial(approve.whom, run, request.user),
        **limits(request, reach),
        "crumbs": crumbs("runs", run.rollout),
    }
    return render(request, "runs/run.html", shown)


def order(run: Run, *, comes_first: str) -> dict[str, Any]:
    """Name the run that comes before this one, or which plan waits for this one."""
    if run.kind == Run.Kind.MANAGING:
        return {"next_plan": waiting_for_managing().first()}
    if comes_first:
        return {"managing_run": open_managing_run()}
    return {}


def limits(request: Request, reach: DecisionReach) -> dict[str, Any]:
    """Return what a limited role may do here."""
    if reach.for_all:
        return limits_shown(request, None, reach.for_all)
    return here(request, *reach.environments)


def working_page(request: Request, run: Run) -> HttpResponse:
    """Show how far a run is, which is asked for often: none of its documents."""
    live = watched(request, live_run(run))
    steps = list(run.steps.defer("before", "after"))
    above = crumbs("runs", run.rollout)
    shown = {"live": live, "crumbs": above, **progress(run, steps)}
    return render(request, "runs/run.html", shown)


def review_of(run: Run, plan: Plan, plans: int = 1) -> Review:
    own = "" if run.kind == Run.Kind.MANAGING else run.account_name
    known = names_of_ids(account for risk in plan.risks for account in risk.accounts)
    return review(plan, own, known, plans)


def progress(run: Run, steps: list[Step]) -> dict[str, Any]:
    """Gather what changes while a run is in progress."""
    checks = results_of(run)
    line = stages(run, steps, checked=bool(checks))
    return {
        "run": run,
        "steps": steps,
        "lines": lines_of(checks, only_read=run.status == Status.EVALUATED),
        "done": count_done(steps),
        "checks": checks,
        "folded": GOOD,
        "stages": line,
        "failed_at": failed_at(line),
        "approval": approval(run),
    }


def delete_command(run: Run) -> str:
    """Return what the account's owner runs; empty where no removal waits for that."""
    removes = run.kind == Run.Kind.REMOVE and run.status == Status.HANDED_OFF
    if not removes or run.account is None:
        return ""
    try:
        one = hand_off_of(managing_row(), run.account)
    except (DetailsError, NoManagingAccount, QuotaExceeded):
        return ""  # Its look says what cannot be described.
    return "" if one.stack_sets else one.delete_command


def waits_for_acceptance(run: Run) -> bool:
    account = run.account
    return (
        account is not None
        and run.status == Status.EVALUATED
        and account.verification == State.EVALUATED
        and account.accepted_at is None
    )


def back(run: Run) -> str:
    """Return the page where what was planned can be edited."""
    if run.account is None:
        return reverse("accounts:managing")
    return reverse("accounts:wizard", args=[run.account.pk, "review"])
