from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0048_refused_tries'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='takeovers',
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
    ]
