"""The operators' site: what may be a page of it."""

from typing import Any

from django.contrib.admin import AdminSite

from s3project.admin.page import PageAdmin


class OperatorsSite(AdminSite):
    def register(
        self, model_or_iterable: Any, admin_class: type[Any] | None = None, **options: Any
    ) -> None:
        """Takes the pages of our kit, and passes over what libraries register by themselves: some
        of it shows secrets, and none of it keeps to declared filters."""
        if admin_class is not None and issubclass(admin_class, PageAdmin):
            super().register(model_or_iterable, admin_class, **options)
