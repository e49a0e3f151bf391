"""Reads one order per line, {"version", "object"}, and answers each with a line: what is wrong with the object, or null."""

import functools
import json
import sys

from kubernetes_validate import utils

# The schemas of a version are large, and the same for all of its objects.
utils.schema_contents = functools.lru_cache(maxsize=None)(utils.schema_contents)


def problem_of(order):
    try:
        utils.validate(order["object"], order["version"], strict=True)
        return None
    except utils.ValidationError as error:
        return ".".join(str(step) for step in error.path) + ": " + error.message
    except utils.SchemaNotFoundError as error:
        return error.message


for line in sys.stdin:
    print(json.dumps(problem_of(json.loads(line))))
