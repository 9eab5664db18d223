-- == numbers from a seed
-- What is random is a hash of the seed, of a row's number and of what it is drawn for.
CREATE FUNCTION pg_temp.draw(number bigint, what int) RETURNS float8 LANGUAGE sql IMMUTABLE
RETURN ((hashint8extended(number, %(seed)s * 1000 + what) >> 11) & 9007199254740991)
       / 9007199254740992.0;
CREATE FUNCTION pg_temp.hex(number bigint, what int) RETURNS text LANGUAGE sql IMMUTABLE
RETURN md5(%(seed)s::text || ' ' || what::text || ' ' || number::text);
CREATE FUNCTION pg_temp.v7(made timestamptz, number bigint, what int) RETURNS uuid
LANGUAGE sql IMMUTABLE
RETURN (lpad(to_hex(floor(extract(epoch FROM made) * 1000)::bigint), 12, '0')
        || '7' || left(pg_temp.hex(number, what), 3) || '8'
        || substr(pg_temp.hex(number, what), 4, 15))::uuid;
CREATE FUNCTION pg_temp.public(prefix text, id uuid) RETURNS text LANGUAGE sql IMMUTABLE
RETURN prefix || '_' || replace(id::text, '-', '');

-- == jobs and their owners
-- A service that grows over two years. Few users make many of the jobs: the first about as many as
-- 100 / users^(1/3) of a hundred.
CREATE TEMP TABLE made AS
SELECT number,
       1 + floor(%(users)s * power(pg_temp.draw(number, 1), 3))::int AS owner,
       %(until)s::timestamptz
       - interval '730 days' * power((%(jobs)s - number + 0.5) / %(jobs)s, 1.5) AS created_at
  FROM generate_series(1, %(jobs)s::bigint) AS number;

CREATE TEMP TABLE owner AS
SELECT number,
       number <= %(users)s / 50 OR pg_temp.draw(number, 2) < 0.1 AS is_pro,
       coalesce(first_job,
                %(until)s::timestamptz - interval '730 days' * power(pg_temp.draw(number, 4), 1.5))
       - interval '10 minutes' * (0.1 + pg_temp.draw(number, 3)) AS created_at,
       last_job
  FROM generate_series(1, %(users)s::bigint) AS number
  LEFT JOIN (SELECT owner, min(created_at) AS first_job, max(created_at) AS last_job
               FROM made GROUP BY owner) AS their ON their.owner = number;
ALTER TABLE owner ADD id uuid;
UPDATE owner SET id = pg_temp.v7(created_at, number, 5);
CREATE UNIQUE INDEX ON owner (number);
ANALYZE owner;

-- == how the jobs went
-- One after the other of each user, so that a balance follows from the one before. Of refunds there
-- are as many as a page of the admin shows, however few jobs.
CREATE TEMP TABLE fact AS
WITH sized AS (
    SELECT made.*, owner.id AS user_id, owner.is_pro,
           CASE WHEN owner.is_pro AND pg_temp.draw(made.number, 6) < 0.05
                THEN 30 + floor(power(pg_temp.draw(made.number, 7), 2) * 171)
                ELSE 1 + floor(power(pg_temp.draw(made.number, 7), 2) * 10) END::int AS total,
           row_number() OVER own AS nth,
           lead(made.created_at) OVER own AS next_at,
           pg_temp.draw(made.number, 8) AS fate
      FROM made JOIN owner ON owner.number = made.owner
    WINDOW own AS (PARTITION BY made.owner ORDER BY made.number)
), fated AS (
    SELECT *,
           CASE WHEN next_at IS NULL AND number > %(jobs)s - greatest(10, %(jobs)s / 1000)
                THEN CASE WHEN fate < 0.25 THEN 'created' WHEN fate < 0.6 THEN 'uploaded'
                          WHEN fate < 0.8 OR total = 1 THEN 'queued' ELSE 'running' END
                WHEN fate < 0.93 THEN 'done'
                WHEN fate < 0.955 THEN 'failed'
                ELSE 'canceled' END AS status,
           created_at + least(
               interval '1 second' * (30 + 5 * total + 300 * pg_temp.draw(number, 9)),
               0.9 * (coalesce(next_at, %(until)s::timestamptz) - created_at)) AS ended_at
      FROM sized
)
SELECT number, owner, user_id, nth, status, total, created_at,
       pg_temp.v7(created_at, number, 10) AS id,
       CASE WHEN status IN ('done', 'failed', 'canceled') THEN ended_at END AS finished_at,
       CASE WHEN status IN ('queued', 'running')
            THEN greatest(created_at, %(until)s::timestamptz
                                      - interval '4 minutes' * pg_temp.draw(number, 11))
            WHEN status IN ('done', 'failed') OR status = 'canceled' AND fate >= 0.985
            THEN created_at + (ended_at - created_at) * 0.3 END AS queued_at,
       CASE WHEN status = 'failed' THEN total
            WHEN status = 'done' AND total > 1 AND pg_temp.draw(number, 12) < 0.12
            THEN 1 + floor((total - 1) * pg_temp.draw(number, 13) * 0.5)
            ELSE 0 END::int AS failed,
       CASE WHEN status = 'canceled' AND fate >= 0.985
            THEN floor(total * pg_temp.draw(number, 14))
            WHEN status = 'running' THEN greatest(1, floor(total * pg_temp.draw(number, 14)))
            ELSE 0 END::int AS done_before_end,
       CASE WHEN pg_temp.draw(number, 15) < 0.6 THEN 'interior' ELSE 'seller' END AS preset,
       status = 'done' AND pg_temp.draw(number, 16) < greatest(0.002, 80.0 / %(jobs)s) AS is_refunded
  FROM fated;
ALTER TABLE fact ADD done int, ADD paid int, ADD granted int, ADD balance int;
UPDATE fact SET done = CASE WHEN status = 'done' THEN total - failed ELSE done_before_end END;
CREATE UNIQUE INDEX ON fact (number);
ANALYZE fact;

-- == what they cost
-- Every twentieth job begins with a grant for the next twenty; a refund is of one credit.
CREATE TEMP TABLE account AS
WITH charged AS (
    SELECT number, owner, nth, total, is_refunded, (nth - 1) / 20 AS batch,
           CASE WHEN status = 'done' THEN done ELSE 0 END AS charge,
           status IN ('done', 'failed', 'canceled') AS is_settled
      FROM fact
), granted AS (
    SELECT *, CASE WHEN nth %% 20 = 1
                   THEN sum(total) OVER (PARTITION BY owner, batch) END AS batch_grant
      FROM charged
)
SELECT number, owner, batch, total, charge, is_settled, is_refunded, batch_grant::int,
       (sum(coalesce(batch_grant, 0) - charge + is_refunded::int) OVER own
        + charge - is_refunded::int)::int AS earned
  FROM granted
WINDOW own AS (PARTITION BY owner ORDER BY nth);
CREATE UNIQUE INDEX ON account (number);
ANALYZE account;

-- == users
INSERT INTO users_user
       (id, password, is_superuser, plan, auth_provider, email, device_hash, is_active, is_staff,
        created_at)
SELECT id, '!', false, CASE WHEN is_pro THEN 'pro' ELSE 'free' END, 'anon', NULL,
       CASE WHEN pg_temp.draw(number, 20) < 0.7
            THEN encode(sha256(pg_temp.hex(number, 21)::bytea), 'hex') END,
       pg_temp.draw(number, 22) >= 0.002, false, created_at
  FROM owner ORDER BY created_at;
INSERT INTO users_user
       (id, password, is_superuser, plan, auth_provider, email, device_hash, is_active, is_staff,
        created_at)
SELECT pg_temp.v7(made_at, number, 23), '!', number = 1, 'free', 'operator',
       'operator' || number || '@studio.example', NULL, true, true, made_at
  FROM (SELECT number, %(until)s::timestamptz - interval '30 days' * number AS made_at
          FROM generate_series(1, 20) AS number) AS operator;

INSERT INTO users_userlimiter
       (user_id, credits, active_jobs, rule_slots_used, stored_bytes, stored_at, stored_due_at)
SELECT owner.id,
       CASE WHEN is_pro THEN 200 ELSE 10 END + coalesce(balance, 0), coalesce(open, 0),
       (number <= %(users)s / 10)::int,
       coalesce(kept, 0) * 4000000::bigint,
       CASE WHEN kept > 0 THEN %(until)s::timestamptz END,
       CASE WHEN kept > 0 THEN %(until)s::timestamptz + interval '1 day' END
  FROM owner
  LEFT JOIN (
       SELECT owner,
              sum(coalesce(batch_grant, 0) + is_refunded::int
                  - CASE WHEN is_settled THEN charge ELSE total END) AS balance
         FROM account GROUP BY owner) AS final ON final.owner = number
  LEFT JOIN (
       SELECT owner, count(*) FILTER (WHERE finished_at IS NULL) AS open,
              sum(total) FILTER (WHERE coalesce(finished_at, created_at)
                                 > %(until)s::timestamptz - interval '30 days') AS kept
         FROM fact GROUP BY owner) AS jobs ON jobs.owner = number;

-- == rules and webhooks
INSERT INTO jobs_rule
       (id, user_id, name, preset_id, concepts, protect, protect_defaulted, created_at, updated_at)
SELECT pg_temp.v7(created_at, number, 30), id, 'Oak floors ' || number, 'interior',
       '{"Floor": {"action": "recolor", "value": "oak_a"}}', '["Grout"]', false,
       created_at, created_at
  FROM owner WHERE number <= %(users)s / 10;
INSERT INTO jobs_webhook
       (id, user_id, url, description, events, secret, old_secret, enabled, off_reason,
        last_success_at, created_at, updated_at)
SELECT pg_temp.v7(created_at, number, 31), id, 'https://hooks.example.com/s3/' || number, '',
       '{job.done,job.failed}', 'whsec_' || encode(sha256(pg_temp.hex(number, 32)::bytea), 'base64'),
       '', true, '', last_job, created_at, created_at
  FROM owner WHERE number <= %(users)s / 20;

-- == sessions and keys
-- Those that are not forgotten yet: of whoever came in the last three months.
INSERT INTO users_session (id, user_id, refresh_digest, created_at, expires_at, revoked_at)
SELECT pg_temp.v7(created_at, number, 40), id,
       encode(sha256(pg_temp.hex(number, 41)::bytea), 'hex'), created_at,
       coalesce(last_job, created_at) + interval '90 days',
       CASE WHEN pg_temp.draw(number, 42) < 0.02 THEN coalesce(last_job, created_at) END
  FROM owner
 WHERE coalesce(last_job, created_at) > %(until)s::timestamptz - interval '119 days';
INSERT INTO users_spentrefreshtoken (digest, session_id, spent_at)
SELECT encode(sha256((s.id::text || nth)::bytea), 'hex'), s.id,
       s.created_at + nth * interval '1 day'
  FROM users_session AS s, generate_series(1, 3) AS nth
 WHERE s.created_at + nth * interval '1 day' < s.expires_at - interval '90 days';
INSERT INTO users_apikey
       (id, user_id, name, digest, prefix, created_at, last_used_at)
SELECT pg_temp.v7(created_at, number, 43), id, 'server',
       encode(sha256(pg_temp.hex(number, 44)::bytea), 'hex'),
       's3k_' || left(pg_temp.hex(number, 44), 6), created_at, date_trunc('hour', last_job)
  FROM owner WHERE is_pro AND pg_temp.draw(number, 45) < 0.5;

-- == jobs: each batch
INSERT INTO jobs_jobcoordinator
       (id, user_id, status, preset, concepts, protect, protect_defaulted, rule_id,
        output_template, metadata, total_items, done_items, failed_items, canceled_charge,
        overtime_ms, created_at, updated_at, queued_at, finished_at, storage_deleted_at,
        archived_at)
SELECT fact.id, user_id, status, preset,
       CASE WHEN queued_at IS NULL THEN '{}'
            WHEN preset = 'interior' THEN '{"Floor": {"action": "recolor", "value": "oak_a"}, '
                                          '"Wall": {"action": "tone", "value": "warm"}}'
            ELSE '{"Body": {"action": "recolor", "value": "navy"}}' END::json,
       CASE WHEN queued_at IS NULL THEN '{}'
            WHEN preset = 'interior' THEN '{Grout,Frame_Molding,Glass_highlight}'
            ELSE '{Label_Text,Logo,Gloss}' END::text[],
       queued_at IS NOT NULL,
       CASE WHEN fact.owner <= %(users)s / 10 AND preset = 'interior' AND queued_at IS NOT NULL
                 AND pg_temp.draw(fact.number, 50) < 0.1
            THEN pg_temp.v7(owner.created_at, owner.number, 30) END,
       CASE WHEN preset = 'interior' AND queued_at IS NOT NULL
                 AND pg_temp.draw(fact.number, 51) < 0.2 THEN '전후비교' END,
       CASE WHEN pg_temp.draw(fact.number, 52) < 0.3
            THEN jsonb_build_object('order', 'A-' || fact.number) ELSE '{}' END,
       total, done, failed, 0,
       CASE WHEN pg_temp.draw(fact.number, 53) < 0.001 AND done > 0 THEN 120000 ELSE 0 END,
       fact.created_at, coalesce(finished_at, queued_at, fact.created_at), queued_at, finished_at,
       CASE WHEN finished_at < %(until)s::timestamptz - interval '30 days'
            THEN finished_at + interval '30 days' END,
       CASE WHEN finished_at < %(until)s::timestamptz - interval '90 days'
            THEN finished_at + interval '90 days' END
  FROM fact JOIN owner ON owner.number = fact.owner
 WHERE fact.number BETWEEN %(first)s AND %(last)s
 ORDER BY fact.number;

-- == photos: each batch
CREATE TEMP TABLE photo AS
SELECT fact.number, fact.id AS job_id, idx, fact.finished_at, fact.status AS job_status,
       CASE WHEN idx < failed THEN 'failed' WHEN idx < failed + done THEN 'done'
            ELSE 'pending' END AS status,
       pg_temp.public('u', user_id) || '/' || pg_temp.public('job', fact.id) || '/' AS folder,
       pg_temp.public('job', fact.id) || ':' || idx AS stem,
       CASE WHEN idx < failed
            THEN (ARRAY['the photo could not be decoded', 'no photo was uploaded',
                        'nothing to change: Floor is protected', 'worker_lost', 'timeout'])
                 [1 + floor(5 * pg_temp.draw(fact.number, 54))::int] ELSE '' END AS error
  FROM fact, generate_series(0, total - 1) AS idx
 WHERE fact.number BETWEEN %(first)s AND %(last)s;

INSERT INTO jobs_jobitem
       (job_id, idx, status, input_key, name, output_key, preview_key, error, warnings,
        idempotency_key, attempt, lease_expires_at, claimed_by)
SELECT job_id, idx, status, 'inputs/' || folder || idx || '.jpg',
       'photo ' || idx || '.jpg',
       CASE status WHEN 'done' THEN 'outputs/' || folder || idx || '_result.png' ELSE '' END,
       CASE status WHEN 'done' THEN 'previews/' || folder || idx || '_thumb.jpg' ELSE '' END,
       error, '{}', CASE WHEN status <> 'pending' THEN stem || ':attempt1' END,
       CASE WHEN status <> 'pending' OR job_status IN ('queued', 'running') AND idx < 4
            THEN 1 ELSE 0 END,
       CASE WHEN status = 'pending' AND job_status IN ('queued', 'running') AND idx < 4
            THEN %(until)s::timestamptz + interval '15 minutes' END,
       CASE status WHEN 'done' THEN 'gpu-' || number %% 20 || ':1' ELSE '' END
  FROM photo
 WHERE finished_at IS NULL OR finished_at >= %(until)s::timestamptz - interval '90 days'
 ORDER BY number, idx;

INSERT INTO job_items_log
       (job_id, idx, name, status, input_key, output_key, preview_key, error, warnings)
SELECT job_id, idx, 'photo ' || idx || '.jpg', status, 'inputs/' || folder || idx || '.jpg',
       CASE status WHEN 'done' THEN 'outputs/' || folder || idx || '_result.png' ELSE '' END,
       CASE status WHEN 'done' THEN 'previews/' || folder || idx || '_thumb.jpg' ELSE '' END,
       error, '{}'
  FROM photo
 WHERE finished_at IS NOT NULL
 ORDER BY number, idx;

INSERT INTO jobs_log
       (job_id, user_id, created_at, finished_at, status, preset, rule_id, concepts_json,
        protect_json, params_json, cost_estimate, error)
SELECT id, user_id, created_at, job.finished_at, job.status, preset, rule_id, concepts,
       to_jsonb(protect), jsonb_build_object('output_template', output_template), total_items,
       CASE job.status WHEN 'failed' THEN photo.error ELSE '' END
  FROM fact JOIN jobs_jobcoordinator AS job USING (id, user_id, created_at, preset)
  JOIN photo ON photo.job_id = job.id AND photo.idx = 0
 WHERE fact.number BETWEEN %(first)s AND %(last)s AND job.finished_at IS NOT NULL
 ORDER BY fact.number;
DROP TABLE photo;

-- == reservations and the ledger: each batch
INSERT INTO users_reservation
       (job_id, limiter_id, item_count, reserved_at, released_at, outcome)
SELECT id, user_id, total, created_at, finished_at,
       CASE WHEN finished_at IS NULL THEN '' WHEN status = 'done' THEN 'commit'
            ELSE 'rollback' END
  FROM fact WHERE number BETWEEN %(first)s AND %(last)s ORDER BY number;

INSERT INTO billing_events (id, user_id, type, amount, balance_after, ref, created_at)
SELECT pg_temp.v7(at, number, 60 + place), user_id, type, amount,
       CASE WHEN is_pro THEN 200 ELSE 10 END + earned + step, ref, at
  FROM (
       SELECT fact.number, fact.user_id, is_pro, earned, event.*
         FROM fact JOIN account USING (number) JOIN owner ON owner.number = fact.owner
        CROSS JOIN LATERAL (VALUES
              (0, 'grant', batch_grant, 0, 'invoice ' || batch,
               fact.created_at - interval '1 second'),
              (1, 'reserve', -fact.total, -fact.total, pg_temp.public('job', fact.id),
               fact.created_at),
              (2, CASE fact.status WHEN 'done' THEN 'commit' ELSE 'rollback' END,
               fact.total - charge, -charge, pg_temp.public('job', fact.id), fact.finished_at),
              (3, 'refund', CASE WHEN account.is_refunded THEN 1 END, 1 - charge,
               pg_temp.public('job', fact.id), fact.finished_at)
              ) AS event (place, type, amount, step, ref, at)
        WHERE fact.number BETWEEN %(first)s AND %(last)s
       ) AS events
 WHERE at IS NOT NULL AND amount IS NOT NULL
 ORDER BY number, place;

-- == packages, deliveries and answers: each batch
INSERT INTO jobs_jobpackage
       (job_id, template, edition, options, status, files, bytes, error, asked_at, waits_since,
        reported_attempt, attempt, claimed_by)
SELECT id, 'before_after', 1, '{}', 'ready', done_items, done_items * 900000::bigint, '',
       job.finished_at, job.finished_at, 1, 1, 'gpu-1:1'
  FROM fact JOIN jobs_jobcoordinator AS job USING (id)
 WHERE fact.number BETWEEN %(first)s AND %(last)s
   AND job.status = 'done' AND output_template IS NOT NULL AND archived_at IS NULL
 ORDER BY fact.number;
INSERT INTO jobs_webhookdelivery
       (id, webhook_id, type, job_id, status, attempts, retries, due_at, last_try_at,
        response_status, created_at)
SELECT pg_temp.v7(finished_at, fact.number, 70),
       pg_temp.v7(owner.created_at, owner.number, 31), 'job.' || status, fact.id,
       CASE WHEN pg_temp.draw(fact.number, 71) < 0.01 THEN 'failed' ELSE 'delivered' END, 1, 1,
       finished_at, finished_at,
       CASE WHEN pg_temp.draw(fact.number, 71) < 0.01 THEN 500 ELSE 200 END, finished_at
  FROM fact JOIN owner ON owner.number = fact.owner
 WHERE fact.number BETWEEN %(first)s AND %(last)s
   AND fact.owner <= %(users)s / 20 AND status IN ('done', 'failed')
   AND finished_at > %(until)s::timestamptz - interval '14 days'
 ORDER BY fact.number;
INSERT INTO users_idempotentrequest (user_id, key, fingerprint, status, data, created_at)
SELECT user_id, 'order-' || number, encode(sha256(id::text::bytea), 'hex'), 201,
       jsonb_build_object('job_id', pg_temp.public('job', id)), created_at
  FROM fact
 WHERE number BETWEEN %(first)s AND %(last)s AND pg_temp.draw(number, 72) < 0.3
   AND created_at > %(until)s::timestamptz - interval '24 hours'
 ORDER BY number;

-- == the ledger's beginning
INSERT INTO billing_events (id, user_id, type, amount, balance_after, ref, created_at)
SELECT pg_temp.v7(created_at, number, 65), id, 'grant', 10, 10, 'plan:free', created_at
  FROM owner ORDER BY created_at;
INSERT INTO billing_events (id, user_id, type, amount, balance_after, ref, created_at)
SELECT pg_temp.v7(created_at + interval '1 second', number, 66), id, 'grant', 190, 200,
       'plan:pro', created_at + interval '1 second'
  FROM owner WHERE is_pro ORDER BY created_at;

-- == the audit log
INSERT INTO acts
       (id, created_at, action, actor_kind, actor_id, actor_name, address, object_kind, object_id,
        reason, request_id, details)
SELECT pg_temp.v7(at, number, 80 + place), at, action, kind,
       CASE kind WHEN 'user' THEN actor WHEN 'operator' THEN boss END,
       CASE kind WHEN 'operator' THEN boss_name ELSE '' END,
       CASE kind WHEN 'system' THEN NULL
            ELSE ('10.' || number %% 256 || '.' || number / 256 %% 256 || '.7')::inet END,
       object_kind, object_id, reason,
       CASE kind WHEN 'user' THEN pg_temp.hex(number, 85)::uuid END, details::jsonb
  FROM (
       SELECT number, created_at AS at, 0 AS place, 'credits.granted' AS action,
              'operator' AS kind, NULL::uuid AS actor, 'user' AS object_kind,
              pg_temp.public('u', user_id) AS object_id, 'paid' AS reason,
              '{"amount": ' || batch_grant || '}' AS details
         FROM fact JOIN account USING (number) WHERE batch_grant IS NOT NULL
       UNION ALL
       SELECT number, finished_at, 1, 'credits.refunded', 'operator', NULL, 'user',
              pg_temp.public('u', user_id), 'a photo came out wrong', '{"amount": 1}'
         FROM fact WHERE is_refunded
       UNION ALL
       SELECT number, finished_at, 2, 'job.canceled', 'user', user_id, 'job',
              pg_temp.public('job', id), '', '{"status": "canceled"}'
         FROM fact WHERE status = 'canceled'
       UNION ALL
       SELECT number, created_at, 3, 'webhook.created', 'user', id, 'webhook',
              pg_temp.public('wh', pg_temp.v7(created_at, number, 31)), '', '{}'
         FROM owner WHERE number <= %(users)s / 20
       UNION ALL
       SELECT number, at, 4, 'operator.signed_in', 'operator', NULL, '', '', '', '{}'
         FROM generate_series(1, 1460) AS number
        CROSS JOIN LATERAL (VALUES (%(until)s::timestamptz - interval '12 hours' * number))
              AS times (at)
       ) AS did
  JOIN (SELECT row_number() OVER (ORDER BY created_at) - 1 AS place_of, id AS boss,
               email AS boss_name
          FROM users_user WHERE is_staff) AS operators ON place_of = number %% 20
 ORDER BY at;
INSERT INTO jobs_auditrun (started_at, seconds, rows, violations)
SELECT %(until)s::timestamptz - interval '1 hour' * number, 1 + pg_temp.draw(number, 90),
       %(jobs)s, '{}'
  FROM generate_series(720, 1, -1) AS number;
INSERT INTO jobs_workerhost (host, backend, concepts, first_seen_at, seen_at)
SELECT 'gpu-' || number, 'sam3', NULL, %(until)s::timestamptz - interval '30 days' * number,
       %(until)s::timestamptz - interval '1 minute'
  FROM generate_series(0, 19) AS number;

-- == statistics
DROP TABLE made, owner, fact, account;
