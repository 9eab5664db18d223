"""Tokens that we did not sign, or no longer stand for, open nothing."""

import base64
import hmac
import json
import time
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from s3project.testing.live import LiveStack

pytestmark = pytest.mark.django_db(transaction=True)


def part(value: Any) -> str:
    return (
        base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode())
        .rstrip(b"=")
        .decode()
    )


def signed(header: dict[str, Any], payload: str, key: bytes) -> str:
    """By hand: libraries refuse to be this careless."""
    text = f"{part({'alg': 'HS256', 'typ': 'JWT', **header})}.{payload}"
    digest = "sha512" if header.get("alg") == "HS512" else "sha256"
    code = base64.urlsafe_b64encode(hmac.digest(key, text.encode(), digest))
    return f"{text}.{code.rstrip(b'=').decode()}"


def forged(token: str, secret: str, other: str) -> dict[str, str]:
    """The token of one user, changed in every way that has worked somewhere."""
    header, payload, signature = token.split(".")
    claims = jwt.decode(token, options={"verify_signature": False})
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    theirs = jwt.decode(other, options={"verify_signature": False})
    # Whatever names the user: what differs between two users' tokens.
    altered = {name: theirs[name] for name in claims if claims[name] != theirs.get(name)}
    now = int(time.time())
    tokens = {
        f"alg {name}": f"{part({'alg': name, 'typ': 'JWT'})}.{payload}."
        for name in ("none", "None", "NONE", "nOnE", "")
    }
    tokens["alg none, with a signature"] = f"{part({'alg': 'none'})}.{payload}.{signature}"
    tokens["no signature"] = f"{header}.{payload}."
    tokens["another user, old signature"] = f"{header}.{part({**claims, **altered})}.{signature}"
    tokens["a key of RSA"] = jwt.encode(claims, key, "RS256")
    tokens["HMAC by a public key"] = signed({}, payload, public)
    tokens["a key in its own header"] = jwt.encode(
        claims, key, "RS256", headers={"jwk": {"kty": "oct", "k": part("x")}, "jku": "http://x/"}
    )
    tokens["a file as key"] = signed({"kid": "../../../dev/null"}, payload, b"")
    tokens["another secret"] = jwt.encode(claims, "x" * 48, "HS256")
    tokens["no secret"] = signed({}, payload, b"")
    tokens["another algorithm"] = signed({"alg": "HS512"}, payload, secret.encode())
    tokens["expired"] = jwt.encode({**claims, "exp": now - 3600}, secret, "HS256")
    tokens["without an end"] = jwt.encode(
        {name: value for name, value in claims.items() if name != "exp"}, secret, "HS256"
    )
    tokens["of nobody"] = jwt.encode(
        {**claims, **dict.fromkeys(altered, "u_" + "0" * 32)}, secret, "HS256"
    )
    tokens["twice"] = f"{token}.{signature}"
    return tokens


def test_no_forged_token_opens_anything(server: LiveStack) -> None:
    def sign_up() -> str:
        token: str = requests.post(f"{server.base_url}/auth/anon", timeout=20).json()["data"][
            "token"
        ]
        return token

    def status(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(f"{server.base_url}/me", headers=headers, timeout=20).status_code

    token = sign_up()
    secret = server.environment["JWT_SECRET"].split(",")[0]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert signed({}, token.split(".")[1], secret.encode()) == jwt.encode(claims, secret, "HS256")
    # The control: what is signed with the real key and has not changed is taken.
    assert status(jwt.encode(claims, secret, "HS256")) == 200

    taken = {name: status(each) for name, each in forged(token, secret, sign_up()).items()}
    assert {name: found for name, found in taken.items() if found != 401} == {}
