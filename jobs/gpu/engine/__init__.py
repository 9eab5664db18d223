"""The image engine: bytes of a photo and a list of edits in, an edited PNG and a preview out.

Plain Python. It knows nothing of Django, Celery, HTTP or storage. This package file imports
nothing on purpose: the web process reads `messages` and must not pay for OpenCV.
"""
