"""Make every table, the roles, what keeps the activity log, and what searches read.

It replaces all migrations of development: a database that went through them continues
from here. `manage.py migrate` refuses one that went through some of them.
"""

import django.core.serializers.json
import django.core.validators
import django.db.models.deletion
import django.db.models.fields.json
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.utils.timezone
import functools
import re
import uuid
from django.conf import settings
from django.db import NotSupportedError, ProgrammingError, migrations, models, transaction

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


def stay(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(STAYS, None)


SEARCHED = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    """CREATE INDEX managed_searched ON accounts_managedaccount
    USING gin (UPPER(name::text) gin_trgm_ops, account_id gin_trgm_ops)""",
    """CREATE INDEX spinnaker_name_searched ON accounts_spinnakername
    USING gin (UPPER(name::text) gin_trgm_ops)""",
)
"""What finds a part of a name without reading all rows."""


def index_what_is_searched(apps, schema_editor):
    """Do so where PostgreSQL has pg_trgm, and lets this user have it; else search reads
    all rows, as it did before.
    """
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(connection.alias), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")
            for statement in SEARCHED if cursor.fetchone() else ():
                cursor.execute(statement)
    except (NotSupportedError, ProgrammingError):
        return


class Migration(migrations.Migration):
    replaces = [("accounts", "0052_indexes_of_pages")]

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

    operations = [
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('seen_at', models.DateTimeField(null=True)),
                ('schedule_seen_at', models.DateTimeField(null=True)),
                ('broker_lost_at', models.DateTimeField(null=True)),
                ('swept_at', models.DateTimeField(null=True)),
                ('skewed_host', models.CharField(blank=True, max_length=255)),
                ('skew_seconds', models.IntegerField(default=0)),
                ('skewed_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='heartbeat_is_one')],
            },
        ),
        migrations.CreateModel(
            name='Activity',
            fields=[
                ('number', models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('who', models.CharField(max_length=150)),
                ('what', models.CharField(choices=[('plan', 'planned'), ('approve', 'approved the plan'), ('undo', 'undid what was taken over of'), ('discard', 'discarded the plan'), ('pause', 'paused'), ('resume', 'resumed'), ('stop', 'stopped'), ('retry', 'retried failed accounts in'), ('verify', 'verified again'), ('remove', 'planned the removal'), ('accept', 'accepted as evaluated'), ('ask', 'asked to accept policies of others of'), ('accept policy', 'accepted a policy of others of'), ('end', 'no longer accepts a policy of others of'), ('describe', 'added'), ('edit', 'edited'), ('adopt', 'reported on an existing Spinnaker'), ('adopt list', 'adopted the list of roles of'), ('forget', 'deleted from Bowline'), ('keep', 'kept in AWS and deleted from Bowline'), ('rotate', 'created a new external ID for'), ('rotated', 'ended the external ID rotation of'), ('build', 'built'), ('download', 'downloaded'), ('install', 'marked as installed'), ('updated', 'marked as updated by the owner:'), ('leave out', 'excluded from bundles'), ('put in', 'included in bundles'), ('watch', 'started watching'), ('unwatch', 'stopped watching'), ('refused', "wasn't allowed to"), ('not sent', "couldn't send the notification for"), ('settings', 'changed the settings'), ('roles', 'changed the roles'), ('person', 'changed the user'), ('password', 'changed the password'), ('factor added', 'added a second factor:'), ('factor removed', 'removed a second factor:'), ('recovery codes', 'created new recovery codes'), ('factors reset', 'reset the second factor of'), ('sign-in', 'signed in'), ('sign-in failed', 'failed to sign in'), ('sign-out', 'signed out')], max_length=20)),
                ('about', models.CharField(blank=True, max_length=150)),
                ('detail', models.JSONField(blank=True, default=dict)),
                ('previous', models.CharField(blank=True, max_length=64)),
                ('hash', models.CharField(max_length=64)),
            ],
            options={
                'verbose_name_plural': 'activity',
                'ordering': ['-number'],
                'indexes': [models.Index(fields=['who'], name='activity_who'), models.Index(fields=['about'], name='activity_about')],
            },
        ),
        migrations.CreateModel(
            name='AccountEnvironment',
            fields=[
                ('account_id', models.CharField(max_length=12, primary_key=True, serialize=False)),
                ('environment', models.CharField(blank=True, max_length=60)),
            ],
        ),
        migrations.CreateModel(
            name='BrowserSession',
            fields=[
                ('session_key', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='session key')),
                ('session_data', models.TextField(verbose_name='session data')),
                ('expire_date', models.DateTimeField(db_index=True, verbose_name='expire date')),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='browser_sessions', to=settings.AUTH_USER_MODEL)),
                ('auth_hash', models.CharField(blank=True, editable=False, max_length=64)),
            ],
            options={
                'verbose_name': 'session',
                'verbose_name_plural': 'sessions',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='EnvironmentPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('environment', models.CharField(blank=True, max_length=60, unique=True)),
                ('second_approver', models.BooleanField()),
                ('off_asked_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'environment policies',
            },
        ),
        migrations.CreateModel(
            name='EnvironmentRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('by', models.CharField(choices=[('id', 'AWS account ID'), ('name', 'Name pattern'), ('unit', 'Organizational unit')], max_length=10)),
                ('value', models.CharField(max_length=100)),
                ('environment', models.CharField(max_length=60)),
            ],
            options={
                'ordering': ['by', 'value'],
                'constraints': [models.UniqueConstraint(fields=('by', 'value'), name='rule_once')],
            },
        ),
        migrations.CreateModel(
            name='Identity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='identity', to=settings.AUTH_USER_MODEL)),
                ('issuer', models.CharField(max_length=500)),
                ('subject', models.CharField(max_length=255)),
                ('seen_at', models.DateTimeField()),
                ('groups', models.JSONField(blank=True, default=list)),
            ],
            options={
                'verbose_name_plural': 'identities',
                'constraints': [models.UniqueConstraint(fields=('issuer', 'subject'), name='one_person_a_subject')],
            },
        ),
        migrations.CreateModel(
            name='Preferences',
            fields=[
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='preferences', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('time_zone', models.CharField(blank=True, max_length=64)),
                ('shortcuts', models.BooleanField(default=True)),
                ('mail', models.BooleanField(default=True)),
                ('kinds', models.JSONField(blank=True, default=functools.partial(list, *(('waits', 'failed', 'new accounts', 'ended'),), **{}))),
                ('environments', models.JSONField(blank=True, default=list)),
                ('saved_filters', models.JSONField(blank=True, default=dict)),
            ],
            options={
                'verbose_name_plural': 'preferences',
            },
        ),
        migrations.CreateModel(
            name='RoleLimit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='role_limits', to=settings.AUTH_USER_MODEL)),
                ('role', models.CharField(choices=[('operator', 'Operator'), ('approver', 'Approver')], max_length=20)),
                ('environment', models.CharField(blank=True, max_length=60)),
                ('by_groups', models.BooleanField(default=False, editable=False)),
            ],
            options={
                'ordering': ['role', 'environment'],
                'constraints': [models.UniqueConstraint(fields=('person', 'role', 'by_groups', 'environment'), name='environment_once_per_role')],
            },
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=60)),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('person', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('scopes', models.JSONField(default=list)),
                ('expires_at', models.DateTimeField()),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'API token',
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='KeptAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.apitoken')),
                ('key', models.CharField(max_length=100)),
                ('digest', models.CharField(editable=False, max_length=64)),
                ('status', models.PositiveSmallIntegerField(default=0)),
                ('answer', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name': 'kept answer',
                'ordering': ['-created_at'],
                'indexes': [models.Index(fields=['created_at'], name='kept_answer_created')],
                'constraints': [models.UniqueConstraint(fields=('token', 'key'), name='one_answer_a_key')],
            },
        ),
        migrations.CreateModel(
            name='ManagedAccount',
            fields=[
                ('state', models.CharField(choices=[('draft', 'Draft'), ('planned', 'Planned'), ('applying', 'Applying'), ('applied', 'Applied'), ('handed off', 'Handed Off'), ('verified', 'Verified'), ('evaluated', 'Evaluated'), ('failed', 'Failed'), ('drifted', 'Drifted'), ('outdated', 'Outdated')], default='draft', max_length=12)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('verification', models.CharField(blank=True, editable=False, max_length=12)),
                ('verified_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('unknown_writes', models.PositiveIntegerField(default=0, editable=False)),
                ('undeployable', models.PositiveIntegerField(default=0, editable=False)),
                ('unapproved', models.PositiveIntegerField(default=0, editable=False)),
                ('before_plan', models.CharField(choices=[('draft', 'Draft'), ('planned', 'Planned'), ('applying', 'Applying'), ('applied', 'Applied'), ('handed off', 'Handed Off'), ('verified', 'Verified'), ('evaluated', 'Evaluated'), ('failed', 'Failed'), ('drifted', 'Drifted'), ('outdated', 'Outdated')], default='draft', editable=False, max_length=12)),
                ('policy_set', models.PositiveIntegerField(default=0, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('reader_role', models.CharField(blank=True, max_length=64, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9_+=,.@-]{1,64}\\Z', 'Use 1 to 64 letters, digits or any of “+=,.@_-”.')])),
                ('external_id_prefix', models.CharField(blank=True, editable=False, max_length=40)),
                ('missed', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('environment', models.CharField(blank=True, max_length=60, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9][A-Za-z0-9._-]{0,59}\\Z', 'Use 1 to 60 letters, digits or any of “._-”, and begin with a letter or a digit.')])),
                ('regions', models.JSONField(default=list)),
                ('access_role', models.CharField(blank=True, max_length=64, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9_+=,.@-]{1,64}\\Z', 'Use 1 to 64 letters, digits or any of “+=,.@_-”.')])),
                ('made_by', models.CharField(choices=[('bowline', 'Bowline, after approval'), ('owner', 'The account owner'), ('organization', 'The organization, for many accounts')], default='bowline', max_length=12)),
                ('uses_external_id', models.BooleanField(default=True)),
                ('read_roles', models.JSONField(blank=True, default=list)),
                ('write_roles', models.JSONField(blank=True, default=list)),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_by_name', models.CharField(blank=True, editable=False, max_length=150)),
                ('external_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('own_external_id', models.CharField(blank=True, max_length=1224, validators=[django.core.validators.RegexValidator('^(?!(?i:true|false|yes|no|on|off)\\Z)[A-Za-z0-9+=,.@:/_-]{2,1224}\\Z', 'Use 2 to 1,224 letters, digits or any of “+=,.@:/_-”, and no word that means true or false.')])),
                ('former_external_id', models.CharField(blank=True, editable=False, max_length=1224)),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(error_messages={'unique': 'Another account already has this name.'}, max_length=60, unique=True, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9][A-Za-z0-9._-]{0,59}\\Z', "Use 1 to 60 letters, digits or any of “._-”, and begin with a letter or a digit: Spinnaker's cache keys break on anything else.")])),
                ('account_id', models.CharField(error_messages={'unique': 'This AWS account is already in Bowline.'}, max_length=12, unique=True, validators=[django.core.validators.RegexValidator('^[0-9]{12}\\Z', 'An AWS account ID has 12 digits; spaces and dashes are ignored.')])),
                ('managed_role', models.CharField(blank=True, max_length=576, validators=[django.core.validators.RegexValidator('^(?=.{1,576}\\Z)([A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=,.@-]{1,64}\\Z', "Enter the role's name, or its path and name, like spinnaker/deploy, without “role/”, its ARN or a “/” before it.")])),
                ('session_name', models.CharField(blank=True, default='Spinnaker', max_length=64, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9_+=,.@-]{2,64}\\Z', 'Use 2 to 64 letters, digits or any of “+=,.@_-”.')])),
                ('adopts', models.BooleanField(default=False)),
                ('carried', models.JSONField(blank=True, default=dict)),
                ('also_as', models.JSONField(blank=True, default=list)),
                ('adopted_from', models.JSONField(default=dict, editable=False)),
                ('applied', models.JSONField(default=list, editable=False)),
                ('approved_entries', models.JSONField(default=list, editable=False)),
                ('approved_version', models.PositiveIntegerField(default=0, editable=False)),
                ('verified', models.JSONField(default=dict, editable=False)),
                ('entries_digest', models.GeneratedField(db_persist=True, expression=django.db.models.functions.text.MD5(django.db.models.functions.comparison.Cast(django.db.models.fields.json.KeyTransform('entries', 'verified'), models.TextField())), output_field=models.CharField(max_length=32, null=True))),
                ('excluded_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('excluded_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('excluded_by_name', models.CharField(blank=True, editable=False, max_length=150)),
                ('granted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('withdrawn', models.BooleanField(default=False, editable=False)),
                ('accepted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('accepted_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('accepted_by_name', models.CharField(blank=True, editable=False, max_length=150)),
                ('approved_environment', models.CharField(editable=False, max_length=60, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('authors', models.ManyToManyField(blank=True, editable=False, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'managed account',
                'ordering': ['created_at', 'id'],
                'permissions': [('onboard_account', 'Can onboard accounts, plan and download'), ('approve_run', 'Can approve and apply plans')],
                'indexes': [models.Index(fields=['state'], name='managed_state'), models.Index(fields=['environment'], name='managed_environment'), models.Index(fields=['created_at'], name='managed_created'), models.Index(fields=['verification', 'verified_at'], name='managed_verification'), models.Index(condition=models.Q(('managed_role', ''), _negated=True), fields=['granted_at'], name='managed_own_role'), models.Index(condition=models.Q(models.Q(('verified', {}), _negated=True), ('excluded_at', None), ('missed__lt', 2), ('withdrawn', False)), fields=['name'], include=('id', 'entries_digest'), name='managed_ready'), models.Index(condition=models.Q(('excluded_at__isnull', False)), fields=['name'], name='managed_excluded'), models.Index(condition=models.Q(('approved_version__gt', 0), ('approved_version__lt', models.F('version'))), fields=['name'], name='managed_edited')],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='managed_name_in_any_case', violation_error_message='Another account already has this name.')],
            },
        ),
        migrations.CreateModel(
            name='EnabledProvider',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='providers', to='accounts.managedaccount')),
                ('key', models.CharField(max_length=20)),
                ('details', models.JSONField(blank=True, default=dict)),
                ('has_details', models.BooleanField(default=False)),
            ],
            options={
                'verbose_name': 'enabled provider',
                'ordering': ['account', 'id'],
                'constraints': [models.UniqueConstraint(fields=('account', 'key'), name='provider_once_per_account', violation_error_message='This provider is already enabled.')],
            },
        ),
        migrations.CreateModel(
            name='HandOffText',
            fields=[
                ('digest', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('text', models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name='HandOff',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='hand_offs', to='accounts.managedaccount')),
                ('text', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='hand_offs', to='accounts.handofftext')),
                ('number', models.PositiveIntegerField()),
                ('stack_name', models.CharField(max_length=128)),
                ('region', models.CharField(max_length=30)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('by_name', models.CharField(blank=True, max_length=150)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('found_at', models.DateTimeField(blank=True, null=True)),
                ('said_at', models.DateTimeField(blank=True, null=True)),
                ('said_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('said_by_name', models.CharField(blank=True, max_length=150)),
                ('removed_at', models.DateTimeField(blank=True, null=True)),
                ('urls', models.JSONField(default=list, editable=False)),
                ('unpublished', models.TextField(blank=True, editable=False)),
            ],
            options={
                'ordering': ['account', '-number'],
                'constraints': [models.UniqueConstraint(fields=('account', 'number'), name='hand_off_number_once'), models.UniqueConstraint(condition=models.Q(('account', None)), fields=('number',), name='managing_hand_off_number_once')],
            },
        ),
        migrations.CreateModel(
            name='Findings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('results', models.JSONField()),
            ],
            options={
                'verbose_name_plural': 'findings',
            },
        ),
        migrations.CreateModel(
            name='ForeignPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='foreign_policies', to='accounts.managedaccount')),
                ('role', models.CharField(max_length=64)),
                ('policy', models.CharField(max_length=128)),
                ('kind', models.CharField(max_length=20)),
                ('policy_arn', models.TextField(blank=True)),
                ('document', models.JSONField(blank=True, null=True)),
                ('effects', models.JSONField(default=list)),
                ('digest', models.CharField(max_length=64)),
                ('alike', models.CharField(db_index=True, max_length=64)),
                ('removable', models.BooleanField(default=True)),
                ('found_at', models.DateTimeField()),
                ('reason', models.TextField(blank=True)),
                ('until', models.DateField(blank=True, null=True)),
                ('asked_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('asked_by_name', models.CharField(blank=True, editable=False, max_length=150)),
                ('accepted_by_name', models.CharField(blank=True, editable=False, max_length=150)),
                ('accepted_at', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'verbose_name_plural': 'foreign policies',
                'ordering': ['account__name', 'role', 'policy'],
                'constraints': [models.UniqueConstraint(fields=('account', 'digest'), name='foreign_policy_once'), models.UniqueConstraint(condition=models.Q(('account', None)), fields=('digest',), name='foreign_policy_once_in_managing')],
            },
        ),
        migrations.CreateModel(
            name='FoundRoles',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.OneToOneField(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='found_roles', to='accounts.managedaccount')),
                ('read_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('roles', models.JSONField(default=list, editable=False)),
                ('planned', models.CharField(blank=True, editable=False, max_length=64)),
                ('differs', models.JSONField(default=list, editable=False)),
                ('taken', models.CharField(blank=True, choices=[('policies', 'Policies of others'), ('trust', 'Trust policy of others'), ('tag', "Not tagged as Bowline's"), ('outside', 'To change outside Bowline'), ('owned', "Bowline's"), ('kept', 'As planned, managed outside Bowline')], db_index=True, editable=False, max_length=8)),
                ('managed_by', models.JSONField(default=dict, editable=False)),
                ('unread', models.TextField(blank=True, editable=False)),
                ('unread_at', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'verbose_name_plural': 'found roles',
                'constraints': [models.UniqueConstraint(models.Value(1), condition=models.Q(('account', None)), name='found_roles_once_in_managing')],
            },
        ),
        migrations.CreateModel(
            name='AwsAnswers',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('operation', models.CharField(max_length=100)),
                ('error', models.CharField(blank=True, max_length=60)),
                ('count', models.PositiveBigIntegerField(default=0)),
            ],
            options={
                'verbose_name_plural': 'answers of AWS',
                'constraints': [models.UniqueConstraint(fields=('operation', 'error'), name='one_count_of_each_answer')],
            },
        ),
        migrations.CreateModel(
            name='ManagingAccount',
            fields=[
                ('state', models.CharField(choices=[('draft', 'Draft'), ('planned', 'Planned'), ('applying', 'Applying'), ('applied', 'Applied'), ('handed off', 'Handed Off'), ('verified', 'Verified'), ('evaluated', 'Evaluated'), ('failed', 'Failed'), ('drifted', 'Drifted'), ('outdated', 'Outdated')], default='draft', max_length=12)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('verification', models.CharField(blank=True, editable=False, max_length=12)),
                ('verified_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('unknown_writes', models.PositiveIntegerField(default=0, editable=False)),
                ('undeployable', models.PositiveIntegerField(default=0, editable=False)),
                ('unapproved', models.PositiveIntegerField(default=0, editable=False)),
                ('before_plan', models.CharField(choices=[('draft', 'Draft'), ('planned', 'Planned'), ('applying', 'Applying'), ('applied', 'Applied'), ('handed off', 'Handed Off'), ('verified', 'Verified'), ('evaluated', 'Evaluated'), ('failed', 'Failed'), ('drifted', 'Drifted'), ('outdated', 'Outdated')], default='draft', editable=False, max_length=12)),
                ('policy_set', models.PositiveIntegerField(default=0, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('lease', models.UUIDField(blank=True, editable=False, null=True)),
                ('leased_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('only', models.BooleanField(default=True, editable=False)),
                ('name', models.CharField(max_length=60, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9][A-Za-z0-9._-]{0,59}\\Z', "Use 1 to 60 letters, digits or any of “._-”, and begin with a letter or a digit: Spinnaker's cache keys break on anything else.")])),
                ('account_id', models.CharField(max_length=12, validators=[django.core.validators.RegexValidator('^[0-9]{12}\\Z', 'An AWS account ID has 12 digits; spaces and dashes are ignored.')])),
                ('partition', models.CharField(choices=[('aws', 'AWS'), ('aws-us-gov', 'AWS GovCloud (US)'), ('aws-cn', 'AWS China')], default='aws', max_length=12)),
                ('external_id_prefix', models.CharField(editable=False, max_length=40)),
                ('access_role', models.CharField(blank=True, max_length=64, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9_+=,.@-]{1,64}\\Z', 'Use 1 to 64 letters, digits or any of “+=,.@_-”.')])),
                ('made_by', models.CharField(choices=[('bowline', 'Bowline, after approval'), ('owner', 'The account owner')], default='bowline', max_length=12)),
                ('identity_kind', models.CharField(choices=[('instance_role', 'An EC2 instance role that Bowline creates'), ('pod_role', 'An EKS pod role that Bowline creates (IRSA)'), ('existing', 'An existing role or user')], default='instance_role', max_length=16)),
                ('identity_name', models.CharField(blank=True, default='SpinnakerAuthRole', max_length=64, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9_+=,.@-]{1,64}\\Z', 'Use 1 to 64 letters, digits or any of “+=,.@_-”.')])),
                ('identity_arn', models.CharField(blank=True, max_length=2048)),
                ('pod_cluster', models.CharField(blank=True, max_length=100)),
                ('pod_region', models.CharField(blank=True, max_length=32)),
                ('pod_namespace', models.CharField(blank=True, max_length=63)),
                ('pod_service_account', models.CharField(blank=True, max_length=253)),
                ('pod_issuer', models.CharField(blank=True, editable=False, max_length=255)),
                ('managed_role', models.CharField(default='spinnakerManaged', max_length=64, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9_+=,.@-]{1,64}\\Z', 'Use 1 to 64 letters, digits or any of “+=,.@_-”.')])),
                ('base_role', models.CharField(default='BaseIAMRole', max_length=64, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9_+=,.@-]{1,64}\\Z', 'Use 1 to 64 letters, digits or any of “+=,.@_-”.')])),
                ('organization', models.CharField(blank=True, max_length=34, validators=[django.core.validators.RegexValidator('^o-[a-z0-9]{10,32}\\Z', 'An organization ID looks like o-a1b2c3d4e5.')])),
                ('trust_organization', models.CharField(blank=True, max_length=34, validators=[django.core.validators.RegexValidator('^o-[a-z0-9]{10,32}\\Z', 'An organization ID looks like o-a1b2c3d4e5.')])),
                ('boundary', models.CharField(blank=True, max_length=600, validators=[django.core.validators.RegexValidator('^arn:(aws|aws-us-gov|aws-cn):iam::(aws|\\d{12}):policy/[\\w+=,.@/-]{1,512}\\Z', 'Give the whole ARN of a managed policy, like the one that `aws iam get-policy` prints.', flags=re.RegexFlag['ASCII'])])),
                ('bakes', models.BooleanField(default=False)),
                ('ami_owner', models.CharField(blank=True, max_length=60)),
                ('image_keys', models.JSONField(blank=True, default=list)),
                ('trusts_bowline', models.BooleanField(default=True)),
                ('bowline_principal', models.CharField(blank=True, editable=False, max_length=2048)),
                ('kept_roles', models.JSONField(default=list, editable=False)),
                ('site', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('revision', models.PositiveIntegerField(default=0, editable=False)),
                ('other_site', models.JSONField(default=dict, editable=False)),
                ('adopted_revision', models.CharField(blank=True, default='', editable=False, max_length=50)),
                ('run_by', models.CharField(blank=True, choices=[('halyard', 'Halyard'), ('kustomize', 'spinnaker-kustomize'), ('operator', 'The operator'), ('files', 'Own configuration files (clouddriver-local.yml)'), ('live', 'Bowline delivers to Gate, without a restart')], default='', editable=False, max_length=10)),
                ('applied', models.JSONField(default=list, editable=False)),
                ('authors', models.ManyToManyField(blank=True, editable=False, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'managing account',
                'constraints': [models.CheckConstraint(condition=models.Q(('only', True)), name='managing_account_only_is_true'), models.UniqueConstraint(fields=('only',), name='one_managing_account', violation_error_message='A managing account already exists. Edit the existing one.')],
            },
        ),
        migrations.CreateModel(
            name='Organization',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('lease', models.UUIDField(blank=True, editable=False, null=True)),
                ('leased_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('queued_at', models.DateTimeField(null=True)),
                ('partition', models.CharField(max_length=12)),
                ('account_id', models.CharField(max_length=12)),
                ('organization_id', models.CharField(blank=True, max_length=34)),
                ('reading', models.PositiveIntegerField(default=0)),
                ('asked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('to_read', models.JSONField(default=list)),
                ('failures', models.PositiveSmallIntegerField(default=0)),
                ('message', models.TextField(blank=True)),
                ('hint', models.TextField(blank=True)),
                ('units_refused', models.TextField(blank=True)),
                ('read_at', models.DateTimeField(null=True)),
                ('reads_tags', models.BooleanField(default=False)),
                ('tag_keys', models.JSONField(default=list)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('partition', 'account_id'), name='organization_once')],
            },
        ),
        migrations.CreateModel(
            name='Unit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='units', to='accounts.organization')),
                ('unit_id', models.CharField(max_length=68)),
                ('path', models.TextField()),
                ('lineage', models.TextField()),
                ('seen_in', models.PositiveIntegerField(default=0)),
            ],
            options={
                'verbose_name': 'organizational unit',
                'ordering': ['path', 'id'],
                'constraints': [models.UniqueConstraint(fields=('organization', 'unit_id'), name='unit_once')],
            },
        ),
        migrations.CreateModel(
            name='Member',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='accounts.organization')),
                ('account_id', models.CharField(max_length=12)),
                ('name', models.CharField(max_length=200)),
                ('email', models.CharField(blank=True, max_length=200)),
                ('called', models.CharField(blank=True, max_length=60)),
                ('state', models.CharField(blank=True, max_length=40)),
                ('joined_at', models.DateTimeField(null=True)),
                ('unit', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='members', to='accounts.unit')),
                ('unit_since', models.DateTimeField()),
                ('seen_in', models.PositiveIntegerField(default=0)),
                ('gone_at', models.DateTimeField(null=True)),
                ('drafted_at', models.DateTimeField(null=True)),
                ('draft_refused', models.TextField(blank=True)),
                ('drafted_in', models.PositiveIntegerField(default=0)),
                ('drafted_for', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tags_in', models.PositiveIntegerField(default=0)),
            ],
            options={
                'ordering': ['name', 'account_id'],
                'indexes': [models.Index(fields=['account_id'], name='member_account'), models.Index(fields=['called'], name='member_called'), models.Index(fields=['organization', 'name'], name='member_name')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'account_id'), name='member_once')],
            },
        ),
        migrations.CreateModel(
            name='MemberTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tags', to='accounts.member')),
                ('key', models.CharField(max_length=128)),
                ('value', models.CharField(blank=True, max_length=256)),
            ],
            options={
                'ordering': ['key'],
                'indexes': [models.Index(fields=['key', 'value'], name='member_tag')],
                'constraints': [models.UniqueConstraint(fields=('member', 'key'), name='member_tag_once')],
            },
        ),
        migrations.CreateModel(
            name='Watch',
            fields=[
                ('environment', models.CharField(blank=True, max_length=60, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9][A-Za-z0-9._-]{0,59}\\Z', 'Use 1 to 60 letters, digits or any of “._-”, and begin with a letter or a digit.')])),
                ('regions', models.JSONField(default=list)),
                ('access_role', models.CharField(blank=True, max_length=64, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9_+=,.@-]{1,64}\\Z', 'Use 1 to 64 letters, digits or any of “+=,.@_-”.')])),
                ('made_by', models.CharField(choices=[('bowline', 'Bowline, after approval'), ('owner', 'The account owner'), ('organization', 'The organization, for many accounts')], default='bowline', max_length=12)),
                ('uses_external_id', models.BooleanField(default=True)),
                ('read_roles', models.JSONField(blank=True, default=list)),
                ('write_roles', models.JSONField(blank=True, default=list)),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_by_name', models.CharField(blank=True, editable=False, max_length=150)),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('unit', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='watch', to='accounts.unit')),
                ('since', models.DateTimeField(auto_now_add=True)),
                ('providers', models.JSONField(default=list)),
                ('roles_tag', models.CharField(blank=True, max_length=128)),
                ('authors', models.ManyToManyField(blank=True, editable=False, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'watches',
                'ordering': ['unit__path', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Rollout',
            fields=[
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_by_name', models.CharField(blank=True, editable=False, max_length=150)),
                ('number', models.AutoField(primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('onboard', 'Onboard'), ('verify', 'Verify'), ('remove', 'Remove from AWS')], default='onboard', max_length=10)),
                ('state', models.CharField(choices=[('planning', 'Planning'), ('planned', 'Planned'), ('applying', 'Applying'), ('verifying', 'Verifying'), ('paused', 'Paused'), ('stopped', 'Stopped'), ('finished', 'Finished')], default='planning', max_length=10)),
                ('first_wave', models.PositiveIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100000)], verbose_name='first wave')),
                ('second_percent', models.PositiveIntegerField(default=10, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)], verbose_name='second wave, in percent')),
                ('at_once', models.PositiveIntegerField(default=50, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)], verbose_name='accounts at once')),
                ('most_failures', models.PositiveIntegerField(default=10, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100000)], verbose_name='pause when this many accounts fail')),
                ('failure_percent', models.PositiveIntegerField(default=10, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)], verbose_name='pause when this percentage of a wave fails')),
                ('pauses', models.CharField(choices=[('cause', 'By Cause'), ('limits', 'At Limits'), ('number', 'At Number'), ('never', 'Never')], default='cause', editable=False, max_length=10)),
                ('reason', models.CharField(blank=True, editable=False, max_length=200)),
                ('excluded', models.JSONField(default=list, editable=False)),
                ('take_over', models.JSONField(default=dict, editable=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('resumed_at', models.DateTimeField(editable=False, null=True)),
                ('finished_at', models.DateTimeField(editable=False, null=True)),
            ],
            options={
                'ordering': ['-number'],
                'indexes': [models.Index(fields=['state'], name='rollout_state')],
            },
        ),
        migrations.CreateModel(
            name='RunNumber',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ],
        ),
        migrations.CreateModel(
            name='Run',
            fields=[
                ('lease', models.UUIDField(blank=True, editable=False, null=True)),
                ('leased_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_by_name', models.CharField(blank=True, editable=False, max_length=150)),
                ('reach', models.JSONField(default=dict, editable=False)),
                ('authors', models.JSONField(default=dict, editable=False)),
                ('error', models.JSONField(blank=True, null=True)),
                ('waiting', models.CharField(blank=True, max_length=200)),
                ('approved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('approved_by_name', models.CharField(blank=True, editable=False, max_length=150)),
                ('approval_comment', models.TextField(blank=True, editable=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('approved_at', models.DateTimeField(blank=True, null=True)),
                ('queued_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('handed_off_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('awaited_from', models.DateTimeField(blank=True, editable=False, null=True)),
                ('looked_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('look_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('refused', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('unknown_writes', models.PositiveIntegerField(default=0, editable=False)),
                ('undeployable', models.PositiveIntegerField(default=0, editable=False)),
                ('rollout', models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='accounts.rollout')),
                ('wave', models.PositiveSmallIntegerField(blank=True, editable=False, null=True)),
                ('turn', models.PositiveSmallIntegerField(choices=[(0, 'First'), (1, 'Production'), (2, 'Last')], default=0, editable=False)),
                ('retried', models.BooleanField(default=False, editable=False)),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField(editable=False, unique=True)),
                ('kind', models.CharField(choices=[('onboard', 'Onboard'), ('managing', 'Managing account'), ('verify', 'Verify'), ('remove', 'Remove from AWS')], default='onboard', max_length=10)),
                ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='runs', to='accounts.managedaccount')),
                ('account_name', models.CharField(blank=True, max_length=60)),
                ('alone', models.BooleanField(default=False)),
                ('status', models.CharField(choices=[('planning', 'Planning'), ('planned', 'Planned'), ('approved', 'Approved'), ('applying', 'Applying'), ('handed off', 'Handed Off'), ('verifying', 'Verifying'), ('verified', 'Verified'), ('evaluated', 'Evaluated'), ('removed', 'Removed'), ('failed', 'Failed'), ('errored', 'Errored'), ('outdated', 'Outdated'), ('discarded', 'Discarded')], default='planning', max_length=12)),
                ('version', models.PositiveIntegerField(default=1)),
                ('managing_version', models.PositiveIntegerField(default=1)),
                ('fingerprint', models.CharField(blank=True, editable=False, max_length=32)),
                ('existing', models.JSONField(default=dict, editable=False)),
                ('entries', models.JSONField(default=dict, editable=False)),
                ('take_over', models.JSONField(default=dict, editable=False)),
                ('evidence', models.JSONField(default=list, editable=False)),
                ('findings', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='accounts.findings')),
                ('check_seconds', models.JSONField(editable=False, null=True)),
                ('traceback', models.TextField(blank=True, editable=False)),
                ('plan_digest', models.CharField(blank=True, editable=False, max_length=64)),
                ('approved_digest', models.CharField(blank=True, editable=False, max_length=64)),
                ('started_from', models.CharField(blank=True, choices=[('page', 'A page'), ('command', 'The command line'), ('schedule', 'The schedule')], max_length=8)),
                ('takeovers', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('moved_at', models.DateTimeField(editable=False, null=True)),
                ('grants', models.ManyToManyField(blank=True, related_name='+', to='accounts.managedaccount')),
            ],
            options={
                'ordering': ['-created_at'],
                'indexes': [models.Index(fields=['status', 'leased_until'], name='run_status_lease'), models.Index(fields=['-created_at'], name='run_created'), models.Index(fields=['moved_at'], name='run_moved'), models.Index(fields=['finished_at'], name='run_finished'), models.Index(condition=models.Q(('status', 'planned')), fields=['fingerprint'], name='run_waiting_fingerprint'), models.Index(condition=models.Q(('rollout__isnull', False)), fields=['rollout', 'status'], name='run_of_rollout'), models.Index(condition=models.Q(('kind', 'managing')), fields=['-created_at'], name='run_managing')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('status__in', ('planning', 'applying', 'verifying', 'planned', 'approved', 'handed off'))), fields=('account',), name='one_open_run_per_account', violation_error_message='This account already has an open run.'), models.UniqueConstraint(condition=models.Q(('kind', 'managing'), ('status__in', ('planning', 'applying', 'verifying', 'planned', 'approved', 'handed off'))), fields=('kind',), name='one_open_managing_run', violation_error_message='This account already has an open run.')],
            },
        ),
        migrations.CreateModel(
            name='CheckResult',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.CharField(max_length=20)),
                ('name', models.CharField(max_length=200)),
                ('outcome', models.CharField(choices=[('passed', 'Passed'), ('evaluated', 'Evaluated'), ('not testable', 'Not Testable'), ('cannot deploy', 'Cannot Deploy'), ('failed', 'Failed')], max_length=20)),
                ('sentence', models.TextField(blank=True)),
                ('fix', models.TextField(blank=True)),
                ('located', models.CharField(blank=True, max_length=20)),
                ('document', models.TextField(blank=True)),
                ('line', models.PositiveIntegerField(default=0)),
                ('change', models.TextField(blank=True)),
                ('as_spinnaker', models.BooleanField(default=False)),
                ('worse', models.BooleanField(default=False)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='checks', to='accounts.run')),
                ('position', models.PositiveIntegerField()),
                ('seconds', models.FloatField(default=0)),
                ('checked_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'verbose_name': 'check',
                'ordering': ['run', 'position'],
                'indexes': [models.Index(condition=models.Q(('worse', True)), fields=['-checked_at'], name='check_worse')],
            },
        ),
        migrations.CreateModel(
            name='Step',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='accounts.run')),
                ('position', models.PositiveIntegerField()),
                ('account_id', models.CharField(max_length=12)),
                ('account_name', models.CharField(max_length=60)),
                ('verb', models.CharField(max_length=6)),
                ('kind', models.CharField(max_length=30)),
                ('name', models.CharField(max_length=400)),
                ('reason', models.CharField(blank=True, max_length=400)),
                ('before', models.JSONField(blank=True, null=True)),
                ('after', models.JSONField(blank=True, null=True)),
                ('removed', models.JSONField(default=list)),
                ('added', models.JSONField(default=list)),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='pending', max_length=8)),
                ('message', models.TextField(blank=True)),
                ('hint', models.TextField(blank=True)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['run', 'position'],
                'indexes': [models.Index(fields=['account_id', 'status', 'kind', 'name', 'verb', 'finished_at'], name='step_of_account')],
                'constraints': [models.UniqueConstraint(fields=('run', 'position'), name='step_position')],
            },
        ),
        migrations.CreateModel(
            name='Target',
            fields=[
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_by_name', models.CharField(blank=True, editable=False, max_length=150)),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=60, unique=True)),
                ('channel', models.CharField(choices=[('slack', 'Slack'), ('teams', 'Microsoft Teams'), ('webhook', 'Signed webhook')], max_length=10)),
                ('place', models.CharField(max_length=300)),
                ('kinds', models.JSONField(default=list)),
                ('environments', models.JSONField(blank=True, default=list)),
                ('rotation', models.PositiveIntegerField(default=1, editable=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('paused_at', models.DateTimeField(editable=False, null=True)),
                ('sent_at', models.DateTimeField(editable=False, null=True)),
                ('failed_at', models.DateTimeField(editable=False, null=True)),
                ('failure', models.CharField(blank=True, editable=False, max_length=300)),
            ],
            options={
                'verbose_name': 'target of notifications',
                'verbose_name_plural': 'targets of notifications',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Digest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(max_length=20)),
                ('day', models.DateField(null=True)),
                ('since', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'indexes': [models.Index(fields=['what', 'created_at'], name='digest_newest')],
                'constraints': [models.UniqueConstraint(fields=('what', 'day'), name='digest_of_a_day')],
            },
        ),
        migrations.CreateModel(
            name='Happened',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(max_length=20)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.run')),
                ('environment', models.CharField(blank=True, max_length=60)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('digest', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='happened', to='accounts.digest')),
            ],
            options={
                'verbose_name_plural': 'what happened',
                'indexes': [models.Index(condition=models.Q(('digest', None)), fields=['what', 'at'], name='happened_untold')],
            },
        ),
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('lease', models.UUIDField(blank=True, editable=False, null=True)),
                ('leased_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('queued_at', models.DateTimeField(null=True)),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('target', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.target')),
                ('what', models.CharField(choices=[('ended', 'a rollout ended'), ('paused', 'a rollout paused'), ('waits', 'a rollout waits for approval'), ('new accounts', 'new accounts in watched units'), ('plans', 'plans of single runs wait for approval'), ('failed', 'single runs failed'), ('drifted', 'verifications found something worse'), ('found', 'verifications found policies of others'), ('stale', 'verifications became stale'), ('site', 'something needs attention'), ('test', 'a test of the target'), ('own', "something changed about the person's own account")], max_length=20)),
                ('rollout', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.rollout')),
                ('organization', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('digest', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.digest')),
                ('entry', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.activity')),
                ('reading', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('due_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('done_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('done_at', None)), fields=['due_at'], name='notice_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('digest', None), ('organization__isnull', False), ('rollout', None)), models.Q(('digest', None), ('organization', None), ('rollout__isnull', False)), models.Q(('digest__isnull', False), ('organization', None), ('rollout', None)), models.Q(('organization', None), ('rollout', None), ('what__in', ['test', 'own']), ('digest', None)), _connector='OR'), name='notice_about_one'), models.CheckConstraint(condition=models.Q(models.Q(('entry__isnull', False), ('person__isnull', False), ('what', 'own')), models.Q(models.Q(('what', 'own'), _negated=True), ('entry', None)), _connector='OR'), name='notice_own_of_entry'), models.CheckConstraint(condition=models.Q(models.Q(('person', None), ('target__isnull', False)), models.Q(('person__isnull', False), ('target', None)), _connector='OR'), name='notice_for_one')],
            },
        ),
        migrations.CreateModel(
            name='Question',
            fields=[
                ('lease', models.UUIDField(blank=True, editable=False, null=True)),
                ('leased_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('queued_at', models.DateTimeField(null=True)),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=20)),
                ('key', models.CharField(blank=True, max_length=64, null=True, unique=True)),
                ('input', models.JSONField(default=dict)),
                ('file', models.BinaryField(null=True)),
                ('is_own', models.BooleanField(default=False)),
                ('asked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('times_asked', models.PositiveIntegerField(default=0)),
                ('asked_at', models.DateTimeField(null=True)),
                ('seconds', models.PositiveSmallIntegerField(null=True)),
                ('expires_at', models.DateTimeField(db_index=True, null=True)),
                ('answered_at', models.DateTimeField(null=True)),
                ('answer', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, null=True)),
                ('message', models.TextField(blank=True)),
                ('hint', models.TextField(blank=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='SearchedAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('search', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='accounts', to='accounts.question')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.managedaccount')),
                ('read_at', models.DateTimeField(null=True)),
                ('message', models.TextField(blank=True)),
                ('hint', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['account__name'],
                'constraints': [models.UniqueConstraint(fields=('search', 'account'), name='searched_account_once')],
            },
        ),
        migrations.CreateModel(
            name='FoundCluster',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('search', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='clusters', to='accounts.question')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.managedaccount')),
                ('name', models.CharField(max_length=100)),
                ('region', models.CharField(max_length=30)),
                ('endpoint', models.CharField(choices=[('public', 'public'), ('restricted', 'public for some networks'), ('private', 'private')], max_length=10)),
                ('mode', models.CharField(blank=True, max_length=40)),
                ('added', models.BooleanField(default=False)),
                ('ticked', models.BooleanField(default=False)),
            ],
            options={
                'ordering': ['account__name', 'region', 'name'],
                'constraints': [models.UniqueConstraint(fields=('search', 'account', 'region', 'name'), name='found_cluster_once')],
            },
        ),
        migrations.CreateModel(
            name='Adoption',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('deployment', models.CharField(blank=True, max_length=200)),
                ('files', models.JSONField(default=list)),
                ('gate', models.BooleanField(default=False)),
                ('report', models.JSONField(default=dict)),
                ('text', models.TextField(blank=True)),
                ('read', models.TextField(blank=True)),
                ('taken', models.JSONField(default=list)),
                ('managing', models.CharField(max_length=60)),
                ('managed_role', models.TextField()),
                ('base_role', models.TextField()),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='AdoptedAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('adoption', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='accounts', to='accounts.adoption')),
                ('position', models.PositiveIntegerField()),
                ('type', models.CharField(choices=[('aws', 'aws'), ('ecs', 'ecs'), ('kubernetes', 'kubernetes')], max_length=20)),
                ('name', models.CharField(max_length=200)),
                ('outcome', models.CharField(choices=[('taken', 'taken'), ('left', 'left')], max_length=20)),
                ('said', models.JSONField(default=dict)),
            ],
            options={
                'ordering': ['adoption', 'position'],
                'constraints': [models.UniqueConstraint(fields=('adoption', 'position'), name='adopted_account_position')],
            },
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('name', models.CharField(max_length=150)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('digest', models.CharField(blank=True, max_length=64)),
                ('left_alone', models.PositiveIntegerField(default=0)),
                ('saved_at', models.DateTimeField(null=True)),
                ('saved', models.JSONField(default=list)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='UploadedAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('upload', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='accounts', to='accounts.upload')),
                ('position', models.PositiveIntegerField()),
                ('line', models.PositiveIntegerField()),
                ('name', models.CharField(max_length=60)),
                ('account_id', models.CharField(max_length=12)),
                ('what', models.CharField(max_length=10)),
                ('changes', models.JSONField(default=list)),
                ('written', models.JSONField(default=dict)),
            ],
            options={
                'ordering': ['upload', 'position'],
                'constraints': [models.UniqueConstraint(fields=('upload', 'position'), name='uploaded_account_position')],
            },
        ),
        migrations.CreateModel(
            name='SpinnakerName',
            fields=[
                ('name', models.CharField(max_length=60, primary_key=True, serialize=False)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='spinnaker_names', to='accounts.managedaccount')),
            ],
            options={
                'verbose_name': 'Spinnaker account name',
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='spinnaker_name_in_any_case')],
            },
        ),
        migrations.CreateModel(
            name='Bundle',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_by_name', models.CharField(blank=True, editable=False, max_length=150)),
                ('number', models.PositiveIntegerField(unique=True)),
                ('status', models.CharField(choices=[('building', 'Building'), ('ready', 'Ready'), ('failed', 'Failed')], default='building', max_length=8)),
                ('error', models.TextField(blank=True)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('size', models.PositiveIntegerField(default=0)),
                ('archive', models.BinaryField(blank=True, default=b'')),
                ('files', models.JSONField(default=list)),
                ('readme', models.TextField(blank=True, editable=False)),
                ('load', models.JSONField(editable=False, null=True)),
                ('changes', models.JSONField(editable=False, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('installed_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('installed_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('installed_by_name', models.CharField(blank=True, editable=False, max_length=150)),
                ('accounts', models.ManyToManyField(related_name='bundles', to='accounts.managedaccount')),
            ],
            options={
                'ordering': ['-number'],
            },
        ),
        migrations.CreateModel(
            name='Spinnaker',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('only', models.BooleanField(default=True, editable=False)),
                ('url', models.CharField(max_length=300)),
                ('release', models.CharField(max_length=20)),
                ('sign_in', models.CharField(choices=[('token', 'An API token'), ('certificate', 'A client certificate'), ('basic', 'A username and a password'), ('none', 'None: Gate allows everyone')], default='token', max_length=12)),
                ('username', models.CharField(blank=True, max_length=300)),
                ('secret', models.CharField(blank=True, max_length=300)),
                ('certificate', models.CharField(blank=True, max_length=300)),
                ('key', models.CharField(blank=True, max_length=300)),
                ('authorities', models.CharField(blank=True, max_length=300)),
                ('poll_seconds', models.PositiveSmallIntegerField(default=30)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('tested_at', models.DateTimeField(editable=False, null=True)),
                ('result', models.JSONField(editable=False, null=True)),
                ('authors', models.ManyToManyField(blank=True, editable=False, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'connection with Spinnaker',
                'constraints': [models.CheckConstraint(condition=models.Q(('only', True)), name='spinnaker_only_true'), models.UniqueConstraint(fields=('only',), name='one_spinnaker')],
            },
        ),
        migrations.CreateModel(
            name='DeliveredAccount',
            fields=[
                ('name', models.CharField(max_length=63, primary_key=True, serialize=False)),
                ('type', models.CharField(max_length=10)),
                ('sent', models.CharField(blank=True, max_length=64)),
                ('sending', models.CharField(blank=True, max_length=64)),
                ('leaving', models.BooleanField(default=False)),
                ('forgotten', models.BooleanField(default=False)),
                ('account_id', models.CharField(blank=True, max_length=12)),
                ('external_id', models.CharField(blank=True, max_length=1224)),
                ('made_at', models.DateTimeField(null=True)),
                ('sent_at', models.DateTimeField()),
                ('loaded_at', models.DateTimeField(null=True)),
                ('gone_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'delivered account',
                'ordering': ['name'],
                'indexes': [models.Index(fields=['account_id'], name='delivered_account_id')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('lease', models.UUIDField(blank=True, editable=False, null=True)),
                ('leased_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_by_name', models.CharField(blank=True, editable=False, max_length=150)),
                ('error', models.JSONField(blank=True, null=True)),
                ('waiting', models.CharField(blank=True, max_length=200)),
                ('approved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('approved_by_name', models.CharField(blank=True, editable=False, max_length=150)),
                ('approval_comment', models.TextField(blank=True, editable=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('approved_at', models.DateTimeField(blank=True, null=True)),
                ('queued_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('number', models.PositiveIntegerField(primary_key=True, serialize=False)),
                ('spinnaker', models.PositiveSmallIntegerField(default=1, editable=False)),
                ('connection_version', models.PositiveIntegerField(default=0, editable=False)),
                ('status', models.CharField(choices=[('planning', 'Planning'), ('planned', 'Planned'), ('delivering', 'Delivering'), ('watching', 'Watching'), ('loaded', 'Loaded'), ('failed', 'Failed'), ('discarded', 'Discarded'), ('outdated', 'Outdated')], default='planning', max_length=10)),
                ('agreed', models.JSONField(default=list, editable=False)),
                ('left', models.JSONField(default=list, editable=False)),
                ('warnings', models.JSONField(default=list, editable=False)),
                ('environments', models.JSONField(default=list, editable=False)),
                ('second', models.CharField(blank=True, editable=False, max_length=100)),
                ('counts', models.JSONField(default=dict, editable=False)),
                ('fingerprint', models.CharField(blank=True, editable=False, max_length=64)),
                ('began_at', models.DateTimeField(editable=False, null=True)),
                ('progressed_at', models.DateTimeField(editable=False, null=True)),
                ('unreachable_since', models.DateTimeField(editable=False, null=True)),
                ('look_at', models.DateTimeField(editable=False, null=True)),
            ],
            options={
                'verbose_name_plural': 'deliveries',
                'ordering': ['-number'],
                'indexes': [models.Index(fields=['status'], name='delivery_status')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('status__in', ['planning', 'delivering', 'watching', 'planned'])), fields=('spinnaker',), name='one_open_delivery', violation_error_message='Another delivery is open.')],
            },
        ),
        migrations.CreateModel(
            name='DeliveryStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='accounts.delivery')),
                ('position', models.PositiveIntegerField()),
                ('verb', models.CharField(choices=[('add', 'add'), ('change', 'change'), ('remove', 'remove'), ('take over', 'take over')], max_length=10)),
                ('type', models.CharField(max_length=10)),
                ('name', models.CharField(max_length=63)),
                ('before', models.CharField(blank=True, max_length=64)),
                ('after', models.CharField(blank=True, max_length=64)),
                ('renews', models.BooleanField(default=False)),
                ('document', models.JSONField(default=dict)),
                ('was', models.JSONField(default=dict)),
                ('after_gone', models.JSONField(default=list)),
                ('after_loaded', models.JSONField(default=list)),
                ('sent_at', models.DateTimeField(null=True)),
                ('seen_at', models.DateTimeField(null=True)),
                ('error', models.TextField(blank=True)),
                ('causes', models.JSONField(default=list)),
            ],
            options={
                'verbose_name': 'delivery step',
                'ordering': ['delivery', 'position'],
                'constraints': [models.UniqueConstraint(fields=('delivery', 'position'), name='delivery_step_position')],
            },
        ),
        migrations.RunPython(stay),
        migrations.RunPython(index_what_is_searched),
        migrations.RunPython(make_roles),
    ]
