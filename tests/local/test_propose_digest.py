"""An image's digest gets into a stack's file as one changed line, or the file stays as it is."""

from __future__ import annotations

import difflib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local import LocalError, stackfile
from local.propose_digest import write

ROOT = Path(__file__).resolve().parents[2]
DIGEST = "sha256:" + "0123456789abcdef" * 4
OTHER = "sha256:" + "fedcba9876543210" * 4


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A checkout that has nothing but the committed stack files."""
    for path in ROOT.glob("Pulumi.*.yaml"):
        shutil.copy(path, tmp_path)
    return tmp_path


def changed(before: str, after: str) -> list[str]:
    """The lines that went, with a -, and those that came, with a +."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in lines if line[0] in "+-" and not line.startswith(("---", "+++"))]


def named(repo: Path, stack: str) -> object:
    return stackfile.read(repo, stack)[0]["config"]["evolution-system:environment"]["engine_image_digest"]


@pytest.mark.parametrize("stack", stackfile.stacks(ROOT))
def test_every_committed_stack_takes_a_first_image_and_then_another_as_one_line(repo: Path, stack: str) -> None:
    path = repo / f"Pulumi.{stack}.yaml"
    before = path.read_text(encoding="utf-8")
    assert "names the engine image" in write(repo, stack, DIGEST)
    first = path.read_text(encoding="utf-8")
    assert changed(before, first) == [f"+    engine_image_digest: {DIGEST}"]
    assert named(repo, stack) == DIGEST
    write(repo, stack, OTHER)
    assert changed(first, path.read_text(encoding="utf-8")) == [f"-    engine_image_digest: {DIGEST}", f"+    engine_image_digest: {OTHER}"]
    assert write(repo, stack, OTHER) == f"Pulumi.{stack}.yaml names this image already"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"    engine_image_digest: '{OTHER}' # of Monday", f"    engine_image_digest: {DIGEST} # of Monday"),
        ("    engine_image_digest:", f"    engine_image_digest: {DIGEST}"),
        ("    engine_image_digest: null", f"    engine_image_digest: {DIGEST}"),
        ("    # engine_image_digest: as the workflow proposes", f"    # engine_image_digest: as the workflow proposes\n+{DIGEST}"),
    ],
    ids=["quoted, with a comment", "empty", "null", "only in a comment"],
)
def test_however_the_line_is_written_its_comment_stays(repo: Path, before: str, after: str) -> None:
    path = repo / "Pulumi.dev.yaml"
    path.write_text(path.read_text(encoding="utf-8") + before + "\n", encoding="utf-8")
    write(repo, "dev", DIGEST)
    assert after.partition("\n+")[0] in path.read_text(encoding="utf-8").splitlines()
    assert named(repo, "dev") == DIGEST


@pytest.mark.parametrize("digest", ["", "none", "latest", DIGEST[:-1], DIGEST.upper(), DIGEST + "\n", "repository@" + DIGEST])
def test_what_is_no_digest_is_refused(repo: Path, digest: str) -> None:
    before = (repo / "Pulumi.dev.yaml").read_bytes()
    with pytest.raises(LocalError, match="is not a digest"):
        write(repo, "dev", digest)
    assert (repo / "Pulumi.dev.yaml").read_bytes() == before


def test_a_table_that_is_not_a_block_is_left_to_a_person(repo: Path) -> None:
    path = repo / "Pulumi.dev.yaml"
    path.write_text(f"config: {stackfile.parse(path)['config']!r}\n".replace("False", "false").replace("None", "null"), encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(LocalError, match="by hand"):
        write(repo, "dev", DIGEST)
    assert path.read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (["STACK=nope", f"DIGEST={DIGEST}"], "there is no stack 'nope'"),
        (["STACK=dev", "DIGEST=1.2.3"], "the image '1.2.3' is not a digest"),
        (["STACK=dev"], "the image '' is not a digest"),
    ],
)
def test_make_says_what_is_wrong_in_one_line_and_fails(variables: list[str], said: str) -> None:
    command = ["make", "--no-print-directory", "-C", str(ROOT), "propose-digest", f"PYTHON={sys.executable}", *variables]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 2, "make's own status for a target that failed"
    errors = [line for line in run.stderr.splitlines() if not line.startswith("make:")]
    assert len(errors) == 1, run.stderr
    assert errors[0].startswith("error: ")
    assert said in errors[0]
