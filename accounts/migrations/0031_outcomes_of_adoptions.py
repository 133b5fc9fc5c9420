from django.db import migrations, models


def delete_all(apps, schema_editor):
    """Reports have an outcome that is gone: the same files give a report without it."""
    apps.get_model("accounts", "Adoption").objects.all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0030_take_over'),
    ]

    operations = [
        migrations.RunPython(delete_all, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='adoptedaccount',
            name='outcome',
            field=models.CharField(choices=[('taken', 'taken'), ('left', 'left')], max_length=20),
        ),
    ]
