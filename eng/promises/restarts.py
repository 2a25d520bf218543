"""Promise 12: two replicas are restarted in turns under load, behind what a balancer does: it asks for readiness."""
import http.client
import threading
import time

from row import percentile
from served import Loop, until


def rolling(row, place):
    rounds, grace = place.size(1, 20), 20
    index = place.demo_index()
    options = ["--bundle", place.demo / "bundle", "--index", index, "--Limits:DrainDelaySeconds=0.5", f"--Limits:DrainSeconds={grace}"]
    pool, gate = [place.serve(*options) for _ in range(2)], threading.Lock()
    green = list(pool)

    def probe(*_):
        for server in list(pool):
            try:
                fit = server.get("/health/ready", timeout=5).status == 200
            except (OSError, http.client.HTTPException):
                fit = False
            with gate:
                if fit and server in pool and server not in green:
                    green.append(server)
                elif not fit and server in green:
                    green.remove(server)

    def ask(number, turn):
        with gate:
            server = green[(number + turn) % len(green)] if green else None
        if server is None:
            time.sleep(0.01)
            return None
        try:
            answer = server.post("/v1/search/images", {"caption": "a red cube", "shortlist": 100})
            row.check(answer.status in (200, 429), f"an accepted request was answered with {answer.status}: {answer.body[:200]}")
            return answer
        except ConnectionRefusedError:
            return "refused"  # it was not accepted
        except (OSError, http.client.HTTPException) as error:
            row.check(False, f"an accepted request broke off: {type(error).__name__} {error}")
            return None

    probing, asking = Loop(probe, pause=0.05), Loop(ask, threads=4)
    asking.more(20, what="the replicas answer")
    times = []
    for turn in range(rounds * 2):
        server = pool[0]
        code, seconds = server.stop(grace + 30)
        times.append(seconds)
        row.check(code == 0, f"a replica ended with {code} after SIGTERM: {server.tail()}")
        row.check(seconds <= grace + 0.5 + 5, f"a replica took {seconds:.1f} s to end, its grace period is {grace} s")
        pool.remove(server)
        pool.append(place.serve(*options))
        asking.more(10, what="answers between two restarts")
    probing.end()
    answers = [each for each in asking.end() if each is not None]
    done = [answer for answer in answers if answer != "refused"]
    row.did(f"two replicas stopped with SIGTERM and started anew in turns, {rounds * 2} times, under 4 clients")
    row.told(f"{len(done)} requests accepted, none failed ({sum(a.status == 429 for a in done)} x 429), {len(answers) - len(done)} not accepted; ended after {percentile(times, 0.5):.1f} s, at most {max(times):.1f} s of {grace} s")
    for server in pool:
        server.stop()
