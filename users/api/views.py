"""Sign-up, sessions, `GET /me` and the ledger."""

from uuid import UUID

from django.conf import settings
from rest_framework.request import Request

from s3project.acts.actor import Actor
from s3project.api.answers import NO_STORE, Answer
from s3project.api.client_address import client_address
from s3project.api.operation import Operation
from s3project.api.pagination import PageAnswer, page_request
from s3project.api.views import ApiView, parse
from users import selectors, services
from users.api.auth import (
    TokenAuthentication,
    current_session_id,
    current_user,
    issue_token,
    record_inactive,
)
from users.api.requests import AnonymousSignUpIn, RefreshSessionIn
from users.api.shapes import (
    BillingEventOut,
    DeletedMeOut,
    MeOut,
    RefreshedSessionOut,
    SignedOutOut,
    SignUpOut,
    billing_event_out,
    deleted_me_out,
    me_out,
    refreshed_session_out,
    sign_up_out,
    signed_out_out,
)
from users.api.throttles import NewUserThrottle, RefreshThrottle, SignUpThrottle
from users.errors import InactiveUser, SignUpRefused, TokenInvalid
from users.invites import spend_invite
from users.models import User, UserLimiter
from users.models.api_key import KeyHolder
from users.sign_up_proof import INVITE, operators_check

SIGN_UP_IN = AnonymousSignUpIn()
REFRESH_SESSION_IN = RefreshSessionIn()


class SignUpAnonymouslyView(ApiView):
    """POST /auth/anon"""

    tag = "Sessions"
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = (SignUpThrottle,)

    @Operation(
        "sign_up_anonymously",
        body=SIGN_UP_IN,
        body_examples={
            "new": {},
            "invited": {"invite": "s3i_7QpVtY1sJbG8mLfHc2dAeUo4"},
            "device": {"device_hash": "4b1f0c52b7b84e7c8f0e6a54d2f3c1aa9e77"},
        },
        headers=["Cache-Control"],
        errors=[TokenInvalid, SignUpRefused],
    )
    def post(self, request: Request) -> Answer[SignUpOut]:
        """Sign up, or in again from the same device

        With a `device_hash` of at least 32 characters the same user is found again; a shorter one
        is no login and makes a new user. Keep it like a password. The device of a deactivated
        user is 401. Some installations ask new users for an `invite` or a `proof`, of which
        `details.needs` of 403 says which; who signs in again needs none.
        """
        args = parse(SIGN_UP_IN, request)
        device_hash = args.get("device_hash")
        proved = self._is_proved(request, device_hash, args.get("proof"))
        throttle = NewUserThrottle()

        def admit() -> None:
            if not proved:
                raise SignUpRefused(needs="proof")
            if settings.SIGNUP_PROOF == INVITE:
                spend_invite(args.get("invite"))
            if not throttle.allow_request(request, self):
                self.throttled(request, throttle.wait())

        try:
            sign_in = services.sign_up_anonymously(device_hash=device_hash, admit=admit)
        except InactiveUser as error:
            record_inactive(request, error.user_id)
            raise
        token = issue_token(sign_in.user, sign_in.session_id)
        return Answer(sign_up_out(sign_in, token), headers=NO_STORE)

    def _is_proved(self, request: Request, device_hash: str | None, proof: str | None) -> bool:
        """What the operator's function says, before the transaction: it may ask others. It is not
        asked for those who are known, nor for who sends nothing."""
        check = operators_check()
        if check is None:
            return True
        if not proof or services.is_known_device(device_hash):
            return False
        return check(proof, str(client_address(request._request) or "")) is True


class RefreshSessionView(ApiView):
    """POST /auth/refresh"""

    tag = "Sessions"
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = (RefreshThrottle,)

    @Operation(
        "refresh_session",
        body=REFRESH_SESSION_IN,
        body_examples={"refresh": {"refresh": "rt_zR3n5xk0W7QpVtY1sJbG8mLfHc2dAeUo4KiXy6PwN9M"}},
        headers=["Cache-Control"],
        errors=[TokenInvalid],
    )
    def post(self, request: Request) -> Answer[RefreshedSessionOut]:
        """Exchange a refresh token for the next pair

        The refresh token is spent by it. One that is unknown, spent, expired or signed out is
        401.
        """
        args = parse(REFRESH_SESSION_IN, request)
        try:
            sign_in = services.refresh_session(**args)
        except InactiveUser as error:
            record_inactive(request, error.user_id)
            raise
        token = issue_token(sign_in.user, sign_in.session_id)
        return Answer(refreshed_session_out(sign_in, token), headers=NO_STORE)


class SignOutView(ApiView):
    """POST /auth/sign-out"""

    tag = "Sessions"

    @Operation("sign_out")
    def post(self, request: Request) -> Answer[SignedOutOut]:
        """End this session

        Its access tokens and its refresh token stop working at once; other devices stay signed
        in.
        """
        services.sign_out(session_id=current_session_id(request))
        return Answer(signed_out_out())


class MeAuthentication(TokenAuthentication):
    """Finds the user with what they have, in one statement."""

    def find(self, request: Request, user_id: UUID, session_id: UUID | None) -> User | None:
        return UserLimiter.objects.signed_in(user_id, session_id)


class MeView(ApiView):
    """GET and DELETE /me"""

    tag = "Account"
    authentication_classes = (MeAuthentication,)

    @Operation("me")
    def get(self, request: Request) -> Answer[MeOut]:
        """Plan, credits and what is in use"""
        user = current_user(request)
        has_key = isinstance(request.auth, KeyHolder)
        limiter = UserLimiter.objects.of_user(user.pk) if has_key else user.limiter
        return Answer(me_out(user, limiter.get_user_state()))

    @Operation("delete_me")
    def delete(self, request: Request) -> Answer[DeletedMeOut]:
        """Delete this account

        Every token and key ends at once. Unfinished jobs are canceled, and photos, results, masks,
        names and rules deleted, within a minute. It cannot be undone; the numbers of the ledger
        stay.
        """
        user = current_user(request)
        services.delete_user(user_id=user.id, actor=Actor.user(request._request, user.id))
        return Answer(deleted_me_out(user))


class LedgerView(ApiView):
    """GET /me/ledger"""

    tag = "Account"

    @Operation("list_billing_events")
    def get(self, request: Request) -> PageAnswer[BillingEventOut]:
        """Every change of the credits, newest first

        The amounts add up to the credits of `GET /me`. A `commit` of 0 closes a job in which
        every photo succeeded.
        """
        page = selectors.list_billing_events(
            user_id=current_user(request).id, page=page_request(request)
        )
        return PageAnswer(page, billing_event_out)
