"""Sets of edited photos: the client of S3.

    from s3sets import S3Client

    with S3Client("https://photos.example.com", api_key="s3k_…") as client:
        done = client.edit(["kitchen.jpg", "hall.jpg"], "interior", {"Wall": "recolor:sage"})
        done.download("results")

`AsyncS3Client` has the same methods as coroutines. Answers are dictionaries with types
(`s3sets.shapes`), errors are exceptions (`s3sets.errors`).
"""

from s3sets._async.client import AsyncS3Client
from s3sets._async.set import AsyncSet
from s3sets._calls import Page
from s3sets._retry import NEVER, Retries
from s3sets._sync.client import S3Client
from s3sets._sync.set import Set
from s3sets._version import __version__
from s3sets.errors import (
    ApiError,
    ConcurrencyLimit,
    CreditsExhausted,
    Forbidden,
    IdempotencyConflict,
    LimitReached,
    MethodNotAllowed,
    NotFound,
    NotSignedIn,
    NotTheApi,
    NotVerified,
    PackageLate,
    PhotoUnusable,
    RateLimited,
    RequestInProgress,
    S3SetsError,
    ServerFault,
    SignupRefused,
    SourceGone,
    StateUnusable,
    TransferFailed,
    Unavailable,
    Unreachable,
    ValidationFailed,
    WrongState,
)
from s3sets.progress import Progress

__all__ = [
    "NEVER",
    "ApiError",
    "AsyncS3Client",
    "AsyncSet",
    "ConcurrencyLimit",
    "CreditsExhausted",
    "Forbidden",
    "IdempotencyConflict",
    "LimitReached",
    "MethodNotAllowed",
    "NotFound",
    "NotSignedIn",
    "NotTheApi",
    "NotVerified",
    "PackageLate",
    "Page",
    "PhotoUnusable",
    "Progress",
    "RateLimited",
    "RequestInProgress",
    "Retries",
    "S3Client",
    "S3SetsError",
    "ServerFault",
    "Set",
    "SignupRefused",
    "SourceGone",
    "StateUnusable",
    "TransferFailed",
    "Unavailable",
    "Unreachable",
    "ValidationFailed",
    "WrongState",
    "__version__",
]
