"""The soak: mixed load, faults at intervals, samples, and a verdict. Called by eng/soak.sh, which has the options."""
import argparse
import json
import os
import pathlib
import signal
import sys
import threading
import time
import traceback

sys.dont_write_bytecode = True
here = pathlib.Path(__file__).resolve().parent
# Behind its own folder: the parts of the promises, and of the attack what compares answers.
sys.path += [str(here.parent / "promises"), str(here.parent / "attack")]
from callers import Caller  # noqa: E402
from faults import Conductor  # noqa: E402
from first_answers import FirstAnswers  # noqa: E402
from place import Place  # noqa: E402
from row import NotRun  # noqa: E402
from sampler import Sampler  # noqa: E402
from served import Loop, until  # noqa: E402
from slopes import judge  # noqa: E402
from stage import Stage  # noqa: E402
from switches import switches  # noqa: E402
from tally import Tally  # noqa: E402
from verdict import analyse, finish  # noqa: E402
from windows import Windows  # noqa: E402

MOST_EVERY = 30  # seconds between two acts


def arguments():
    parser = argparse.ArgumentParser(prog="soak.sh")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--callers", type=int, default=4)
    parser.add_argument("--steady", type=int, default=2, help="replicas that are never killed, beside the one that is")
    parser.add_argument("--switches", type=int, metavar="N", help="switches a replica N times, asks it a little, and judges its memory alone")
    parser.add_argument("--app", metavar="DIR")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--logs", metavar="DIR")
    parser.add_argument("--analyse", metavar="FILE", help="judges the series of a report again and runs nothing")
    parser.add_argument("--counts", metavar="FILE", help=argparse.SUPPRESS)  # for test.sh: passed, failed, skipped
    options = parser.parse_args()
    if not 0.5 <= options.minutes <= 24 * 60 or not 1 <= options.callers <= 64 or not 1 <= options.steady <= 8:
        parser.error("expected --minutes of 0.5 to 1440, --callers of 1 to 64, --steady of 1 to 8")
    if options.switches is not None and options.switches < 1:
        parser.error("expected --switches of at least 1")
    return options


def main():
    options = arguments()
    if options.analyse:
        return analyse(options)
    root = here.parents[1]
    command = [str(pathlib.Path(options.app).resolve() / "retrieval")] if options.app else ["dotnet", str(root / "src/Retrieval.Cli/bin/Release/net10.0/retrieval.dll")]
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())  # what ran so far is judged
    tally, windows = Tally(), Windows()
    place = Place(root, command, False, options.seed, options.logs and pathlib.Path(options.logs))
    try:
        if options.switches:
            return switches(options, place)
        print("soak: making the catalog and starting the replicas", file=sys.stderr)
        stage = Stage(place, options.steady)
        began = time.monotonic()
        series, missed = soak(stage, windows, tally, options, stopped)
        return finish(options, tally, windows, judge(series), series, missed, time.monotonic() - began)
    except NotRun as reason:
        print(f"soak: not run: {reason}", file=sys.stderr)
        if options.counts:
            pathlib.Path(options.counts).write_text("0 1 0\n" if os.environ.get("CI") == "true" else "0 0 1\n")
        return 2
    except Exception:  # noqa: BLE001: a fault of this tool says nothing about the server
        traceback.print_exc()
        return 2
    finally:
        place.close()


def soak(stage, windows, tally, options, stopped):
    first = FirstAnswers(tally)
    sampler = Sampler(stage.steady, stage, every=max(1.0, min(5.0, options.minutes / 10)))
    callers = [Caller(number, stage, windows, tally, first) for number in range(options.callers)]
    load = Loop(lambda number, turn: callers[number].turn(), threads=len(callers), pause=0.005)
    conductor = Conductor(stage, windows, tally, first)
    end = time.monotonic() + options.minutes * 60
    acts = max(len(conductor.acts), round(options.minutes * 60 / MOST_EVERY))
    acts -= acts % len(conductor.acts)
    pause = options.minutes * 60 / (acts + 1)
    due, number = time.monotonic() + pause, 0
    # Each act is done once, however long that takes.
    while ((now := time.monotonic()) < end or number < len(conductor.acts)) and not load.error and not stopped.is_set():
        if now >= min(due, end) and number < acts:
            conductor.act(number)
            print(f"soak: {(options.minutes * 60 - (end - time.monotonic())) / 60:.1f} min, {tally.requests:,} requests, act {number + 1} of {acts}, {tally.failed()} failures", file=sys.stderr)
            number, due = number + 1, max(due + pause, time.monotonic() + pause / 2)
        time.sleep(0.1)
    load.end()
    tally.check(not stopped.is_set(), "was broken off before its end")
    series = sampler.end()
    afterwards(stage, tally)
    return series, sampler.missed


def afterwards(stage, tally):
    """With nobody left: nothing is held, the catalog is whole, and all replicas end as they should."""
    for replica in stage.replicas:
        held = {}

        def released():
            metrics = replica.metrics()
            held.update({name: metrics.get(name, 0) for name in ("retrieval_queue_admitted", "retrieval_queue_depth", "retrieval_worker_restarts_total", "retrieval_audit_lost_total", "retrieval_ingestion_running")})
            return not any(held.values())

        try:
            until(released, "all work is given back", 30)
        except AssertionError:
            tally.fail(f"after the last caller something is still held: {', '.join(name for name, value in held.items() if value)}", f"{replica.name}: {held}")
    try:
        stage.verify()
    except AssertionError as fault:
        tally.fail("index verify finds damage", fault)
    for replica in stage.replicas:
        tally.check(replica.server.alive, "a replica ended by itself", f"{replica.name}: {replica.server.tail()}")
        code, _ = replica.server.stop()
        tally.check(code == 0, f"a replica ended with {code} after SIGTERM", replica.server.tail())


if __name__ == "__main__":
    sys.exit(main())
