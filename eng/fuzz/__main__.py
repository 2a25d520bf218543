"""The fuzzer of the HTTP server. Called by eng/fuzz.sh, which has the options."""
import argparse
import itertools
import pathlib
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback

sys.dont_write_bytecode = True
here = pathlib.Path(__file__).resolve().parent
sys.path.append(str(here.parent / "attack"))  # what sends, reads and judges
from case import Case  # noqa: E402
from forms import Forms  # noqa: E402
from kept import KeepingReport  # noqa: E402
from rounds import Round  # noqa: E402
from sender import Sender  # noqa: E402

TOLD_EVERY = 10_000  # cases between two lines and looks at the server's log
stopped = threading.Event()


def arguments():
    parser = argparse.ArgumentParser(prog="fuzz.sh")
    parser.add_argument("--root", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--app", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--senders", type=int, default=12)
    parser.add_argument("--replay", metavar="FILE")
    parser.add_argument("--kept", metavar="DIR", default="fuzz-cases")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--counts", metavar="FILE", help=argparse.SUPPRESS)  # for test.sh: passed, failed, skipped
    options = parser.parse_args()
    if options.cases < 1 or options.first < 0 or not 1 <= options.senders <= 64 or options.seconds <= 0:
        parser.error("expected --cases of 1 or more, --first of 0 or more, --senders of 1 to 64, --seconds above 0")
    return options


def main():
    options = arguments()
    try:
        replayed = Case.read(options.replay) if options.replay else None
    except ValueError as fault:
        print(f"fuzz: {fault}", file=sys.stderr)
        return 2
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())  # what was sent so far is judged
    report, begun, sent, folder, round_ = KeepingReport(options.seed, options.kept), time.monotonic(), 0, tempfile.mkdtemp(prefix="retrieval-fuzz-"), None
    try:
        round_ = Round(options.root, options.app, options.seed, report, folder)
        if replayed:
            answers = Sender(round_.server, round_.make_oracle(replayed.form), report, round_.key).send(replayed)
            for answer in answers:
                print(f"{answer.status} {answer.headers}\n{answer.body[:2000].decode('utf-8', 'replace')}")
            sent = 1
        else:
            sent = fuzz(round_, report, options)
        round_.judge()
        round_.end()
    except Exception:
        report.breakage(traceback.format_exc())
    finally:
        if round_:
            round_.server.kill()
        shutil.rmtree(folder, ignore_errors=True)
    return finish(report, options, sent, time.monotonic() - begun)


def fuzz(round_, report, options):
    """Sends the cases, several at a time; how many."""
    numbers, gate, ended = itertools.count(options.first), threading.Lock(), time.monotonic() + options.seconds
    done = itertools.count(1)
    last = options.first + options.cases
    reached = [0]

    def work():
        sender, oracles = Sender(round_.server, None, report, round_.key), {}
        while (number := next(numbers)) < last and time.monotonic() < ended and round_.server.alive and not stopped.is_set():
            try:
                case = Forms(options.seed, number, round_.rig.corpus, round_.ids).case()
                sender.oracle = oracles.get(case.form) or oracles.setdefault(case.form, round_.make_oracle(case.form))
                report.sending(number, case)
                sender.send(case)
            except Exception:
                report.breakage(traceback.format_exc())
            finally:
                report.sending(None, None)
            count = reached[0] = next(done)
            if count % TOLD_EVERY == 0:
                with gate:
                    print(f"{count:,} cases", flush=True)
                    round_.server.scan()

    begun = time.monotonic()
    threads = [threading.Thread(target=work) for _ in range(options.senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{reached[0]:,} cases sent in {time.monotonic() - begun:.0f} s", flush=True)
    return reached[0]


def finish(report, options, sent, seconds):
    report.cases = [None] * sent
    faults = len(report.findings)
    if not options.replay and sent < options.cases and seconds < options.seconds and not report.broken:
        report.breakage(f"only {sent} of {options.cases} cases were sent")
    report.print(seconds / 60)
    print(f"fuzz: seed {options.seed}, cases {options.first} to {options.first + sent - 1}, {seconds:.0f} s, {sent / seconds:.0f} a second: {faults} kinds of findings")
    if options.json:
        report.cases = []
        report.write(options.json, seconds / 60, {"sent": sent, "first": options.first})
    if options.counts:
        pathlib.Path(options.counts).write_text(f"{0 if faults or report.broken else 1} {faults + len(report.broken)} 0\n")
    return 2 if report.broken else 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
