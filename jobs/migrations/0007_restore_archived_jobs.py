from django.db import migrations

# Until now an archived job had no row: its history was all there was of it. When it was queued is
# not known any more; that it was is what a CHECK asks of a job that is done or failed.
RESTORE = """
    INSERT INTO jobs_jobcoordinator
           (id, user_id, status, preset, concepts, protect, rule_id, output_template,
            total_items, done_items, failed_items,
            created_at, updated_at, queued_at, finished_at, storage_deleted_at, archived_at)
    SELECT log.job_id, log.user_id, log.status, log.preset, log.concepts_json,
           ARRAY(SELECT jsonb_array_elements_text(log.protect_json)), log.rule_id,
           log.params_json->>'output_template', log.cost_estimate,
           (SELECT count(*) FROM job_items_log item
             WHERE item.job_id = log.job_id AND item.status = 'done'),
           (SELECT count(*) FROM job_items_log item
             WHERE item.job_id = log.job_id AND item.status = 'failed'),
           log.created_at, log.finished_at,
           CASE WHEN log.status IN ('done', 'failed') THEN log.created_at END,
           log.finished_at, log.finished_at, log.archived_at
      FROM jobs_log log
     WHERE log.archived_at IS NOT NULL
        ON CONFLICT (id) DO NOTHING
"""


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0006_keep_job_rows'),
    ]

    operations = [
        migrations.RunSQL(RESTORE, migrations.RunSQL.noop),
        migrations.RemoveIndex(
            model_name='joblog',
            name='jobs_log_archived',
        ),
        migrations.RemoveField(
            model_name='joblog',
            name='archived_at',
        ),
    ]
