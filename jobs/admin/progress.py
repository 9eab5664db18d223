"""How far a job is, at a glance."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs.models import JobProgress


def progress_text(progress: JobProgress) -> str:
    """`7 of 10, 1 failed`"""
    failed = f", {progress.failed} failed" if progress.failed else ""
    return f"{progress.done} of {progress.total}{failed}"


def progress_bar(progress: JobProgress) -> SafeString:
    done = 100 * progress.done // progress.total
    return format_html(
        # Attributes of a picture: the content security policy allows no style.
        '<span class="progress"><svg class="progress-bar" viewBox="0 0 100 1" '
        'preserveAspectRatio="none" aria-hidden="true"><rect class="done" width="{}" height="1"/>'
        '<rect class="failed" x="{}" width="{}" height="1"/></svg>{}</span>',
        done,
        done,
        # Rounded up: one failure of 200 is still seen.
        -(-100 * progress.failed // progress.total),
        progress_text(progress),
    )
