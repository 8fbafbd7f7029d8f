"""What a move of a state does when something is wrong: nothing is half done, and it is said in one line. The CLI is a fake."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from operations import OperationError
from operations.move_state import SECRET, Backend, Move, main

TO, KEY = "s3://account-state?region=us-east-1", "awskms://alias/account-state?region=us-east-1"
HERE, BETWEEN = "the state as it is", "a copy of the state"

FILE = """# What only this checkout knows.
config:
  evolution-account:account:   # the table
    number: "000000000000"
encryptionsalt: v1:salt
"""

NEW_LINES = f"secretsprovider: {KEY}\nencryptedkey: wrapped\n"

BUCKET = "aws:s3/bucket:Bucket"
URN = f"urn:pulumi:sandbox::evolution-account::{BUCKET}::"

State = dict[str, Any]


def state(*names: str, time: str = "2026-01-01", cipher: str = "old", provider: State | None = None) -> State:
    secret = {SECRET[0]: SECRET[1], "ciphertext": cipher}
    resources = [{"urn": f"{URN}{name}", "custom": True, "type": BUCKET, "outputs": {"secret": secret}} for name in names]
    return {
        "deployment": {"manifest": {"time": time}, "resources": resources, "secrets_providers": {"state": provider or {"salt": "v1:salt"}}}
    }


UNDER_KEY = {"url": KEY, "encryptedkey": "wrapped"}


@dataclass
class Cli:
    """Pulumi's stacks, by the backend's name, and what happens at a command.

    Attributes:
        at: by backend and command, what is done right after it.
        url: that of the backend that is moved from.
    """

    held: dict[str, State]
    url: str
    at: dict[tuple[str, str], Callable[[], None]] = field(default_factory=dict[tuple[str, str], Callable[[], None]])
    calls: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def run(self, backend: Backend, *arguments: str, given: str = "") -> str:
        if arguments == ("whoami", "--json"):
            return json.dumps({"user": "me", "url": self.url})
        name, command = backend.name, arguments[1]
        self.calls.append((name, command))
        printed = self.do(backend, command, given)
        self.at.get((name, command), lambda: None)()
        return printed

    def do(self, backend: Backend, command: str, given: str) -> str:
        name = backend.name
        if command == "init":
            self.held[name] = state()
        elif command == "import":
            self.held[name] = json.loads(given)
        elif command == "rm":
            del self.held[name]
        elif command == "change-secrets-provider":
            resources = [one["urn"].removeprefix(URN) for one in self.held[name]["deployment"]["resources"]]
            self.held[name] = state(*resources, time=self.held[name]["deployment"]["manifest"]["time"], cipher="new", provider=UNDER_KEY)
            file = backend.work / "Pulumi.sandbox.yaml"
            changed = file.read_text(encoding="utf-8").replace("secure: old", "secure: new").replace("encryptionsalt: v1:salt\n", NEW_LINES)
            file.write_text(changed, encoding="utf-8")
        elif name not in self.held:
            raise OperationError(f"{name}: error: no stack named 'sandbox' found")
        return json.dumps(self.held.get(name))


@dataclass(frozen=True)
class Scene:
    cli: Cli
    move: Move

    @property
    def file(self) -> str:
        return self.move.file.read_text(encoding="utf-8")


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    (tmp_path / "Pulumi.yaml").write_text("name: evolution-account\n", encoding="utf-8")
    (tmp_path / "Pulumi.sandbox.yaml").write_text(FILE, encoding="utf-8")
    fake = Cli(held={HERE: state("a", "b")}, url=(tmp_path / "a state").as_uri())

    def run(self: Backend, *arguments: str, given: str = "") -> str:
        return fake.run(self, *arguments, given=given)

    monkeypatch.setattr(Backend, "run", run)
    return Scene(fake, Move(stack="sandbox", folder=tmp_path, to=TO, key=KEY, command=Path("/nowhere/pulumi")))


def test_the_bucket_gets_only_what_is_under_the_key(scene: Scene) -> None:
    before = deepcopy(scene.cli.held[HERE])
    assert "2 resources moved" in scene.move.run()
    assert scene.cli.held[TO] == state("a", "b", cipher="new", provider=UNDER_KEY)
    assert scene.cli.held[HERE] == before
    assert scene.file == FILE.replace("encryptionsalt: v1:salt\n", NEW_LINES)
    assert scene.cli.calls.index((BETWEEN, "change-secrets-provider")) < scene.cli.calls.index((TO, "init"))


def fail() -> None:
    raise OperationError("error: the network is down")


STEPS = [
    (HERE, "export"),
    (TO, "export"),
    (BETWEEN, "init"),
    (BETWEEN, "import"),
    (BETWEEN, "change-secrets-provider"),
    (BETWEEN, "export"),
    (TO, "init"),
    (TO, "import"),
]


@pytest.mark.parametrize("step", STEPS, ids=" ".join)
def test_a_step_that_fails_leaves_nothing_behind(step: tuple[str, str], scene: Scene) -> None:
    scene.cli.at[step] = fail
    with pytest.raises(OperationError, match="the network is down"):
        scene.move.run()
    assert (scene.file, TO in scene.cli.held) == (FILE, False)


def interrupted(_: Scene) -> None:
    raise KeyboardInterrupt


def spoilt(scene: Scene) -> None:
    scene.cli.held[TO]["deployment"]["resources"].pop()


def updated(scene: Scene) -> None:
    scene.cli.held[HERE] = state("a", "b", "c", time="2026-01-02")


def unwritable(scene: Scene) -> None:
    (scene.move.folder / ".Pulumi.sandbox.yaml.new").mkdir()


@pytest.mark.parametrize(
    ("happens", "says"),
    [
        (interrupted, None),
        (spoilt, "holds isn't what was written to it"),
        (updated, "sandbox was updated meanwhile"),
        (unwritable, "yaml can't be written"),
    ],
)
def test_what_happens_once_it_is_in_the_bucket_takes_it_back(happens: Callable[[Scene], None], says: str | None, scene: Scene) -> None:
    scene.cli.at[TO, "import"] = lambda: happens(scene)
    with pytest.raises(OperationError if says else KeyboardInterrupt, match=says):
        scene.move.run()
    assert (scene.file, TO in scene.cli.held) == (FILE, False)


def test_an_empty_stack_that_was_there_is_used_and_not_removed(scene: Scene) -> None:
    scene.cli.held[TO] = state()
    scene.cli.at[TO, "import"] = lambda: spoilt(scene) if scene.cli.held[TO]["deployment"]["resources"] else None
    with pytest.raises(OperationError, match="holds isn't what was written to it"):
        scene.move.run()
    assert (scene.file, scene.cli.held[TO]) == (FILE, state())
    del scene.cli.at[TO, "import"]
    assert "2 resources moved" in scene.move.run()
    assert (TO, "init") not in scene.cli.calls


def test_a_move_that_was_killed_before_its_end_is_ended_by_the_next(scene: Scene) -> None:
    """The state is in the bucket, and the file doesn't say with which key."""
    scene.cli.held[TO] = state("a", "b", cipher="new", provider=UNDER_KEY)
    secure = FILE.replace("    number:", "    key: {secure: old}\n    number:")
    scene.move.file.write_text(secure, encoding="utf-8")
    with pytest.raises(OperationError, match="holds encrypted values"):
        scene.move.run()
    assert scene.file == secure
    scene.move.file.write_text(FILE, encoding="utf-8")
    assert "now says with which key" in scene.move.run()
    assert scene.file == FILE.replace("encryptionsalt: v1:salt\n", NEW_LINES)
    assert scene.move.run() == f"sandbox: nothing changed, its state is in {TO}."


@pytest.mark.parametrize(
    ("held", "says"),
    [
        (state("a", "b", "c", time="2026-01-02"), "not this one. It is the newer one: work with that. Nothing was changed."),
        (state("z", time="2025-01-01"), "not this one. It is another one, or an older. Nothing was changed."),
        (state("a", "b"), "its secrets under a passphrase: `pulumi stack change-secrets-provider` changes that. Nothing was changed."),
    ],
)
def test_what_the_bucket_holds_already_stays(held: State, says: str, scene: Scene) -> None:
    scene.cli.held[TO] = deepcopy(held)
    with pytest.raises(OperationError) as raised:
        scene.move.run()
    assert str(raised.value).endswith(says)
    assert (scene.file, scene.cli.held[TO]) == (FILE, held)


def test_what_cant_be_moved_is_said_in_one_line(scene: Scene) -> None:
    wrong = {
        "TO is 'file:///tmp': it must be s3://": replace(scene.move, to="file:///tmp"),
        "TO is '': it must be s3://": replace(scene.move, to=""),
        "KEY is 'alias/it': it must be awskms://": replace(scene.move, key="alias/it"),
        "STACK is the name of a stack": replace(scene.move, stack="nobody"),
    }
    for says, move in wrong.items():
        with pytest.raises(OperationError, match=says):
            move.run()
    scene.cli.held[HERE]["deployment"]["pending_operations"] = [{"type": "creating"}]
    with pytest.raises(OperationError, match="an update of sandbox was cut off: run `pulumi refresh --stack sandbox` first"):
        scene.move.run()
    del scene.cli.held[HERE]
    with pytest.raises(OperationError, match="no stack sandbox is in the backend"):
        scene.move.run()

    def logged_in_nowhere() -> None:
        raise OperationError(f"{HERE}: error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions")

    scene.cli.held[HERE] = state()
    scene.cli.at[HERE, "export"] = logged_in_nowhere
    with pytest.raises(OperationError, match="where the state is: export PULUMI_BACKEND_URL"):
        scene.move.run()
    assert scene.file == FILE


def lock(scene: Scene, text: str) -> None:
    folder = scene.move.folder / "a state/.pulumi/locks/organization/evolution-account/sandbox"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "one.json").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"pid": 7, "username": "me", "hostname": "there", "timestamp": "noon"}', r"me@there \(process 7, since noon\) works on it"),
        ("{}", "somebody works on it"),
        ("", "somebody works on it"),
    ],
)
@pytest.mark.parametrize("at_last", [False, True])
def test_a_stack_that_somebody_works_on_isnt_moved(text: str, says: str, at_last: bool, scene: Scene) -> None:
    if at_last:
        scene.cli.at[TO, "import"] = lambda: lock(scene, text)
    else:
        lock(scene, text)
    with pytest.raises(OperationError, match=says) as raised:
        scene.move.run()
    assert "`pulumi cancel sandbox`" in str(raised.value)
    assert (scene.file, TO in scene.cli.held) == (FILE, False)


def test_a_state_that_somebody_else_has_written_isnt_moved(scene: Scene) -> None:
    scene.cli.held[HERE]["deployment"]["resources"].append({"urn": f"{URN}c", "custom": True, "type": "command:local:Command"})
    with pytest.raises(OperationError, match="of a provider that this program doesn't use: somebody else has written there"):
        scene.move.run()
    assert (scene.file, TO in scene.cli.held) == (FILE, False)


@pytest.mark.parametrize(
    "arguments", [["--stack", "dev"], ["--stack", "dev", "--to", "s3://b", "--key", "awskms://k", "--project", "other"]]
)
def test_a_wrong_argument_is_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith("error: ")
