"""Contract §3.4, §3.5, §3.6, §3.7 and §3.8, cut into rows: each with the tests that hold it.

`test_rows.py` sees to it that no word of these sections is without a row, and that the tests are
there. A test is named by its file, below jobs/tests unless it begins with another folder.
"""

LOOK = "api/test_second_look.py::"
PACK = "api/test_packages.py::"
LIVE = "test_packages_live.py::"
STREAM = "stream/test_streams.py::"
TICKET = "stream/test_tickets.py::"
ADMIT = "stream/test_admission.py::"
HOOK = "webhooks/test_webhook_api.py::"
SENDER = "webhooks/test_sender.py::"
POST = "webhooks/test_posting.py::"
ADDRESS = "webhooks/test_addresses.py::"
KEY = "users/tests/api/test_api_keys.py::"
DELETE = "api/test_delete_job.py::"
ERASE = "upkeep/test_erasure.py::"
C_LOOK = "contract/test_same_photos.py::"
C_PACK = "contract/test_packages.py::"
C_HOOK = "contract/test_webhooks.py::"
C_KEY = "contract/test_keys.py::"

ROWS: dict[str, tuple[tuple[str, ...], ...]] = {
    "3.4": (
        (
            'POST /jobs {"source_job_id", "only"?: "failed"|"all" (default all), "items"?: [idx…], '
            '"preset"?} (no item_count',
            LOOK + "test_all_photos_of_a_job_are_there_again_uploaded_charged_and_shared",
            LOOK + "test_what_the_source_does_not_have_is_refused_without_effect",
        ),
        (
            "the preset is the source's unless given)",
            C_LOOK + "test_the_preset_is_the_sources_unless_another_one_is_given",
        ),
        (
            "a new job over photos that a job of the same user holds already: no upload, status "
            "uploaded at once",
            LOOK + "test_all_photos_of_a_job_are_there_again_uploaded_charged_and_shared",
        ),
        (
            "idx numbered anew (in the order of items)",
            LOOK + "test_the_photos_that_are_named_come_in_their_order",
        ),
        (
            'each item with source {"job_id","idx"}',
            LOOK + "test_all_photos_of_a_job_are_there_again_uploaded_charged_and_shared",
            LOOK + "test_the_archive_remembers_where_photos_were_from",
        ),
        (
            "charged and admitted like any job.",
            LOOK + "test_it_is_admitted_like_any_job",
            LOOK + "test_it_is_executed_like_any_other_and_finishes",
        ),
        (
            'Retrying what failed is only: "failed".',
            LOOK + "test_only_what_failed_is_tried_again_numbered_anew",
            LOOK + "test_of_the_photos_that_are_named_only_the_failed_ones",
        ),
        (
            "The source's photos are kept while any job that uses them is kept",
            C_LOOK + "test_the_photos_of_a_deleted_source_go_with_the_last_job_that_uses_them",
            DELETE + "test_photos_that_another_job_uses_stay_for_it",
            "upkeep/test_shared_photos.py::"
            "test_no_kept_job_ever_misses_a_photo_and_none_is_left_over",
        ),
        (
            "a source that is expired or whose inputs are gone → 409 SOURCE_GONE",
            LOOK + "test_a_source_whose_photos_are_not_kept_is_gone_and_nothing_is_charged",
            DELETE + "test_its_photos_can_be_looked_at_no_more",
        ),
        ("somebody else's → 404", LOOK + "test_somebody_elses_job_does_not_exist"),
        (
            "one that is not confirmed yet → 409 INVALID_TRANSITION",
            LOOK + "test_a_source_whose_upload_is_not_confirmed_is_refused",
        ),
        (
            "no photo that is meant → 400",
            LOOK + "test_what_the_source_does_not_have_is_refused_without_effect",
        ),
        (
            "Masks are remembered, so a second look costs the edit only.",
            "test_end_to_end.py::"
            "test_a_second_look_edits_the_same_photo_and_does_not_look_for_the_wall_again",
        ),
        (
            "An item's input_key in the row is the truth; nothing recomputes it.",
            C_LOOK + "test_the_key_in_the_row_is_what_a_worker_reads_whatever_it_is",
        ),
    ),
    "3.5": (
        (
            "What the presets' templates promise is made.",
            LIVE + "test_what_the_templates_of_a_room_promise",
            LIVE + "test_what_the_templates_of_a_product_promise",
        ),
        (
            'A package belongs to a job and a template: {"template","status":'
            '"pending"|"ready"|"failed","files":n,"bytes","url","board_url","error"}.',
            PACK + "test_a_ready_package_says_where_it_is_and_what_it_is_saved_as",
            PACK + "test_a_failed_package_says_why_and_no_more_than_a_client_may_read",
        ),
        (
            "output_template of execute asks for one (§3.2)",
            C_PACK + "test_the_order_names_a_package_and_the_last_photo_begins_it",
        ),
        (
            'POST /jobs/{id}/packages {"template": …, "options"?: {…}} → 202 asks for another one '
            "of a done job",
            PACK + "test_a_package_is_asked_for_by_id_or_alias",
            PACK + "test_a_job_that_is_not_done_has_none",
        ),
        ("GET /jobs/{id}/packages lists.", PACK + "test_a_package_is_asked_for_by_id_or_alias"),
        (
            "A template is named by its id or its ASCII alias",
            PACK + "test_a_package_is_asked_for_by_id_or_alias",
        ),
        (
            "here an unknown one is 400 with the known ones.",
            PACK + "test_what_is_refused_says_what_is_wrong",
        ),
        (
            "Packages cost no credits",
            C_PACK + "test_a_package_costs_nothing_whatever_becomes_of_it",
        ),
        (
            "are made after the job is done by the workers (same leases, attempts, rescue and "
            "callback authentication as items: POST /jobs/{id}/packages/{template}/callback)",
            C_PACK + "test_leases_attempts_and_rescue_are_those_of_photos",
            PACK + "test_a_worker_claims_and_reports",
            PACK + "test_whoever_has_neither_secret_nor_token_is_refused",
            "gpu/test_packer.py::"
            "test_an_outage_of_the_storage_is_waited_out_and_counts_against_nobody",
        ),
        (
            "never delay or fail the job",
            C_PACK + "test_a_job_is_done_before_its_package_and_stays_what_it_was",
        ),
        (
            "can be asked for again",
            C_PACK + "test_one_is_asked_for_again_and_again_whatever_became_of_it",
        ),
        ("expire with the results", C_PACK + "test_packages_expire_with_the_results"),
        (
            "and are deleted with a cancel.",
            C_PACK + "test_a_cancel_leaves_no_package_and_what_comes_late_makes_none",
            "upkeep/test_package_objects.py::test_a_canceled_job_keeps_no_package",
        ),
        (
            "url is a ZIP with plain names; board_url a JPEG overview.",
            LIVE + "test_what_the_templates_of_a_room_promise",
            "gpu/test_packer.py::test_archive_and_board_are_stored_and_reported",
        ),
        (
            "any | 전체 (all) | every result, named, and a contact sheet",
            LIVE + "test_everything_by_a_worker_with_keys",
        ),
        (
            "interior | 시안3안팩 (three_looks) | every photo in three looks (modern, natural, "
            "hotel: data of the preset, over the concepts that the photo has, protect kept) and a "
            "board: before and three",
            LIVE + "test_what_the_templates_of_a_room_promise",
        ),
        (
            "interior | 전후비교 (before_after) | per photo before and after side by side, same "
            "crop, a thin line",
            LIVE + "test_what_the_templates_of_a_room_promise",
        ),
        (
            "interior | 고객공유카드 (share_card) | per photo one card 1080×1350: before, after, "
            "the palette with swatches and names",
            LIVE + "test_what_the_templates_of_a_room_promise",
        ),
        (
            "seller | 상품팩 (product_pack) | main (square, product centred on white), four "
            "details of it, the further photos as worn and package",
            LIVE + "test_what_the_templates_of_a_product_promise",
        ),
        (
            "seller | 옵션보드 (option_board) | the product in each colour of options.colors "
            "(≤ 12; default six of the vocabulary) and one board",
            LIVE + "test_what_the_templates_of_a_product_promise",
            PACK + "test_what_is_refused_says_what_is_wrong",
        ),
        (
            "seller | 썸네일8종 (thumbnails_8) | eight sizes of marketplaces and social networks, "
            "product centred, named by size",
            LIVE + "test_what_the_templates_of_a_product_promise",
        ),
    ),
    "3.6": (
        (
            "GET /jobs/{id}/events is a text/event-stream: on connection one snapshot (what "
            "GET /jobs/{id} says)",
            STREAM + "test_the_life_of_a_job_is_heard_as_it_happens",
            ADMIT + "test_a_snapshot_is_what_a_poll_says_byte_for_byte",
        ),
        (
            "then item, job, package as they change, each with the job's version as id",
            STREAM + "test_the_life_of_a_job_is_heard_as_it_happens",
            STREAM + "test_a_package_is_heard_and_the_end_waits_for_it",
            "stream/test_changes.py::test_whoever_merges_all_events_knows_the_job_as_it_is",
        ),
        (
            "Last-Event-ID equal to the present version sends no snapshot",
            STREAM + "test_who_comes_again_with_what_is_so_still_is_told_what_follows_only",
            ADMIT + "test_who_knows_the_present_version_is_told_nothing_again",
        ),
        ("a comment every 15 s", STREAM + "test_a_sign_out_ends_open_streams_within_a_minute"),
        (
            "end after the last event of a finished job with no pending package.",
            STREAM + "test_a_package_is_heard_and_the_end_waits_for_it",
            ADMIT
            + "test_a_finished_job_ends_at_once_and_whoever_heard_the_end_need_not_come_again",
        ),
        (
            "Changes are coalesced (at most five a second).",
            STREAM + "test_many_changes_at_once_are_few_events",
        ),
        (
            "Browsers cannot send headers with EventSource: events_url of the job carries a ticket "
            "(signed, this job only, an hour).",
            TICKET + "test_the_ticket_of_a_poll_opens_its_events_and_lasts_most_of_an_hour",
            TICKET + "test_a_ticket_is_refused_when_it_has_expired_is_altered_or_for_another_job",
        ),
        (
            "It is served by a process of its own (ASGI), so that no watcher holds a thread or a "
            "database connection of the API; a thousand watchers cost memory only.",
            STREAM + "test_the_process_is_reached_through_the_front_only",
            STREAM + "test_streams_of_one_user_and_of_all_are_limited",
        ),
        (
            "The hint comes through the broker, the truth from the database; a lost hint costs at "
            "most 5 s.",
            STREAM + "test_a_change_that_no_hint_tells_of_is_heard_within_five_seconds",
        ),
    ),
    "3.7": (
        (
            "Standard Webhooks (symmetric, whsec_), so that receivers use the existing libraries.",
            "webhooks/test_documented_receivers.py::"
            "test_a_documented_receiver_takes_what_is_ours_and_nothing_else",
        ),
        (
            'POST /webhooks {"url","events"?,"description"?} → 201 with the secret, shown once; '
            "GET /webhooks, GET|PATCH|DELETE /webhooks/{id}",
            HOOK + "test_a_webhook_is_made_with_its_secret_which_is_shown_once",
            HOOK + "test_changes_keep_the_rest_and_off_and_on_is_a_new_start",
            HOOK + "test_the_sixth_is_refused_until_one_is_deleted",
        ),
        (
            "POST …/rotate (both secrets sign for 24 h)",
            HOOK + "test_a_rotation_shows_the_new_secret_once_and_keeps_the_old_one_for_a_day",
            SENDER + "test_after_a_rotation_both_secrets_sign_until_the_old_one_ends",
        ),
        ("POST …/test", HOOK + "test_a_test_and_a_resend_are_on_their_way_at_once"),
        (
            "GET …/deliveries (pages: status, attempts, response status, first 1 kB of the body, "
            "next try)",
            HOOK + "test_deliveries_come_in_pages_newest_first",
            C_HOOK + "test_the_log_says_what_was_tried_what_was_answered_and_when_the_next_try_is",
        ),
        (
            "POST …/deliveries/{id}/resend.",
            C_HOOK + "test_a_resend_of_what_failed_comes_under_the_same_id_with_fresh_urls",
        ),
        (
            'At most 5 per user. The sixth is 403 WEBHOOK_LIMIT {"limit"}',
            HOOK + "test_the_sixth_is_refused_until_one_is_deleted",
        ),
        (
            "a test of, or a resend to, one that is off 409 WEBHOOK_OFF.",
            HOOK + "test_changes_keep_the_rest_and_off_and_on_is_a_new_start",
            C_HOOK + "test_a_resend_of_what_failed_comes_under_the_same_id_with_fresh_urls",
        ),
        (
            "Events: job.done, job.failed, job.canceled, package.ready, package.failed, and on "
            'request item.done, item.failed. Payload {"type","timestamp","data": <the job as GET '
            "shows it>}, of an item's event also idx, of a package's template",
            C_HOOK + "test_every_event_that_is_wanted_comes_and_says_the_job_as_get_does",
            HOOK + "test_events_are_those_that_were_asked_for_each_once",
        ),
        (
            "URLs signed when it is sent.",
            C_HOOK + "test_a_resend_of_what_failed_comes_under_the_same_id_with_fresh_urls",
        ),
        (
            "The row is written in the transaction of the event (outbox)",
            "webhooks/test_events.py::test_events_are_written_for_whoever_wants_them",
            "webhooks/test_sender_killed.py::"
            "test_every_settlement_is_told_under_one_id_however_often_the_sender_dies",
        ),
        (
            "sent by the maintenance side under a lease",
            "webhooks/test_sender_faults.py::"
            "test_what_one_sender_has_no_other_takes_until_the_lease_ends",
        ),
        ("10 s timeout", POST + "test_whoever_holds_the_line_is_cut_off_in_time"),
        (
            "2xx is success, no redirects",
            POST + "test_no_redirect_is_followed",
            SENDER + "test_a_redirect_is_a_failure",
        ),
        (
            "tries after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h with jitter",
            SENDER + "test_what_fails_is_tried_again_ten_times_in_all_under_one_id",
        ),
        (
            "410 or five days of failure switch the endpoint off.",
            SENDER + "test_gone_switches_the_endpoint_off_at_once",
            SENDER + "test_five_days_without_a_success_switch_it_off_and_what_waits_is_kept",
        ),
        (
            "Order is not promised, webhook-id is stable.",
            SENDER + "test_what_fails_is_tried_again_ten_times_in_all_under_one_id",
        ),
        (
            "Only http(s) to public addresses: resolved once, checked (private, loopback, "
            "link-local, metadata and mapped forms refused, also after a redirect or a second "
            "resolution), connection pinned to the checked address",
            ADDRESS + "test_what_only_some_can_reach_is_closed",
            ADDRESS + "test_a_url_that_leads_elsewhere_or_could_be_read_so_is_refused",
            POST + "test_a_name_that_leads_inside_is_not_connected_to",
            POST + "test_a_name_is_asked_for_once_so_that_it_cannot_answer_twice",
        ),
        (
            "operators may allow networks (WEBHOOK_ALLOW_NETWORKS), the one-machine stack allows "
            "loopback. http only where allowed likewise.",
            ADDRESS + "test_an_operator_opens_networks_and_no_disguise_of_them",
            ADDRESS + "test_http_is_for_where_it_is_allowed",
            SENDER + "test_an_address_that_is_no_longer_allowed_is_not_sent_to",
        ),
    ),
    "3.8": (
        (
            'API keys for servers: POST /me/keys {"name","expires_at"?} → 201 '
            '{"id","key":"s3k_…"} once',
            KEY + "test_a_key_is_shown_once_and_only_its_digest_is_kept",
            KEY + "test_a_key_that_has_expired_says_so",
        ),
        (
            "GET /me/keys (prefix, created, last used to the hour)",
            KEY + "test_its_last_use_is_known_to_the_hour",
        ),
        ("DELETE /me/keys/{id}", KEY + "test_a_deleted_key_is_worth_nothing_at_once"),
        (
            "used as Authorization: Bearer s3k_…",
            C_KEY + "test_a_server_orders_watches_and_deletes_by_its_key",
            KEY + "test_a_key_does_what_its_user_may",
        ),
        ("stored as a digest", KEY + "test_a_key_is_shown_once_and_only_its_digest_is_kept"),
        (
            "found by one indexed read",
            KEY + "test_using_it_costs_one_statement_as_a_token_does_and_one_more_an_hour",
        ),
        (
            '≤ 10 per user, ends with the user. The eleventh is 403 KEY_LIMIT {"limit"}.',
            KEY + "test_there_are_at_most_ten",
            KEY + "test_keys_end_with_their_user",
        ),
        (
            "Operators issue one with manage.py issue_key.",
            KEY + "test_an_operator_issues_one_from_the_command_line",
        ),
        (
            "DELETE /jobs/{id} (finished only, else 409)",
            DELETE + "test_an_unfinished_job_is_refused",
            DELETE + "test_a_finished_job_is_expired_at_once_and_keeps_its_history",
        ),
        (
            "its photos, results, masks and packages go at once",
            DELETE + "test_its_objects_go_at_once_and_whatever_comes_late_in_the_end",
            "upkeep/test_package_objects.py::test_a_deleted_job_leaves_nothing_of_its_packages",
        ),
        (
            "history and ledger stay, the job shows expired.",
            C_KEY
            + "test_a_deleted_job_shows_no_result_and_no_package_and_keeps_its_place_and_its_books",
        ),
        (
            "DELETE /me: cancels and deletes all of that",
            ERASE + "test_nothing_that_the_user_wrote_is_left_in_any_column_or_folder",
        ),
        (
            "ends tokens and keys, makes the user anonymous",
            ERASE + "test_every_token_and_key_ends_at_once",
        ),
        (
            "the ledger keeps its numbers.",
            ERASE + "test_the_ledger_keeps_its_numbers_and_unfinished_jobs_are_refunded",
        ),
        (
            "The tokens end with the answer, the rest within a minute.",
            ERASE + "test_every_token_and_key_ends_at_once",
            "s3project/tests/test_schedule.py::"
            "test_who_deletes_the_account_waits_for_no_more_than_a_minute",
        ),
    ),
}
