"""JSON read as strictly as a careful client reads it."""
import json
import math


class NotStrict(ValueError):
    """Not one complete JSON value of finite numbers, in UTF-8, without doubled members."""


def _constant(name):
    raise NotStrict(f"the constant {name}")


def _number(text):
    value = float(text)
    if not math.isfinite(value):
        raise NotStrict(f"the number {text} is not finite")
    return value


def _members(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStrict("a member is given twice")
    return found


def parse(body):
    """The value of a body; raises NotStrict."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_constant, parse_float=_number, object_pairs_hook=_members)
    except NotStrict:
        raise
    except (UnicodeDecodeError, ValueError, RecursionError) as fault:
        raise NotStrict(str(fault)[:200]) from None
