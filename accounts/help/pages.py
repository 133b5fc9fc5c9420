"""What each page is for: a line, and the document that says the rest."""

from __future__ import annotations

from typing import NamedTuple

from accounts.help.documents import Place, place_of


class Help(NamedTuple):
    line: str
    place: Place


def helped(line: str, place: str, *pages: str) -> dict[str, Help]:
    """Explain pages, which the names of their URLs say."""
    return dict.fromkeys(pages, Help(line, place_of(place)))


PAGES = {
    **helped(
        "See which accounts Spinnaker can access, and what needs your attention.",
        "concepts#the-chain-of-roles",
        "overview",
    ),
    **helped(
        "Spinnaker runs in this account and assumes a role in each of the others.",
        "least-privilege#in-the-managing-account",
        *("managing", "managing-plan"),
    ),
    **helped(
        "Select accounts to plan, verify, edit, or remove many at once.",
        "states#accounts",
        "accounts",
    ),
    **helped(
        "See what exists in AWS, what was verified, and what you can do next.",
        "troubleshooting#an-account-is-failed-drifted-outdated-or-stale",
        "account",
    ),
    **helped(
        "Add an account in five steps. Nothing in AWS changes while you do.",
        "tutorial#3-add-an-account",
        *("wizard-new", "wizard", "test-access", "access-role"),
    ),
    **helped(
        "Select accounts and enter their common settings once.",
        "large-organizations#add-the-accounts",
        *("organization", "organization-adding", "organization-watch"),
    ),
    **helped(
        "Add and change many accounts with a CSV or YAML file.",
        "accounts-file",
        *("from-file", "file-preview"),
    ),
    **helped(
        "Report on the accounts of your Spinnaker, then add those that can be taken.",
        "adopting#read-the-report",
        *("adopt", "adoption", "adoption-in-aws", "adoption-add"),
    ),
    **helped(
        "The accounts whose roles existed before Bowline, by their next step.",
        "existing-roles#take-over-the-existing-roles",
        "existing-roles",
    ),
    **helped(
        "Each account is edited or planned separately.",
        "large-organizations#onboard-them-as-a-rollout",
        *("edit-many", "remove-many", "rotate-many"),
    ),
    **helped(
        "Add the clusters of many accounts to Spinnaker at once.",
        "prepare-accounts#amazon-eks",
        "clusters",
    ),
    **helped(
        "A run is the record of a change and of who approved it.",
        "states#runs",
        "runs",
    ),
    **helped(
        "A rollout plans many accounts at once and applies them in waves.",
        "large-organizations#onboard-them-as-a-rollout",
        *("rollouts", "rollout", "rollout-group"),
    ),
    **helped(
        "The plan contains every change in AWS and in Spinnaker. Nothing else changes.",
        "approve#review-a-plan",
        *("run", "identical-plans"),
    ),
    **helped(
        "A bundle is a zip file that configures Spinnaker for every verified account.",
        "choose",
        *("bundles", "bundle-next"),
    ),
    **helped(
        "Three commands install it in Spinnaker.",
        "install-bundle#2-install",
        *("bundle", "bundle-file", "bundle-since"),
    ),
    **helped(
        "See which bundle Spinnaker has, what was delivered, and how Spinnaker is run.",
        "install-bundle#3-mark-the-bundle-as-installed",
        "spinnaker-now",
    ),
    **helped(
        "A delivery changes Spinnaker's accounts without a file or a restart.",
        "delivery#how-deliveries-work",
        *("deliveries", "delivery"),
    ),
    **helped(
        "See who can assume the managed role and why it has each permission.",
        "least-privilege#how-permissions-are-limited",
        "permissions",
    ),
    **helped(
        "See which permissions of the roles weren't approved in Bowline.",
        "verification#what-no-one-approved",
        *("foreign-policies", "foreign-policy", "foreign-alike"),
    ),
    **helped(
        "Confirm that Spinnaker has access to accounts that Bowline could only read.",
        "approve#accept-evaluated-accounts",
        "to-accept",
    ),
    **helped(
        "The account's owner creates the roles. Bowline verifies them.",
        "hand-off#hand-off-an-account",
        *("hand-off", "hand-off-archive", "hand-off-file", "hand-off-version"),
        *("organization-hand-off", "organization-hand-off-archive"),
    ),
    **helped(
        "Environment variables configure Bowline. This page shows the result.",
        "settings",
        "settings",
    ),
    **helped(
        "Bowline delivers accounts through Gate, without a file or a restart.",
        "running-spinnaker#3-connect",
        *("spinnaker", "spinnaker-edit", "spinnaker-file"),
    ),
    **helped(
        "See who decided what, when, and for which account.",
        "metrics#export-the-activity-log",
        "activity",
    ),
    **helped(
        "Programs use a token to call Bowline's API as the person who created it.",
        "api#a-token",
        *("tokens", "all-tokens"),
    ),
    **helped(
        "Manage who can sign in and what they can do.",
        "roles#add-people-and-assign-roles",
        *("people", "person", "person-add"),
    ),
    **helped(
        "Send notifications to Slack or Microsoft Teams channels and signed webhooks.",
        "notifications#notify-a-team",
        *("targets", "target-add", "target"),
    ),
    **helped(
        "Confirm your identity with a code or a passkey after your password.",
        "sign-in#second-factor",
        *("second-factor", "second-factor-app"),
        *("second-factor-passkey", "second-factor-codes"),
    ),
}
