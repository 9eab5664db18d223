"""Production says all that is wrong with its settings at once, and does not start."""

import os
import subprocess
import sys

import pytest

from s3project.embedded.stack import PROJECT

SECRETS = (
    *("DJANGO_SECRET_KEY", "JWT_SECRET", "GPU_CALLBACK_SECRET", "MESSAGE_KEY"),
    *("WORKER_TOKEN_KEY", "METRICS_TOKEN", "STORAGE_SECRET_KEY"),
)
GOOD = {
    "S3_ENV": "production",
    "S3_STACK": "off",
    "DATABASE_URL": "postgresql://s3@127.0.0.1:1/s3",
    "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
    "STORAGE_S3_ENDPOINT": "http://storage.internal:8333",
    "STORAGE_PUBLIC_ENDPOINT": "https://storage.example.org",
    "PUBLIC_BASE_URL": "https://api.example.org",
    "CALLBACK_BASE_URL": "http://front:8000",
    "STORAGE_ACCESS_KEY": "photos",
    **{
        name: f"{number}5f1c09e7a3d4826f0e1a9d27c6b83548b2e07d91c6fa3e50d7b1c24f8960e"
        for number, name in enumerate(SECRETS, 10)
    },
}


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        env={**kept, **GOOD, **variables},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


def show(expression: str, **variables: str) -> str:
    done = run("-c", f"import s3project.settings as s; print({expression})", **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def refusals(**variables: str) -> list[str]:
    """The lines that the start is refused with; none where it starts."""
    done = run("-c", "import s3project.settings", **variables)
    lines = done.stderr.splitlines()
    start = next(
        (
            n
            for n, line in enumerate(lines)
            if line.endswith("ImproperlyConfigured: production does not start:")
        ),
        None,
    )
    assert (start is None) == (done.returncode == 0), done.stderr
    return [] if start is None else lines[start + 1 :]


def test_the_deployment_check_finds_nothing() -> None:
    done = run("manage.py", "check", "--deploy", "--fail-level", "INFO")

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize(
    "weak",
    [
        "short",
        "a" * 64,
        "0123456789abcdef" * 4,
        "changeme-8d0f3a5e7b1c9d2f4a6e8b0c",
        "django-insecure-8d0f3a5e7b1c9d2f4a6e8b0c",
        "9d2f4a6e8b0c8d0f3a5e7b1c9d2f4a6e,b",
    ],
)
def test_a_weak_secret_is_named_and_not_shown(name: str, weak: str) -> None:
    lines = refusals(**{name: weak})

    assert len(lines) == 1
    assert lines[0].startswith(f"{name} ")
    assert "openssl rand -hex 32" in lines[0]
    assert weak not in lines[0]


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("DEBUG", "1", "DEBUG must be off"),
        ("ALLOWED_HOSTS", "api.example.org,*", "ALLOWED_HOSTS must name your hosts"),
        ("SIGNUP_PROOF", "captcha", "SIGNUP_PROOF must be none, invite, or where a function is"),
        ("STORAGE_QUOTA_MIB", "-1", "STORAGE_QUOTA_MIB must be at least 0"),
        ("PUBLIC_BASE_URL", "http://api.example.org", "PUBLIC_BASE_URL must begin with https://"),
        (
            "STORAGE_PUBLIC_ENDPOINT",
            "http://storage.example.org",
            "STORAGE_PUBLIC_ENDPOINT must begin with https://",
        ),
        ("STORAGE_PUBLIC_ENDPOINT", "", "STORAGE_PUBLIC_ENDPOINT must begin with https://"),
        ("MAX_ATTEMPTS", "many", "MAX_ATTEMPTS must be a whole number"),
        ("USER_RATE", "often", "USER_RATE: a rate looks like"),
    ],
)
def test_each_refusal_names_its_setting(name: str, value: str, line: str) -> None:
    (refusal,) = refusals(**{name: value})

    assert refusal.startswith(line)


@pytest.mark.parametrize("other", ["MESSAGE_KEY", "GPU_CALLBACK_SECRET", "METRICS_TOKEN"])
def test_a_secret_that_somebody_else_is_told_too_is_no_secret(other: str) -> None:
    """A GPU host that is told the key of messages could sign in as everybody."""
    old = "77f1c09e7a3d4826f0e1a9d27c6b83548b2e07d91c6fa3e50d7b1c24f8960e"

    (refusal,) = refusals(**{other: f"{old},{GOOD['JWT_SECRET']}"})

    assert "JWT_SECRET" in refusal
    assert other in refusal
    assert "must not have the same secret" in refusal
    assert GOOD["JWT_SECRET"] not in refusal


def test_everything_that_is_wrong_is_said_at_once() -> None:
    lines = refusals(
        DEBUG="1",
        ALLOWED_HOSTS="*",
        PUBLIC_BASE_URL="http://api.example.org",
        JWT_SECRET="",
        GPU_CALLBACK_SECRET="changeme",
        STORAGE_ACCESS_KEY="",
        SWEEP_SEC="soon",
    )

    assert {line.split()[0] for line in lines} == {
        *("DEBUG", "ALLOWED_HOSTS", "PUBLIC_BASE_URL", "JWT_SECRET", "GPU_CALLBACK_SECRET"),
        *("STORAGE_ACCESS_KEY", "SWEEP_SEC"),
    }
    assert len(lines) == 7


def test_what_is_right_starts() -> None:
    assert refusals() == []
    assert refusals(GPU_WORKER="1", PUBLIC_BASE_URL="http://api.example.org") == []
    assert refusals(PUBLIC_BASE_URL="", STORAGE_PUBLIC_ENDPOINT="http://localhost:8333") == []


def test_plain_http_wants_to_be_said() -> None:
    plain = {
        "PUBLIC_BASE_URL": "http://10.0.0.7",
        "STORAGE_PUBLIC_ENDPOINT": "http://10.0.0.7:8333",
    }

    assert len(refusals(**plain)) == 2
    assert refusals(**plain, ALLOW_PLAIN_HTTP="1") == []
    cookies = "s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS"
    assert show(cookies, **plain, ALLOW_PLAIN_HTTP="1") == "False False 0"
    assert show(cookies, ALLOW_PLAIN_HTTP="1") == "True True 2592000"


def test_the_hosts_of_its_own_addresses_are_the_allowed_ones() -> None:
    assert show("s.ALLOWED_HOSTS") == "['api.example.org', 'front']"
    assert show("s.ALLOWED_HOSTS", ALLOWED_HOSTS="other.example.org") == "['other.example.org']"


def test_the_protocol_is_believed_only_where_a_proxy_is_ours() -> None:
    assert show("s.SECURE_PROXY_SSL_HEADER") == "None"
    assert show("s.SECURE_PROXY_SSL_HEADER", TRUSTED_PROXIES="1") == (
        "('HTTP_X_FORWARDED_PROTO', 'https')"
    )
