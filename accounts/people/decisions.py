"""Every decision that the activity log knows: who may, what it touches, whether it
takes a second person, and where it is made. docs/people/roles.md has this table in
words.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from accounts.models import Activity
from accounts.people.roles import ADMINISTRATOR, APPROVER, OPERATOR, UserRole

What = Activity.What


class Touches(StrEnum):
    """For which environments a limited role must be."""

    ACCOUNT = "those that the account is in"
    EACH = "those that each of its accounts is in"
    PLAN = "those that its account is in, or every one for what all share"
    ALL = "every one"
    PEOPLE = "none: it is about people and settings"


class Decision(NamedTuple):
    title: str
    what: tuple[Activity.What, ...]
    role: UserRole | None
    """None: everybody about themselves, or nobody where Bowline itself does it."""
    touches: Touches
    recorded_by: tuple[str, ...]
    """The modules that record it."""
    pages: tuple[str, ...] = ()
    """The names of the URLs by which it is decided."""
    operations: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    second: str = ""
    """Where it takes a second person; empty: nowhere."""

    @property
    def who(self) -> str:
        return self.role.name if self.role else "everyone, of their own"


ACCOUNT, ROLLOUT = "/accounts/{name}", "/rollouts/{number}"
RUNS, ROLLOUTS = "runs/actions.py", "runs/rollouts/decisions.py"
ACCEPTING = ("runs/foreign/accepting.py", "runs/foreign/alike.py")
POLICIES, ALIKE = "/foreign-policies/{number}", "/foreign-policies/alike/{alike}"
STARTING = "runs/rollouts/start.py"
DELIVERIES = "spinnaker/deliveries/decisions.py"
SAVING, EDITS = "mapping/accounts_file/saving.py", "mapping/edits.py"
BY_POLICY = "where a policy asks for it"
MAKES_PEOPLE = ("createsuperuser", "changepassword")

DECISIONS = (
    Decision(
        "plan, verify or plan a removal",
        (What.PLAN, What.VERIFY, What.REMOVE),
        OPERATOR,
        Touches.PLAN,
        (RUNS, STARTING, DELIVERIES),
        (
            *("plan", "verify", "remove", "run-again", "managing-plan"),
            *("plan-many", "verify-many", "remove-many", "retry-many"),
            *("take-over", "take-over-many", "delivery-start"),
        ),
        (
            *(f"POST {ACCOUNT}/{verb}" for verb in ("plan", "verify", "remove")),
            f"POST {ACCOUNT}/take-over",
            *("POST /runs/{number}/again", "POST /managing-account/plan"),
            *("POST /rollouts", "POST /deliveries"),
        ),
        ("onboard", "verify", "deliver"),
    ),
    Decision(
        "undo what was taken over",
        (What.UNDO,),
        OPERATOR,
        Touches.PLAN,
        ("runs/foreign/taking_over.py",),
        ("undo",),
        ("POST /runs/{number}/undo",),
    ),
    Decision(
        "approve a plan",
        (What.APPROVE,),
        APPROVER,
        Touches.PLAN,
        (RUNS, ROLLOUTS, DELIVERIES),
        (
            "run-approve",
            "identical-plans-approve",
            "rollout-approve",
            "delivery-approve",
        ),
        (
            "POST /runs/{number}/approve",
            "POST /runs/same/{fingerprint}/approve",
            f"POST {ROLLOUT}/groups/{{fingerprint}}/approve",
            "POST /deliveries/{number}/approve",
        ),
        ("onboard", "deliver"),
        second=BY_POLICY,
    ),
    Decision(
        "discard a plan",
        (What.DISCARD,),
        APPROVER,
        Touches.PLAN,
        (RUNS, DELIVERIES),
        ("run-discard", "delivery-discard"),
        ("POST /runs/{number}/discard", "POST /deliveries/{number}/discard"),
    ),
    Decision(
        "accept an evaluated account",
        (What.ACCEPT,),
        APPROVER,
        Touches.ACCOUNT,
        (RUNS,),
        ("accept", "accept-many"),
        (f"POST {ACCOUNT}/accept", "POST /evaluated-accounts/accept"),
        ("onboard",),
        second=BY_POLICY,
    ),
    Decision(
        "accept a policy of others that was found on a role, or unknown writes",
        (What.ACCEPT_POLICY,),
        APPROVER,
        Touches.PLAN,
        ACCEPTING,
        ("foreign-policy-accept", "foreign-alike-accept"),
        (f"POST {POLICIES}/accept", f"POST {ALIKE}/accept"),
        second=BY_POLICY,
    ),
    Decision(
        "ask to accept such a policy or such writes, or end that",
        (What.ASK, What.END),
        OPERATOR,
        Touches.PLAN,
        ACCEPTING,
        tuple(
            f"foreign-{of}-{verb}"
            for of in ("policy", "alike")
            for verb in ("ask", "end")
        ),
        tuple(
            f"POST {of}/{verb}" for of in (POLICIES, ALIKE) for verb in ("ask", "end")
        ),
    ),
    Decision(
        "pause, resume, stop, retry or change a rollout",
        (What.PAUSE, What.RESUME, What.STOP, What.RETRY, What.EDIT),
        OPERATOR,
        Touches.EACH,
        (ROLLOUTS,),
        tuple(
            f"rollout-{verb}"
            for verb in ("pause", "resume", "stop", "retry", "settings")
        ),
        (
            *(f"POST {ROLLOUT}/{v}" for v in ("pause", "resume", "stop", "retry")),
            f"PATCH {ROLLOUT}",
        ),
    ),
    Decision(
        "describe or edit an account or the managing account",
        (What.DESCRIBE, What.EDIT),
        OPERATOR,
        Touches.PLAN,
        (SAVING, EDITS),
        (
            *("wizard-new", "wizard", "edit-many", "from-file", "file-preview"),
            "adoption-add",
        ),
        (f"PUT {ACCOUNT}", "PUT /managing-account", "POST /accounts-file"),
        ("onboard",),
    ),
    Decision(
        "report on an existing Spinnaker",
        (What.ADOPT,),
        OPERATOR,
        Touches.PEOPLE,
        ("mapping/adopting/keeping.py",),
        ("adopt", "adoption", "adoption-in-aws"),
        ("POST /adoptions",),
        ("adopt",),
    ),
    Decision(
        "delete an account from Bowline",
        (What.FORGET,),
        OPERATOR,
        Touches.ACCOUNT,
        ("runs/deciding/forgetting.py",),
        ("forget",),
        (f"DELETE {ACCOUNT}",),
    ),
    Decision(
        "delete an account from Bowline that stays in AWS",
        (What.KEEP,),
        APPROVER,
        Touches.ACCOUNT,
        ("runs/deciding/forgetting.py",),
        ("leave",),
        (f"POST {ACCOUNT}/leave",),
        second=BY_POLICY,
    ),
    Decision(
        "take a kept role off the managing account's list",
        (What.EDIT,),
        OPERATOR,
        Touches.ALL,
        (EDITS,),
        ("kept-role-take-off",),
        ("POST /managing-account/kept-roles/take-off",),
    ),
    Decision(
        "adopt the list of roles of another database",
        (What.ADOPT_LIST,),
        OPERATOR,
        Touches.ALL,
        ("runs/managing/other_sites.py",),
        ("managing-adopt-list",),
        ("POST /managing-account/list/adopt",),
        ("onboard",),
    ),
    Decision(
        "rotate an external ID, or end that",
        (What.ROTATE, What.ROTATED),
        OPERATOR,
        Touches.ACCOUNT,
        ("external_ids.py",),
        ("rotate", "rotated", "unrotate", "rotate-many"),
        tuple(
            f"POST {ACCOUNT}/external-id/{verb}"
            for verb in ("rotate", "finish", "cancel")
        ),
    ),
    Decision(
        "leave an account out of bundles, or include it again",
        (What.EXCLUDE, What.INCLUDE),
        OPERATOR,
        Touches.ACCOUNT,
        ("spinnaker/bundles.py",),
        ("exclude", "exclude-many"),
        (f"POST {ACCOUNT}/exclude",),
    ),
    Decision(
        "record that an owner updated the stack",
        (What.UPDATED,),
        OPERATOR,
        Touches.ACCOUNT,
        ("runs/owners/word.py",),
        ("run-updated",),
        (f"POST {ACCOUNT}/hand-off/updated",),
    ),
    Decision(
        "build a bundle, or record that it is installed",
        (What.BUILD, What.INSTALL),
        OPERATOR,
        Touches.ALL,
        ("spinnaker/bundles.py",),
        ("bundle-build", "bundle-installed"),
        ("POST /bundles", "POST /bundles/{number}/installed"),
        ("onboard", "installed"),
    ),
    Decision(
        "download a bundle",
        (What.DOWNLOAD,),
        OPERATOR,
        Touches.ALL,
        ("spinnaker/bundles.py",),
        ("bundle-download",),
        ("GET /bundles/{number}/download",),
    ),
    Decision(
        "download what an owner runs",
        (What.DOWNLOAD,),
        OPERATOR,
        Touches.PLAN,
        (
            *("web/handoff/views.py", "web/handoff/organization.py"),
            *("api/v1/accounts/hand_offs.py", "api/v1/organization/hand_offs.py"),
        ),
        ("hand-off-archive", "hand-off-file", "organization-hand-off-archive"),
    ),
    Decision(
        "watch a unit of the organization, or stop",
        (What.WATCH, What.UNWATCH),
        OPERATOR,
        Touches.ACCOUNT,
        ("discover/organization/watching.py",),
        ("organization-watch", "organization-unwatch"),
        (
            "PUT /organization/units/{unit}/watch",
            "DELETE /organization/units/{unit}/watch",
        ),
    ),
    Decision(
        "switch the second approver of an environment",
        (What.SETTINGS,),
        ADMINISTRATOR,
        Touches.PEOPLE,
        ("web/settings/switching_off.py",),
        ("second-approver",),
        second="to switch them off",
    ),
    Decision(
        "change the connection with Spinnaker, or targets of notifications",
        (What.SETTINGS,),
        ADMINISTRATOR,
        Touches.PEOPLE,
        ("mapping/spinnaker/describing.py", "notify/targets.py"),
        (
            *("spinnaker-edit", "spinnaker-disconnect"),
            *("target-add", "target-remove", "target-pause"),
        ),
        commands=("onboard",),
    ),
    Decision(
        "say how Spinnaker is run",
        (What.SETTINGS,),
        OPERATOR,
        Touches.ALL,
        ("mapping/spinnaker/describing.py",),
        ("spinnaker-run-by",),
        ("PUT /spinnaker/run-by",),
    ),
    Decision(
        "give roles, add people, limit, deactivate and sign them out",
        (What.ROLES, What.PERSON, What.SIGN_OUT, What.PASSWORD, What.FACTORS_RESET),
        ADMINISTRATOR,
        Touches.PEOPLE,
        (
            *("admin.py", "people/role_limits/limits.py", "web/people/roles.py"),
            *("web/people/views.py", "web/people/changing.py"),
            *("factors/keeping.py", "web/factors/forgotten.py"),
            *(f"management/commands/{name}.py" for name in MAKES_PEOPLE),
        ),
        (*("person-roles", "person-add", "person-active", "person-sign-out"),),
        commands=("reset_second_factor", *MAKES_PEOPLE),
    ),
    Decision(
        "sign in and out, change the password, second factors and API tokens",
        (
            *(What.SIGN_IN, What.SIGN_IN_FAILED, What.SIGN_OUT, What.PASSWORD),
            *(What.FACTOR_ADDED, What.FACTOR_REMOVED, What.RECOVERY_CODES),
            What.SETTINGS,
        ),
        None,
        Touches.PEOPLE,
        (
            *("web/sign_in.py", "web/factors/second_step.py", "web/factors/lockout.py"),
            *("web/single_sign_on/entrance.py", "web/you/views.py"),
            *("web/people/links.py", "factors/keeping.py", "tokens/api_tokens.py"),
        ),
        ("token-create", "token-revoke"),
    ),
)

BY_BOWLINE = {
    (What.PAUSE, "runs/rollouts/engine.py"): "too much failed",
    (What.NOT_SENT, "notify/sending.py"): "a notification couldn't be sent",
    (What.PERSON, "web/single_sign_on/people.py"): "the provider said so",
}
"""What nobody decides, and why it is recorded."""


def table() -> str:
    """Write the table as docs/people/roles.md has it."""
    rows = [
        "| decision | role | in these environments | second person |",
        "|---|---|---|---|",
    ]
    rows += [
        *(
            f"| {one.title} | {one.who} | {one.touches} | {one.second or 'no'} |"
            for one in DECISIONS
        ),
    ]
    return "\n".join(rows)
