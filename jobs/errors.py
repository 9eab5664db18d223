"""What `jobs` refuses, with the codes of contract §3.1."""

from s3project.errors import DomainError


class JobNotFound(DomainError):
    code, status = "JOB_NOT_FOUND", 404
    message = "There is no such job."


class RuleNotFound(DomainError):
    code, status = "RULE_NOT_FOUND", 404
    message = "There is no such rule."


class InvalidTransition(DomainError):
    code, status = "INVALID_TRANSITION", 409
    message = "A job that is {status} cannot become {target}."


class AlreadyCanceled(DomainError):
    code, status = "ALREADY_CANCELED", 409
    message = "The job is canceled."


class IdempotencyConflict(DomainError):
    code, status = "IDEMPOTENCY_CONFLICT", 409
    message = "This idempotency key was used for another item of the job."


class CallbackUnauthorized(DomainError):
    code, status = "CALLBACK_UNAUTHORIZED", 403
    message = "The callback secret is missing or wrong."
