"""Filters whose choices are known without reading the table."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from jobs.presets import PRESETS
from jobs.states import FINISHED


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


class FinishedFilter(admin.SimpleListFilter):
    title = "finished"
    parameter_name = "finished"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "No"), ("yes", "Yes")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "no":
                return queryset.exclude(status__in=FINISHED)
            case "yes":
                return queryset.filter(status__in=FINISHED)
        return queryset
