"""The dashboard and the alerts as files."""

import json
import re
from typing import Any

import yaml

from tests.conftest import REPOSITORY

DEPLOY = REPOSITORY / "docs/deploy"
RULES = DEPLOY / "prometheus/alerts.yml"
DASHBOARD = json.loads((DEPLOY / "grafana/sensorium.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def panel(title: str) -> dict[str, Any]:
    (found,) = (one for one in PANELS if one["title"] == title)
    return found


def test_every_panel_says_what_it_shows() -> None:
    ids = [one["id"] for one in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids) == 30
    for one in PANELS:
        assert one["title"] and one["fieldConfig"]["defaults"]["unit"], one["title"]
        assert re.fullmatch(r"[A-Z][^\n]{20,140}\.", one["description"]), one["title"]
        assert one["targets"] and all(target["expr"] for target in one["targets"])


def test_rows_are_the_questions_of_an_operator() -> None:
    rows = [one["title"] for one in DASHBOARD["panels"] if one["type"] == "row"]
    assert rows == ["Overview", "Where the time goes", "What the model says", "Is it right", "Has the world changed"]


def test_panels_do_not_overlap_and_leave_no_gap() -> None:
    taken: dict[tuple[int, int], str] = {}
    for one in DASHBOARD["panels"]:
        place = one["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((x, y), one["title"]) == one["title"]
    height = max(y for _, y in taken) + 1
    assert len(taken) == 24 * height


def test_the_data_source_is_chosen_by_who_looks() -> None:
    assert set(re.findall(r'"uid": "(.*?)"', json.dumps(DASHBOARD))) == {"${datasource}", "sensorium"}
    variables = {one["name"]: one["type"] for one in DASHBOARD["templating"]["list"]}
    assert variables == {"datasource": "datasource", "instance": "query", "version": "query", "target": "query"}
    for name in ("Drift of inputs", "Drift now"):
        steps = panel(name)["fieldConfig"]["defaults"]["thresholds"]["steps"]
        assert [step["value"] for step in steps] == [None, 0.1, 0.25]


def test_every_alert_tells_what_to_do() -> None:
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    alerts = {rule["alert"]: rule for rule in rules if "alert" in rule}
    assert len(alerts) == 16
    for rule in alerts.values():
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert rule["for"]
        assert len(rule["annotations"]["summary"]) < 100 < len(rule["annotations"]["description"])
