from django.apps import AppConfig

from users.sign_up_proof import operators_check


class UsersConfig(AppConfig):
    name = "users"
    verbose_name = "Users and credits"

    def ready(self) -> None:
        """Raises ImproperlyConfigured at the start rather than at the first sign-up."""
        operators_check()
