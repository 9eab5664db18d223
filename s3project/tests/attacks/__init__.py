"""Attacks on a live stack, replayed. What each is held by is in docs/security.md.

| attack | test |
|---|---|
| others' jobs and rules by their ids | test_ids_of_others.py |
| forged, altered and expired tokens | test_forged_tokens.py |
| presigned URLs changed to do something else | test_presigned_urls.py |
| requests smuggled past the front | test_smuggling.py |
| headers, URLs and nesting without end | test_bombs.py |
| script shown to operators, requests in an operator's name | test_operators.py |
| secrets, tokens and signatures in logs | test_logs.py |
| jobs for nothing, farms of users, guesses at secrets, photos without end | test_abuse.py |
| another's word on TLS, cookies without it | test_behind_tls.py |
| guesses at an operator's password | test_admin_login.py |
| photos that keep a decoder busy or bring it down | test_image_bombs.py |
| what the holder of a worker's secrets can do | test_worker_trust.py |
| inner doors of the storage | ../embedded/test_doors.py |
| rights of roles | ../embedded/test_database_roles.py, test_broker_roles.py |
| slow bodies, headers, readers and silence | ../embedded/test_front.py |
| another's forwarded address | ../embedded/test_front.py |
| work before refusal | jobs/tests/api/test_refusal_cost.py |
| rows and times that cost their sender nothing | test_for_nothing.py |
| guessing at operators | test_admin_login.py |
| photos that bring a decoder down | test_image_bombs.py |
| all secrets of a worker | test_worker_trust.py |
| a decoder that was taken over | jobs/tests/gpu/engine/cell/test_cell.py |
| workers for nothing by canceling in time | jobs/tests/delivery/test_fair_share.py |
"""
