"""The alert rules and the dashboard that are printed have everything of their tables, and nothing covers anything."""

import json
from itertools import combinations, pairwise

from bot.telemetry.alerts import ALERTS, alert_rules
from bot.telemetry.dashboard import ROWS, WIDE, dashboard


def test_every_alert_is_printed_with_its_rule_and_what_to_do():
    printed = alert_rules()

    assert printed.count("  - alert: ") == len(ALERTS)
    for alert in ALERTS:
        assert f"  - alert: {alert.name}\n    expr: {json.dumps(alert.expr)}\n    for: {alert.holds}\n" in printed
        assert f"    labels: {{severity: {alert.severity}}}\n    annotations:\n" in printed
        assert f"      summary: {json.dumps(alert.summary)}\n      runbook: {json.dumps(alert.runbook)}\n" in printed


def test_every_panel_has_a_place_of_its_own_and_no_line_is_left_half_empty():
    panels = dashboard()["panels"]
    places = [panel["gridPos"] for panel in panels]

    assert [panel["title"] for panel in panels] == [
        title for row, inside in ROWS for title in (row, *(panel.title for panel in inside))
    ]
    assert [panel["id"] for panel in panels] == list(range(1, len(panels) + 1))
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert beside or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    for panel, then in pairwise(panels):
        here, there = panel["gridPos"], then["gridPos"]
        over = here["x"] + here["w"]
        assert 0 <= here["x"] < over <= WIDE
        goes_on = there["y"] == here["y"]
        assert goes_on == ("row" not in {panel["type"], then["type"]} and over + there["w"] <= WIDE)
        assert there["x"] == (over if goes_on else 0)
