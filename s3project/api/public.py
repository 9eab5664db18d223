"""Views that are the same for everybody, and no part of the API that is described."""

from s3project.api.views import ApiView


class PublicView(ApiView):
    """Needs no token and counts nobody's requests."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    schema = None  # it tells of the API and is no part of it
