"""Moves a stack's state into a bucket, and its secrets under a key of KMS: `make move-state`.

No secret is ever written down in plain text: the state is exported with its secrets encrypted, and the Pulumi CLI encrypts them again, in
a folder that is deleted afterwards, before anything is in the bucket. A bucket keeps older versions: imported first and encrypted again
there, the secrets would stay in it under the old passphrase, which on a laptop is none.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from local import LocalError, cli, stackfile
from local.projects import folder_of, project_of
from operations import OperationError, Parser
from operations.account import ROOT
from operations.states import foreign, locked

CLI_SECONDS = 300
"""Of one command, against hanging only: a state of 2 MB takes a second."""

SECRET = ("4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270")
"""The key and value that mark a secret in a state. Source: Pulumi's sdk/go/common/resource/sig, `Key` and `Secret`."""

OF_SECRETS = re.compile(r"(?m)^(encryptionsalt|secretsprovider|encryptedkey):.*\n?")
"""The lines of a stack's file by which the CLI finds what its secrets are encrypted with."""


@dataclass(frozen=True, kw_only=True)
class Backend:
    """One stack in one backend, as the CLI sees it.

    Attributes:
        work: a copy of the project's file and the stack's: the CLI writes into the latter.
        variables: what its environment has beside this process's.
        name: the backend's, in messages.
    """

    command: Path
    stack: str
    work: Path
    variables: Mapping[str, str]
    name: str

    def export(self) -> dict[str, Any] | None:
        """The state, its secrets encrypted; None if there is no such stack.

        Raises:
            OperationError: it can't be read.
        """
        try:
            text = self.run("stack", "export")
        except OperationError as error:
            if "no stack named" in str(error):
                return None
            if "PULUMI_ACCESS_TOKEN" in str(error):
                raise OperationError("nothing says where the state is: export PULUMI_BACKEND_URL, such as file://$HOME.") from None
            raise
        return json.loads(text)

    def free(self, project: str) -> None:
        """Look whether anybody works on the stack.

        Raises:
            OperationError: somebody does.
        """
        locked(json.loads(self.run("whoami", "--json"))["url"], project, self.stack)

    def run(self, *arguments: str, given: str = "") -> str:
        """What a command of the CLI's prints. An interrupt waits for its end: killed, it would leave a lock behind.

        Raises:
            OperationError: it failed.
        """
        process = subprocess.Popen(
            [str(self.command), *arguments, *(["--stack", self.stack] if arguments[0] == "stack" else []), "--non-interactive"],
            cwd=self.work,
            env={**os.environ, **self.variables, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            printed, said = process.communicate(given, timeout=CLI_SECONDS)
        except KeyboardInterrupt:
            process.communicate(timeout=CLI_SECONDS)
            raise
        except subprocess.TimeoutExpired:
            process.kill()
            raise OperationError(f"`pulumi {' '.join(arguments)}` hasn't ended in {CLI_SECONDS} s with {self.name}.") from None
        if process.returncode:
            words = " ".join(said[max(said.find("error:"), 0) :].split())
            raise OperationError(f"{self.name}: {words or f'exit status {process.returncode}'}")
        return printed


@dataclass(frozen=True, kw_only=True)
class Move:
    """A stack's move.

    Attributes:
        folder: the project's.
        to: the bucket's URL, as PULUMI_BACKEND_URL takes it.
        key: the key's URL, as a secrets provider.
    """

    stack: str
    folder: Path
    to: str
    key: str
    command: Path

    @property
    def project(self) -> str:
        """The project's name in its file."""
        return str(stackfile.parse_text((self.folder / "Pulumi.yaml").read_text(encoding="utf-8"), "Pulumi.yaml")["name"])

    @property
    def file(self) -> Path:
        """The stack's file in the checkout."""
        return self.folder / f"Pulumi.{self.stack}.yaml"

    def run(self) -> str:
        """Move it, and say what was done.

        Raises:
            OperationError: it can't be moved. Nothing was changed.
        """
        for name, url, scheme, rest in (("TO", self.to, "s3://", "<bucket>"), ("KEY", self.key, "awskms://", "alias/<alias>")):
            if not url.startswith(scheme) or url == scheme:
                raise OperationError(f"{name} is {url!r}: it must be {scheme}{rest}?region=<region>.")
        text = self._text()
        with tempfile.TemporaryDirectory(prefix="evolution-move-") as place:  # nobody else's to read
            home = {"PULUMI_HOME": str(Path(place, "home"))}
            here = self._backend(Path(place, "here"), {}, "the state as it is")
            there = self._backend(Path(place, "there"), {**home, "PULUMI_BACKEND_URL": self.to}, self.to)
            state, held = here.export(), there.export()
            if held and _resources(held):
                return self._moved(state, held, text)
            if state is None:
                raise OperationError(f"no stack {self.stack} is in the backend that PULUMI_BACKEND_URL names, nor in {self.to}.")
            foreign(_resources(state), self.project, self.stack)
            here.free(self.project)
            if state["deployment"].get("pending_operations"):
                raise OperationError(f"an update of {self.stack} was cut off: run `pulumi refresh --stack {self.stack}` first.")
            between = Path(place, "between")
            again = self._backend(between, {**home, "PULUMI_BACKEND_URL": (between / "state").as_uri()}, "a copy of the state")
            (between / "state").mkdir()
            encrypted = self._encrypted(again, state, text)
            shutil.copy(again.work / self.file.name, there.work / self.file.name)
            self._put(there, here, state, encrypted, held, text)
        kept = (
            f"The old one stays where it was; nothing reads it any more. Commit {self.file.name}, and export PULUMI_BACKEND_URL={self.to}"
        )
        return f"{self.stack}: {len(_resources(state))} resources moved to {self.to}, their secrets under {self.key}. {kept}"

    def _moved(self, state: dict[str, Any] | None, held: dict[str, Any], text: str) -> str:
        """What there is to say of a stack that the bucket holds already, and its file if an interrupted move didn't come to that.

        Raises:
            OperationError: it isn't this state, or not under this key.
        """
        if state and _plain(held) != _plain(state):
            newer = " It is the newer one: work with that." if _time(held) > _time(state) else " It is another one, or an older."
            raise OperationError(f"{self.to} holds a state of {self.stack} already, and not this one.{newer} Nothing was changed.")
        url, wrapped = _provider(held)
        if url != self.key:
            raise OperationError(
                f"{self.stack} is in {self.to}, its secrets under {url or 'a passphrase'}: "
                f"`pulumi stack change-secrets-provider` changes that. Nothing was changed."
            )
        if f"encryptedkey: {wrapped}" in text:
            return f"{self.stack}: nothing changed, its state is in {self.to}."
        if any(_secure(stackfile.parse_text(text, self.file.name))):
            raise OperationError(
                f"{self.file.name} holds encrypted values, but not under the key of the state in {self.to}: set them again."
            )
        self._write(text, url, wrapped, {})
        return f"{self.stack}: its state is in {self.to}; {self.file.name} now says with which key. Commit it."

    def _encrypted(self, again: Backend, state: dict[str, Any], text: str) -> str:
        """The state with its secrets under the key. The copy's file has the encrypted key afterwards."""
        own = re.search(r"(?m)^secretsprovider: (\S+)$", text)
        again.run("stack", "init", "--no-select", *(["--secrets-provider", own[1]] if own else []))
        again.run("stack", "import", given=json.dumps(state))
        again.run("stack", "change-secrets-provider", self.key)
        return again.run("stack", "export")

    def _put(self, there: Backend, here: Backend, state: dict[str, Any], encrypted: str, empty: dict[str, Any] | None, text: str) -> None:
        """Make the stack in the bucket, unless an empty one is there, and write its file; or leave everything as it was.

        Raises:
            OperationError: it couldn't be done; what was begun is removed.
        """
        try:
            if empty is None:
                there.run("stack", "init", "--no-select", "--secrets-provider", self.key)
            there.run("stack", "import", given=encrypted)
            held = there.export()
            if held is None or _plain(held) != _plain(state) or _provider(held) != _provider(json.loads(encrypted)):
                raise OperationError(f"what {self.to} holds isn't what was written to it.")
            now = here.export()
            if now is None or (_time(now), _plain(now)) != (_time(state), _plain(state)):
                raise OperationError(f"{self.stack} was updated meanwhile: try again when nothing works on it.")
            here.free(self.project)
            after = (there.work / self.file.name).read_text(encoding="utf-8")
            old, new = (_secure(stackfile.parse_text(one, self.file.name)) for one in (text, after))
            self._write(text, *_provider(held), dict(zip(old, new, strict=True)))
        except BaseException:
            self._take_back(there, empty)
            raise

    def _take_back(self, there: Backend, empty: dict[str, Any] | None) -> None:
        try:
            if empty is None:
                there.run("stack", "rm", "--yes", "--force", "--preserve-config")
            else:
                there.run("stack", "import", given=json.dumps(empty))
        except OperationError as error:
            if "no stack named" not in str(error):
                print(f"warning: what was begun in {self.to} is still there: {error}", file=sys.stderr)

    def _write(self, text: str, url: str, wrapped: str, secure: Mapping[str, str]) -> None:
        """Write the key into the stack's file, at once or not at all.

        Raises:
            OperationError: it can't be written.
        """
        for old, new in secure.items():
            text = text.replace(old, new)
        rest = OF_SECRETS.sub("", text).rstrip("\n")
        new_file = self.file.with_name(f".{self.file.name}.new")
        try:
            shutil.copy(self.file, new_file)  # its mode
            new_file.write_text(f"{rest}\nsecretsprovider: {url}\nencryptedkey: {wrapped}\n", encoding="utf-8")
            new_file.replace(self.file)
        except OSError as error:
            with contextlib.suppress(OSError):
                new_file.unlink()
            raise OperationError(f"{self.file.name} can't be written: {error.strerror}.") from None

    def _text(self) -> str:
        try:
            return self.file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise OperationError(f"there is no {self.file} that can be read: STACK is the name of a stack of that project.") from None

    def _backend(self, work: Path, variables: Mapping[str, str], name: str) -> Backend:
        work.mkdir()
        for file in (self.folder / "Pulumi.yaml", self.file):
            shutil.copy(file, work / file.name)
        return Backend(command=self.command, stack=self.stack, work=work, variables=variables, name=name)


def _resources(state: dict[str, Any]) -> list[dict[str, Any]]:
    return state["deployment"].get("resources") or []


def _time(state: dict[str, Any]) -> str:
    """When a state was last changed by an update."""
    return str(state["deployment"]["manifest"]["time"])


def _provider(state: dict[str, Any]) -> tuple[str, str]:
    """The key's URL and the encrypted key of a state; empty for a passphrase."""
    providers: dict[str, Any] = state["deployment"].get("secrets_providers") or {}
    told: dict[str, str] = providers.get("state") or {}
    return told.get("url", ""), told.get("encryptedkey", "")


def _plain(state: dict[str, Any]) -> Any:
    """A state's resources, without how their secrets are encrypted: no two encryptions are the same."""

    def bare(value: Any) -> Any:
        if isinstance(value, list):
            return [bare(one) for one in cast("list[Any]", value)]
        if not isinstance(value, dict):
            return value
        members = cast("dict[str, Any]", value)
        return SECRET if members.get(SECRET[0]) == SECRET[1] else {name: bare(one) for name, one in members.items()}

    return bare(_resources(state))


def _secure(value: Any) -> Iterator[str]:
    """The encrypted values of a stack's file, in their order."""
    if isinstance(value, list):
        for one in cast("list[Any]", value):
            yield from _secure(one)
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        for name, one in members.items():
            yield from [one] if name == "secure" and isinstance(one, str) else _secure(one)


def main(arguments: list[str]) -> int:
    """Move a state: 0 if it is in the bucket, 1 if not, 130 when interrupted."""
    for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, signal.default_int_handler)
    parser = Parser(prog="python -m operations.move_state", description=__doc__)
    parser.add_argument("--project", default="system", help="whose stack it is: system, or account (default: system)")
    parser.add_argument("--stack", required=True, help="which stack")
    parser.add_argument("--to", required=True, help="the bucket, s3://…?region=…")
    parser.add_argument("--key", required=True, help="what its secrets are to be encrypted with, awskms://alias/…?region=…")
    try:
        options = parser.parse_args(arguments)
        folder = folder_of(project_of(options.project), ROOT)
        command = cli.find(lambda line: print(line, file=sys.stderr)).path
        move = Move(stack=options.stack, folder=folder, to=options.to, key=options.key, command=command)
        print(move.run())
        return 0
    except (OperationError, LocalError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: nothing was changed", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
