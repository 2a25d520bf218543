"""Texts, ids and parameters at the ends of what may be written."""
import urllib.parse

from bodies import Raw

CAPTIONS = ["", " ", "\t\n", "a", "\u0000", "a\u0000b", "\ufeffa", "\u202ea\u2066", "e" + "\u0301" * 3000, "\U0010ffff" * 10, "\ud7ff\ue000", "ß" * 5000, "İ" * 9000, "Σ" * 9999, "ﬁ" * 100, "👩‍👩‍👧‍👦" * 900, "a" * 10_000, "a" * 10_001,
            "a " * 5000, "." * 10_000, "'" * 10_000, "\"" * 9000, "\\" * 9000, "(" * 9000, "n't" * 3000, "...." * 2500, "$1,000.00" * 1000, "\u200b" * 100, "日本語" * 3000, "अ" * 9000, "\u1f600", "<unk> <start> <end> <pad>", "\r\nX-A: b", "{{7*7}}", "${jndi:ldap://x}", "%00%0a"]
RAW_TEXTS = [b'"\\ud800"', b'"\\udc00\\ud800"', b'"\xed\xa0\x80"', b'"\xff"', b'"\xc0\xaf"', b'"\xf8\x88\x80\x80\x80"', b'"\\u0000"', b'"\\uD83D\\uDE00"', b'"a\x01b"', b'"\\/\\b\\f"', b'"unclosed', b'"\\', b'"\xe2\x82"']


def caption(rng):
    """A caption as a JSON value: a text, or bytes where one belongs; seldom one of a megabyte."""
    pick = rng.random()
    if pick < 0.2:
        return Raw(rng.choice(RAW_TEXTS))
    if pick < 0.22:
        return rng.choice(["a", "é", "w ", "😀"]) * (1 << 20 if rng.random() < 0.3 else 70_000)
    if pick < 0.5:
        return "".join(chr(point) for point in (rng.choice([rng.randrange(0x80), rng.randrange(0xd800), rng.randrange(0xe000, 0x110000)]) for _ in range(rng.choice([1, 3, 40]))))
    return rng.choice(CAPTIONS)


SEGMENTS = ["%00", "a%00b", "%2e%2e", "%2e", "..", ".", "...", "a%2f..%2fb", "%2f%2f", "%5c..%5c", "..%5c", "%c0%ae%c0%ae", "%c0%af", "%e0%80%af", "%f0%80%80%af", "%ff", "%fe%ff", "%ed%a0%80", "%F4%90%80%80", "%", "%%", "%2", "%zz", "%u0041", "%0d%0a", "%0d%0aX:%20y", "%09", "%20", "+",
            "a;b", "a:b", "@", "~", "*", "{id}", "$", "'", "%22", "%3c%3e", "%3f", "%23", "a?b", "%25", "%2525", "%252e%252e", "%E2%80%AE", "%EF%BB%BF", "CON", "aux.jpg", "x" * 256, "x" * 257, "%c3%a9" * 256, "%c3%a9" * 257, "x" * 4000, "x" * 8000, "x" * 9000, "%41" * 2600, "a/" * 300, "a//b", "/", "a/", "/a", "etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "-0", "2147483648", "00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}", "0" * 32]
PREFIXES = ["/v1/images/", "/v1/images/", "/v1/images/", "/v1/pictures/", "/v1/pictures/", "/v1/ingestions/", "/v1/", "/health/", "/openapi/", "/console/", "/", "/metrics/", "//", "/v1//images/", "/v1/./images/", "/V1/IMAGES/", "/v1/images;a=b/", "/v1/%69mages/", "/v1/images%2f", "/v1\\images\\"]
VALUES = ["", "0", "1", "-1", "16", "64", "1000", "1001", "2048", "2049", "1e3", "0x10", "+5", " 5", "5 ", "%35", "99999999999999999999", "NaN", "null", "true", "%00", "%ff", "%zz", "a" * 3000, "[]", "{}", urllib.parse.quote('{"place":"3"}'), urllib.parse.quote('{"place":{"gte":1}}'), urllib.parse.quote('{"a":' * 100), "%7b%22a%22%3a%ff%7d", "scene-000003", "٣"]
NAMES = ["limit", "after", "width", "top", "offset", "shortlist", "filter", "deadlineMs", "rankBy", "caption", "Limit", "limit[]", "", "%00", "x", "api_key", "%6cimit", "a" * 2000]


def path(rng, ids):
    """A path that is no good one, but for a few."""
    segment = rng.choice([*SEGMENTS, *rng.sample(ids, 2)])
    return rng.choice(PREFIXES) + (urllib.parse.quote(segment, safe="%/.;:@?+*~$'{}-") if rng.random() < 0.1 else segment) + rng.choice(["", "", "", "/", "/..", "?", "?a=b", "#x", "%20", ".jpg"])


def query(rng):
    return "&".join(f"{rng.choice(NAMES)}{rng.choice(['=', '=', '=', '', '=='])}{rng.choice(VALUES)}" for _ in range(rng.choice([1, 1, 2, 3, 60])))
