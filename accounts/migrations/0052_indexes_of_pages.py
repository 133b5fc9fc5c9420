from django.db import NotSupportedError, ProgrammingError, migrations, models, transaction

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


def drop_them(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in ("managed_searched", "spinnaker_name_searched"):
            schema_editor.execute(f"DROP INDEX IF EXISTS {name}")


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0051_takeovers'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('kind', 'managing')), fields=['-created_at'], name='run_managing'),
        ),
        migrations.RunPython(index_what_is_searched, drop_them),
    ]
