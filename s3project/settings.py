"""Every setting of S3, read once from the environment; `environment.py` says how each is read.

Where `DATABASE_URL`, `CELERY_BROKER_URL` or `STORAGE_S3_ENDPOINT` is unset, the addresses of the
one-machine stack that runs in this checkout are used (`running_stack.py`). A GPU worker has no
database settings at all. With `S3_ENV=production` nothing is guessed: no stack is looked for, and
a missing secret stops the start.
"""

from datetime import timedelta
from pathlib import Path
from secrets import token_urlsafe

from django.core.exceptions import ImproperlyConfigured

from s3project.database import database_settings
from s3project.environment import Environment, derived_key
from s3project.production import host_of, open_addresses, shared_secrets, weak_secrets
from s3project.running_stack import running_stack

BASE_DIR = Path(__file__).resolve().parent.parent
PRODUCTION = Environment().choice("S3_ENV", ["development", "production"]) == "production"
env = Environment(
    fallback={} if PRODUCTION else running_stack(BASE_DIR), problems=[] if PRODUCTION else None
)

DEBUG = env.flag("DEBUG", False)

# A GPU worker verifies no token and serves no page: it is given the callback secret, or only the
# key that messages are signed with.
GPU_WORKER = env.flag("GPU_WORKER", False)
WEB_SECRETS_REQUIRED = PRODUCTION and not GPU_WORKER

# --- Secrets -------------------------------------------------------------------------------
# Where nothing is set and nothing is required, a secret is made up: a server that was started
# without S3_ENV=production and without secrets breaks between its processes, but has no secret
# that stands in a public repository.
SECRET_KEY = env.secret("DJANGO_SECRET_KEY", required=WEB_SECRETS_REQUIRED) or token_urlsafe(48)
# The first signs, all verify: a secret is replaced by putting the new one in front, and the old
# one goes when its tokens have expired. HS256 wants at least 32 bytes (RFC 7518 §3.2).
JWT_SECRETS = env.secrets("JWT_SECRET", required=WEB_SECRETS_REQUIRED, at_least=32)
JWT_SECRETS = JWT_SECRETS or [token_urlsafe(48)]
JWT_SECRET = JWT_SECRETS[0]
# Several live at once while they are rotated, separated by commas; a worker sends the first.
GPU_CALLBACK_SECRETS = env.words("GPU_CALLBACK_SECRET", [])
# What opens claim and callback: the shared secret, the token of a message, or both.
CALLBACK_AUTH = env.choice("CALLBACK_AUTH", ("both", "token", "secret"))
# Messages are signed with all and verified with any. Who has the shared secret needs no other key:
# web and workers make the same one of it.
MESSAGE_KEYS = env.secrets("MESSAGE_KEY", required=False, at_least=32) or [
    derived_key(secret, "queue messages") for secret in GPU_CALLBACK_SECRETS
]
if PRODUCTION and not GPU_CALLBACK_SECRETS:
    # What does without it: web that takes tokens only, and a worker that is told the other key.
    does_without = CALLBACK_AUTH == "token" or (GPU_WORKER and env.find("MESSAGE_KEY"))
    env.secret("MESSAGE_KEY" if does_without else "GPU_CALLBACK_SECRET", required=True)
# Tokens for workers are made and read by web and maintenance; no worker knows the key.
WORKER_TOKEN_KEYS = env.secrets("WORKER_TOKEN_KEY", required=False, at_least=32) or [
    derived_key(secret, "worker tokens") for secret in JWT_SECRETS
]

# Tickets that open the events of one job are made and read by web and the events process.
TICKET_KEYS = [derived_key(secret, "watch tickets") for secret in JWT_SECRETS]

# --- Addresses -----------------------------------------------------------------------------
PUBLIC_BASE_URL = env.text("PUBLIC_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
# What GPU hosts call, where that is another address than the public one.
CALLBACK_BASE_URL = env.text("CALLBACK_BASE_URL", PUBLIC_BASE_URL).rstrip("/")
# Where a worker reports, whatever a message says; unset: where the signed message says.
WORKER_REPORTS_TO = env.text("CALLBACK_BASE_URL").rstrip("/")
ALLOWED_HOSTS = env.words(
    "ALLOWED_HOSTS",
    sorted({host_of(PUBLIC_BASE_URL), host_of(CALLBACK_BASE_URL)}) if PRODUCTION else ["*"],
)
# Where the public addresses are http in a network that is trusted.
ALLOW_PLAIN_HTTP = env.flag("ALLOW_PLAIN_HTTP", False)
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", [PUBLIC_BASE_URL])
CORS_ALLOWED_ORIGINS = env.words("CORS_ALLOWED_ORIGINS", [])
THIS_MACHINE = r"^http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$"
CORS_ALLOWED_ORIGIN_REGEXES = [] if PRODUCTION else [THIS_MACHINE]
CORS_ALLOW_METHODS = ["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"]
CORS_ALLOW_HEADERS = [
    *("authorization", "content-type", "idempotency-key", "if-none-match", "last-event-id"),
]
CORS_EXPOSE_HEADERS = [
    *("ETag", "Idempotent-Replayed", "RateLimit", "RateLimit-Policy", "Retry-After"),
    "X-Request-ID",
]

# --- Django --------------------------------------------------------------------------------
INSTALLED_APPS = [
    # Before Django's: users replaces its commands that make operators, s3project its page's frame.
    "users",
    "s3project",
    "s3project.admin.apps.OperatorsConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "corsheaders",
    "rest_framework",
    "s3project.acts",
    "jobs",
]
MIDDLEWARE = [
    "s3project.api.middleware.RequestIdMiddleware",
    "s3project.api.short_way.ShortWayMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "s3project.admin.middleware.AdminDoorMiddleware",
    "s3project.api.static_files.HashedFilesMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "s3project.admin.middleware.OperatorSessionMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "s3project.urls"
WSGI_APPLICATION = "s3project.wsgi.application"
# What `s3project/asgi.py` serves.
EVENTS_APPLICATION = "jobs.stream.application.application"
APPEND_SLASH = False
# We are at the root of our host. Django would look for another place with every request, in six
# variables.
FORCE_SCRIPT_NAME = ""
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {"default": database_settings(env.text("DATABASE_URL"))}
# Not behind a pooler that gives each transaction another connection.
PREPARE_STATEMENTS = env.flag("DATABASE_PREPARE", True)
# The owner of the tables, for `manage.py migrate` only; unset where one role does everything.
MIGRATION_DATABASE_URL = env.text("MIGRATION_DATABASE_URL")
# For `migrate` too: the role that the events process has as its DATABASE_URL.
EVENTS_DATABASE_URL = env.text("EVENTS_DATABASE_URL")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "users.User"
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
# Static folders whose files name each other, and are served under one hash of them all.
HASHED_FOLDERS = ["studio"]
SECURE_CONTENT_TYPE_NOSNIFF = True
HAS_TLS = PUBLIC_BASE_URL.startswith("https://")
# Django sends it over TLS only.
SECURE_HSTS_SECONDS = env.integer("HSTS_SECONDS", 30 * 86_400 if PRODUCTION and HAS_TLS else 0)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION and (HAS_TLS or not ALLOW_PLAIN_HTTP)
SILENCED_SYSTEM_CHECKS = [
    # They are in OperatorSessionMiddleware.
    *("admin.E408", "admin.E409", "admin.E410", "security.W003"),
    "security.W005",  # subdomains are the operator's
    "security.W008",  # the front redirects, and GPU hosts call by http inside
    "security.W021",  # and so is a browser's preload list
]

# --- Operators -------------------------------------------------------------------------------
# The one host that the admin answers on; unset: every one.
ADMIN_HOST = env.text("ADMIN_HOST").lower()
if ADMIN_HOST and "*" not in ALLOWED_HOSTS:
    ALLOWED_HOSTS = [*ALLOWED_HOSTS, ADMIN_HOST]
# Whether operators must have a second factor, or may.
ADMIN_TOTP = env.choice("ADMIN_TOTP", ("optional", "required"))
OTP_TOTP_ISSUER = "S3"
# Tries are counted by s3project/admin/login_limits.py: a delay that doubles with each wrong code
# would let whoever has the password lock its owner out.
OTP_TOTP_THROTTLE_FACTOR = OTP_STATIC_THROTTLE_FACTOR = 0
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email",)},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# A login ends after so long without a request, and with the browser.
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# No other address than the admin's is sent a session.
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = "/admin"

# The largest body that is read; above it the answer is 413 before anything is parsed.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- HTTP API ------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["users.api.auth.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["s3project.api.envelope.EnvelopeRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "s3project.api.envelope.JsonAlways",
    "DEFAULT_THROTTLE_CLASSES": ["s3project.api.throttles.UserThrottle"],
    "EXCEPTION_HANDLER": "s3project.api.views.exception_handler",
    # Read by `make openapi` only: no request imports it.
    "DEFAULT_SCHEMA_CLASS": "s3project.openapi.generate.ApiSchema",
    "UNAUTHENTICATED_USER": None,
}
# Rates: `600/hour`, `5/10s`; `off` or `0` for no limit. docs/authentication.md
USER_RATE = env.rate("USER_RATE", "1200/minute")
ANON_SIGNUP_RATE = env.rate("ANON_SIGNUP_RATE", "600/hour" if PRODUCTION else "6000/hour")
# Each new user is a gift of credits: dozens at once, for test suites, and then five an hour.
NEW_USER_RATE = env.rate("NEW_USER_RATE", "120/day" if PRODUCTION else "off")
# What new users must show: users/sign_up_proof.py
SIGNUP_PROOF = "none" if GPU_WORKER else env.text("SIGNUP_PROOF", "none")
if SIGNUP_PROOF not in ("none", "invite") and "." not in SIGNUP_PROOF:
    env.refuse("SIGNUP_PROOF must be none, invite, or where a function is: package.module.name.")
    SIGNUP_PROOF = "invite"
REFRESH_RATE = env.rate("REFRESH_RATE", "600/hour")
# A job that is made and canceled costs its user nothing, and a row for every photo.
CREATE_RATE = env.rate("CREATE_RATE", "300/hour" if PRODUCTION else "6000/hour")
# What a client has sent to an address of its choice, whenever it likes.
WEBHOOK_TEST_RATE = env.rate("WEBHOOK_TEST_RATE", "60/minute")
# Refusals only: whoever has the right secret is let through.
CALLBACK_FAILURE_RATE = env.rate(
    "CALLBACK_FAILURE_RATE", "120/minute" if PRODUCTION else "6000/minute"
)
# How many proxies of ours stand before the web process; 0 means that X-Forwarded-For is a lie.
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0)
# They also say whether the client came over TLS.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None

JWT_LIFETIME = timedelta(days=env.integer("JWT_LIFETIME_DAYS", 30))
# A session ends when nobody refreshes it for this long.
REFRESH_LIFETIME = timedelta(days=env.integer("REFRESH_LIFETIME_DAYS", 90))
# A spent refresh token that comes again within this time is two requests that crossed; later it
# is a copy in other hands, and its session ends.
REFRESH_REUSE_LEEWAY = timedelta(seconds=env.integer("REFRESH_REUSE_LEEWAY_SEC", 60))
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "ACCESS_TOKEN_LIFETIME": JWT_LIFETIME,
    "TOKEN_TYPE_CLAIM": None,
}

# --- Object storage ------------------------------------------------------------------------
STORAGE_BUCKET = env.text("STORAGE_BUCKET", "s3-images")
STORAGE_S3_ENDPOINT = env.text("STORAGE_S3_ENDPOINT")
# What clients reach the storage at: presigned URLs carry this host.
STORAGE_PUBLIC_ENDPOINT = env.text("STORAGE_PUBLIC_ENDPOINT", STORAGE_S3_ENDPOINT)
# What workers without a key reach it at: the URLs that a claim hands out carry this host.
STORAGE_WORKER_ENDPOINT = env.text("STORAGE_WORKER_ENDPOINT", STORAGE_S3_ENDPOINT)
STORAGE_REGION = env.text("STORAGE_REGION", "us-east-1")
# A GPU worker without them reads and writes by the URLs that its claims bring.
STORAGE_ACCESS_KEY = env.secret("STORAGE_ACCESS_KEY", required=WEB_SECRETS_REQUIRED)
STORAGE_SECRET_KEY = env.secret(
    "STORAGE_SECRET_KEY",
    required=WEB_SECRETS_REQUIRED or (PRODUCTION and bool(STORAGE_ACCESS_KEY)),
)
# What one user may keep: some 3,400 photos with their results, of 12 megapixels each, or 110 a day
# for the 30 days that they are kept. 0 stands for no limit.
STORAGE_QUOTA_BYTES = env.integer("STORAGE_QUOTA_MIB", 100 * 1024, at_least=0) * 1024**2 or None
PRESIGNED_URL_SECONDS = 3600
STORAGES = {
    "default": {"BACKEND": "jobs.storage.bucket.PhotoStorage"},
    "staticfiles": {"BACKEND": "s3project.api.static_files.HashedNames"},
}

# --- Work ----------------------------------------------------------------------------------
BATCH_CONCURRENCY = env.integer("BATCH_CONCURRENCY", 4, at_least=1)
# What the photos in a GPU worker's process may take together, decoding included. A photo waits for
# its share; one that is larger than all of it is worked on alone.
PHOTO_MEMORY_MIB = env.integer("PHOTO_MEMORY_MIB", 1536, at_least=256)
# The most chunks of one job that are sent and unfinished: the workers that it can keep busy.
JOB_WINDOW = env.integer("JOB_WINDOW", 16, at_least=1)
QUEUE_LEASE = timedelta(seconds=env.integer("QUEUE_LEASE_SEC", 15 * 60))
WORK_LEASE = timedelta(seconds=env.integer("WORK_LEASE_SEC", 2 * 60))
MAX_ATTEMPTS = env.integer("MAX_ATTEMPTS", 3)
SWEEP_SECONDS = env.integer("SWEEP_SEC", 5)
CALLBACK_TIMEOUT_SEC = env.integer("CALLBACK_TIMEOUT_SEC", 10)
ENGINE_SEGMENTER = env.text("ENGINE_SEGMENTER", "cpu")
# What a model of the operator's own can find, for clients to be told; nothing known here: any name.
ENGINE_CONCEPTS = env.words("ENGINE_CONCEPTS", [])
MODEL_CACHE_DIR = env.text("MODEL_CACHE_DIR", "/models")

CELERY_BROKER_URL = env.text("CELERY_BROKER_URL")
# Where the rate limits count.
RATE_LIMIT_URL = env.text("RATE_LIMIT_URL", CELERY_BROKER_URL)
# The longest a chunk may take. The broker redelivers an unacknowledged message only after
# `visibility_timeout`, which must be longer, or slow work would be delivered twice.
TASK_TIME_LIMIT_SEC = env.integer("TASK_TIME_LIMIT_SEC", 900)
# A package is of up to 200 photos, each of which may be edited in several ways.
PACKAGE_TIME_LIMIT_SEC = 3 * TASK_TIME_LIMIT_SEC
# Of that, how long it waits in all for a storage that is away.
PACKAGE_PATIENCE_SEC = 2 * TASK_TIME_LIMIT_SEC

# --- What ends by the clock (docs/operations.md) ---------------------------------------------
# 0 stands for never. Jobs that nobody goes on with are ended and refunded.
CREATED_EXPIRES_AFTER = env.period("CREATED_EXPIRES_HOURS", 24, unit=timedelta(hours=1))
UPLOADED_EXPIRES_AFTER = env.period("UPLOADED_EXPIRES_DAYS", 7, unit=timedelta(days=1))
STALLED_AFTER = env.period("STALLED_AFTER_MIN", 30, unit=timedelta(minutes=1))
# Photos and results of finished jobs are deleted.
# What a cancel gives back: everything ("full"), or the photos that are not done ("unfinished").
CANCEL_REFUND = env.choice("CANCEL_REFUND", ("full", "unfinished"))
STORAGE_RETENTION = env.period("STORAGE_RETENTION_DAYS", 30, unit=timedelta(days=1))
# The rows of finished jobs are deleted, once their photos and results are.
ARCHIVE_AFTER = env.period("ARCHIVE_AFTER_DAYS", 90, unit=timedelta(days=1))
# What webhooks were sent, and what came of it; longer than an event is tried for.
WEBHOOK_LOG_KEPT = timedelta(days=env.integer("WEBHOOK_LOG_DAYS", 14, at_least=6))
# How often the maintenance worker checks that everything adds up.
AUDIT_EVERY = env.period("AUDIT_MINUTES", 60, unit=timedelta(minutes=1))
# Who may read /metrics; a list, so that it can be replaced. Empty: there is no such address.
METRICS_TOKENS = env.secrets("METRICS_TOKEN", required=False)
# Where a GPU worker tells what it counts; 0 is nowhere.
METRICS_PORT = env.integer("METRICS_PORT", 0, at_least=0)
METRICS_HOST = env.text("METRICS_HOST", "127.0.0.1")

# --- Watchers ------------------------------------------------------------------------------
# Open streams of events: of one user, and of one events process altogether.
WATCHERS_PER_USER = env.integer("WATCHERS_PER_USER", 60, at_least=1)
WATCHERS_MAX = env.integer("WATCHERS_MAX", 5000, at_least=1)

# --- Webhooks ------------------------------------------------------------------------------
# They are sent to public addresses by https. What else may be sent to: networks of the operator's
# own, `10.1.0.0/16,fd00::/8`, and addresses that begin with http://.
WEBHOOK_ALLOW_NETWORKS = env.networks("WEBHOOK_ALLOW_NETWORKS")
WEBHOOK_ALLOW_HTTP = env.flag("WEBHOOK_ALLOW_HTTP", False)

# --- Logs ----------------------------------------------------------------------------------
LOG_LEVEL = env.text("LOG_LEVEL", "info").upper()
# One JSON object a line for whoever gathers them, or a line of text for a terminal.
LOG_FORMAT = env.choice("LOG_FORMAT", ("json", "line") if PRODUCTION else ("line", "json"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "s3project.logs.formats.JsonFormatter"},
        "line": {"()": "s3project.logs.formats.LineFormatter"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # A client's mistake (4xx) is an answer, not a warning of ours.
        "django.request": {"level": "ERROR"},
    },
}

# --- Services of the operator's (requirements-observability.txt) ------------------------------
# Where traces go; OpenTelemetry reads its other variables itself. Unset: none are made.
OTEL_EXPORTER_OTLP_ENDPOINT = env.text("OTEL_EXPORTER_OTLP_ENDPOINT")
# Where errors are reported to besides the log.
SENTRY_DSN = env.text("SENTRY_DSN")

# --- What production does not start with -----------------------------------------------------
if PRODUCTION:
    given = ["GPU_CALLBACK_SECRET", "MESSAGE_KEY"]
    if not GPU_WORKER:
        given += ["DJANGO_SECRET_KEY", "JWT_SECRET", "WORKER_TOKEN_KEY", "METRICS_TOKEN"]
        if DEBUG:
            env.refuse("DEBUG must be off in production: its error pages show code and settings.")
        if "*" in ALLOWED_HOSTS:
            env.refuse("ALLOWED_HOSTS must name your hosts: api.example.org, or leave it unset.")
        if not ALLOW_PLAIN_HTTP:
            public = {
                "PUBLIC_BASE_URL": PUBLIC_BASE_URL,
                "STORAGE_PUBLIC_ENDPOINT": STORAGE_PUBLIC_ENDPOINT,
            }
            for line in open_addresses({name: url for name, url in public.items() if url}):
                env.refuse(line)
    for line in weak_secrets({name: env.words(name, []) for name in given}, at_least=32):
        env.refuse(line)
    named = {name: env.words(name, []) for name in [*given, "STORAGE_SECRET_KEY"]}
    for line in shared_secrets(named):
        env.refuse(line)
    # Storages make them themselves, and not all so long.
    for line in weak_secrets(
        {"STORAGE_SECRET_KEY": env.words("STORAGE_SECRET_KEY", [])}, at_least=16
    ):
        env.refuse(line)
    if env.problems:
        raise ImproperlyConfigured("\n".join(["production does not start:", *env.problems]))
