from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0050_on_call'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='takeovers',
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
    ]
