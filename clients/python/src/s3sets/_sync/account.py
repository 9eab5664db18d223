# Generated from _async: `make client`.
"""The user: signing in, credits, keys, and what the server is."""

from s3sets._calls import Call, Page, given, query, to_json
from s3sets._sync.base import Base
from s3sets._sync.transport import REFRESH, SIGN_UP
from s3sets.shapes import (
    BillingEvent,
    CreatedKey,
    DeletedKey,
    DeletedMe,
    Health,
    Key,
    Me,
    Readiness,
    RefreshedSession,
    SignedOut,
    SignUp,
)


class Account(Base):
    def sign_up_anonymously(
        self, *, device: str | None = None, invite: str | None = None, proof: str | None = None
    ) -> SignUp:
        """Signs up, or in again with a device secret; the client is this user from here on.

        Not needed with `api_key` or `device` of the client. `invite` and `proof` are for servers
        that ask new users for one. Raises SignupRefused.
        """
        body = to_json(given(device_hash=device, invite=invite, proof=proof))
        call = Call("POST", SIGN_UP, body, signed_in=False, harmless=device is not None)
        said: SignUp = self._data(call)
        session = self._transport.session
        session.api_key, session.device = None, device
        session.token, session.refresh = said["token"], said["refresh"]
        session.was_let_in = True
        return said

    def refresh_session(self) -> RefreshedSession:
        """New tokens for those of this client, which does it by itself when a token has ended. Not
        repeated when its answer is lost: the refresh token is spent then, and the old token good
        to its end.
        """
        session = self._transport.session
        body = to_json(given(refresh=session.refresh))
        said: RefreshedSession = self._data(Call("POST", REFRESH, body, signed_in=False))
        session.token, session.refresh = said["token"], said["refresh"]
        return said

    def sign_out(self) -> SignedOut:
        """Ends the session of this client: its tokens are worth nothing at once."""
        call = Call(
            *("POST", "/auth/sign-out"),
            harmless=True,
            if_gone={"signed_out": True},
            ends_access=True,
        )
        said: SignedOut = self._data(call)
        session = self._transport.session
        session.device = session.token = session.refresh = None
        return said

    def me(self) -> Me:
        """Plan, credits and limits of the user."""
        said: Me = self._data(Call("GET", "/me"))
        return said

    def delete_me(self) -> DeletedMe:
        """Deletes the user with all photos, results, rules and keys. It cannot be undone."""
        # Who it is, cannot be asked any more when the answer is lost.
        user_id = (self.me())["user_id"]
        gone = {"user_id": user_id, "deleted": True}
        call = Call("DELETE", "/me", if_gone=gone, ends_access=True)
        said: DeletedMe = self._data(call)
        return said

    def list_billing_events(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[BillingEvent]:
        """A page of the ledger: every change of the credits, newest first."""
        return self._page(Call("GET", "/me/ledger", query=query(limit=limit, cursor=cursor)))

    def list_api_keys(self) -> list[Key]:
        """The user's API keys; what opens the door is not among what is said."""
        said: list[Key] = self._data(Call("GET", "/me/keys"))
        return said

    def create_api_key(self, name: str, *, expires_at: str | None = None) -> CreatedKey:
        """A new key, in `key` of the answer and never again. `expires_at` is ISO 8601. Raises
        LimitReached. Not repeated when its answer is lost: look at `list_api_keys` then.
        """
        body = to_json(given(name=name, expires_at=expires_at))
        said: CreatedKey = self._data(Call("POST", "/me/keys", body))
        return said

    def delete_api_key(self, key_id: str) -> DeletedKey:
        """The key is refused from then on."""
        gone = {"id": key_id, "deleted": True}
        call = Call("DELETE", f"/me/keys/{key_id}", if_gone=gone, ends_access=True)
        said: DeletedKey = self._data(call)
        return said

    def health(self) -> Health:
        """Whether the server lives, and its version."""
        said: Health = self._data(Call("GET", "/health", signed_in=False))
        return said

    def ready(self) -> Readiness:
        """Whether the server can work. Raises Unavailable, with the state of each part in
        `details`.
        """
        said: Readiness = self._data(Call("GET", "/ready", signed_in=False))
        return said
