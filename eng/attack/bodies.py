"""JSON bodies: valid ones, and mutations that know where what belongs."""
import json

CAPTIONS = ["a striped red cube and a green glass star", "two dogs", "étoile 星 🎈", "cube " * 60, "xyzzy plugh"]
# What good requests ask for. The fuzzer asks for less, so that more requests are made in the same time.
TOPS, SHORTLISTS = [1, 5, 10, 1000], [1, 20, 200, 2000, 4000]


class Raw:
    """Bytes that are written as they are where a JSON value belongs."""

    def __init__(self, data):
        self.data = data


class Pairs:
    """An object that may have a member twice."""

    def __init__(self, pairs):
        self.pairs = pairs


def dump(value):
    if isinstance(value, Raw):
        return value.data
    if isinstance(value, Pairs):
        return b"{" + b",".join((name if isinstance(name, bytes) else json.dumps(name).encode()) + b":" + dump(item) for name, item in value.pairs) + b"}"
    if isinstance(value, dict):
        return dump(Pairs(list(value.items())))
    if isinstance(value, list):
        return b"[" + b",".join(map(dump, value)) + b"]"
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def image_search(rng):
    body = {"caption": rng.choice(CAPTIONS)}
    if rng.random() < 0.5:
        body["top"] = rng.choice(TOPS)
    if rng.random() < 0.4:
        body["shortlist"] = rng.choice(SHORTLISTS)
    if rng.random() < 0.2:
        body["deadlineMs"] = rng.choice([1, 5, 500, 600000])
    if rng.random() < 0.3:
        body["filter"] = rng.choice([{"place": "3"}, {"place": ["1", "2"]}, {"nothing": "x"}, {"place": 3}, {"n": {"gte": 2, "lt": 4.5}}, {"n": [3.0, True, "3", {"gt": 1e9}], "t": True}])
    return body


def caption_search(rng, ids):
    body = image_search(rng)
    del body["caption"]
    return {"imageId": rng.choice(ids), **body}


def batch(rng, ids):
    return {"queries": [image_search(rng) if rng.random() < 0.6 else caption_search(rng, ids) for _ in range(rng.choice([1, 2, 5]))]}


def score(rng, ids):
    def pair():
        name = rng.choice(ids)
        return {"imageId": rng.choice(ids), **({"caption": rng.choice(CAPTIONS)} if rng.random() < 0.5 else {"captionId": f"{name}#0"})}
    return {"pairs": [pair() for _ in range(rng.choice([1, 3, 30]))]}


def ingestion(rng):
    return {"source": rng.choice([{"folder": "nowhere", "split": "test"}, {"tsv": "nowhere.tsv"}, {"tsv": "a.tsv", "captions": "c.json"}]),
            **rng.choice([{}, {"replace": True}, {"batchRows": 8}])}


NUMBERS = [b"0", b"-0", b"-1", b"1.0", b"1e0", b"10.5", b"2147483647", b"2147483648", b"-2147483649", b"4294967296", b"9223372036854775808", b"1e400", b"-1e400", b"1e-400",
           b"NaN", b"Infinity", b"-Infinity", b"+1", b"01", b"1.", b".5", b"0x10", b"1_000", b"9" * 400, b"0." + b"3" * 400, b"1e99999999999", b"1001", b"10001", b"600001"]
STRINGS = [b'""', b'" "', b'"\\u0000"', b'"a\\u0000b"', b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\ud83d\\ude00"', b'"\xff\xfe"', b'"\xed\xa0\x80"', b'"\xc0\x80"', b'"\xf4\x90\x80\x80"',
           b'"a\nb"', b'"\\x"', b'"\\u12"', b"'a'", b'"' + b"a" * 10000 + b'"', b'"' + b"a" * 10001 + b'"', b'"' + "é".encode() * 9999 + b'"', b'"\xe2\x80\xae\xe2\x80\xa8"', b'"unclosed', b'"' + b"a " * 4999 + b'"']
OTHERS = [b"null", b"true", b"false", b"[]", b"{}", b"[null]", b"[[]]", b"undefined", b"", b"nul", b"TRUE", b"/*x*/1", b"[1,]", b'{"a":1,}', b'{"a"}', b"[" * 30 + b"]" * 30, b'{"a":' * 20 + b"1" + b"}" * 20,
          b"[" * 5000, b"[" * 5000 + b"]" * 5000, b"[1" + b",1" * 3000 + b"]"]


def _places(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _places(item, (*path, key))


def _set(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _set(value[path[0]], path[1:], new)
    return copy


def _get(value, path):
    for key in path:
        value = value[key]
    return value


def mutate(rng, value):
    """A body with one to three faults that a parser of JSON or of requests might miss."""
    return _bytes(rng, dump(_structure(rng, value)))


def _structure(rng, value):
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        places = [path for path in _places(value)]
        path = rng.choice(places)
        found = _get(value, path)
        kind = rng.random()
        if isinstance(found, dict) and kind < 0.45:
            pairs = list(found.items())
            if pairs and rng.random() < 0.35:
                pairs.append((pairs[0][0], rng.choice([pairs[0][1], 1, None])))
            elif pairs and rng.random() < 0.35:
                pairs.pop(rng.randrange(len(pairs)))
            else:
                pairs.append((rng.choice(["unknown", "Caption", "top ", "", "__proto__", "$ref", b'"\\ud800"', b'"\\u0000"', b'"\xff"', b'"' + b"k" * 20000 + b'"', "shortlist", "deadlineMs", "imageId", "caption"]),
                              rng.choice([1, "x", None, [], {}])))
            return _set(value, path, Pairs(pairs))  # no way down into doubled members: enough for this body
        if isinstance(found, list) and kind < 0.3:
            value = _set(value, path, rng.choice([found * rng.choice([0, 2, 65]), found * (2001 // max(1, len(found)) + 1)]))
        else:
            value = _set(value, path, Raw(rng.choice(rng.choice([NUMBERS, STRINGS, OTHERS]))))
            return value
    return value


def _bytes(rng, body):
    kind = rng.random()
    if kind < 0.8:
        return body
    return rng.choice([
        lambda: b"\xef\xbb\xbf" + body, lambda: b"\xff\xfe" + body.decode("utf-8", "replace").encode("utf-16-le"), lambda: body[:rng.randrange(len(body) + 1)],
        lambda: body + rng.choice([b"x", b"{}", b"\0", b" " * 5000, b"\n\n"]), lambda: b"\0" + body, lambda: b"", lambda: b" " * 1000 + body,
        lambda: flip(rng, body), lambda: b'{"caption": "' + b"a" * (1 << 20) + b'"}', lambda: b"[" * 100000,
    ])()


def flip(rng, data, most=3):
    """A few bytes changed, put in or left out."""
    data = bytearray(data)
    for _ in range(rng.randint(1, most)):
        at = rng.randrange(len(data) + 1)
        kind = rng.random()
        if kind < 0.4 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif kind < 0.7:
            data[at:at] = rng.choice([b"\0", b"\r", b"\n", b"\r\n", b" ", b":", b"\t", b"%", b"\xff", b'"', b"\x7f", bytes([rng.randrange(256)])])
        elif data:
            del data[at:at + rng.randint(1, 4)]
    return bytes(data)
