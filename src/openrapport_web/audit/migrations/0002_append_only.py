"""Make the database itself refuse to alter or delete an entry."""

from django.db import migrations

SQLITE = [
    (
        f"CREATE TRIGGER audit_entry_no_{what} BEFORE {what} ON audit_entry "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;",
        f"DROP TRIGGER audit_entry_no_{what};",
    )
    for what in ("update", "delete")
]
POSTGRESQL = [
    (
        "CREATE FUNCTION audit_append_only() RETURNS trigger AS $$ BEGIN "
        "RAISE EXCEPTION 'the audit log is append-only'; END $$ LANGUAGE plpgsql;"
        "CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();",
        "DROP TRIGGER audit_entry_append_only ON audit_entry; DROP FUNCTION audit_append_only();",
    )
]


def _run(which):
    def operation(apps, schema_editor):
        vendor = schema_editor.connection.vendor
        for pair in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[vendor]:
            schema_editor.execute(pair[which])

    return operation


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(_run(0), _run(1))]
