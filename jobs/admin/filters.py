"""Filters whose choices are known without reading the table."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest

from jobs.models import JobItem
from jobs.presets import PRESETS
from jobs.states import FINISHED, IN_WORK, WAITING, JobStatus

SLOW = timedelta(minutes=10)


class PresetFilter(admin.SimpleListFilter):
    title = "preset"
    parameter_name = "preset"
    column = "preset"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(preset, preset) for preset in PRESETS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(**{self.column: chosen}) if chosen else queryset


class RulePresetFilter(PresetFilter):
    column = "preset_id"


class TroubleFilter(admin.SimpleListFilter):
    title = "trouble"
    parameter_name = "trouble"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("failed", "With failed photos"),
            ("stuck", "With photos that are due"),
            ("slow", f"No result for {SLOW.seconds // 60} minutes"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "failed":
                return queryset.filter(failed_items__gt=0)
            case "stuck":
                due = JobItem.objects.filter(job=OuterRef("pk")).due().at_work()
                return queryset.filter(Exists(due), status__in=IN_WORK)
            case "slow":
                return queryset.filter(status__in=IN_WORK, updated_at__lt=Now() - SLOW)
        return queryset


class EndFilter(admin.SimpleListFilter):
    """How a job of the history ended."""

    title = parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(status.value, str(status.label)) for status in JobStatus if status in FINISHED]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(status=chosen) if chosen else queryset


class FinishedFilter(admin.SimpleListFilter):
    title = "finished"
    parameter_name = "finished"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "No"), ("yes", "Yes")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "no":
                # Two halves, each of which has an index.
                return queryset.filter(Q(status__in=WAITING) | Q(status__in=IN_WORK))
            case "yes":
                return queryset.filter(status__in=FINISHED)
        return queryset
