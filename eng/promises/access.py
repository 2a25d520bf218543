"""Promise 9: every route of the served document with every kind of key, and the starts that are refused."""
import itertools

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


def made(place, file, name, role):
    return place.run("keys", "new", "--key-file", file, "--name", name, "--role", role).strip()
