"""Every URL of the pages about accounts, by place."""

from __future__ import annotations

from django.urls import URLPattern, path

from accounts.people.doors import View
from accounts.web.accounts import account, foreign, permissions
from accounts.web.accounts import views as accounts
from accounts.web.activity import views as activity
from accounts.web.adopting import taking_over
from accounts.web.adopting import views as adopting
from accounts.web.bulk import exports, from_file
from accounts.web.bulk import views as bulk
from accounts.web.bundles import comparing
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

CSV, JSON, YAML = {"form": "csv"}, {"form": "json"}, {"form": "yaml"}


def page(route: str, view: View) -> URLPattern:
    """Name the URL as its view: `run_by_number` is accounts:run-by-number."""
    return path(route, view, name=view.__name__.replace("_", "-"))


urlpatterns = [
    page("", overview.overview),
    page("managing/", managing.managing),
    *managing.posts,
    page("accounts/", accounts.accounts),
    page("accounts/plan/", bulk.plan_many),
    page("accounts/verify/", bulk.verify_many),
    page("accounts/edit/", bulk.edit_many),
    page("accounts/remove/", bulk.remove_many),
    page("accounts/exclude/", bulk.exclude_many),
    page("accounts/rotate/", bulk.rotate_many),
    page("accounts/retry/", bulk.retry_many),
    page("accounts/to-accept/", accounts.to_accept),
    page("accounts/accept/", accounts.accept_many),
    page("accounts/clusters/", clusters.clusters_find),
    page("accounts/clusters/<uuid:search>/", clusters.clusters),
    page("accounts/new/", wizard.wizard_new),
    page("accounts/organization/", organization.organization),
    page("accounts/organization/read/", organization.organization_read),
    page("accounts/organization/progress/", organization.organization_progress),
    page(
        "accounts/organization/adding/<uuid:adding>/", organization.organization_adding
    ),
    page("accounts/organization/watch/", organization.organization_watch),
    *organization.posts,
    page("accounts/file/", from_file.from_file),
    page("accounts/file/<uuid:upload>/", from_file.file_preview),
    page("accounts/file/<slug:question>/", from_file.file_check),
    *adopting.pages,
    page("accounts/<uuid:pk>/", account.account),
    *decisions.account_posts,
    page("foreign-policies/", foreign.foreign_policies),
    page("foreign-policies/alike/<slug:alike>/", foreign.foreign_alike),
    *foreign.posts_alike,
    page("foreign-policies/<int:number>/", foreign.foreign_policy),
    *foreign.posts,
    page("accounts/existing-roles/", taking_over.existing_roles),
    page("accounts/existing-roles/take-over/", taking_over.take_over_many),
    *taking_over.posts,
    comparing.exclude,
    *account.posts,
    page("accounts/hand-off/", organization_hand_off.organization_hand_off),
    page(
        "accounts/hand-off/all.zip", organization_hand_off.organization_hand_off_archive
    ),
    organization_hand_off.look,
    path("accounts/<uuid:pk>/hand-off/", handoff.hand_off_page, name="hand-off"),
    page("accounts/<uuid:pk>/hand-off/all.zip", handoff.hand_off_archive),
    page("accounts/<uuid:pk>/hand-off/version/<int:number>/", handoff.hand_off_version),
    page("accounts/<uuid:pk>/hand-off/<path:path>", handoff.hand_off_file),
    page("accounts/<uuid:pk>/permissions/", permissions.permissions),
    page("accounts/<uuid:pk>/permissions.csv", permissions.permissions_csv),
    *permissions.rotations,
    page("accounts/<uuid:pk>/test-access/", access.test_access),
    page("accounts/<uuid:pk>/access-role/", access.access_role),
    page("accounts/<uuid:pk>/access-role/file/", access.access_role_file),
    page("accounts/<uuid:pk>/<slug:step>/", wizard.wizard),
    page("runs/", runs.runs),
    page("runs/<int:number>/", runs.run_by_number),
    page("runs/same/<slug:fingerprint>/", decisions.identical_plans),
    page("runs/same/<slug:fingerprint>/approve/", decisions.identical_plans_approve),
    page("runs/<uuid:pk>/", runs.run),
    *decisions.run_posts,
    page("runs/rollouts/", rollouts.rollouts),
    page("runs/rollouts/<int:number>/", rollouts.rollout),
    *rollouts.posts,
    path(
        "runs/rollouts/<int:number>/report.csv",
        rollouts.rollout_report,
        CSV,
        name="rollout-csv",
    ),
    path(
        "runs/rollouts/<int:number>/report.json",
        rollouts.rollout_report,
        JSON,
        name="rollout-json",
    ),
    page(
        "runs/rollouts/<int:number>/same/<slug:fingerprint>/",
        rollout_groups.rollout_group,
    ),
    *rollout_groups.posts,
    page("bundles/", bundles.bundles),
    page("bundles/now/", spinnaker.spinnaker_now),
    page("bundles/next/", comparing.bundle_next),
    page("bundles/deliveries/", deliveries.deliveries),
    *deliveries.posts,
    page("bundles/deliveries/<int:number>/", deliveries.delivery),
    *bundles.posts,
    page("bundles/<int:number>/", bundles.bundle),
    path("bundles/<int:number>/files/<path:path>", bundles.bundle, name="bundle-file"),
    page("bundles/<int:number>/download/", bundles.bundle_download),
    page("bundles/<int:number>/since/<int:since>/", comparing.bundle_since),
    *exports.files,
    path("template.csv", from_file.file_template, CSV, name="template-csv"),
    path("template.yaml", from_file.file_template, YAML, name="template-yaml"),
    path("accounts-file.csv", from_file.file_export, CSV, name="accounts-file-csv"),
    path("accounts-file.yaml", from_file.file_export, YAML, name="accounts-file-yaml"),
    *spinnaker.posts,
    page("settings/spinnaker/", spinnaker.spinnaker),
    page("settings/spinnaker/edit/", spinnaker.spinnaker_edit),
    page("settings/spinnaker/test/", spinnaker.spinnaker_test),
    page("settings/spinnaker/<str:file>", spinnaker.spinnaker_file),
    page("settings/notifications/", targets.targets),
    *targets.posts,
    page("settings/notifications/add/", targets.target_add),
    page("settings/notifications/<uuid:pk>/", targets.target),
    page("settings/notifications/<uuid:pk>/rotate/", targets.target_rotate),
    page("you/tokens/", tokens.tokens),
    page("you/tokens/create/", tokens.token_create),
    page("you/tokens/revoke/", tokens.token_revoke),
    page("settings/tokens/", tokens.all_tokens),
    *tokens.posts,
    page("settings/people/", people.people),
    page("settings/people/add/", person.person_add),
    page("settings/people/<int:person>/", person.person),
    page("settings/people/<int:person>/link/", person.person_link),
    *person.posts,
    page("search/", search.search),
    page("help/docs/", help_pages.documentation),
    page("help/docs/<slug:slug>/", help_pages.document),
    page("help/docs/pictures/<slug:slug>.webp", help_pages.picture),
    page("settings/", settings.settings),
    page("settings/activity/", activity.activity),
    *settings.posts,
    page("settings/second-approver/", settings.second_approver),
]
