"""Make every table, the roles, and what keeps the activity log.

It stands for the migrations of development before it, whose names it has: a database
that went through all of them goes on from here. `manage.py migrate` refuses another.
"""

from __future__ import annotations

import functools
import re
import uuid

import django.core.serializers.json
import django.core.validators
import django.db.models.deletion
import django.db.models.fields.json
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

REPLACED = (
    "0001_initial",
    "0002_roles",
    "0003_remembered",
    "0004_boundary_and_rotation",
    "0005_image_keys",
    "0006_located_checks",
    "0007_image_keys_by_arn",
    "0008_started_from",
    "0009_plan_signature",
    "0010_errored_runs",
    "0011_plan_fingerprint",
    "0012_heartbeat",
    "0013_existing_resources",
    "0014_approved_entries",
    "0015_installed_bundle",
    "0016_four_eyes",
    "0017_proved",
    "0018_proof_age",
    "0019_withdrawn_accounts",
    "0020_lookups",
    "0021_managing_proof",
    "0022_clock_skew",
    "0023_activity",
    "0024_activity_stays",
    "0025_names_that_stay",
    "0026_left_out_on_record",
    "0027_who_left_it_out",
    "0028_run_numbers",
    "0029_run_moved",
    "0030_steps_of_an_account",
    "0031_preferences",
    "0032_plain_words",
    "0033_what_a_bundles_page_reads",
    "0034_rollouts",
    "0035_organization",
    "0036_findings",
    "0037_watch",
    "0038_uploads",
    "0039_uploaded_accounts",
    "0040_owners",
    "0041_clusters",
    "0042_organization_hand_offs",
    "0043_hand_off_versions",
    "0044_notices",
    "0045_plan_digest",
    "0046_adding",
    "0047_managing_owner",
    "0048_template_urls",
    "0049_watch_made_by",
    "0050_entries_digest",
    "0051_spinnaker",
    "0052_ready_index",
    "0053_deliveries",
    "0054_identity",
    "0055_ready_index_has_keys",
    "0056_operations",
    "0057_feed",
    "0058_notice_waits",
    "0059_groups",
    "0060_api",
    "0061_targets",
    "0062_role_limits",
    "0063_saml",
    "0064_factors",
    "0065_digests",
    "0066_own_notices",
    "0067_limits_by_groups",
)

MODELS = (
    "managingaccount",
    "managedaccount",
    "enabledprovider",
    "spinnakername",
    "run",
    "step",
    "checkresult",
    "bundle",
)
SEES = tuple(("accounts", model, f"view_{model}") for model in MODELS)
CORRECTS = (
    ("accounts", "managingaccount", "change_managingaccount"),
    ("accounts", "managedaccount", "change_managedaccount"),
)
READS_ACTIVITY = ("accounts", "activity", "view_activity")
ADMINISTERS = (
    ("auth", "user", "add_user"),
    ("auth", "user", "change_user"),
    ("auth", "user", "delete_user"),
    ("auth", "user", "view_user"),
    ("auth", "group", "view_group"),
    ("axes", "accessattempt", "view_accessattempt"),
    ("axes", "accessattempt", "delete_accessattempt"),
)
ROLES = {
    "viewer": SEES,
    "operator": (*SEES, ("accounts", "managedaccount", "onboard_account")),
    "approver": (
        *SEES,
        ("accounts", "managedaccount", "approve_run"),
        READS_ACTIVITY,
    ),
    "administrator": (*SEES, *CORRECTS, *ADMINISTERS, READS_ACTIVITY),
}


def make_roles(apps, schema_editor):
    """Make permissions too: Django does so only once all migrations are through."""
    using = schema_editor.connection.alias
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ContentType = apps.get_model("contenttypes", "ContentType")
    for name, permissions in ROLES.items():
        group, _ = Group.objects.using(using).get_or_create(name=name)
        for app, model, codename in permissions:
            kind, _ = ContentType.objects.using(using).get_or_create(
                app_label=app, model=model
            )
            permission, _ = Permission.objects.using(using).get_or_create(
                content_type=kind,
                codename=codename,
                defaults={"name": f"Can {codename.replace('_', ' ')}"},
            )
            group.permissions.add(permission)


def remove_roles(apps, schema_editor):
    using = schema_editor.connection.alias
    groups = apps.get_model("auth", "Group").objects.using(using)
    groups.filter(name__in=ROLES).delete()


# PostgreSQL itself refuses to change the activity log. SQLite has no user but the
# application, which refuses by itself.
STAYS = """
CREATE FUNCTION accounts_activity_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The activity log is append-only: % is refused.', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER activity_stays BEFORE UPDATE OR DELETE ON accounts_activity
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_activity_stays();
CREATE TRIGGER activity_is_never_emptied BEFORE TRUNCATE ON accounts_activity
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_activity_stays();
"""
GOES = """
DROP TRIGGER activity_is_never_emptied ON accounts_activity;
DROP TRIGGER activity_stays ON accounts_activity;
DROP FUNCTION accounts_activity_stays();
"""


def stay(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(STAYS, None)


def go(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(GOES, None)


class CreateModels(migrations.SeparateDatabaseAndState):
    """Create all models at once. One operation after the other would render what is
    related to each, which took half the time of a new database.
    """

    def state_forwards(self, app_label, state):
        state.__dict__.pop("apps", None)  # is rendered again when it is asked for
        super().state_forwards(app_label, state)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        for operation in self.state_operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        for operation in reversed(self.state_operations):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    replaces = [("accounts", name) for name in REPLACED]

    initial = True

    dependencies = [
        # The roles hold permissions of all of these. Their models are also altered in a
        # tenth of the time while none of these tables refers to them.
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("axes", "0010_accessattemptexpiration"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    tables = [
        migrations.CreateModel(
            name="Activity",
            fields=[
                (
                    "number",
                    models.PositiveBigIntegerField(primary_key=True, serialize=False),
                ),
                ("at", models.DateTimeField()),
                ("who", models.CharField(max_length=150)),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("plan", "planned"),
                            ("approve", "approved the plan"),
                            ("discard", "discarded the plan"),
                            ("pause", "paused"),
                            ("resume", "resumed"),
                            ("stop", "stopped"),
                            ("retry", "retried what failed in"),
                            ("verify", "verified again"),
                            ("remove", "planned the removal"),
                            ("accept", "accepted as evaluated"),
                            ("describe", "described"),
                            ("edit", "edited"),
                            ("forget", "deleted from Bowline"),
                            ("rotate", "created a new external ID for"),
                            ("rotated", "ended the external ID rotation of"),
                            ("build", "built"),
                            ("download", "downloaded"),
                            ("install", "recorded as installed"),
                            ("updated", "recorded as updated by the owner:"),
                            ("leave out", "excluded from bundles"),
                            ("put in", "included in bundles again"),
                            ("watch", "began to watch"),
                            ("unwatch", "stopped watching"),
                            ("not sent", "could not send the notice of"),
                            ("settings", "changed the settings"),
                            ("roles", "changed the roles"),
                            ("person", "changed the person"),
                            ("password", "changed the password"),
                            ("factor added", "added a second factor:"),
                            ("factor removed", "removed a second factor:"),
                            ("recovery codes", "created new recovery codes"),
                            ("factors reset", "reset the second factor of"),
                            ("sign-in", "signed in"),
                            ("sign-in failed", "failed to sign in"),
                            ("sign-out", "signed out"),
                        ],
                        max_length=20,
                    ),
                ),
                ("about", models.CharField(blank=True, max_length=150)),
                ("detail", models.JSONField(blank=True, default=dict)),
                ("previous", models.CharField(blank=True, max_length=64)),
                ("hash", models.CharField(max_length=64)),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "activity",
                "ordering": ["-number"],
                "indexes": [
                    models.Index(fields=["who"], name="activity_who"),
                    models.Index(fields=["about"], name="activity_about"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                (
                    "digest",
                    models.CharField(editable=False, max_length=64, unique=True),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("scopes", models.JSONField(default=list)),
                ("expires_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "API token",
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="AuthenticatorApp",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="authenticator_app",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("secret", models.TextField()),
                ("last_step", models.BigIntegerField(default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "authenticator app",
            },
        ),
        migrations.CreateModel(
            name="AwsAnswers",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("operation", models.CharField(max_length=100)),
                ("error", models.CharField(blank=True, max_length=60)),
                ("count", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "verbose_name_plural": "answers of AWS",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("operation", "error"), name="one_count_of_each_answer"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ClusterSearch",
            fields=[
                ("lease", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "leased_until",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("queued_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "pattern",
                    models.CharField(default="{account}-{cluster}", max_length=100),
                ),
                ("rights", models.CharField(default="edit", max_length=20)),
                ("namespaces", models.JSONField(default=list)),
                ("access", models.CharField(default="entry", max_length=20)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "search for clusters",
                "verbose_name_plural": "searches for clusters",
            },
        ),
        migrations.CreateModel(
            name="DeliveredAccount",
            fields=[
                (
                    "name",
                    models.CharField(max_length=63, primary_key=True, serialize=False),
                ),
                ("type", models.CharField(max_length=10)),
                ("sent", models.CharField(blank=True, max_length=64)),
                ("sending", models.CharField(blank=True, max_length=64)),
                ("leaving", models.BooleanField(default=False)),
                ("forgotten", models.BooleanField(default=False)),
                ("account_id", models.CharField(blank=True, max_length=12)),
                ("external_id", models.CharField(blank=True, max_length=100)),
                ("made_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField()),
                ("loaded_at", models.DateTimeField(null=True)),
                ("gone_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "delivered account",
                "ordering": ["name"],
                "indexes": [
                    models.Index(fields=["account_id"], name="delivered_account_id")
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "created_by_name",
                    models.CharField(blank=True, editable=False, max_length=150),
                ),
                ("lease", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "leased_until",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                (
                    "number",
                    models.PositiveIntegerField(primary_key=True, serialize=False),
                ),
                (
                    "spinnaker",
                    models.PositiveSmallIntegerField(default=1, editable=False),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("planning", "Planning"),
                            ("planned", "Planned"),
                            ("delivering", "Delivering"),
                            ("watching", "Watching"),
                            ("loaded", "Loaded"),
                            ("failed", "Failed"),
                            ("discarded", "Discarded"),
                            ("outdated", "Outdated"),
                        ],
                        default="planning",
                        max_length=10,
                    ),
                ),
                ("agreed", models.JSONField(default=list, editable=False)),
                ("left", models.JSONField(default=list, editable=False)),
                ("warnings", models.JSONField(default=list, editable=False)),
                ("environments", models.JSONField(default=list, editable=False)),
                ("counts", models.JSONField(default=dict, editable=False)),
                (
                    "fingerprint",
                    models.CharField(blank=True, editable=False, max_length=64),
                ),
                ("error", models.JSONField(editable=False, null=True)),
                (
                    "waiting",
                    models.CharField(blank=True, editable=False, max_length=200),
                ),
                (
                    "approved_by_name",
                    models.CharField(blank=True, editable=False, max_length=150),
                ),
                ("approval_comment", models.TextField(blank=True, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("approved_at", models.DateTimeField(editable=False, null=True)),
                ("began_at", models.DateTimeField(editable=False, null=True)),
                ("progressed_at", models.DateTimeField(editable=False, null=True)),
                ("unreachable_since", models.DateTimeField(editable=False, null=True)),
                ("queued_at", models.DateTimeField(editable=False, null=True)),
                ("look_at", models.DateTimeField(editable=False, null=True)),
                ("finished_at", models.DateTimeField(editable=False, null=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "ordering": ["-number"],
                "indexes": [models.Index(fields=["status"], name="delivery_status")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                ["planning", "delivering", "watching", "planned"],
                            )
                        ),
                        fields=("spinnaker",),
                        name="one_open_delivery",
                        violation_error_message="Another delivery is open.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Digest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("what", models.CharField(max_length=20)),
                ("day", models.DateField(null=True)),
                ("since", models.DateTimeField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now()
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["what", "created_at"], name="digest_newest")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("what", "day"), name="digest_of_a_day"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EnvironmentPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "environment",
                    models.CharField(blank=True, max_length=60, unique=True),
                ),
                ("four_eyes", models.BooleanField()),
            ],
            options={
                "verbose_name_plural": "environment policies",
            },
        ),
        migrations.CreateModel(
            name="FeedRow",
            fields=[
                (
                    "name",
                    models.CharField(max_length=60, primary_key=True, serialize=False),
                ),
                ("content", models.JSONField()),
                ("updated_at", models.DateTimeField(unique=True)),
                ("suspended", models.BooleanField(default=False)),
            ],
            options={
                "verbose_name": "row of the feed",
                "verbose_name_plural": "rows of the feed",
                "ordering": ["updated_at"],
            },
        ),
        migrations.CreateModel(
            name="FeedToken",
            fields=[
                (
                    "created_by_name",
                    models.CharField(blank=True, editable=False, max_length=150),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                (
                    "digest",
                    models.CharField(editable=False, max_length=64, unique=True),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("gateway", models.CharField(blank=True, max_length=200)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                ("sent", models.PositiveIntegerField(default=0)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "feed token",
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="Findings",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("results", models.JSONField()),
            ],
            options={
                "verbose_name_plural": "findings",
            },
        ),
        migrations.CreateModel(
            name="GroupRoles",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("group", models.CharField(max_length=255, unique=True)),
                ("roles", models.JSONField(default=list)),
            ],
            options={
                "verbose_name": "roles of groups",
                "verbose_name_plural": "roles of groups",
                "ordering": ["group"],
            },
        ),
        migrations.CreateModel(
            name="HandedOutText",
            fields=[
                (
                    "digest",
                    models.CharField(max_length=64, primary_key=True, serialize=False),
                ),
                ("text", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, primary_key=True, serialize=False
                    ),
                ),
                ("seen_at", models.DateTimeField(null=True)),
                ("broker_lost_at", models.DateTimeField(null=True)),
                ("swept_at", models.DateTimeField(null=True)),
                ("skewed_host", models.CharField(blank=True, max_length=255)),
                ("skew_seconds", models.IntegerField(default=0)),
                ("skewed_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="heartbeat_is_one"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Identity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("issuer", models.CharField(max_length=500)),
                ("subject", models.CharField(max_length=255)),
                ("seen_at", models.DateTimeField()),
                ("groups", models.JSONField(blank=True, default=list)),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="identity",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "identities",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("issuer", "subject"), name="one_person_a_subject"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Lookup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("question", models.CharField(max_length=64, unique=True)),
                ("topic", models.CharField(max_length=20)),
                ("parameters", models.JSONField()),
                ("times_asked", models.PositiveIntegerField(default=0)),
                ("asked_at", models.DateTimeField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "answer",
                    models.JSONField(
                        encoder=django.core.serializers.json.DjangoJSONEncoder,
                        null=True,
                    ),
                ),
                ("message", models.TextField(blank=True)),
                ("hint", models.TextField(blank=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("answered_at", None)),
                        fields=["asked_at"],
                        name="lookup_waiting",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ManagedAccount",
            fields=[
                (
                    "created_by_name",
                    models.CharField(blank=True, editable=False, max_length=150),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("planned", "Planned"),
                            ("applying", "Applying"),
                            ("applied", "Applied"),
                            ("handed off", "Handed Off"),
                            ("verified", "Verified"),
                            ("evaluated", "Evaluated"),
                            ("failed", "Failed"),
                            ("drifted", "Drifted"),
                            ("outdated", "Outdated"),
                        ],
                        default="draft",
                        max_length=12,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("proof", models.CharField(blank=True, editable=False, max_length=12)),
                (
                    "verified_at",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                ("policy_set", models.PositiveIntegerField(default=0, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "made_by",
                    models.CharField(
                        choices=[
                            ("bowline", "Bowline, after you approve"),
                            ("owner", "The owner of the account"),
                            ("organization", "The organization, for many accounts"),
                        ],
                        default="bowline",
                        max_length=12,
                    ),
                ),
                (
                    "reader_role",
                    models.CharField(
                        blank=True,
                        max_length=64,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9_+=,.@-]{1,64}\\Z",
                                "Use 1 to 64 letters, digits or any of “+=,.@_-”.",
                            )
                        ],
                    ),
                ),
                (
                    "external_id_prefix",
                    models.CharField(blank=True, editable=False, max_length=40),
                ),
                ("missed", models.PositiveSmallIntegerField(default=0, editable=False)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        error_messages={
                            "unique": "Another account already has this name."
                        },
                        max_length=60,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?\\Z",
                                "Use 1 to 60 of a–z, 0–9 and “-”, and neither begin nor end with “-”: Spinnaker's cache keys break on anything else.",
                            )
                        ],
                    ),
                ),
                (
                    "account_id",
                    models.CharField(
                        error_messages={
                            "unique": "This AWS account is already in Bowline."
                        },
                        max_length=12,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[0-9]{12}\\Z",
                                "An AWS account id has 12 digits; spaces and dashes do not matter.",
                            )
                        ],
                    ),
                ),
                (
                    "environment",
                    models.CharField(
                        blank=True,
                        max_length=60,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?\\Z",
                                "Use 1 to 60 of a–z, 0–9 and “-”, and neither begin nor end with “-”: Spinnaker's cache keys break on anything else.",
                            )
                        ],
                    ),
                ),
                ("regions", models.JSONField(default=list)),
                ("read_roles", models.JSONField(blank=True, default=list)),
                ("write_roles", models.JSONField(blank=True, default=list)),
                (
                    "access_role",
                    models.CharField(
                        blank=True,
                        max_length=64,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9_+=,.@-]{1,64}\\Z",
                                "Use 1 to 64 letters, digits or any of “+=,.@_-”.",
                            )
                        ],
                    ),
                ),
                ("uses_external_id", models.BooleanField(default=True)),
                ("external_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "former_external_id",
                    models.UUIDField(blank=True, editable=False, null=True),
                ),
                ("adopts", models.BooleanField(default=False)),
                ("applied", models.JSONField(default=list, editable=False)),
                ("approved_entries", models.JSONField(default=list, editable=False)),
                (
                    "approved_version",
                    models.PositiveIntegerField(default=0, editable=False),
                ),
                ("proved", models.JSONField(default=dict, editable=False)),
                (
                    "entries_digest",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.MD5(
                            django.db.models.functions.comparison.Cast(
                                django.db.models.fields.json.KeyTransform(
                                    "entries", "proved"
                                ),
                                models.TextField(),
                            )
                        ),
                        output_field=models.CharField(max_length=32, null=True),
                    ),
                ),
                (
                    "left_out_at",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                (
                    "left_out_by_name",
                    models.CharField(blank=True, editable=False, max_length=150),
                ),
                (
                    "granted_at",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                ("withdrawn", models.BooleanField(default=False, editable=False)),
                (
                    "accepted_at",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                (
                    "accepted_by_name",
                    models.CharField(blank=True, editable=False, max_length=150),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "accepted_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "edited_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "left_out_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "managed account",
                "ordering": ["created_at", "id"],
                "permissions": [
                    ("onboard_account", "Can onboard accounts, plan and download"),
                    ("approve_run", "Can approve and apply plans"),
                ],
                "indexes": [
                    models.Index(fields=["state"], name="managed_state"),
                    models.Index(fields=["environment"], name="managed_environment"),
                    models.Index(fields=["created_at"], name="managed_created"),
                    models.Index(fields=["proof", "verified_at"], name="managed_proof"),
                    models.Index(
                        condition=models.Q(
                            models.Q(("proved", {}), _negated=True),
                            ("left_out_at", None),
                            ("missed__lt", 2),
                            ("withdrawn", False),
                        ),
                        fields=["name"],
                        include=("id", "entries_digest"),
                        name="managed_ready",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ManagingAccount",
            fields=[
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("planned", "Planned"),
                            ("applying", "Applying"),
                            ("applied", "Applied"),
                            ("handed off", "Handed Off"),
                            ("verified", "Verified"),
                            ("evaluated", "Evaluated"),
                            ("failed", "Failed"),
                            ("drifted", "Drifted"),
                            ("outdated", "Outdated"),
                        ],
                        default="draft",
                        max_length=12,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("proof", models.CharField(blank=True, editable=False, max_length=12)),
                (
                    "verified_at",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                ("policy_set", models.PositiveIntegerField(default=0, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("lease", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "leased_until",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("only", models.BooleanField(default=True, editable=False)),
                (
                    "name",
                    models.CharField(
                        max_length=60,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?\\Z",
                                "Use 1 to 60 of a–z, 0–9 and “-”, and neither begin nor end with “-”: Spinnaker's cache keys break on anything else.",
                            )
                        ],
                    ),
                ),
                (
                    "account_id",
                    models.CharField(
                        max_length=12,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[0-9]{12}\\Z",
                                "An AWS account id has 12 digits; spaces and dashes do not matter.",
                            )
                        ],
                    ),
                ),
                (
                    "partition",
                    models.CharField(
                        choices=[
                            ("aws", "AWS"),
                            ("aws-us-gov", "AWS GovCloud (US)"),
                            ("aws-cn", "AWS China"),
                        ],
                        default="aws",
                        max_length=12,
                    ),
                ),
                ("external_id_prefix", models.CharField(editable=False, max_length=40)),
                (
                    "access_role",
                    models.CharField(
                        blank=True,
                        max_length=64,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9_+=,.@-]{1,64}\\Z",
                                "Use 1 to 64 letters, digits or any of “+=,.@_-”.",
                            )
                        ],
                    ),
                ),
                (
                    "made_by",
                    models.CharField(
                        choices=[
                            ("bowline", "Bowline, after you approve"),
                            ("owner", "The owner of the account"),
                        ],
                        default="bowline",
                        max_length=12,
                    ),
                ),
                (
                    "identity_kind",
                    models.CharField(
                        choices=[
                            (
                                "instance_role",
                                "An EC2 instance role that Bowline creates",
                            ),
                            ("pod_role", "An EKS pod role that Bowline creates (IRSA)"),
                            ("existing", "An existing role or user"),
                        ],
                        default="instance_role",
                        max_length=16,
                    ),
                ),
                (
                    "identity_name",
                    models.CharField(
                        blank=True,
                        default="SpinnakerAuthRole",
                        max_length=64,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9_+=,.@-]{1,64}\\Z",
                                "Use 1 to 64 letters, digits or any of “+=,.@_-”.",
                            )
                        ],
                    ),
                ),
                ("identity_arn", models.CharField(blank=True, max_length=2048)),
                ("pod_cluster", models.CharField(blank=True, max_length=100)),
                ("pod_region", models.CharField(blank=True, max_length=32)),
                ("pod_namespace", models.CharField(blank=True, max_length=63)),
                ("pod_service_account", models.CharField(blank=True, max_length=253)),
                (
                    "pod_issuer",
                    models.CharField(blank=True, editable=False, max_length=255),
                ),
                (
                    "managed_role",
                    models.CharField(
                        default="spinnakerManaged",
                        max_length=64,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9_+=,.@-]{1,64}\\Z",
                                "Use 1 to 64 letters, digits or any of “+=,.@_-”.",
                            )
                        ],
                    ),
                ),
                (
                    "base_role",
                    models.CharField(
                        default="BaseIAMRole",
                        max_length=64,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9_+=,.@-]{1,64}\\Z",
                                "Use 1 to 64 letters, digits or any of “+=,.@_-”.",
                            )
                        ],
                    ),
                ),
                (
                    "organization",
                    models.CharField(
                        blank=True,
                        max_length=34,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^o-[a-z0-9]{10,32}\\Z",
                                "An organization id looks like o-a1b2c3d4e5.",
                            )
                        ],
                    ),
                ),
                (
                    "trust_organization",
                    models.CharField(
                        blank=True,
                        max_length=34,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^o-[a-z0-9]{10,32}\\Z",
                                "An organization id looks like o-a1b2c3d4e5.",
                            )
                        ],
                    ),
                ),
                (
                    "boundary",
                    models.CharField(
                        blank=True,
                        max_length=600,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^arn:(aws|aws-us-gov|aws-cn):iam::(aws|\\d{12}):policy/[\\w+=,.@/-]{1,512}\\Z",
                                "Give the whole ARN of a managed policy, like the one that `aws iam get-policy` prints.",
                                flags=re.RegexFlag["ASCII"],
                            )
                        ],
                    ),
                ),
                ("bakes", models.BooleanField(default=False)),
                ("ami_owner", models.CharField(blank=True, max_length=60)),
                ("image_keys", models.JSONField(blank=True, default=list)),
                ("trusts_bowline", models.BooleanField(default=True)),
                (
                    "bowline_principal",
                    models.CharField(blank=True, editable=False, max_length=2048),
                ),
                ("applied", models.JSONField(default=list, editable=False)),
            ],
            options={
                "verbose_name": "managing account",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("only", True)),
                        name="managing_account_only_is_true",
                    ),
                    models.UniqueConstraint(
                        fields=("only",),
                        name="one_managing_account",
                        violation_error_message="There is only one managing account, and it already exists. Edit that one.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Organization",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("lease", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "leased_until",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                ("partition", models.CharField(max_length=12)),
                ("account_id", models.CharField(max_length=12)),
                ("organization_id", models.CharField(blank=True, max_length=34)),
                ("reading", models.PositiveIntegerField(default=0)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("queued_at", models.DateTimeField(null=True)),
                ("to_read", models.JSONField(default=list)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                ("message", models.TextField(blank=True)),
                ("hint", models.TextField(blank=True)),
                ("units_refused", models.TextField(blank=True)),
                ("read_at", models.DateTimeField(null=True)),
                ("reads_tags", models.BooleanField(default=False)),
                ("tag_keys", models.JSONField(default=list)),
                (
                    "asked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("partition", "account_id"), name="organization_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Passkey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("credential_id", models.BinaryField(max_length=1023, unique=True)),
                ("credential", models.BinaryField()),
                ("sign_count", models.PositiveBigIntegerField(default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="passkeys",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
            },
        ),
        migrations.CreateModel(
            name="Preferences",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="preferences",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("time_zone", models.CharField(blank=True, max_length=64)),
                ("shortcuts", models.BooleanField(default=True)),
                ("mail", models.BooleanField(default=True)),
                (
                    "kinds",
                    models.JSONField(
                        blank=True,
                        default=functools.partial(
                            list, ("waits", "failed", "new accounts", "ended")
                        ),
                    ),
                ),
                ("environments", models.JSONField(blank=True, default=list)),
            ],
            options={
                "verbose_name_plural": "preferences",
            },
        ),
        migrations.CreateModel(
            name="RecoveryCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("digest", models.CharField(editable=False, max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recovery_codes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "recovery code",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("person", "digest"), name="recovery_code_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RoleLimit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("operator", "Operator"), ("approver", "Approver")],
                        max_length=20,
                    ),
                ),
                ("environment", models.CharField(blank=True, max_length=60)),
                ("by_groups", models.BooleanField(default=False, editable=False)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="role_limits",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["role", "environment"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("person", "role", "by_groups", "environment"),
                        name="environment_once_per_role",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Rollout",
            fields=[
                (
                    "created_by_name",
                    models.CharField(blank=True, editable=False, max_length=150),
                ),
                ("number", models.AutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("onboard", "Onboard"),
                            ("verify", "Verify"),
                            ("remove", "Remove from AWS"),
                        ],
                        default="onboard",
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planning", "Planning"),
                            ("planned", "Planned"),
                            ("applying", "Applying"),
                            ("verifying", "Verifying"),
                            ("paused", "Paused"),
                            ("stopped", "Stopped"),
                            ("finished", "Finished"),
                        ],
                        default="planning",
                        max_length=10,
                    ),
                ),
                (
                    "first_wave",
                    models.PositiveIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(100000),
                        ],
                        verbose_name="first wave",
                    ),
                ),
                (
                    "second_percent",
                    models.PositiveIntegerField(
                        default=10,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="second wave, in percent",
                    ),
                ),
                (
                    "at_once",
                    models.PositiveIntegerField(
                        default=50,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000),
                        ],
                        verbose_name="accounts at once",
                    ),
                ),
                (
                    "most_failures",
                    models.PositiveIntegerField(
                        default=10,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(100000),
                        ],
                        verbose_name="pause when this many accounts have failed",
                    ),
                ),
                (
                    "failure_percent",
                    models.PositiveIntegerField(
                        default=10,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="pause when this percentage of a wave has failed",
                    ),
                ),
                (
                    "reason",
                    models.CharField(blank=True, editable=False, max_length=200),
                ),
                ("left_out", models.JSONField(default=list, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("resumed_at", models.DateTimeField(editable=False, null=True)),
                ("finished_at", models.DateTimeField(editable=False, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
                "indexes": [models.Index(fields=["state"], name="rollout_state")],
            },
        ),
        migrations.CreateModel(
            name="RunNumber",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SamlAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("assertion", models.CharField(max_length=64, unique=True)),
                ("request", models.CharField(max_length=64, unique=True)),
                ("claims", models.JSONField(blank=True, null=True)),
                ("until", models.DateTimeField(db_index=True)),
            ],
            options={
                "verbose_name": "answer of the SAML provider",
                "verbose_name_plural": "answers of the SAML provider",
            },
        ),
        migrations.CreateModel(
            name="Spinnaker",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("only", models.BooleanField(default=True, editable=False)),
                ("url", models.CharField(max_length=300)),
                ("release", models.CharField(max_length=20)),
                (
                    "sign_in",
                    models.CharField(
                        choices=[
                            ("token", "An API token"),
                            ("certificate", "A client certificate"),
                            ("basic", "A username and a password"),
                            ("none", "Nothing: Gate lets everyone in"),
                        ],
                        default="token",
                        max_length=12,
                    ),
                ),
                ("username", models.CharField(blank=True, max_length=300)),
                ("secret", models.CharField(blank=True, max_length=300)),
                ("certificate", models.CharField(blank=True, max_length=300)),
                ("key", models.CharField(blank=True, max_length=300)),
                ("authorities", models.CharField(blank=True, max_length=300)),
                ("poll_seconds", models.PositiveSmallIntegerField(default=30)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("tested_at", models.DateTimeField(editable=False, null=True)),
                ("result", models.JSONField(editable=False, null=True)),
            ],
            options={
                "verbose_name": "connection with Spinnaker",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("only", True)), name="spinnaker_only_true"
                    ),
                    models.UniqueConstraint(fields=("only",), name="one_spinnaker"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Target",
            fields=[
                (
                    "created_by_name",
                    models.CharField(blank=True, editable=False, max_length=150),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True)),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("slack", "Slack"),
                            ("teams", "Microsoft Teams"),
                            ("webhook", "Signed webhook"),
                        ],
                        max_length=10,
                    ),
                ),
                ("place", models.CharField(max_length=300)),
                ("kinds", models.JSONField(default=list)),
                ("environments", models.JSONField(blank=True, default=list)),
                ("rotation", models.PositiveIntegerField(default=1, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("paused_at", models.DateTimeField(editable=False, null=True)),
                ("sent_at", models.DateTimeField(editable=False, null=True)),
                ("failed_at", models.DateTimeField(editable=False, null=True)),
                (
                    "failure",
                    models.CharField(blank=True, editable=False, max_length=300),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "target of notices",
                "verbose_name_plural": "targets of notices",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=150)),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("digest", models.CharField(blank=True, max_length=64)),
                ("left_alone", models.PositiveIntegerField(default=0)),
                ("saved_at", models.DateTimeField(null=True)),
                ("saved", models.JSONField(default=list)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Adding",
            fields=[
                ("lease", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "leased_until",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("account_ids", models.JSONField(default=list)),
                ("shared", models.JSONField(default=dict)),
                ("plans", models.BooleanField(default=False)),
                ("checked", models.PositiveIntegerField(default=0)),
                ("queued_at", models.DateTimeField(null=True)),
                ("described_at", models.DateTimeField(null=True)),
                ("refused", models.JSONField(default=list)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
                (
                    "rollout",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.rollout",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "addings",
            },
        ),
        migrations.CreateModel(
            name="Bundle",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "created_by_name",
                    models.CharField(blank=True, editable=False, max_length=150),
                ),
                ("number", models.PositiveIntegerField(unique=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("building", "Building"),
                            ("ready", "Ready"),
                            ("failed", "Failed"),
                        ],
                        default="building",
                        max_length=8,
                    ),
                ),
                ("error", models.TextField(blank=True)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("size", models.PositiveIntegerField(default=0)),
                ("archive", models.BinaryField(blank=True, default=b"")),
                ("files", models.JSONField(default=list)),
                ("readme", models.TextField(blank=True, editable=False)),
                ("load", models.JSONField(editable=False, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "installed_at",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                (
                    "installed_by_name",
                    models.CharField(blank=True, editable=False, max_length=150),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "installed_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "accounts",
                    models.ManyToManyField(
                        related_name="bundles", to="accounts.managedaccount"
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
            },
        ),
        migrations.CreateModel(
            name="DeliveryStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                (
                    "verb",
                    models.CharField(
                        choices=[
                            ("add", "add"),
                            ("change", "change"),
                            ("remove", "remove"),
                            ("take over", "take over"),
                        ],
                        max_length=10,
                    ),
                ),
                ("type", models.CharField(max_length=10)),
                ("name", models.CharField(max_length=63)),
                ("before", models.CharField(blank=True, max_length=64)),
                ("after", models.CharField(blank=True, max_length=64)),
                ("renews", models.BooleanField(default=False)),
                ("document", models.JSONField(default=dict)),
                ("was", models.JSONField(default=dict)),
                ("after_gone", models.JSONField(default=list)),
                ("after_loaded", models.JSONField(default=list)),
                ("sent_at", models.DateTimeField(null=True)),
                ("seen_at", models.DateTimeField(null=True)),
                ("error", models.TextField(blank=True)),
                ("causes", models.JSONField(default=list)),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="accounts.delivery",
                    ),
                ),
            ],
            options={
                "verbose_name": "delivery step",
                "ordering": ["delivery", "position"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("delivery", "position"), name="delivery_step_position"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EnabledProvider",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("key", models.CharField(max_length=20)),
                ("details", models.JSONField(blank=True, default=dict)),
                ("described", models.BooleanField(default=False)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="providers",
                        to="accounts.managedaccount",
                    ),
                ),
            ],
            options={
                "verbose_name": "enabled provider",
                "ordering": ["account", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "key"),
                        name="provider_once_per_account",
                        violation_error_message="This provider is already enabled.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FedAccount",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="fed",
                        serialize=False,
                        to="accounts.managedaccount",
                    ),
                ),
                ("name", models.CharField(blank=True, db_index=True, max_length=60)),
                ("unfit", models.CharField(blank=True, max_length=20)),
                ("made_of", models.CharField(max_length=32)),
                ("rules", models.PositiveIntegerField()),
            ],
            options={
                "verbose_name": "account in the feed",
                "verbose_name_plural": "accounts in the feed",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("name", ""), ("unfit", ""), _connector="XOR"
                        ),
                        name="fed_or_unfit",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("name", ""), _negated=True),
                        fields=("name",),
                        name="fed_name_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FoundCluster",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("region", models.CharField(max_length=30)),
                (
                    "endpoint",
                    models.CharField(
                        choices=[
                            ("public", "public"),
                            ("restricted", "public for some networks"),
                            ("private", "private"),
                        ],
                        max_length=10,
                    ),
                ),
                ("mode", models.CharField(blank=True, max_length=40)),
                ("described", models.BooleanField(default=False)),
                ("ticked", models.BooleanField(default=False)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.managedaccount",
                    ),
                ),
                (
                    "search",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="clusters",
                        to="accounts.clustersearch",
                    ),
                ),
            ],
            options={
                "ordering": ["account__name", "region", "name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("search", "account", "region", "name"),
                        name="found_cluster_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HandOff",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("stack_name", models.CharField(max_length=128)),
                ("region", models.CharField(max_length=30)),
                ("by_name", models.CharField(blank=True, max_length=150)),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("found_at", models.DateTimeField(blank=True, null=True)),
                ("said_at", models.DateTimeField(blank=True, null=True)),
                ("said_by_name", models.CharField(blank=True, max_length=150)),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                ("urls", models.JSONField(default=list, editable=False)),
                ("unpublished", models.TextField(blank=True, editable=False)),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hand_offs",
                        to="accounts.managedaccount",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "said_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="hand_offs",
                        to="accounts.handedouttext",
                    ),
                ),
            ],
            options={
                "ordering": ["account", "-number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "number"), name="hand_off_number_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("account", None)),
                        fields=("number",),
                        name="managing_hand_off_number_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="KeptAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("key", models.CharField(max_length=100)),
                ("digest", models.CharField(editable=False, max_length=64)),
                ("status", models.PositiveSmallIntegerField(default=0)),
                ("answer", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "token",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.apitoken",
                    ),
                ),
            ],
            options={
                "verbose_name": "kept answer",
                "ordering": ["-created_at"],
                "indexes": [
                    models.Index(fields=["created_at"], name="kept_answer_created")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("token", "key"), name="one_answer_a_key"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("lease", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "leased_until",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("ended", "a rollout ended"),
                            ("paused", "a rollout paused by itself"),
                            ("waits", "a rollout waits for approval"),
                            ("new accounts", "new accounts in watched units"),
                            ("plans", "plans of single runs wait for approval"),
                            ("failed", "single runs failed"),
                            ("drifted", "verifications found something worse"),
                            ("stale", "proofs became stale"),
                            ("test", "a test of the target"),
                            ("own", "something changed about the person's own account"),
                        ],
                        max_length=20,
                    ),
                ),
                ("reading", models.PositiveIntegerField(default=0)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now()
                    ),
                ),
                (
                    "due_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now()
                    ),
                ),
                ("queued_at", models.DateTimeField(null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "digest",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.digest",
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.activity",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
                (
                    "rollout",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.rollout",
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.target",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at", None)),
                        fields=["due_at"],
                        name="notice_due",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("digest", None),
                                ("organization__isnull", False),
                                ("rollout", None),
                            ),
                            models.Q(
                                ("digest", None),
                                ("organization", None),
                                ("rollout__isnull", False),
                            ),
                            models.Q(
                                ("digest__isnull", False),
                                ("organization", None),
                                ("rollout", None),
                            ),
                            models.Q(
                                ("organization", None),
                                ("rollout", None),
                                ("what__in", ["test", "own"]),
                                ("digest", None),
                            ),
                            _connector="OR",
                        ),
                        name="notice_about_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("entry__isnull", False),
                                ("person__isnull", False),
                                ("what", "own"),
                            ),
                            models.Q(
                                models.Q(("what", "own"), _negated=True),
                                ("entry", None),
                            ),
                            _connector="OR",
                        ),
                        name="notice_own_of_entry",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("person", None), ("target__isnull", False)),
                            models.Q(("person__isnull", False), ("target", None)),
                            _connector="OR",
                        ),
                        name="notice_for_one",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                (
                    "created_by_name",
                    models.CharField(blank=True, editable=False, max_length=150),
                ),
                ("lease", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "leased_until",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                (
                    "handed_off_at",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                (
                    "awaited_from",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                (
                    "looked_at",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                (
                    "look_at",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                (
                    "refused",
                    models.PositiveSmallIntegerField(default=0, editable=False),
                ),
                (
                    "wave",
                    models.PositiveSmallIntegerField(
                        blank=True, editable=False, null=True
                    ),
                ),
                ("retried", models.BooleanField(default=False, editable=False)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("number", models.PositiveIntegerField(editable=False, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("onboard", "Onboard"),
                            ("managing", "Managing account"),
                            ("verify", "Verify"),
                            ("remove", "Remove from AWS"),
                        ],
                        default="onboard",
                        max_length=10,
                    ),
                ),
                ("account_name", models.CharField(blank=True, max_length=60)),
                ("alone", models.BooleanField(default=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("planning", "Planning"),
                            ("planned", "Planned"),
                            ("approved", "Approved"),
                            ("applying", "Applying"),
                            ("handed off", "Handed Off"),
                            ("verifying", "Verifying"),
                            ("verified", "Verified"),
                            ("evaluated", "Evaluated"),
                            ("removed", "Removed"),
                            ("failed", "Failed"),
                            ("errored", "Errored"),
                            ("outdated", "Outdated"),
                            ("discarded", "Discarded"),
                        ],
                        default="planning",
                        max_length=12,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("managing_version", models.PositiveIntegerField(default=1)),
                (
                    "fingerprint",
                    models.CharField(blank=True, editable=False, max_length=32),
                ),
                ("existing", models.JSONField(default=dict, editable=False)),
                ("entries", models.JSONField(default=dict, editable=False)),
                ("check_seconds", models.JSONField(editable=False, null=True)),
                ("error", models.JSONField(blank=True, null=True)),
                ("traceback", models.TextField(blank=True, editable=False)),
                ("waiting", models.CharField(blank=True, max_length=200)),
                (
                    "approved_by_name",
                    models.CharField(blank=True, editable=False, max_length=150),
                ),
                ("approval_comment", models.TextField(blank=True, editable=False)),
                (
                    "plan_digest",
                    models.CharField(blank=True, editable=False, max_length=64),
                ),
                (
                    "approved_digest",
                    models.CharField(blank=True, editable=False, max_length=64),
                ),
                (
                    "started_from",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("page", "A page"),
                            ("command", "The command line"),
                            ("schedule", "The schedule"),
                        ],
                        max_length=8,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "queued_at",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("moved_at", models.DateTimeField(editable=False, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="runs",
                        to="accounts.managedaccount",
                    ),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "findings",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="accounts.findings",
                    ),
                ),
                (
                    "grants",
                    models.ManyToManyField(
                        blank=True, related_name="+", to="accounts.managedaccount"
                    ),
                ),
                (
                    "rollout",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="accounts.rollout",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
                "indexes": [
                    models.Index(
                        fields=["status", "leased_until"], name="run_status_lease"
                    ),
                    models.Index(fields=["-created_at"], name="run_created"),
                    models.Index(fields=["moved_at"], name="run_moved"),
                    models.Index(fields=["finished_at"], name="run_finished"),
                    models.Index(
                        condition=models.Q(("status", "planned")),
                        fields=["fingerprint"],
                        name="run_waiting_fingerprint",
                    ),
                    models.Index(
                        condition=models.Q(("rollout__isnull", False)),
                        fields=["rollout", "status"],
                        name="run_of_rollout",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                (
                                    "planning",
                                    "applying",
                                    "verifying",
                                    "planned",
                                    "approved",
                                    "handed off",
                                ),
                            )
                        ),
                        fields=("account",),
                        name="one_open_run_per_account",
                        violation_error_message="This account already has an open run.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("kind", "managing"),
                            (
                                "status__in",
                                (
                                    "planning",
                                    "applying",
                                    "verifying",
                                    "planned",
                                    "approved",
                                    "handed off",
                                ),
                            ),
                        ),
                        fields=("kind",),
                        name="one_open_managing_run",
                        violation_error_message="This account already has an open run.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchedAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("read_at", models.DateTimeField(null=True)),
                ("message", models.TextField(blank=True)),
                ("hint", models.TextField(blank=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.managedaccount",
                    ),
                ),
                (
                    "search",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="accounts",
                        to="accounts.clustersearch",
                    ),
                ),
            ],
            options={
                "ordering": ["account__name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("search", "account"), name="searched_account_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SpinnakerName",
            fields=[
                (
                    "name",
                    models.CharField(max_length=60, primary_key=True, serialize=False),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="spinnaker_names",
                        to="accounts.managedaccount",
                    ),
                ),
            ],
            options={
                "verbose_name": "Spinnaker account name",
            },
        ),
        migrations.CreateModel(
            name="Unit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("unit_id", models.CharField(max_length=68)),
                ("path", models.TextField()),
                ("lineage", models.TextField()),
                ("seen_in", models.PositiveIntegerField(default=0)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="units",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "organizational unit",
                "ordering": ["path", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "unit_id"), name="unit_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UploadedAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                ("line", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=60)),
                ("account_id", models.CharField(max_length=12)),
                ("what", models.CharField(max_length=10)),
                ("changes", models.JSONField(default=list)),
                ("written", models.JSONField(default=dict)),
                (
                    "upload",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="accounts",
                        to="accounts.upload",
                    ),
                ),
            ],
            options={
                "ordering": ["upload", "position"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("upload", "position"), name="uploaded_account_position"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CheckResult",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("provider", models.CharField(max_length=20)),
                ("name", models.CharField(max_length=200)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("proved", "Proved"),
                            ("evaluated", "Evaluated"),
                            ("not proved from here", "Not Proved"),
                            ("failed", "Failed"),
                        ],
                        max_length=20,
                    ),
                ),
                ("sentence", models.TextField(blank=True)),
                ("fix", models.TextField(blank=True)),
                ("located", models.CharField(blank=True, max_length=20)),
                ("document", models.TextField(blank=True)),
                ("line", models.PositiveIntegerField(default=0)),
                ("change", models.TextField(blank=True)),
                ("worse", models.BooleanField(default=False)),
                ("position", models.PositiveIntegerField()),
                ("seconds", models.FloatField(default=0)),
                ("checked_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="checks",
                        to="accounts.run",
                    ),
                ),
            ],
            options={
                "verbose_name": "check",
                "ordering": ["run", "position"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("worse", True)),
                        fields=["-checked_at"],
                        name="check_worse",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Happened",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("what", models.CharField(max_length=20)),
                ("environment", models.CharField(blank=True, max_length=60)),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now()
                    ),
                ),
                (
                    "digest",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="happened",
                        to="accounts.digest",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.run",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "what happened",
                "indexes": [
                    models.Index(
                        condition=models.Q(("digest", None)),
                        fields=["what", "at"],
                        name="happened_untold",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Member",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("account_id", models.CharField(max_length=12)),
                ("name", models.CharField(max_length=200)),
                ("email", models.CharField(blank=True, max_length=200)),
                ("called", models.CharField(blank=True, max_length=60)),
                ("state", models.CharField(blank=True, max_length=40)),
                ("joined_at", models.DateTimeField(null=True)),
                ("unit_since", models.DateTimeField()),
                ("seen_in", models.PositiveIntegerField(default=0)),
                ("gone_at", models.DateTimeField(null=True)),
                ("drafted_at", models.DateTimeField(null=True)),
                ("draft_refused", models.TextField(blank=True)),
                ("drafted_in", models.PositiveIntegerField(default=0)),
                ("tags_in", models.PositiveIntegerField(default=0)),
                (
                    "drafted_for",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="accounts.organization",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="members",
                        to="accounts.unit",
                    ),
                ),
            ],
            options={
                "ordering": ["name", "account_id"],
                "indexes": [
                    models.Index(fields=["account_id"], name="member_account"),
                    models.Index(fields=["called"], name="member_called"),
                    models.Index(fields=["organization", "name"], name="member_name"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "account_id"), name="member_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Step",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                ("account_id", models.CharField(max_length=12)),
                ("account_name", models.CharField(max_length=60)),
                ("verb", models.CharField(max_length=6)),
                ("kind", models.CharField(max_length=30)),
                ("name", models.CharField(max_length=400)),
                ("reason", models.CharField(blank=True, max_length=400)),
                ("before", models.JSONField(blank=True, null=True)),
                ("after", models.JSONField(blank=True, null=True)),
                ("removed", models.JSONField(default=list)),
                ("added", models.JSONField(default=list)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("message", models.TextField(blank=True)),
                ("hint", models.TextField(blank=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="accounts.run",
                    ),
                ),
            ],
            options={
                "ordering": ["run", "position"],
                "indexes": [
                    models.Index(
                        fields=[
                            "account_id",
                            "status",
                            "kind",
                            "name",
                            "verb",
                            "finished_at",
                        ],
                        name="step_of_account",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "position"), name="step_position"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Watch",
            fields=[
                (
                    "created_by_name",
                    models.CharField(blank=True, editable=False, max_length=150),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("since", models.DateTimeField(auto_now_add=True)),
                ("regions", models.JSONField(default=list)),
                (
                    "environment",
                    models.CharField(
                        blank=True,
                        max_length=60,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?\\Z",
                                "Use 1 to 60 of a–z, 0–9 and “-”, and neither begin nor end with “-”: Spinnaker's cache keys break on anything else.",
                            )
                        ],
                    ),
                ),
                ("providers", models.JSONField(default=list)),
                (
                    "access_role",
                    models.CharField(
                        blank=True,
                        max_length=64,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9_+=,.@-]{1,64}\\Z",
                                "Use 1 to 64 letters, digits or any of “+=,.@_-”.",
                            )
                        ],
                    ),
                ),
                ("uses_external_id", models.BooleanField(default=True)),
                (
                    "made_by",
                    models.CharField(
                        choices=[
                            ("bowline", "Bowline, after you approve"),
                            ("owner", "The owner of the account"),
                            ("organization", "The organization, for many accounts"),
                        ],
                        default="bowline",
                        max_length=12,
                    ),
                ),
                ("read_roles", models.JSONField(blank=True, default=list)),
                ("write_roles", models.JSONField(blank=True, default=list)),
                ("roles_tag", models.CharField(blank=True, max_length=128)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="watch",
                        to="accounts.unit",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "watches",
                "ordering": ["unit__path", "id"],
            },
        ),
        migrations.CreateModel(
            name="MemberTag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("key", models.CharField(max_length=128)),
                ("value", models.CharField(blank=True, max_length=256)),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tags",
                        to="accounts.member",
                    ),
                ),
            ],
            options={
                "ordering": ["key"],
                "indexes": [models.Index(fields=["key", "value"], name="member_tag")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("member", "key"), name="member_tag_once"
                    )
                ],
            },
        ),
    ]

    operations = [
        CreateModels(state_operations=tables),
        migrations.RunPython(stay, go),
        migrations.RunPython(make_roles, remove_roles),
    ]
