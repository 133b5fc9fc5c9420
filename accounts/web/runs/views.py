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
from accounts.models.states import OPEN, UNSUCCESSFUL, State, Status
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
from accounts.web.accounts.verdict import lines_of
from accounts.web.crumbs import crumbs
from accounts.web.live.views import live_run, live_site, watched
from accounts.web.role_limits import here, limits_shown
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
    def given(self) -> dict[str, Any]:
        """Return what goes with the decision."""
        said = self.cleaned_data
        return {"comment": said["comment"], "test": said.get("test", "")}


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

    digest = RuledField(rule=names.seen, required=False, widget=forms.HiddenInput())
    """Of the plan as the page showed it."""

    def __init__(self, *args: Any, run: Run, says: str, **kwargs: Any) -> None:
        """`says` what there is to confirm; empty: nothing."""
        self.run, name = run, run.account_name
        asks = f"{says} Type {name} to continue"
        confirm = partial(confirm_run, name)
        super().__init__(*args, asks=asks if says else "", confirm=confirm, **kwargs)
        self.helper = bare_helper()

    @property
    def given(self) -> dict[str, Any]:
        return {**super().given, "read": self.cleaned_data["digest"]}

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
        return Fixes(not_ours(run))
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


def not_ours(run: Run) -> tuple[Link, ...]:
    """A name is taken: keep what has it, or take another name."""
    adopts = step(run, "id_adopts", "Keep and use existing roles")
    return (*adopts, managing("id_managed_role", "Choose other names"))


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


class NotRecommendedAmong(NamedTuple):
    """A discouraged choice, and which of many accounts it was made for."""

    titles: str
    sentence: str
    accounts: str


def not_recommended_among(
    plan: Plan, total: int, name: str
) -> list[NotRecommendedAmong]:
    """Say of plans that are the same what is discouraged, and that it is so in all of
    them; the name is that of the account where there is one only.
    """
    whom = f"all {total:,}" if total > 1 else name
    return [NotRecommendedAmong(*choice, whom) for choice in plan.not_recommended]


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
    since = f"policy version {oldest}"
    if max(older) != oldest:
        since += " or a later one"
    return Brought(
        newer,
        (
            f"These plans update {counted(len(older))} from {since} to version "
            f"{newer[-1].number}:"
        ),
    )


def brings(run: Run) -> str:
    """Say from which policy set to which a plan brings its account; empty: none."""
    account = run.account
    if account is None or run.kind != Run.Kind.ONBOARD:
        return ""
    newer = account.newer_policies
    return (
        f"This plan updates {account.name} from policy version {account.policy_set} "
        f"to version {newer[-1].number}:"
        if newer
        else ""
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
    verify = Stage(
        "Verify", verify_state(run, steps, checked=checked), verification(run)
    )
    if run.kind == Run.Kind.VERIFY:
        return (verify,)
    entries = entry_changes_of(run)
    planned = bool(steps or entries or checked)
    plan = Stage(
        title="Plan",
        state=plan_state(run, planned=planned),
        about=changes_in_words(len(steps), len(entries)) if planned else "",
        moment=run.created_at,
    )
    approve = Stage(
        title="Approve",
        state=approve_state(run),
        about=approval(run) if run.approved_at else "",
        moment=run.approved_at,
    )
    removes = run.kind == Run.Kind.REMOVE
    apply = Stage(
        title="Remove" if removes else "Apply",
        state=apply_state(run, steps),
        about=steps_done(steps) if run.approved_at and steps else "",
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


def changes_in_words(in_aws: int, in_spinnaker: int) -> str:
    """Count as the rest of the page does."""
    more = f", {in_spinnaker} in Spinnaker" if in_spinnaker else ""
    return f"{in_aws} in AWS{more}"


def steps_done(steps: Sequence[Step]) -> str:
    done = sum(step.status == Step.Status.DONE for step in steps)
    return f"{done} of {len(steps)} done"


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


def ended_badly(run: Run) -> bool:
    return run.status in UNSUCCESSFUL


def all_done(steps: Sequence[Step]) -> bool:
    return all(step.status == Step.Status.DONE for step in steps)


def plan_state(run: Run, *, planned: bool) -> str:
    if run.status == Status.PLANNING:
        return NOW
    return FAILED if ended_badly(run) and not planned else DONE


def approve_state(run: Run) -> str:
    """Nothing to change needs nobody's approval: it is skipped then."""
    if run.approved_at:
        return DONE
    match run.status:
        case Status.PLANNING:
            return AHEAD
        case Status.PLANNED:
            return WAITS
        case _:
            return SKIPPED


def apply_state(run: Run, steps: Sequence[Step]) -> str:
    if run.status == Status.APPLYING:
        return NOW
    if run.status == Status.HANDED_OFF:
        return WAITS
    if run.status in (Status.PLANNING, Status.PLANNED, Status.APPROVED):
        return AHEAD
    if not run.approved_at:
        return SKIPPED
    return FAILED if ended_badly(run) and not all_done(steps) else DONE


def verify_state(run: Run, steps: Sequence[Step], *, checked: bool) -> str:
    match run.status:
        case Status.VERIFYING:
            return NOW
        case Status.VERIFIED | Status.EVALUATED:
            return DONE
        case status if status in OPEN:
            return AHEAD
    reached = checked or run.kind == Run.Kind.VERIFY
    applied = bool(run.approved_at) and all_done(steps)
    return FAILED if ended_badly(run) and (reached or applied) else SKIPPED


def verification(run: Run) -> str:
    if run.status not in (Status.VERIFIED, Status.EVALUATED):
        return ""
    return run.verification


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
    return get_object_or_404(Run.objects.select_related("account"), pk=pk)


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
            initial={"digest": plan.digest},
        ),
        "brings": brings(run),
        "same_person": judge(reach, authors, request.user).same_person if waits else "",
        **order(run, comes_first=known["comes_first"]),
        "same": others_same(run),
        "outdated_by": edit,
        "waits": waits and not edit,
        "back": back(run),
        "again": again(run),
        "can_accept": waits_for_acceptance(run),
        "fixes": fixes_of(run),
        "delete_command": delete_command(run),
        "ask_approver": partial(approve.whom, run, request.user),
        **limits(request, reach),
        "crumbs": above(run),
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
    shown = {"live": live, "crumbs": above(run), **progress(run, steps)}
    return render(request, "runs/run.html", shown)


def above(run: Run) -> list[tuple[str, str]]:
    """Lead back to the list, and to the rollout that the run is part of."""
    here = crumbs("runs")
    if run.rollout_id is not None:
        url = reverse("accounts:rollout", args=[run.rollout_id])
        here.append((f"Rollout {run.rollout_id}", url))
    return here


def review_of(run: Run, plan: Plan, plans: int = 1) -> Review:
    own = "" if run.kind == Run.Kind.MANAGING else run.account_name
    return review(plan, own, names_of(plan), plans)


def names_of(plan: Plan) -> dict[str, str]:
    """Name the accounts that the plan takes from Spinnaker or gives it, by id."""
    return names_of_ids(account for risk in plan.risks for account in risk.accounts)


def others_same(run: Run) -> int:
    """Count the other plans that can be approved together with this one."""
    if run.status != Status.PLANNED:
        return 0
    return Run.objects.same_anywhere(run.fingerprint).exclude(pk=run.pk).count()


def progress(run: Run, steps: list[Step]) -> dict[str, Any]:
    """Gather what changes while a run is in progress."""
    checks = results_of(run)
    line = stages(run, steps, checked=bool(checks))
    return {
        "run": run,
        "steps": steps,
        "lines": lines_of(checks, only_read=run.status == Status.EVALUATED),
        "done": sum(step.status == Step.Status.DONE for step in steps),
        "checks": checks,
        "folded": (Status.VERIFIED, Status.EVALUATED, Status.REMOVED),
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
