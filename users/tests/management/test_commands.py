"""`manage.py set_plan` and `manage.py grant_credits`."""

import os
import pwd
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from s3project import ids
from s3project.acts.models import Act
from users.models import User
from users.tests.factories import ledger_of, limiter_of, make_user
from users.tests.operators import make_operator

pytestmark = pytest.mark.django_db


REASON = "the photos of March"


def said(name: str, *arguments: str) -> str:
    out = StringIO()
    call_command(name, f"--reason={REASON}", *arguments, stdout=out)
    return out.getvalue().strip()


def refusal(name: str, *arguments: str) -> str:
    with pytest.raises(CommandError) as caught:
        call_command(name, f"--reason={REASON}", *arguments)
    return str(caught.value)


def test_set_plan_says_what_moved_and_what_came_with_it() -> None:
    user = make_user()

    assert said("set_plan", user.public_id, "pro") == (
        f"{user.public_id}: free → pro, 190 credits granted, balance 200"
    )
    assert said("set_plan", user.public_id, "free") == (
        f"{user.public_id}: pro → free, no credits granted, balance 200"
    )
    user.refresh_from_db()
    assert user.plan == "free"


def test_grant_credits_says_the_new_balance() -> None:
    user = make_user()

    assert said("grant_credits", user.public_id, "25") == (
        f"{user.public_id}: 25 credits granted, balance 35"
    )
    act = Act.objects.get(action="credits.granted")
    assert ledger_of(user)[-1] == ("grant", 25, 35, act.public_id)


def test_a_user_may_be_named_by_email() -> None:
    user = make_user()
    User.objects.filter(pk=user.pk).update(email="anna@studio.example")

    said("grant_credits", "Anna@Studio.example", "1")

    assert limiter_of(user).credits == 11


@pytest.mark.parametrize("command", [("set_plan", "pro"), ("grant_credits", "5")])
@pytest.mark.parametrize(
    "name",
    ["u_", "nobody@example.com", "", "job_" + "0" * 32, ids.public_id("u", ids.new_id())],
    ids=["a prefix", "an email", "nothing", "a job", "nobody's id"],
)
def test_an_unknown_user_is_refused(command: tuple[str, str], name: str) -> None:
    assert refusal(command[0], name, command[1]) == f"There is no user {name}."


def test_an_unknown_plan_is_refused() -> None:
    user = make_user()

    assert refusal("set_plan", user.public_id, "gold") == (
        "There is no plan gold; there are free, pro."
    )


@pytest.mark.parametrize("amount", ["0", "-5", "1.5", "ten", "", "²", "00"])
def test_only_a_positive_whole_number_is_granted(amount: str) -> None:
    user = make_user()

    message = refusal("grant_credits", user.public_id, "--", amount)

    assert message == f"{amount} is not a positive whole number."
    assert limiter_of(user).credits == 10


@pytest.mark.parametrize("amount", [str(2**31 - 1), "9" * 12, "9" * 40])
def test_more_than_a_balance_holds_is_refused(amount: str) -> None:
    user = make_user()

    assert refusal("grant_credits", user.public_id, amount) == (
        f"{amount} credits are more than a balance can hold."
    )
    assert limiter_of(user).credits == 10


def test_an_operator_has_neither_plan_nor_credits() -> None:
    operator = make_operator()
    assert operator.email is not None

    assert refusal("set_plan", operator.email, "pro") == (
        f"{operator.email} is an operator and has no plan."
    )
    assert refusal("grant_credits", operator.public_id, "5") == (
        f"{operator.email} is an operator and has no credits."
    )


def test_nobody_is_granted_credits_twice_for_the_same() -> None:
    user, other = make_user(), make_user()

    for one in (user, other):
        said("grant_credits", one.public_id, "1", "--ref=invoice 2026-17")
    again = refusal("grant_credits", user.public_id, "1", "--ref=invoice 2026-17")

    assert again == "Credits were granted for invoice 2026-17 already."
    assert ledger_of(user)[1:] == [("grant", 1, 11, "invoice 2026-17")]
    assert ledger_of(other)[1:] == [("grant", 1, 11, "invoice 2026-17")]


@pytest.mark.parametrize("ref", ["plan:pro", "job_" + "0" * 32, "act_1", " x", "é", "x" * 61])
def test_a_grant_is_for_nothing_that_has_a_meaning_of_its_own(ref: str) -> None:
    user = make_user()

    refusal("grant_credits", user.public_id, "5", f"--ref={ref}")

    assert limiter_of(user).credits == 10


def test_one_credit_is_one_credit() -> None:
    user = make_user()

    assert said("grant_credits", user.public_id, "1") == (
        f"{user.public_id}: 1 credit granted, balance 11"
    )


# --- The audit log -------------------------------------------------------------------------


def test_the_audit_log_says_who_ran_the_command_and_why() -> None:
    user = make_user()

    said("grant_credits", user.public_id, "25")
    said("set_plan", user.public_id, "pro")

    granted, moved = Act.objects.order_by("id")
    for act in (granted, moved):
        assert (act.actor_kind, act.actor_id, act.address, act.request_id) == (
            "command", None, None, None
        )  # fmt: skip
        assert act.actor_name.partition(" ")[0] == pwd.getpwuid(os.getuid()).pw_name
        assert (act.object_kind, act.object_id) == ("user", user.public_id)
        assert act.reason == REASON
    assert (granted.action, granted.details) == (
        "credits.granted", {"amount": 25, "balance": 35, "ref": ""}
    )  # fmt: skip
    assert (moved.action, moved.details) == (
        "plan.changed", {"from": "free", "to": "pro", "granted": 190}
    )  # fmt: skip


@pytest.mark.parametrize("reason", [(), ("--reason=",), ("--reason=  ",)])
@pytest.mark.parametrize("command", [("set_plan", "pro"), ("grant_credits", "5")])
def test_without_a_reason_nothing_happens(
    command: tuple[str, str], reason: tuple[str, ...]
) -> None:
    user = make_user()

    with pytest.raises(CommandError, match="reason"):
        call_command(command[0], *reason, user.public_id, command[1])

    assert limiter_of(user).credits == 10
    assert not Act.objects.exists()


def test_a_grant_that_fails_is_not_in_the_audit_log() -> None:
    user = make_user()

    refusal("grant_credits", user.public_id, str(2**31 - 1))

    assert not Act.objects.exists()


def test_djangos_command_that_makes_operators_is_refused() -> None:
    with pytest.raises(CommandError, match="ensure_operator"):
        call_command("createsuperuser")
    assert not User.objects.filter(is_staff=True).exists()


def test_a_password_changed_at_the_shell_is_in_the_audit_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    operator = make_operator()
    monkeypatch.setattr("getpass.getpass", lambda prompt="": "another horse battery")

    call_command("changepassword", operator.email)

    operator.refresh_from_db()
    assert operator.check_password("another horse battery")
    act = Act.objects.get(action="password.changed")
    assert (act.object_id, act.actor_kind) == (operator.public_id, "command")


def test_the_link_of_an_admission_leads_to_the_host_that_has_the_admin(settings: Settings) -> None:
    settings.PUBLIC_BASE_URL = "https://api.example.org"
    operator = make_operator()

    assert " https://api.example.org/admin/admit/" in said("admit_operator", str(operator.email))
    settings.ADMIN_HOST = "ops.example.org"
    assert " https://ops.example.org/admin/admit/" in said("admit_operator", str(operator.email))
