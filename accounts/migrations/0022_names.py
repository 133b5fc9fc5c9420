import django.db.models.fields.json
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    """Name columns as the pages name them. What the database makes of one is made anew,
    because no database renames a column under it.
    """

    dependencies = [
        ('accounts', '0021_words_of_pages'),
    ]

    operations = [
        migrations.RenameModel(old_name='Notice', new_name='Notification'),
        migrations.RenameModel(old_name='HandedOutText', new_name='HandOffText'),
        migrations.RemoveIndex(model_name='managedaccount', name='managed_proof'),
        migrations.RemoveIndex(model_name='managedaccount', name='managed_ready'),
        migrations.RemoveField(model_name='managedaccount', name='entries_digest'),
        *(
            migrations.RenameField(model_name=model, old_name=before, new_name=now)
            for model, before, now in (
                ('adding', 'described_at', 'added_at'),
                ('enabledprovider', 'described', 'has_details'),
                ('environmentpolicy', 'four_eyes', 'second_approver'),
                ('foundcluster', 'described', 'added'),
                ('managedaccount', 'left_out_at', 'excluded_at'),
                ('managedaccount', 'left_out_by', 'excluded_by'),
                ('managedaccount', 'left_out_by_name', 'excluded_by_name'),
                ('managedaccount', 'proof', 'verification'),
                ('managedaccount', 'proved', 'verified'),
                ('managingaccount', 'proof', 'verification'),
                ('rollout', 'left_out', 'excluded'),
            )
        ),
        migrations.AddField(
            model_name='managedaccount',
            name='entries_digest',
            field=models.GeneratedField(db_persist=True, expression=django.db.models.functions.text.MD5(django.db.models.functions.comparison.Cast(django.db.models.fields.json.KeyTransform('entries', 'verified'), models.TextField())), output_field=models.CharField(max_length=32, null=True)),
        ),
        migrations.AddIndex(
            model_name='managedaccount',
            index=models.Index(fields=['verification', 'verified_at'], name='managed_verification'),
        ),
        migrations.AddIndex(
            model_name='managedaccount',
            index=models.Index(condition=models.Q(models.Q(('verified', {}), _negated=True), ('excluded_at', None), ('missed__lt', 2), ('withdrawn', False)), fields=['name'], include=('id', 'entries_digest'), name='managed_ready'),
        ),
    ]
