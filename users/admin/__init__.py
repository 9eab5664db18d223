"""The operators' pages of users, plans and credits."""

from django.contrib import admin

from users.admin.group import GroupAdmin
from users.admin.ledger import BillingEventAdmin, ReservationAdmin

admin.site.site_header = admin.site.site_title = "S3 operators"
admin.site.index_title = "Dashboard"
# The site is one API: there is no page for operators to look at.
admin.site.site_url = None
# The menu is at the top (templates/admin/base_site.html); the tables need the width.
admin.site.enable_nav_sidebar = False

__all__ = ["BillingEventAdmin", "GroupAdmin", "ReservationAdmin"]
