"""An eighth set of unsafe edits: credentials in the open, a key that can be guessed, graphs that hide, old versions, and newcomers."""

from __future__ import annotations

from tests.policy.attacks import ACCOUNT, at, attack
from tests.policy.attacks_sixth import more
from tests.policy.builders import UNKNOWN

TOKEN = "ghp_" + "a1" * 18
SCORE = "dashboardBody.widgets.0.properties"
TOLD = {"alarmActions": ["monitoring-alerts"], "okActions": ["monitoring-alerts"]}

SECRETS = (
    attack(
        "a deployment's token in each e-mail",
        "Whoever gets the alerts deploys what they like: an alarm's description is in every message.",
        at("monitoring-safety-score", "alarmDescription", f"The score is too low. To deploy a fix: curl -H 'Authorization: {TOKEN}'"),
        "environment/no-secret",
    ),
    attack(
        "a password in a statement's name",
        "Whoever may read policies reads it; no variable or parameter is called so.",
        at("compute-engine-role-grants", "policy.Statement.0.Sid", "AKIAIOSFODNN7EXAMPLE"),
        "environment/no-secret",
    ),
    attack(
        "how to log in, beside the score",
        "Whoever may look at dashboards logs in to the database of the champions.",
        at(
            "monitoring-dashboard",
            "dashboardBody.widgets.+",
            {"type": "text", "width": 6, "height": 3, "properties": {"markdown": "Champions: `psql --password=Tr0ub4dor`"}},
        ),
        "environment/no-secret",
    ),
)
"""Credentials where nobody looked for one."""

KEYS = tuple(
    attack(
        f"champions are signed with {name}",
        f"Whoever has read {name} signs champions as the engine does.",
        at("security-safety-settings-value", "secretStringWo.safety_validation_key", key),
        "approved/floors",
    )
    for name, key in (
        ("the stack's name", "Evolution-System-Prod-1.Evolution"),
        ("a UUID of the code", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
        ("a sample of the docs", "wJalrXUtnFEMI.K7MDENG.bEXAMPLEKE"),
    )
)
"""Keys that can be guessed."""

GRAPHS = (
    attack(
        "the best score of each hour",
        "Whoever looks sees the highest of an hour: a minute below the bound is in no line.",
        (at("monitoring-dashboard", f"{SCORE}.metrics.1.4.stat", "Maximum"), at("monitoring-dashboard", f"{SCORE}.period", 3600)),
        "alarms/dashboard",
    ),
    attack(
        "a second score",
        "A line at 1 under the score's own label lies over the score's.",
        at("monitoring-dashboard", f"{SCORE}.metrics.+", [{"expression": "TIME_SERIES(1)", "label": "SafetyScore"}]),
        "alarms/dashboard",
    ),
    attack(
        "the score of last year",
        "The dashboard opens on a week in which all was well.",
        (
            at("monitoring-dashboard", "dashboardBody.start", "2025-06-01T00:00:00Z"),
            at("monitoring-dashboard", "dashboardBody.end", "2025-06-08T00:00:00Z"),
        ),
        "alarms/dashboard",
    ),
)
"""Graphs that hide what happens."""

KEPT = (
    attack(
        "old access logs go within two weeks",
        "Who overwrites the record of who read what has it gone before anybody asks; the table says ninety days.",
        at("data-access-logs-lifecycle", "rules.0.noncurrentVersionExpiration.noncurrentDays", 14),
        "approved/floors",
    ),
)
"""What is kept, and for how long."""

NEW = (
    attack(
        "a second halting alarm that never fires",
        "Whoever looks for evolution-unsafe finds evolution-unsafe2 in OK.",
        more(
            "monitoring-unsafe-too",
            "cloudwatch/compositeAlarm:CompositeAlarm",
            TOLD,
            alarmName="evolution-unsafe2-prod",
            alarmRule='ALARM("evolution-dead-letters-depth-prod")',
            alarmActions=[UNKNOWN],
            okActions=[UNKNOWN],
        ),
        "approved/choices",
    ),
    attack(
        "a mode that nobody halts",
        "Whoever looks at /evolution/prod/mode2 takes it for the mode: it says running whatever happens.",
        more("evolution-mode-shown", "ssm/parameter:Parameter", {}, name="/evolution/prod/mode2", type="String", value="running"),
        "approved/choices",
    ),
    attack(
        "thirty parameters more",
        "Among thirty of a kind nobody reads the one that matters; an account has ten thousand of them.",
        tuple(
            more(
                f"evolution-note-{one}{other}",
                "ssm/parameter:Parameter",
                {},
                name=f"/evolution/prod/note-{one}{other}",
                type="String",
                value=ACCOUNT,
            )
            for one in "ghijk"
            for other in "ghijkl"
        ),
        "approved/newcomers",
    ),
)
"""Newcomers."""
