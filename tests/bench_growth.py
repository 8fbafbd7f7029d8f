"""How a preview grows with its resources, and what prod's consists of (make bench; make growth draws docs/growth.svg, too).

The growth is that of a synthetic program (tests/synthetic.py), under this policy pack and under one that does nothing: whole processes,
which take turns. What lies between the two is the pack's; what the second one takes is the SDK's, the engine's and the provider's.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench import ROOT, STACK, measure

SIZES = (100, 500, 1_000)
PACKS = ("this pack", "a no-op pack")
SAMPLE_SECONDS = 0.05

NO_OP = """
from pulumi_policy import *

PolicyPack(
    name="no-op",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[
        ResourceValidationPolicy(name="each", description="Nothing", validate=lambda args, report: None),
        StackValidationPolicy(name="stack", description="Nothing", validate=lambda args, report: None),
    ],
)
"""

IMPORTS = "from local import previews, imports; imports.PreloadedProgram(previews.ROOT / 'components', lambda: None)()"
"""What the program's process imports, and nothing else."""


@dataclass(frozen=True)
class Point:
    """The medians of one size under one pack, in seconds: of the clock, and of the CPU in all processes and in the pack's."""

    size: int
    wall: float
    cpu: float
    pack: float


def checkouts(folder: Path) -> dict[str, Path]:
    """This checkout, and one that differs in its pack alone."""
    no_op = folder / "no-op"
    (no_op / "policy").mkdir(parents=True)
    for path in ROOT.iterdir():
        if path.name not in {"policy", ".local", ".git"}:
            (no_op / path.name).symlink_to(path)
    (no_op / "policy/__main__.py").write_text(NO_OP, encoding="utf-8")
    (no_op / "policy/PulumiPolicy.yaml").write_text("description: Does nothing.\nversion: 0.0.1\nruntime: python\n", encoding="utf-8")
    return dict(zip(PACKS, (ROOT, no_op), strict=True))


def grow(runs: int, sizes: Sequence[int]) -> dict[str, list[Point]]:
    """Measure every size under both packs, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        tried = checkouts(Path(folder))
        commands = {
            (pack, size): [sys.executable, "-m", "tests.synthetic", str(checkout), str(Path(folder) / "place"), str(size)]
            for size in sizes
            for pack, checkout in tried.items()
        }
        for pack in PACKS:
            _timed(commands[pack, sizes[0]])
        measured: dict[tuple[str, int], list[Point]] = {key: [] for key in commands}
        for _ in range(runs):
            for (pack, size), command in commands.items():
                wall, parts = _timed(command)
                measured[pack, size].append(Point(size, wall, sum(parts.values()), parts["pack"]))
    return {pack: [_median(measured[pack, size]) for size in sizes] for pack in PACKS}


def _median(points: list[Point]) -> Point:
    wall, cpu, pack = (statistics.median(getattr(point, what) for point in points) for what in ("wall", "cpu", "pack"))
    return Point(points[0].size, wall, cpu, pack)


def slope(one: Point, two: Point, what: str) -> float:
    """Milliseconds that one resource more takes, between two sizes."""
    return (getattr(two, what) - getattr(one, what)) / (two.size - one.size) * 1e3


def breakdown(runs: int) -> dict[str, float]:
    """Seconds of the CPU in prod's preview, by what they are spent on: medians."""
    taken: dict[str, list[float]] = {}
    for _ in range(runs):
        imports = measure([sys.executable, "-c", IMPORTS]).cpu
        _, parts = _timed([sys.executable, "-m", "local", "preview", "--stack", STACK])
        for name, seconds in {"imports": imports, **parts, "program and SDK": parts["program and SDK"] - imports}.items():
            taken.setdefault(name, []).append(seconds)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def _timed(command: list[str]) -> tuple[float, dict[str, float]]:
    """A preview's seconds of the clock, and those of the CPU by process, as last seen before its end."""
    seen: dict[str, dict[int, float]] = {"engine": {}, "provider": {}, "pack": {}, "program and SDK": {}}
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        root = psutil.Process(process.pid)
        while process.poll() is None:
            for one in (root, *root.children(recursive=True)):
                try:
                    times, arguments = one.cpu_times(), " ".join(one.cmdline())
                except psutil.Error:
                    continue
                part = "provider" if "local.provider" in arguments else "pack" if "local/pack.py" in arguments else "engine"
                seen["program and SDK" if one == root else part][one.pid] = times.user + times.system
            time.sleep(SAMPLE_SECONDS)
    wall = time.perf_counter() - started
    assert process.returncode == 0, f"{' '.join(command)} failed"
    return wall, {name: sum(seconds.values()) for name, seconds in seen.items()}


def draw(growth: dict[str, list[Point]], parts: dict[str, float]) -> str:
    """The growth as lines and prod's parts as a bar, as SVG."""
    width, left, right, top, floor, bar = 720, 52, 16, 60, 300, 372
    longest = max(point.wall for points in growth.values() for point in points)
    step = next(one for one in (1, 2, 5, 10, 20, 50) if longest / one <= 6)
    largest = max(point.size for points in growth.values() for point in points)

    def at(size: float, seconds: float) -> tuple[float, float]:
        return left + size * (width - left - right) / largest, floor - seconds * (floor - top) / longest

    def text(x: float, y: float, words: str, anchor: str = "start", size: int = 12) -> str:
        return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="{size}">{words}</text>'

    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 430" font-family="sans-serif" fill="#24292f">',
        f'<rect width="{width}" height="430" fill="#ffffff"/>',
        text(left, 20, "A preview's seconds by the number of resources", size=14),
    ]
    for seconds in range(0, int(longest) + 1, step):
        y = at(0, seconds)[1]
        drawn += [f'<path d="M{left} {y:.1f} H{width - right}" stroke="#d0d7de"/>', text(left - 8, y + 4, str(seconds), "end")]
    for index, (pack, color) in enumerate(zip(PACKS, ("#0969da", "#bc4c00"), strict=True)):
        places = [at(point.size, point.wall) for point in growth[pack]]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        drawn.append(f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2"/>')
        drawn += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in places]
        key = left + index * 330
        first, *_, last = growth[pack]
        drawn.append(f'<path d="M{key} 40 h20" stroke="{color}" stroke-width="2"/>')
        drawn.append(text(key + 26, 44, f"with {pack}: {slope(first, last, 'wall'):.1f} ms a resource"))
    drawn += [text(at(point.size, 0)[0], floor + 18, f"{point.size}", "middle") for point in growth[PACKS[0]]]
    drawn.append(text(left, bar - 12, f"prod's preview: {sum(parts.values()):.1f} s of the CPU, in four processes", size=14))
    x, whole = float(left), sum(parts.values())
    for (name, seconds), color in zip(parts.items(), ("#54aeff", "#ffb77c", "#aceebb", "#d8b9ff", "#d0d7de"), strict=True):
        wide = seconds * (width - left - right) / whole
        drawn.append(f'<rect x="{x:.1f}" y="{bar}" width="{wide:.1f}" height="36" fill="{color}"/>')
        drawn += [text(x + 4, bar + 15, name, size=11), text(x + 4, bar + 29, f"{seconds:.2f} s", size=11)]
        x += wide
    return "\n".join([*drawn, "</svg>"]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("picture", nargs="?", type=Path, help="where to draw it")
    parser.add_argument("--runs", type=int, default=3, help="runs of each size under each pack, after one that isn't counted")
    options = parser.parse_args()
    print(f"{platform.machine()}, {psutil.cpu_count()} CPUs, Python {platform.python_version()}; load {os.getloadavg()[0]:.1f} before")
    print(f"(g) a synthetic program's preview, whole processes in turns; medians of {options.runs}")
    growth = grow(options.runs, SIZES)
    print(f"{'resources':<12}{'':<14}{'wall s':>9}{'CPU s':>9}{'of the pack':>13}")
    for pack, points in growth.items():
        for point in points:
            print(f"{point.size:<12}{pack:<14}{point.wall:>9.2f}{point.cpu:>9.2f}{point.pack:>13.2f}")
    own, bare = growth.values()
    for what, meant in (("wall", "of the clock"), ("cpu", "of the CPU"), ("pack", "of the CPU, in the pack's process")):
        each, least = slope(own[0], own[-1], what), slope(bare[0], bare[-1], what)
        bends = slope(own[1], own[-1], what) / slope(own[0], own[1], what)
        print(f"    ms a resource {meant}: {each:.2f}, {each - least:+.2f} over a no-op pack's {least:.2f}; ", end="")
        print(f"from {SIZES[1]} resources on / before (1.00 is linear growth): {bends:.2f}")
    parts = breakdown(options.runs)
    print(f"(h) {STACK}'s preview with the pack, seconds of the CPU by process; medians of {options.runs}")
    print("    (imports: of the program's process, measured in one that does nothing else)")
    for name, seconds in parts.items():
        print(f"{name:<26}{seconds:>8.2f}{seconds / sum(parts.values()):>8.0%}")
    if options.picture:
        options.picture.write_text(draw(growth, parts), encoding="utf-8")


if __name__ == "__main__":
    main()
