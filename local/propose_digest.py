"""Writes an image's digest into a stack's file, as the change that a pull request proposes: `python -m local.propose_digest STACK DIGEST`.

Only the one line changes: comments and order stay, and the file is written only if it then says what it should.
"""

import re
import sys
from pathlib import Path

from components.environment import KEY
from local import LocalError, stackfile
from local.plugins import ROOT
from local.terminal import exit_status, show


def write(repo: Path, stack: str, digest: str) -> str:
    """Name the image in the file of one stack, and say what was done.

    Raises:
        LocalError: the digest isn't one, there is no such stack, its table is wrong, or its form is one that isn't edited here.
    """
    wanted, _ = stackfile.read(repo, stack, image=stackfile.check_digest(digest))
    path = repo / f"Pulumi.{stack}.yaml"
    before = path.read_text(encoding="utf-8")
    if stackfile.parse_text(before, path.name) == wanted:
        return f"{path.name} names this image already"
    after = edit(before, digest)
    if stackfile.parse_text(after, path.name) != wanted:
        raise LocalError(
            f"{path.name} isn't written as a plain block of keys, so it can't be edited here. "
            f"Write `{stackfile.IMAGE_KEY}: {digest}` into its table by hand."
        )
    path.write_text(after, encoding="utf-8")
    return f"{path.name} names the engine image {digest}; `make preview STACK={stack}` shows what it changes"


def edit(text: str, digest: str) -> str:
    """The text with the digest in the place of the one that it names, or else as the first row of its table.

    As it is where it has no table in block form.
    """
    row = f"{stackfile.IMAGE_KEY}: {digest}"
    named = re.compile(rf"^( +){stackfile.IMAGE_KEY}:[^#\n]*?( +#.*)?$", re.MULTILINE)
    if named.search(text):
        return named.sub(rf"\g<1>{row}\g<2>", text, count=1)
    first = re.compile(rf"^( *{re.escape(KEY)}:.*\n)( +)", re.MULTILINE)
    return first.sub(rf"\g<1>\g<2>{row}\n\g<2>", text, count=1)


if __name__ == "__main__":
    sys.exit(exit_status(lambda: show(write(ROOT, *sys.argv[1:])), lambda: "the file has its new row, or is as it was"))
