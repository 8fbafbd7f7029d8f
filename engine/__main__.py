"""The image's commands: `engine`, `monitor` and `agent` run; `evolve`, `approvals`, `approve`, `refuse`, `level` and `cull` are for
people."""

from __future__ import annotations

import argparse
import getpass
import logging
import os
import signal
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence

from engine import EngineError, agent, logs, operations, wall
from engine.calls import clients
from engine.evaluators import EvaluatorPool
from engine.metrics import Reporter
from engine.monitor import Monitor
from engine.promotion import SigningKey
from engine.serving import Routes, endpoints, serve
from engine.settings import AgentSettings, EngineSettings, EngineSettingsError, Storage, Workload, read
from engine.store import Store
from engine.tasks import TASKS
from engine.worker import Status, Worker

UNUSABLE = 2
"""The exit code of a command whose environment can't be used."""

STOP_SECONDS = 2.0
"""For status requests in progress when the engine stops."""

EVOLVE = ("population", "generations", "islands", "strategy")
"""The engine's own settings that `evolve` takes, too."""

LONGEST_NAME = 200
"""Characters of a decider's name: enough for any address or role."""

log = logging.getLogger("engine")


def main(arguments: Sequence[str]) -> int:
    """Run one command; its exit code."""
    options = _parse(arguments)
    if options.command != "evolve":  # which has no log, but a terminal
        logs.begin(sys.stdout)
    try:
        return COMMANDS[options.command](options)
    except EngineSettingsError as error:
        print(logs.safe_lines(f"{options.command}: {error}"), file=sys.stderr)
        return UNUSABLE
    except EngineError as error:
        print(logs.safe_lines(f"{options.command}: {error}"), file=sys.stderr)
        return 1


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m engine")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in (
        ("engine", "a worker: breed what the trigger starts"),
        ("monitor", "score the stored population"),
        ("agent", "answer AgentCore's invocations"),
        ("approvals", "list the champions that wait for a human"),
    ):
        commands.add_parser(name, help=what)
    alone = commands.add_parser("evolve", help="evolve a task here, in memory, with progress and a picture")
    alone.add_argument("task", nargs="?", default="", help=f"{', '.join(TASKS)}, or your own as module:Class")
    for name in EVOLVE:
        alone.add_argument(f"--{name}", metavar="…", help=f"EVOLUTION_{name.upper()}")
    alone.add_argument("--seed", default="1", metavar="…", help="another one has another course")
    alone.add_argument("--out", default=".", metavar="FOLDER", help="of the picture and the champion")
    alone.add_argument("--no-wall", action="store_true", help="for a task of your own, where the kernel has no seccomp")
    cull = commands.add_parser("cull", help="during a halt: mark the unsafe individuals of the evolution as dead")
    decide = [commands.add_parser(name, help=f"{name} a champion that awaits approval") for name in ("approve", "refuse")]
    for one in decide:
        one.add_argument("agent", help="its id, as `approvals` shows it")
    for one in (cull, *decide):
        one.add_argument("--by", type=_name, help="who decides, for the record; default: the current user")
    commands.add_parser("level", help="put a lower autonomy level in force").add_argument(
        "percent", type=int, choices=range(101), metavar="0..100"
    )
    return parser.parse_args(arguments)


def _engine(_options: argparse.Namespace) -> int:
    settings = read(EngineSettings, os.environ)
    store = Store(settings, clients(settings.region))
    safety = store.secret(settings.safety_secret)
    if not safety.get("safety_validation_key"):
        raise EngineError(f"the secret {settings.safety_secret} has no safety_validation_key, and champions must be signed")
    pool = _pool(settings)
    key = SigningKey(key=safety["safety_validation_key"], version=safety["version"])
    worker = Worker(settings, store, pool, name=f"{socket.gethostname()}-{uuid.uuid4().hex[:8]}", signing_key=key)
    server = serve("0.0.0.0", settings.port, routes(worker.status, store))
    reporter = Reporter(settings, store, worker.status)
    _on_stop(worker.stop)
    reporter.start()
    log.info("worker %s on port %d", worker.status.worker, server.server_port)
    try:
        worker.run()
    finally:
        reporter.stopped.set()
        reporter.join(timeout=10)
        pool.close()
        server.stop(STOP_SECONDS)
    log.info("stopped after %d generations", worker.status.committed)
    return 0


def routes(status: Status, store: Store) -> Routes:
    """The engine's endpoints."""

    def unready() -> str:
        return status.fault or (f"the worker is {status.state}" if status.state in ("starting", "stopped") else "")

    def tell() -> Mapping[str, object]:
        fields = {name: getattr(status, name) for name in ("worker", "state", "unfit", "evolution", "committed", "dead", "fault")}
        return {**fields, "write_units": store.write_units}

    return endpoints(still=lambda: time.monotonic() - status.alive, unready=unready, status=tell)


def _monitor(_options: argparse.Namespace) -> int:
    settings = read(Workload, os.environ)
    pool = _pool(settings)
    stopped = threading.Event()
    _on_stop(stopped.set)
    log.info("monitor of %s", settings.environment)
    Monitor(settings, Store(settings, clients(settings.region)), pool).run(stopped)
    pool.close()
    return 0


def _agent(_options: argparse.Namespace) -> int:
    settings = read(AgentSettings, os.environ)
    stopped = threading.Event()
    _on_stop(stopped.set)
    return agent.run(settings, stopped)


def _evolve(options: argparse.Namespace) -> int:
    from engine import evolve  # here, because tqdm is nothing that a worker should import

    given = [(f"EVOLUTION_{name.upper()}", getattr(options, name)) for name in EVOLVE]
    return evolve.run(evolve.options_of(given, task=options.task, seed=options.seed, out=options.out, walled=not options.no_wall))


def _approvals(_options: argparse.Namespace) -> int:
    print(operations.awaiting(_storage()))
    return 0


def _decide(options: argparse.Namespace) -> int:
    print(operations.decide(_storage(), options.agent, promote=options.command == "approve", by=options.by or _user()))
    return 0


def _level(options: argparse.Namespace) -> int:
    _storage().lower_autonomy(options.percent)
    print(f"the autonomy level is {options.percent} %, or the table's where that is lower")
    return 0


def _cull(options: argparse.Namespace) -> int:
    settings = read(EngineSettings, os.environ)
    pool = _pool(settings)
    print(operations.cull(settings, Store(settings, clients(settings.region)), pool, by=f"cull-{options.by or _user()}"))
    pool.close()
    return 0


def _name(given: str) -> str:
    """A valid name of a decider."""
    if not given.strip() or not given.isprintable() or len(given) > LONGEST_NAME:
        raise argparse.ArgumentTypeError(
            f"{given[:80]!r} is no name: at most {LONGEST_NAME} printable characters, such as `jo@example.com`"
        )
    return given.strip()


def _user() -> str:
    """The user's name. The image's user is a number without an entry in /etc/passwd, so it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a KeyError before Python 3.13
        return f"uid-{os.getuid()}"


def _storage() -> Store:
    settings = read(Storage, os.environ)
    return Store(settings, clients(settings.region))


def _pool(settings: Workload) -> EvaluatorPool:
    wall.hide()
    return EvaluatorPool(settings.task, seconds=settings.agent_seconds, evaluators=settings.evaluators)


def _on_stop(stop: Callable[[], None]) -> None:
    """ECS stops a task with SIGTERM; Ctrl-C does the same on a laptop."""

    def handle(number: int, _frame: object) -> None:
        # In a thread: the interrupted code may hold the lock that `stop` needs.
        threading.Thread(target=stop, name=signal.Signals(number).name).start()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "engine": _engine,
    "monitor": _monitor,
    "agent": _agent,
    "evolve": _evolve,
    "approvals": _approvals,
    "approve": _decide,
    "refuse": _decide,
    "level": _level,
    "cull": _cull,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
