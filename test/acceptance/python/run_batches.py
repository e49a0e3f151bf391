"""Uses message batches with the SDK, and prints what it got as one line of JSON."""

import json
import sys
import time

import anthropic

base_url, api_key = sys.argv[1:]
client = anthropic.Anthropic(base_url=base_url, api_key=api_key, max_retries=0)
batches = client.messages.batches


def requests(count):
    params = {"model": "claude-sonnet-5-5", "max_tokens": 100, "messages": [{"role": "user", "content": "Grüße?"}]}
    return [{"custom_id": f"item-{index}", "params": params} for index in range(count)]


def until_ended(batch):
    while batch.processing_status != "ended":
        time.sleep(0.1)
        batch = batches.retrieve(batch.id)
    return batch


def error_of(work):
    try:
        work()
    except anthropic.APIStatusError as error:
        return [type(error).__name__, error.status_code, error.body["error"]["type"]]
    return None


whole = batches.create(requests=requests(5))
early = error_of(lambda: batches.delete(whole.id))
ended = until_ended(whole)
results = sorted((line.to_dict() for line in batches.results(whole.id)), key=lambda line: line["custom_id"])
canceled = batches.cancel(batches.create(requests=requests(200)).id)
listed = [batch.id for batch in batches.list(limit=1)]
refused = error_of(lambda: batches.create(requests=requests(1) * 2))
deleted = batches.delete(whole.id).to_dict()
told = {
    "id": whole.id,
    "created": whole.request_counts.to_dict(),
    "early": early,
    "ended": ended.request_counts.to_dict(),
    "results": results,
    "is_canceling": canceled.processing_status != "in_progress" and canceled.cancel_initiated_at is not None,
    "is_canceled": until_ended(canceled).request_counts.canceled > 0,
    "listed": listed == [canceled.id, whole.id],
    "refused": refused,
    "deleted": deleted,
    "gone": error_of(lambda: batches.retrieve(whole.id)),
}
print(json.dumps(told))
