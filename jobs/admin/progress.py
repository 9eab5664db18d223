"""How far a job is, at a glance."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs.models import JobProgress


def progress_text(progress: JobProgress) -> str:
    """`7 of 10, 1 failed`"""
    failed = f", {progress.failed} failed" if progress.failed else ""
    return f"{progress.done} of {progress.total}{failed}"


def progress_bar(progress: JobProgress) -> SafeString:
    return format_html(
        '<span class="progress"><span class="progress-bar">'
        '<span class="done" style="width: {}%"></span>'
        '<span class="failed" style="width: {}%"></span></span>{}</span>',
        100 * progress.done // progress.total,
        # Rounded up: one failure of 200 is still seen.
        -(-100 * progress.failed // progress.total),
        progress_text(progress),
    )
