# Keep the state that an account had before its plan.

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0016_browser_sessions'),
    ]

    operations = [
        migrations.AddField(
            model_name='managedaccount',
            name='before_plan',
            field=models.CharField(choices=[('draft', 'Draft'), ('planned', 'Planned'), ('applying', 'Applying'), ('applied', 'Applied'), ('handed off', 'Handed Off'), ('verified', 'Verified'), ('evaluated', 'Evaluated'), ('failed', 'Failed'), ('drifted', 'Drifted'), ('outdated', 'Outdated')], default='draft', editable=False, max_length=12),
        ),
        migrations.AddField(
            model_name='managingaccount',
            name='before_plan',
            field=models.CharField(choices=[('draft', 'Draft'), ('planned', 'Planned'), ('applying', 'Applying'), ('applied', 'Applied'), ('handed off', 'Handed Off'), ('verified', 'Verified'), ('evaluated', 'Evaluated'), ('failed', 'Failed'), ('drifted', 'Drifted'), ('outdated', 'Outdated')], default='draft', editable=False, max_length=12),
        ),
    ]
