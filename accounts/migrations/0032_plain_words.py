"""Reword messages and labels: no column changes."""

import django.core.validators
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0031_preferences'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='activity',
            name='what',
            field=models.CharField(choices=[('plan', 'planned'), ('approve', 'approved the plan'), ('discard', 'discarded the plan'), ('verify', 'verified again'), ('remove', 'planned the removal'), ('accept', 'accepted as evaluated'), ('describe', 'described'), ('edit', 'edited'), ('forget', 'deleted from Bowline'), ('rotate', 'created a new external ID for'), ('rotated', 'ended the external ID rotation of'), ('build', 'built'), ('download', 'downloaded'), ('install', 'recorded as installed'), ('leave out', 'excluded from bundles'), ('put in', 'included in bundles again'), ('settings', 'changed the settings'), ('roles', 'changed the roles'), ('person', 'changed the person'), ('password', 'changed the password'), ('sign-in', 'signed in'), ('sign-in failed', 'failed to sign in'), ('sign-out', 'signed out')], max_length=20),
        ),
        migrations.AlterField(
            model_name='managedaccount',
            name='account_id',
            field=models.CharField(error_messages={'unique': 'This AWS account is already in Bowline.'}, max_length=12, unique=True, validators=[django.core.validators.RegexValidator('^[0-9]{12}\\Z', 'An AWS account id has 12 digits; spaces and dashes do not matter.')]),
        ),
        migrations.AlterField(
            model_name='managedaccount',
            name='name',
            field=models.CharField(error_messages={'unique': 'Another account already has this name.'}, max_length=60, unique=True, validators=[django.core.validators.RegexValidator('^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?\\Z', "Use 1 to 60 of a–z, 0–9 and “-”, and neither begin nor end with “-”: Spinnaker's cache keys break on anything else.")]),
        ),
        migrations.AlterField(
            model_name='managingaccount',
            name='identity_kind',
            field=models.CharField(choices=[('instance_role', 'An EC2 instance role that Bowline creates'), ('pod_role', 'An EKS pod role that Bowline creates (IRSA)'), ('existing', 'An existing role or user')], default='instance_role', max_length=16),
        ),
        migrations.AlterConstraint(
            model_name='enabledprovider',
            name='provider_once_per_account',
            constraint=models.UniqueConstraint(fields=('account', 'key'), name='provider_once_per_account', violation_error_message='This provider is already enabled.'),
        ),
        migrations.AlterConstraint(
            model_name='managingaccount',
            name='one_managing_account',
            constraint=models.UniqueConstraint(fields=('only',), name='one_managing_account', violation_error_message='There is only one managing account, and it already exists. Edit that one.'),
        ),
        migrations.AlterConstraint(
            model_name='run',
            name='one_open_run_per_account',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ('planning', 'applying', 'verifying', 'planned'))), fields=('account',), name='one_open_run_per_account', violation_error_message='This account already has an open run.'),
        ),
        migrations.AlterConstraint(
            model_name='run',
            name='one_open_managing_run',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'managing'), ('status__in', ('planning', 'applying', 'verifying', 'planned'))), fields=('kind',), name='one_open_managing_run', violation_error_message='This account already has an open run.'),
        ),
    ]
