from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0058_notice_waits'),
    ]

    operations = [
        migrations.CreateModel(
            name='GroupRoles',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('group', models.CharField(max_length=255, unique=True)),
                ('roles', models.JSONField(default=list)),
            ],
            options={
                'verbose_name': 'roles of groups',
                'verbose_name_plural': 'roles of groups',
                'ordering': ['group'],
            },
        ),
        migrations.AddField(
            model_name='identity',
            name='groups',
            field=models.JSONField(blank=True, default=list),
        ),
    ]
