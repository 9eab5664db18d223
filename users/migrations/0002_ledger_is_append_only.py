"""The database itself refuses to change or delete a row of the ledger (contract §1.3)."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION billing_events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'billing_events is append-only' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER billing_events_append_only
BEFORE UPDATE OR DELETE ON billing_events
FOR EACH STATEMENT EXECUTE FUNCTION billing_events_are_append_only();
"""

BACKWARD = """
DROP TRIGGER billing_events_append_only ON billing_events;
DROP FUNCTION billing_events_are_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("users", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
