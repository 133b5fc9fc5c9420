from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0049_columns_of_jobs'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='takeovers',
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
    ]
