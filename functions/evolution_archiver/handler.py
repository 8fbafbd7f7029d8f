"""Archives every finished evolution from the state table's stream, as one object in the artifacts bucket.

The object's key and content depend only on the record, so a record that is delivered twice is archived once.
"""

from __future__ import annotations

import base64
import gzip
import json

from common import log
from common.aws import AwsError, call
from common.entry import InvocationContext, entry
from common.results import FunctionError, RequestRefusedError, Result
from common.settings import setting
from common.shape import as_list, as_object
from finished import read

LARGEST_MESSAGE_BYTES = 256 * 1024
"""A larger record is compressed: two images of 400 KB each exceed SQS's limit."""


@entry(fails=True)
def handler(event: object, call: InvocationContext) -> Result:  # noqa: ARG001 (Lambda passes it)
    """Archive the finished evolutions of a batch.

    A record that can't be read or archived is sent to the dead-letter queue, and the rest of the batch goes on.

    Only a transient failure is returned to Lambda, which delivers the batch again from that record on. So the records after it are left.
    Source: Lambda developer guide, "Configuring partial batch response with DynamoDB and Lambda".

    Raises:
        FunctionError: a record can be neither archived nor sent to the queue, and has no sequence number to restart from.
    """
    records = as_list(as_object(event).get("Records"))
    counts: dict[str, int] = dict.fromkeys(("archived", "already_archived", "skipped", "dead_letters"), 0)
    if not records:
        _send_to_dead_letters(
            event, RequestRefusedError("unreadable", "The event is no batch of a stream.", "Look at it in the dead-letter queue.")
        )
        counts["dead_letters"] += 1
    failed: list[dict[str, str]] = []
    for record in records:
        try:
            counts[_archive(record)] += 1
        except FunctionError as failure:
            log.error(
                "A record has failed; the batch is delivered again from it on.",
                kind=failure.kind,
                advice=failure.advice,
                said=failure.message,
            )
            failed.append({"itemIdentifier": _sequence_number(record, failure)})
            break
    outcome = "incomplete" if failed else "done"
    message = f"{counts['archived']} evolutions were archived."
    return Result(outcome=outcome, message=message, details=counts, private={"batchItemFailures": failed})


def _archive(record: object) -> str:
    try:
        found = read(record)
    except RequestRefusedError as refusal:
        _send_to_dead_letters(record, refusal)
        return "dead_letters"
    if found.finished is None:
        return "skipped"
    key = f"evolutions/{found.evolution_id}.json"
    try:
        call(
            "s3:PutObject",
            {
                "Bucket": setting("EVOLUTION_ARTIFACTS_BUCKET"),
                "Key": key,
                "Body": canonical(found.finished),
                "ContentType": "application/json",
                "IfNoneMatch": "*",
            },
        )
    except AwsError as failure:
        if failure.code in ("PreconditionFailed", "412"):
            log.info("The evolution is archived already.", key=key)
            return "already_archived"
        if failure.transient:
            raise
        _send_to_dead_letters(record, failure)
        return "dead_letters"
    log.info("An evolution was archived.", key=key)
    return "archived"


def canonical(header: dict[str, object]) -> bytes:
    """The canonical JSON of a header: sorted keys, no spaces, UTF-8, one newline at the end."""
    return (json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n").encode()


def _send_to_dead_letters(record: object, why: FunctionError) -> None:
    """Send the whole record, and why, to the dead-letter queue."""
    message = {"kind": why.kind, "message": why.message, "record": record}
    body = json.dumps(message, sort_keys=True)
    if len(body.encode()) > LARGEST_MESSAGE_BYTES:
        packed = base64.b64encode(gzip.compress(json.dumps(record, sort_keys=True).encode(), mtime=0)).decode()
        body = json.dumps({**message, "record": packed, "encoding": "gzip+base64"}, sort_keys=True)
    call("sqs:SendMessage", {"QueueUrl": setting("EVOLUTION_DEAD_LETTERS_URL"), "MessageBody": body})
    log.warning("A record went to the dead-letter queue.", kind=why.kind, said=why.message, advice=why.advice)


def _sequence_number(record: object, failure: FunctionError) -> str:
    number = as_object(as_object(record).get("dynamodb")).get("SequenceNumber")
    if not isinstance(number, str) or not number:
        raise failure
    return number
