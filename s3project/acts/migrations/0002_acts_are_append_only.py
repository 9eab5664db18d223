"""The database itself refuses to change, delete or truncate the audit log.

What is too old goes by its owner's hand: docs/operations.md.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION acts_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'acts is append-only' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER acts_append_only
BEFORE UPDATE OR DELETE ON acts
FOR EACH STATEMENT EXECUTE FUNCTION acts_are_append_only();
CREATE TRIGGER acts_not_truncated
BEFORE TRUNCATE ON acts
FOR EACH STATEMENT EXECUTE FUNCTION acts_are_append_only();
"""

BACKWARD = """
DROP TRIGGER acts_not_truncated ON acts;
DROP TRIGGER acts_append_only ON acts;
DROP FUNCTION acts_are_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("acts", "0001_acts")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
