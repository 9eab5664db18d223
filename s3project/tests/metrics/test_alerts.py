"""Alerts and the dashboard load, and ask for nothing that nobody tells."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from promql_parser import MatchOp, MatrixSelector, VectorSelector, parse, parse_duration, walk
from pytest_django import Settings

import jobs.gpu.metrics
import jobs.webhooks.metrics  # noqa: F401 (what other processes count is told here too)
from jobs.watch.metric_queries import QUERIES
from s3project.embedded.stack import PROJECT
from s3project.metrics.http import begin_at_zero

RULES = PROJECT / "deploy" / "prometheus" / "alerts.yml"
SCRAPE = RULES.with_name("scrape.yml")
DASHBOARD = PROJECT / "deploy" / "grafana" / "dashboard.json"
CASES = Path(__file__).with_name("alerts_test.yml")
TOKEN = "a-token-of-operators"
MADE_BY_PROMETHEUS = {"up"}
# After the first audit.
LATER = {"s3_audit_violations", "s3_audit_age_seconds"}


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return found


def expressions() -> Iterator[tuple[str, str]]:
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


def selectors(expression: str) -> list[VectorSelector]:
    """Raises ValueError for what is no PromQL."""
    found: list[VectorSelector] = []

    def look(node: Any) -> None:
        if isinstance(node, MatrixSelector):
            found.append(node.vector_selector)
        elif isinstance(node, VectorSelector):
            found.append(node)

    walk(parse(expression), look)
    return found


@pytest.fixture
def told(db: None, settings: Settings) -> dict[str, list[dict[str, str]]]:
    """Name of a sample → the labels of its series, as web and all workers tell them."""
    begin_at_zero()
    settings.METRICS_TOKENS = [TOKEN]
    answer = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    found: dict[str, list[dict[str, str]]] = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(dict(sample.labels))
    return found


def is_met(series: dict[str, str], selector: VectorSelector) -> bool:
    for matcher in selector.matchers.matchers:
        value = series.get(matcher.name, "")
        is_like = matcher.op in (MatchOp.Re, MatchOp.NotRe)
        equal = bool(re.fullmatch(matcher.value, value)) if is_like else value == matcher.value
        if equal == (matcher.op in (MatchOp.NotEqual, MatchOp.NotRe)):
            return False
    return True


def test_every_expression_asks_for_series_that_are_told(
    told: dict[str, list[dict[str, str]]],
) -> None:
    assert len(told) > 40
    for where, expression in expressions():
        found = selectors(expression)
        assert found, where
        for selector in found:
            if selector.name in MADE_BY_PROMETHEUS | LATER:
                continue
            assert selector.name in told, (where, selector.name)
            assert any(is_met(series, selector) for series in told[selector.name]), (
                where,
                selector.prettify(),
            )


@pytest.mark.parametrize(
    "expression",
    ['s3_photos_pending{state="lost"}', "s3_photos_waiting", 's3_results_total{effect=~"un.*"}'],
)
def test_what_nobody_tells_would_be_noticed(
    expression: str, told: dict[str, list[dict[str, str]]]
) -> None:
    [selector] = selectors(expression)

    assert not any(is_met(series, selector) for series in told.get(str(selector.name), ()))


def test_no_promql_would_be_noticed() -> None:
    with pytest.raises(ValueError, match="unclosed left parenthesis"):
        selectors("rate(s3_results_total[5m]")


def test_every_alert_says_what_it_means_what_to_do_and_how_urgent_it_is() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names)) > 15
    for rule in rules():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"] in ({"severity": "page"}, {"severity": "ticket"})
        assert set(rule["annotations"]) == {"summary", "do"}
        assert parse_duration(rule.get("for", "1s"))


def test_what_the_database_tells_is_not_added_up_over_replicas() -> None:
    from_database = {query.name for query in QUERIES} | {"s3_broker_messages", "s3_database_up"}
    for where, expression in expressions():
        for name in from_database & {str(one.name) for one in selectors(expression)}:
            written = re.findall(rf"(max without \(instance\) \()?{name}\b", expression)
            assert all(written), where


def test_the_dashboard_has_each_panel_once_and_in_a_place_of_its_own() -> None:
    ids = [panel["id"] for panel in panels()]
    assert len(ids) == len(set(ids)) > 20
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}"
            assert panel["targets"], panel["title"]


def test_prometheus_itself_takes_them_where_it_is_installed(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    for file in (RULES, SCRAPE):
        shutil.copy(file, tmp_path)
    (tmp_path / "metrics_token").write_text(TOKEN)
    for argv in (
        ["check", "config", str(tmp_path / SCRAPE.name)],
        ["test", "rules", str(CASES)],
    ):
        done = subprocess.run([promtool, *argv], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
