"""Promise 9: every route of the served document with every kind of key, and the starts that are refused. Limits of a caller."""
import itertools
import json
import time

from row import percentile
from served import Loop, until

NOISY_PAIRS, NOISY_REQUESTS = 2000, 100
NO_KEY = "/health/"  # what is answered to everybody
GRANTS = {"query": {"query"}, "ingest": {"query", "metrics", "ingest"}, "admin": {"query", "metrics", "ingest", "admin"}, "metrics": {"metrics"}}
WRONG = "rsk_0123456789ab_" + "0" * 64


def keys(row, place):
    folder = place.new("keys")
    folder.mkdir()
    file = folder / "keys.json"
    texts = {None: None, "wrong": WRONG, **{role: made(place, file, role, role) for role in GRANTS}}
    texts["revoked"] = made(place, file, "revoked", "admin")
    place.run("keys", "revoke", "--key-file", file, "--name", "revoked")
    server = place.serve("--bundle", place.demo / "bundle", "--index", place.demo_index(), "--key-file", file)
    document = server.get("/openapi/v1.json", headers={"X-Api-Key": texts["query"]}).json
    asked = 0
    for (path, operations), (name, text), header in itertools.product(document["paths"].items(), texts.items(), ("X-Api-Key", "Authorization")):
        for method, operation in operations.items():
            asked += 1
            needed = operation.get("x-role")
            row.check((needed is None) == path.startswith(NO_KEY), f"{method} {path} declares the role {needed}")
            headers = {} if text is None else {header: text if header == "X-Api-Key" else f"Bearer {text}"}
            answer = server.ask(method.upper(), path.replace("{id}", "nothing"), "{ no JSON", {"Content-Type": "application/json", **headers})
            expected = None if needed is None or needed in GRANTS.get(name, ()) else 403 if name in GRANTS else 401
            turned_away = answer.status == 401 or answer.status == 403 and b"roles" in answer.body
            row.check(answer.status == expected if expected else not turned_away, f"{method} {path} with {name or 'no key'}: {answer.status} {answer.body[:200]}, expected {expected or 'neither 401 nor 403'}")
    row.check(asked > 200, f"only {asked} requests: the document lacks routes")
    row.did(f"{asked} requests: every route of the document with no key, a wrong, a revoked one and one of each role, by both headers")

    for arguments in (("--urls", "http://0.0.0.0:0"), ("--urls", "http://0.0.0.0:0", "--Access:WithoutKeys=true"), ("--key-file", file.with_name("none.json")), ("--key-file", "/dev/null")):
        # Ends with 2, or this run does.
        place.run("serve", "--bundle", place.demo / "bundle", "--index", place.demo_index(), *arguments, code=2, limit=60)
    row.did("starts without keys beyond loopback, with a wrong consent, with no file of keys and with an empty one: refused")


def made(place, file, name, role, *more):
    return place.run("keys", "new", "--key-file", file, "--name", name, "--role", role, *more).strip()


def callers(row, place):
    """One caller asks for ten times what it may take, beside one that asks twenty times a second.

    The noisy one is a process of its own: two loops of one interpreter wait for each other."""
    seconds = place.size(5, 60)
    folder = place.new("callers")
    folder.mkdir()
    file = folder / "keys.json"
    quiet = made(place, file, "quiet", "query")
    noisy = made(place, file, "noisy", "query", "--pairs-per-second", NOISY_PAIRS)
    noisy_file, captions = folder / "noisy.key", folder / "captions.txt"
    noisy_file.write_text(noisy)
    captions.write_text("a red cube\n")
    server = place.serve("--bundle", place.demo / "bundle", "--index", place.demo_index(), "--key-file", file, "--Callers:BurstSeconds=1")

    def ask_quietly(*_):
        answer = server.post("/v1/search/images", {"caption": "a red cube and a blue star"}, headers={"X-Api-Key": quiet})
        row.check(answer.status == 200, f"the quiet caller was answered with {answer.status}: {answer.body[:200]}")
        return answer.ms

    def listen(name):
        loop = Loop(ask_quietly, pause=0.05)
        time.sleep(seconds)
        times = loop.end()
        row.told(f"{name}: p50 {percentile(times, 0.5):.1f}, p99 {percentile(times, 0.99):.1f} ms of {len(times)}")
        return percentile(times, 0.99)

    listen("to warm up")
    alone = listen("quiet alone")
    noise = place.start(
        "bench", "query", "--server", server.url, "--api-key-file", noisy_file, "--captions", captions, "--shortlist", 200,
        "--rate", NOISY_REQUESTS, "--warm-up", 1, "--seconds", seconds + 1, "--json")
    until(lambda: server.post("/v1/search/images", {"caption": "a red cube"}, headers={"X-Api-Key": noisy}).status == 429, "the noisy caller is beyond its limit")
    beside = listen("beside the noisy one")
    said = noise.wait(120), noise.log.read_text()
    if not row.check(said[0] == 0, f"the noisy caller's bench ended with {said[0]}: {said[1][-400:]}"):
        return
    counts = json.loads(said[1])["levels"][0]["counts"]
    requests, shed = counts["requests"], counts["shed"]
    row.check(set(counts["statuses"]) <= {"200", "429"} and not counts["failed"], f"the noisy caller got {counts['statuses']} and {counts['faults']}, expected 200 and 429 alone")
    row.check(shed > requests / 2 and counts["shedWithRetryAfter"] == shed, f"of {requests} requests of the noisy caller {shed} were refused, {counts['shedWithRetryAfter']} with Retry-After, expected most, and all of those with it")
    row.did(f"a caller limited to {NOISY_PAIRS} pairs a second that asks {NOISY_REQUESTS} times a second for 200 each ({requests} requests, {shed} refused), {seconds} s, beside one that asks 20 times a second")
    row.number(f"p99 of the quiet caller {beside / alone:.2f} x that alone", beside <= 1.5 * alone, "<= 1.5 x")
