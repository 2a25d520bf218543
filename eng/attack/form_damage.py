"""Index files damaged while the server is stopped, and while it serves."""
import threading
import time

import damage
from book import Book
from corpus import stream
from form_http import side_by_side
from oracle import Oracle
from questions import Questions


def run(rig, case):
    rng = stream(rig.seed, case, "damage")
    questions = learned(rig)
    folder = rig.place("damage")
    index = rig.copy(folder)
    if rng.random() < 0.6:
        at_rest(rig, rng, index, folder, questions, lambda: [damage.hurt(rng, index) for _ in range(rng.choice([1, 1, 1, 2, 4]))])
    else:
        while_serving(rig, rng, index, folder, questions, lambda: [damage.hurt(rng, index) for _ in range(rng.choice([1, 1, 2]))])
    rig.clear(folder)


def learned(rig):
    """The questions with their answers over the sound index, asked once."""
    if getattr(rig, "questions", None) is None:
        folder = rig.place("learn")
        server = rig.serve(rig.copy(folder), folder, "damage")
        questions = Questions(rig)
        questions.learn(server.port, Oracle(rig.report, "damage", rig._contract))
        server.stop()
        rig.clear(folder)
        rig.questions = questions
    return rig.questions


def at_rest(rig, rng, index, folder, questions, hurt, write=None, repair=None):
    """Damage, then verify, repair perhaps, serve, ask, write, ask again."""
    report = rig.report
    wounds = hurt()
    told = "; ".join(map(str, wounds))
    report.count("files damaged at rest", len(wounds))
    report.note(f"at rest: {told}")
    verified = told_of(rig, index, wounds, told)
    if rng.random() < 0.3:
        # The command line over the same files: an answer or one line of refusal.
        rig.command.run("search", "--bundle", rig.command.bundle, "--index", index, "--caption", "a red cube", "--threads", 1, "--json")
    if rig.command.repairs and (rng.random() < 0.35 if repair is None else repair):
        verified = repaired(rig, index, wounds, told)
    server = rig.serve(index, folder, "damage", ready=False, damage=True)
    try:
        if not server.listen():
            report.finding("the server does not start over a damaged index", f"{told}: {server.tail()}", "it starts, and readiness says what is wrong")
            return
        ready = server.ready(timeout=8)
        report.count("damaged indexes that are served" if ready else "damaged indexes that are refused")
        oracle = Oracle(report, "damage", rig._contract)
        judged(rig, questions.judge(server.port, oracle), wounds, told, verified, server, "at rest")
        if (rng.random() < 0.5 if write is None else write) and server.alive:
            written(rig, rng, server, index, folder, oracle, questions, wounds, told)
    finally:
        server.stop()


def told_of(rig, index, wounds, told):
    """Whether `index verify` says that the index is whole; it must not if a committed byte has changed."""
    code, said, text = rig.command.verify(index)
    rig.report.count("damaged indexes verified: fault named" if not said else "damaged indexes verified: no fault")
    if said and any(wound.changed and not wound.path.startswith("manifest.previous") for wound in wounds):
        rig.report.finding("index verify does not see damage of " + _kind(next(wound for wound in wounds if wound.changed)), f"{told}: exit {code}, {text}", "exit 1 and the fault")
    return said


def repaired(rig, index, wounds, told):
    """`index repair` ends properly, and what it says is whole verifies."""
    outcome = rig.command.run("index", "repair", "--index", index, *(("--bundle", rig.command.bundle) if "--bundle" in rig.command.run("index", "repair", "--help").output else ()))
    rig.report.count(f"index repair: exit {outcome.code}")
    code, said, text = rig.command.verify(index)
    if outcome.code == 0 and not said:
        rig.report.finding("an index does not verify after index repair", f"{told}: {outcome.output[-300:]} {outcome.errors[-300:]} then exit {code}: {text}", "verified, or a repair that ends with 1")
    manifests = all(wound.path.startswith("manifest") for wound in wounds)
    if manifests and not said:
        rig.report.finding("index repair does not bring back an index whose data are whole", f"{told}: exit {outcome.code}: {outcome.output[-300:]} {outcome.errors[-300:]}", "a verified index")
    # Of damaged data some may be set aside, and repair has said so: then answers are not held against the sound index.
    return said if manifests else False


def judged(rig, verdicts, wounds, told, verified, server, when):
    for (method, target, value), kind, detail in verdicts:
        rig.report.count(f"answers over damaged files: {kind}")
        question = f"{method} {target} {value}"
        if not server.alive:
            return
        if kind == "nothing":
            rig.report.finding(f"no answer over a damaged index ({when})", f"{told}: {question}", "an answer")
        elif kind == "silent" and verified:
            rig.report.finding(f"a wrong answer with no word, and index verify sees no fault ({when})", f"{told}: {question}: {detail}", "the right answer, degraded, a 503, or a fault that verify names")
        elif kind == "silent" and all(wound.not_finite for wound in wounds):
            rig.report.finding(f"a wrong answer with no word over a number that is not finite ({when})", f"{told}: {question}: {detail}", "the right answer, degraded, or a 503")


def written(rig, rng, server, index, folder, oracle, questions, wounds, told):
    """A change over damaged files: refused, or stored for good, and nothing that was there is removed by it."""
    before = held(index)
    book = Book()
    status = rig.put(server.port, oracle, book, "written-over-damage", 500, ["a red cube"], {"k": "v"})
    rig.report.count(f"PUT over damaged files: {status}")
    if status == 409:
        rig.report.finding("a write lock stays over damaged files", told, "201, 503 or a 4xx")
    time.sleep(0.3)
    after = held(index)
    lost = {name: (size, after.get(name, 0)) for name, size in before.items() if after.get(name, 0) < size}
    # A new epoch of a copy may take the place of the old; the bytes must then be there.
    if sum(after.values()) < 0.9 * sum(before.values()):
        rig.report.finding("a write over a damaged index removes data", f"{told}: PUT {status}; shorter now: {dict(list(lost.items())[:5])}", "data are kept until an operator says otherwise")
    if status in (200, 201) and server.alive:
        server.kill()
        again = rig.serve(index, folder, "damage", ready=False, damage=True)
        if again.ready(timeout=8):
            book.check(again.port, rig.report, oracle, damage=True)
        else:
            rig.report.count("damaged indexes refused after a write")
        again.stop()


def held(index):
    return {str(path.relative_to(index)): path.stat().st_size for path in damage.files(index) if "data-" in str(path.relative_to(index))}


def while_serving(rig, rng, index, folder, questions, hurt):
    report = rig.report
    server = rig.serve(index, folder, "damage", damage=True)
    oracle = Oracle(report, "damage", rig._contract)
    over = threading.Event()

    def load(number):
        own = stream(rig.seed, report.case, "load", number)
        while not over.is_set() and server.alive:
            questions.ask(server.port, oracle, own.choice(questions.asked))

    wounds = []

    def wound():
        try:
            if rng.random() < 0.7:
                questions.judge(server.port, oracle)  # so that pages are there, and tables made
            wounds.extend(hurt())
            time.sleep(0.4)
        finally:
            over.set()

    side_by_side(report, lambda: load(0), lambda: load(1), wound)
    told = "; ".join(map(str, wounds))
    report.count("files damaged while serving", len(wounds))
    report.note(f"while serving: {told}")
    verdicts = questions.judge(server.port, oracle) if server.alive else []
    if rng.random() < 0.4 and server.alive:
        status = rig.put(server.port, oracle, Book(), "written-over-damage", 500, ["a red cube"])
        report.count(f"PUT over damaged files: {status}")
    server.stop()
    # An open index may hold what is gone from the disk; verify judges the disk.
    code, said, _ = rig.command.verify(index)
    if verdicts:
        judged(rig, verdicts, wounds, told, said, _Alive, "while serving")


class _Alive:
    alive = True


def _kind(wound):
    path = wound.path.split("/", 1)[-1] if wound.path.startswith("data-") else wound.path
    return f"{path} ({wound.what.split(' ')[0]})"
