"""`manage.py invite`"""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from s3project.acts.models import Act
from users.models import Invite
from users.models.invite import SHOWN, invite_digest

pytestmark = pytest.mark.django_db

WHY = "--reason=the fair in March"


def code_of(*arguments: str) -> str:
    out = StringIO()
    call_command("invite", WHY, *arguments, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def test_the_code_is_all_that_is_printed_and_the_log_says_who_and_why() -> None:
    code = code_of("--uses=20", "--days=7")

    invite = Invite.objects.get(digest=invite_digest(code))
    assert invite.uses_left == 20
    lasts = invite.expires_at - timezone.now()
    assert timedelta(days=6, hours=23) < lasts <= timedelta(days=7)
    act = Act.objects.get()
    assert (act.action, act.actor_kind, act.reason) == (
        "invite.made", "command", "the fair in March"
    )  # fmt: skip
    assert (act.object_kind, act.object_id) == ("invite", code[:SHOWN])
    assert act.details == {"uses": 20, "until": invite.expires_at.isoformat()}
    assert code not in str(Act.objects.values().get())


def test_it_is_for_one_user_and_two_weeks_unless_said_otherwise() -> None:
    code_of()

    invite = Invite.objects.get()
    assert (invite.uses_left, (invite.expires_at - timezone.now()).days) == (1, 13)


def test_a_revoked_invite_is_worth_nothing() -> None:
    code, other = code_of("--uses=5"), code_of("--uses=5")

    code_of(f"--revoke={code}")

    assert Invite.objects.get(digest=invite_digest(code)).uses_left == 0
    assert Invite.objects.get(digest=invite_digest(other)).uses_left == 5
    act = Act.objects.latest("id")
    assert (act.action, act.object_id) == ("invite.revoked", code[:SHOWN])
    with pytest.raises(CommandError, match="no invite"):
        code_of(f"--revoke={code}")


@pytest.mark.parametrize("argument", ["--uses=0", "--uses=1000001", "--days=0", "--days=3651"])
def test_numbers_have_their_bounds(argument: str) -> None:
    with pytest.raises(CommandError):
        code_of(argument)
    assert not Invite.objects.exists()
