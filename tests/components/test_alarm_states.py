"""What becomes of an alarm on DynamoDB's throttles, by a model: the emulator evaluates neither expressions nor missing data."""

from __future__ import annotations

import itertools

import pytest

from tests.components.cloudwatch import Alarm, AlarmState, Missing, Series, history
from tests.components.layers import monitoring

THROTTLED: Series = [None] * 30 + [7.0] * 20 + [None] * 30
"""Nothing is published while nothing is throttled."""

NOTHING: Series = [None] * len(THROTTLED)

MISSING: tuple[Missing, ...] = ("ignore", "notBreaching")

READINGS = list(itertools.product(MISSING, (False, True), (0, 1, 2)))
"""What AWS's guides leave open: whether alarms on AWS/DynamoDB keep their state while data is missing whatever they are told (the API
reference says so, the user guide does not), and whether `FILL` fills a metric that has no figure at all. And how late figures are."""

OLD = "FILL(reads, 0) + FILL(writes, 0)"


def told(
    alarm: Alarm, expression: str, *, reads: Series = NOTHING, writes: Series = THROTTLED, late: int, empty_stays_empty: bool
) -> list[AlarmState]:
    return history(alarm, expression, {"reads": reads, "writes": writes}, late=late, empty_stays_empty=empty_stays_empty)


@pytest.mark.parametrize(
    ("datapoints", "points", "ignore", "not_breaching"),
    [
        (3, "0-X-X", "OK", "OK"),
        (3, "0----", "OK", "OK"),
        (3, "-----", "retained", "OK"),
        (3, "0XX-X", "ALARM", "ALARM"),
        (3, "----X", "retained", "OK"),
        (3, "X----", "retained", "OK"),
        (2, "0-X-X", "ALARM", "ALARM"),
        (2, "00X0X", "ALARM", "ALARM"),
        (2, "0-X--", "OK", "OK"),
        (2, "----0", "OK", "OK"),
        (2, "----X", "retained", "OK"),
    ],
)
def test_the_model_judges_as_the_guides_tables_do(datapoints: int, points: str, ignore: str, not_breaching: str) -> None:
    figures = [{"0": 0.0, "X": 1.0, "-": None}[point] for point in points]
    ignoring, filling = (Alarm(periods=3, datapoints=datapoints, missing=missing) for missing in MISSING)
    for before in ("OK", "ALARM", "INSUFFICIENT_DATA"):
        assert ignoring.state(figures, before) == (before if ignore == "retained" else ignore)
        assert filling.state(figures, before) == not_breaching


@pytest.mark.parametrize(("missing", "empty_stays_empty", "late"), READINGS)
@pytest.mark.parametrize(("reads", "writes"), [(NOTHING, THROTTLED), (THROTTLED, NOTHING), (THROTTLED, THROTTLED)])
def test_the_alarm_on_a_tables_throttles_fires_and_recovers(
    missing: Missing, empty_stays_empty: bool, late: int, reads: Series, writes: Series
) -> None:
    planned = monitoring("prod").of("MetricAlarm")["monitoring-evolution-state-throttles"].inputs
    [expression] = [query["expression"] for query in planned["metricQueries"] if query.get("returnData")]
    alarm = Alarm(periods=int(planned["evaluationPeriods"]), datapoints=int(planned["datapointsToAlarm"]), missing=missing)
    states = told(alarm, expression, reads=reads, writes=writes, late=late, empty_stays_empty=empty_stays_empty)
    assert "ALARM" in states, "a hot key is throttled for twenty minutes and nobody hears of it"
    assert states[-1] == "OK", "nothing is throttled any more, and the alarm still fires: the next hot key tells nobody"


@pytest.mark.parametrize(("missing", "empty_stays_empty"), [("ignore", False), ("ignore", True), ("notBreaching", True)])
def test_an_alarm_on_all_of_its_filled_periods_sticks_while_the_newest_minute_is_late(missing: Missing, empty_stays_empty: bool) -> None:
    every = Alarm(periods=5, datapoints=5, missing=missing)
    assert "ALARM" in told(every, OLD, late=0, empty_stays_empty=empty_stays_empty)
    assert "ALARM" not in told(every, OLD, late=1, empty_stays_empty=empty_stays_empty)


def test_an_alarm_that_fills_nothing_is_never_ok_again_if_missing_data_is_ignored() -> None:
    assert told(Alarm(periods=1, datapoints=1, missing="ignore"), "reads + writes", late=0, empty_stays_empty=True)[-1] == "ALARM"
