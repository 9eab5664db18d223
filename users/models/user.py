"""Who uses the API, and the operators who log in to the admin."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q

from s3project import ids
from s3project.ends_of_ids import END_OF_ID
from s3project.rows import rows_of
from users.plans import DEFAULT_PLAN, PLANS


class UserManager(BaseUserManager["User"]):
    def create_superuser(self, email: str, password: str, **fields: Any) -> "User":
        """An operator, of whom `fields` may say less."""
        given = {"is_staff": True, "is_superuser": True, **fields}
        user = User(email=self.normalize_email(email), **given)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """An API user is anonymous: no email, no usable password. An operator is staff with both."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    plan = models.CharField(max_length=32, default=DEFAULT_PLAN, choices=[(p, p) for p in PLANS])
    auth_provider = models.CharField(max_length=32, default="anon")
    email = models.EmailField(unique=True, null=True, blank=True)
    # SHA-256 of the device's secret; the secret itself is never stored.
    device_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)  # noqa: DJ001 (null is unique beside null)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    # When the user asked to be forgotten, and when that was done (`jobs/upkeep/erasure.py`).
    deleted_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"

    class Meta:
        ordering = ("-created_at",)
        permissions = (
            ("bill_user", "Can change a user's plan and credits"),
            ("export_user", "Can export all that is kept of a user"),
            ("manage_operators", "Can change the rights of operators who may no more than oneself"),
        )
        indexes = (
            models.Index(fields=["-created_at"], name="user_created_at"),
            models.Index(END_OF_ID, name="user_id_end"),
            models.Index(
                fields=["deleted_at"],
                condition=Q(deleted_at__isnull=False, erased_at__isnull=True),
                name="user_to_erase",
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(deleted_at__isnull=True)
                | Q(is_active=False, email__isnull=True, device_hash__isnull=True),
                name="user_deleted_is_nobody",
            ),
        )

    def __str__(self) -> str:
        return self.email or self.public_id

    @property
    def public_id(self) -> str:
        return ids.public_id(ids.USER, self.id)


USERS = rows_of(User)
