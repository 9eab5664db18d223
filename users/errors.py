"""What `users` refuses, with the codes of contract §3.1."""

from s3project.errors import DomainError


class AuthRequired(DomainError):
    code, status = "AUTH_REQUIRED", 401
    message = "Send an Authorization header: Bearer <token>."


class TokenExpired(DomainError):
    code, status = "TOKEN_EXPIRED", 401
    message = "The token has expired."


class TokenInvalid(DomainError):
    code, status = "TOKEN_INVALID", 401
    message = "The token is not valid."


class CreditsExhausted(DomainError):
    code, status = "CREDITS_EXHAUSTED", 402
    message = "This job needs {needed} credits; {available} are left."


class ItemLimit(DomainError):
    code, status = "ITEM_LIMIT", 403
    message = "The {plan} plan allows {limit} photos per job."


class RuleSlotFull(DomainError):
    code, status = "RULE_SLOT_FULL", 403
    message = "The {plan} plan allows {limit} saved rules."


class ConcurrencyLimit(DomainError):
    code, status = "CONCURRENCY_LIMIT", 429
    message = "The {plan} plan allows {limit} unfinished jobs at a time."
