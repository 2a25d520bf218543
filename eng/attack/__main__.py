"""The attack: named cases first, then random ones until the time is over. See docs/attack.md."""
import argparse
import os
import pathlib
import resource
import shutil
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import form_damage
import form_http
import form_kills
import form_npy
import named
from corpus import stream
from report import Report
from rig import Rig

FORMS = {"http": (form_http.run, 4), "npy": (form_npy.run, 3), "damage": (form_damage.run, 4), "kills": (form_kills.run, 2)}
FIRST_RANDOM = 1000


def arguments():
    parser = argparse.ArgumentParser(prog="eng/attack.sh", description="Attacks a real server with random forms and checks every answer. The same seed makes the same cases.")
    parser.add_argument("--root", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--app", help="folder of the command under test")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--only", default=",".join(FORMS), help="forms: " + ",".join(FORMS))
    parser.add_argument("--case", help="one case, or K-L: replays it; random cases have numbers from 1000")
    parser.add_argument("--named", choices=["also", "only", "skip"], default="also", help="the list of known faults before the random cases")
    parser.add_argument("--out", help="a JSON report")
    parser.add_argument("--list", action="store_true", help="lists the named cases")
    parser.add_argument("--keep", action="store_true", help="keeps the folder with logs and indexes")
    options = parser.parse_args()
    options.only = options.only.split(",")
    if unknown := set(options.only) - set(FORMS):
        parser.error(f"--only names {', '.join(sorted(unknown))}; expected some of {', '.join(FORMS)}")
    return options


def cases(options):
    """(number, name, form, what to run), without end."""
    wanted = None
    if options.case:
        first, _, last = options.case.partition("-")
        wanted = range(int(first), int(last or first) + 1)
    for number, (name, form, work) in enumerate(named.CASES, 1):
        if (number in wanted) if wanted else options.named != "skip" and form in options.only:
            yield number, name, form, work
    if options.named == "only" and not wanted:
        return
    number = FIRST_RANDOM
    while wanted is None or number < wanted.stop:
        # A case is what it is by the seed and its number alone, whichever others are run.
        form = stream(options.seed, number).choices(list(FORMS), [weight for _, weight in FORMS.values()])[0]
        if (number in wanted) if wanted else form in options.only:
            yield number, f"random {form}", form, FORMS[form][0]
        number += 1


def main():
    options = arguments()
    if options.list:
        for number, (name, form, _) in enumerate(named.CASES, 1):
            print(f"{number:3} {form:7} {name}")
        return 0
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192) if hard != resource.RLIM_INFINITY else 8192, hard))
    report = Report(options.seed, f"eng/attack.sh --seed {options.seed}" + (f" --app {options.app}" if options.app and not options.app.startswith(options.root) else ""))
    folder = tempfile.mkdtemp(prefix="retrieval-attack-")
    begun = time.monotonic()
    until = begun + options.minutes * 60
    print(f"seed {options.seed}, {options.minutes:g} minutes, forms {', '.join(options.only)}, in {folder}", flush=True)
    rig = None
    try:
        rig = Rig(options.root, options.app, options.seed, report, folder)
        rig.prepare()
        for number, name, form, work in cases(options):
            if time.monotonic() > until and not options.case:
                break
            # In a short run the known faults leave half of the time to the random cases.
            if number < FIRST_RANDOM and options.named == "also" and not options.case and time.monotonic() > begun + options.minutes * 30:
                report.count("named cases left out for want of time")
                continue
            report.begin(number)
            case_begun = time.monotonic()
            try:
                work(rig, number)
            except Exception:
                report.breakage(traceback.format_exc())
            try:
                rig.look_after()
            except Exception:
                report.breakage(traceback.format_exc())
            took = time.monotonic() - case_begun
            report.cases.append({"case": number, "name": name, "seconds": round(took, 1), "notes": report.notes})
            print(f"case {number} ({name}): {took:.1f} s" + "".join(f"; {note[:200]}" for note in report.notes[:4]), flush=True)
        rig.end_shared()
    except KeyboardInterrupt:
        print("stopped", flush=True)
    except Exception:
        report.breakage(traceback.format_exc())
    finally:
        if rig and rig._shared:
            rig._shared.server.kill()
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    minutes = (time.monotonic() - begun) / 60
    report.print(minutes)
    if options.out:
        report.write(options.out, minutes, {"forms": options.only, "app": os.path.basename(str(options.app))})
    if report.broken:
        return 2
    return 1 if report.findings else 0


sys.exit(main())
