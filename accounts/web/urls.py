"""Every URL of the pages about accounts, by place."""

from __future__ import annotations

from django.urls import path

from accounts.web.accounts import account, foreign, permissions
from accounts.web.accounts import views as accounts
from accounts.web.activity import views as activity
from accounts.web.adopting import taking_over
from accounts.web.adopting import views as adopting
from accounts.web.bulk import exports, from_file
from accounts.web.bulk import views as bulk
from accounts.web.bundles import comparing, halconfig
from accounts.web.bundles import views as bundles
from accounts.web.handoff import organization as organization_hand_off
from accounts.web.handoff import views as handoff
from accounts.web.help import views as help_pages
from accounts.web.managing import views as managing
from accounts.web.organization import views as organization
from accounts.web.overview import views as overview
from accounts.web.people import listing as people
from accounts.web.people import views as person
from accounts.web.rollouts import same as rollout_groups
from accounts.web.rollouts import views as rollouts
from accounts.web.runs import decisions
from accounts.web.runs import views as runs
from accounts.web.search import views as search
from accounts.web.settings import targets
from accounts.web.settings import views as settings
from accounts.web.spinnaker import deliveries
from accounts.web.spinnaker import views as spinnaker
from accounts.web.wizard import access, clusters
from accounts.web.wizard import views as wizard
from accounts.web.you import tokens

app_name = "accounts"


overview_pages = [
    path("", overview.overview, name="overview"),
    path("managing/", managing.managing, name="managing"),
    *managing.posts,
]
hand_off_pages = [
    path(
        "accounts/hand-off/",
        organization_hand_off.organization_hand_off,
        name="organization-hand-off",
    ),
    path(
        "accounts/hand-off/all.zip",
        organization_hand_off.organization_archive,
        name="organization-hand-off-archive",
    ),
    organization_hand_off.look,
    path("accounts/<uuid:pk>/hand-off/", handoff.hand_off_page, name="hand-off"),
    path(
        "accounts/<uuid:pk>/hand-off/all.zip",
        handoff.hand_off_archive,
        name="hand-off-archive",
    ),
    path(
        "accounts/<uuid:pk>/hand-off/version/<int:number>/",
        handoff.hand_off_version,
        name="hand-off-version",
    ),
    path(
        "accounts/<uuid:pk>/hand-off/<path:path>",
        handoff.hand_off_file,
        name="hand-off-file",
    ),
]
take_over_pages = [
    path("accounts/existing-roles/", taking_over.existing_roles, name="existing-roles"),
    path(
        "accounts/existing-roles/take-over/",
        taking_over.take_over_many,
        name="take-over-many",
    ),
    *taking_over.posts,
]
account_pages = [
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/plan/", bulk.plan_many, name="plan-many"),
    path("accounts/verify/", bulk.verify_many, name="verify-many"),
    path("accounts/edit/", bulk.edit_many, name="edit-many"),
    path("accounts/remove/", bulk.remove_many, name="remove-many"),
    path("accounts/exclude/", bulk.exclude_many, name="exclude-many"),
    path("accounts/rotate/", bulk.rotate_many, name="rotate-many"),
    path("accounts/retry/", bulk.retry_many, name="retry-many"),
    path("accounts/to-accept/", accounts.to_accept, name="to-accept"),
    path("accounts/accept/", accounts.accept_many, name="accept-many"),
    path("accounts/clusters/", clusters.clusters_find, name="clusters-find"),
    path("accounts/clusters/<uuid:search>/", clusters.clusters, name="clusters"),
    path("accounts/new/", wizard.wizard_new, name="wizard-new"),
    path("accounts/organization/", organization.organization, name="organization"),
    path(
        "accounts/organization/read/",
        organization.organization_read,
        name="organization-read",
    ),
    path(
        "accounts/organization/progress/",
        organization.organization_progress,
        name="organization-progress",
    ),
    path(
        "accounts/organization/adding/<uuid:adding>/",
        organization.organization_adding,
        name="organization-adding",
    ),
    path(
        "accounts/organization/watch/",
        organization.organization_watch,
        name="organization-watch",
    ),
    *organization.posts,
    path("accounts/file/", from_file.from_file, name="from-file"),
    path("accounts/file/<uuid:upload>/", from_file.file_preview, name="file-preview"),
    path("accounts/file/<slug:question>/", from_file.file_check, name="file-check"),
    *adopting.pages,
    path("accounts/<uuid:pk>/", account.account, name="account"),
    *decisions.account_posts,
    *foreign.pages,
    *take_over_pages,
    comparing.exclude,
    *account.posts,
    *hand_off_pages,
    path(
        "accounts/<uuid:pk>/permissions/", permissions.permissions, name="permissions"
    ),
    path(
        "accounts/<uuid:pk>/permissions.csv",
        permissions.permissions_file,
        name="permissions-csv",
    ),
    *permissions.rotations,
    path("accounts/<uuid:pk>/test-access/", access.test_access, name="test-access"),
    path("accounts/<uuid:pk>/access-role/", access.access_role, name="access-role"),
    path(
        "accounts/<uuid:pk>/access-role/file/",
        access.access_role_file,
        name="access-role-file",
    ),
    path("accounts/<uuid:pk>/<slug:step>/", wizard.wizard, name="wizard"),
]
run_pages = [
    path("runs/", runs.runs, name="runs"),
    path("runs/<int:number>/", runs.run_by_number, name="run-by-number"),
    path(
        "runs/same/<slug:fingerprint>/",
        decisions.identical_plans,
        name="identical-plans",
    ),
    path(
        "runs/same/<slug:fingerprint>/approve/",
        decisions.identical_plans_approve,
        name="identical-plans-approve",
    ),
    path("runs/<uuid:pk>/", runs.run, name="run"),
    *decisions.run_posts,
]
rollout_pages = [
    path("runs/rollouts/", rollouts.rollouts, name="rollouts"),
    path("runs/rollouts/<int:number>/", rollouts.rollout, name="rollout"),
    *rollouts.posts,
    path(
        "runs/rollouts/<int:number>/report.csv",
        rollouts.rollout_report,
        {"form": "csv"},
        name="rollout-csv",
    ),
    path(
        "runs/rollouts/<int:number>/report.json",
        rollouts.rollout_report,
        {"form": "json"},
        name="rollout-json",
    ),
    path(
        "runs/rollouts/<int:number>/same/<slug:fingerprint>/",
        rollout_groups.rollout_group,
        name="rollout-group",
    ),
    *rollout_groups.posts,
]
bundle_pages = [
    path("bundles/", bundles.bundles, name="bundles"),
    path("bundles/now/", spinnaker.spinnaker_now, name="spinnaker-now"),
    path("bundles/next/", comparing.bundle_next, name="bundle-next"),
    path("bundles/deliveries/", deliveries.deliveries, name="deliveries"),
    *deliveries.posts,
    path("bundles/deliveries/<int:number>/", deliveries.delivery, name="delivery"),
    *bundles.posts,
    path("bundles/<int:number>/", bundles.bundle, name="bundle"),
    path(
        "bundles/<int:number>/files/<path:path>",
        bundles.bundle,
        name="bundle-file",
    ),
    path(
        "bundles/<int:number>/download/",
        bundles.bundle_download,
        name="bundle-download",
    ),
    path("bundles/<int:number>/halconfig/", halconfig.halconfig, name="halconfig"),
    path(
        "bundles/<int:number>/since/<int:since>/",
        comparing.bundle_since,
        name="bundle-since",
    ),
]

CSV, JSON, YAML = {"form": "csv"}, {"form": "json"}, {"form": "yaml"}
export_files = [
    *exports.files,
    path("template.csv", from_file.file_template, CSV, name="template-csv"),
    path("template.yaml", from_file.file_template, YAML, name="template-yaml"),
    path("accounts-file.csv", from_file.file_export, CSV, name="accounts-file-csv"),
    path("accounts-file.yaml", from_file.file_export, YAML, name="accounts-file-yaml"),
]

spinnaker_pages = [
    *spinnaker.posts,
    path("settings/spinnaker/", spinnaker.spinnaker, name="spinnaker"),
    path("settings/spinnaker/edit/", spinnaker.spinnaker_edit, name="spinnaker-edit"),
    path("settings/spinnaker/test/", spinnaker.spinnaker_test, name="spinnaker-test"),
    path(
        "settings/spinnaker/clouddriver-local.yml",
        spinnaker.spinnaker_file,
        name="spinnaker-file",
    ),
]

target_pages = [
    path("settings/notifications/", targets.targets, name="targets"),
    *targets.posts,
    path("settings/notifications/add/", targets.target_add, name="target-add"),
    path("settings/notifications/<uuid:pk>/", targets.target, name="target"),
    path(
        "settings/notifications/<uuid:pk>/rotate/",
        targets.target_rotate,
        name="target-rotate",
    ),
]
token_pages = [
    path("you/tokens/", tokens.tokens, name="tokens"),
    path("you/tokens/create/", tokens.token_create, name="token-create"),
    path("you/tokens/revoke/", tokens.token_revoke, name="token-revoke"),
    path("settings/tokens/", tokens.all_tokens, name="all-tokens"),
    *tokens.posts,
]

people_pages = [
    path("settings/people/", people.people, name="people"),
    path("settings/people/add/", person.person_add, name="person-add"),
    path("settings/people/<int:person>/", person.person, name="person"),
    path("settings/people/<int:person>/link/", person.person_link, name="person-link"),
    *person.posts,
]

urlpatterns = [
    *overview_pages,
    *account_pages,
    *run_pages,
    *rollout_pages,
    *bundle_pages,
    *export_files,
    *spinnaker_pages,
    *target_pages,
    *token_pages,
    *people_pages,
    path("search/", search.search, name="search"),
    path("help/docs/", help_pages.documentation, name="documentation"),
    path("help/docs/<slug:slug>/", help_pages.document, name="document"),
    path(
        "help/docs/pictures/<slug:slug>.webp",
        help_pages.picture,
        name="picture",
    ),
    path("settings/", settings.settings, name="settings"),
    path("settings/activity/", activity.activity, name="activity"),
    *settings.posts,
    path("settings/second-approver/", settings.second_approver, name="second-approver"),
]
