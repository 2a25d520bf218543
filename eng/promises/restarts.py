"""Promise 12: two replicas are restarted in turns under load, behind what a balancer does: it asks for readiness."""
import http.client

from balancer import Balancer
from row import percentile
from served import Loop


def rolling(row, place):
    rounds, grace, drain = place.size(1, 20), 20, 5
    index = place.demo_index()
    options = ["--bundle", place.demo / "bundle", "--index", index, f"--Limits:DrainDelaySeconds={drain}", f"--Limits:DrainSeconds={grace}"]
    balancer = Balancer(place.serve(*options), place.serve(*options))

    def ask(number, turn):
        try:
            answer = balancer.ask(number + turn, lambda server: server.post("/v1/search/images", {"caption": "a red cube", "shortlist": 100}))
        except (OSError, http.client.HTTPException) as error:
            row.check(False, f"an accepted request broke off: {type(error).__name__} {error}")
            return None
        row.check(answer is None or answer.status in (200, 429), f"an accepted request was answered with {answer and answer.status}: {answer and answer.body[:200]}")
        return answer

    asking = Loop(ask, threads=4)
    asking.more(20, what="the replicas answer")
    times = []
    for _ in range(rounds * 2):
        server = balancer.pool[0]
        times.append(stopped(row, server, grace, drain))
        balancer.remove(server)
        balancer.add(place.serve(*options))
        asking.more(10, what="answers between two restarts")
    done = asking.end()
    balancer.end()
    row.did(f"two replicas stopped with SIGTERM and started anew in turns, {rounds * 2} times, under 4 clients")
    row.told(f"{len(done)} requests accepted, none failed ({sum(a.status == 429 for a in done)} x 429), {balancer.refused} not accepted; ended after {percentile(times, 0.5):.1f} s, at most {max(times):.1f} s of {grace} s")
    for server in balancer.pool:
        server.stop()


def stopped(row, server, grace, drain):
    """Stops a replica, which goes on for `drain` seconds until all balancers know, and checks how it ends; the seconds that took."""
    code, seconds = server.stop(grace + 30)
    row.check(code == 0, f"a replica ended with {code} after SIGTERM: {server.tail()}")
    row.check(seconds <= grace + drain + 5, f"a replica took {seconds:.1f} s to end, its grace period is {grace} s")
    return seconds
