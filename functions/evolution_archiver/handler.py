"""Keeps every finished evolution: one object in the artifacts bucket, made from the state table's stream.

The object's key and content follow from the record alone, so a record that comes twice is kept once.
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
"""Beyond it a record is compressed: two images of 400 KB each would be more than SQS takes."""


@entry(fails=True)
def handler(event: object, call: InvocationContext) -> Result:  # noqa: ARG001 (Lambda passes it)
    """Archive what has finished.

    A record that can't be read or kept goes whole to the dead-letter queue, and the rest of the batch is done.

    Only what may go well the next time is reported back to Lambda, which delivers the batch again from that record on. So nothing after it
    is done now. Source: Lambda developer guide, "Configuring partial batch response with DynamoDB and Lambda".

    Raises:
        FunctionError: a record can neither be kept nor be put aside, and has no place in the stream to start again from.
    """
    records = as_list(as_object(event).get("Records"))
    counts: dict[str, int] = dict.fromkeys(("archived", "already_archived", "skipped", "dead_letters"), 0)
    if not records:
        _put_aside(event, RequestRefusedError("unreadable", "The event is no batch of a stream.", "Look at it in the dead-letter queue."))
        counts["dead_letters"] += 1
    failed: list[dict[str, str]] = []
    for record in records:
        try:
            counts[_keep(record)] += 1
        except FunctionError as failure:
            log.error(
                "A record has failed; the batch is delivered again from it on.",
                kind=failure.kind,
                advice=failure.advice,
                said=failure.message,
            )
            failed.append({"itemIdentifier": _place(record, failure)})
            break
    outcome = "incomplete" if failed else "done"
    message = f"{counts['archived']} evolutions were archived."
    return Result(outcome=outcome, message=message, details=counts, private={"batchItemFailures": failed})


def _keep(record: object) -> str:
    try:
        found = read(record)
    except RequestRefusedError as refusal:
        _put_aside(record, refusal)
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
        _put_aside(record, failure)
        return "dead_letters"
    log.info("An evolution was archived.", key=key)
    return "archived"


def canonical(header: dict[str, object]) -> bytes:
    """The same header is the same bytes: keys in order, no spaces, UTF-8, one newline at the end."""
    return (json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n").encode()


def _put_aside(record: object, why: FunctionError) -> None:
    """Send the whole record, and why, to the dead-letter queue."""
    message = {"kind": why.kind, "message": why.message, "record": record}
    body = json.dumps(message, sort_keys=True)
    if len(body.encode()) > LARGEST_MESSAGE_BYTES:
        packed = base64.b64encode(gzip.compress(json.dumps(record, sort_keys=True).encode(), mtime=0)).decode()
        body = json.dumps({**message, "record": packed, "encoding": "gzip+base64"}, sort_keys=True)
    call("sqs:SendMessage", {"QueueUrl": setting("EVOLUTION_DEAD_LETTERS_URL"), "MessageBody": body})
    log.warning("A record went to the dead-letter queue.", kind=why.kind, said=why.message, advice=why.advice)


def _place(record: object, failure: FunctionError) -> str:
    place = as_object(as_object(record).get("dynamodb")).get("SequenceNumber")
    if not isinstance(place, str) or not place:
        raise failure
    return place
