"""How much of the functions the tests of their behaviour run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

LEAST_PERCENT = 95

UNITS = ("agentcore_handler", "evolution_archiver", "evolution_trigger", "resume", "safety_switch")


def test_the_behaviours_run_nearly_every_line_of_every_function(tmp_path: Path) -> None:
    tests = [f"tests/functions/test_{unit}.py" for unit in UNITS]
    coverage = [sys.executable, "-m", "coverage"]
    data = f"--data-file={tmp_path / 'coverage'}"
    run = subprocess.run(
        [*coverage, "run", data, "--source=functions", "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    report = tmp_path / "report.json"
    subprocess.run([*coverage, "json", data, "-q", "-o", str(report)], cwd=ROOT, check=True)
    files = {name: file["summary"] for name, file in json.loads(report.read_text(encoding="utf-8"))["files"].items()}
    assert {Path(name).parent.name for name in files} == {"common", *UNITS}, "a function isn't measured"
    thin = {name: round(one["percent_covered"], 1) for name, one in files.items() if one["percent_covered"] < LEAST_PERCENT}
    assert not thin, f"less than {LEAST_PERCENT} % of the lines are run by tests: {thin}"
