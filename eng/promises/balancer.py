"""What a load balancer does: asks replicas for readiness, and passes requests to those that are ready, in turns."""
import http.client
import threading
import time

from served import Loop


class Balancer:
    def __init__(self, *servers):
        self.pool, self.refused = list(servers), 0
        self._green, self._gate = list(servers), threading.Lock()
        self._probing = Loop(self._probe, pause=0.05)

    def ask(self, turn, request):
        """The answer of a replica whose turn it is. One that takes no connection has not accepted the request: the next is asked.

        None where none is ready. A connection that breaks later is an OSError or HTTPException."""
        for attempt in range(len(self.pool) + 1):
            with self._gate:
                server = self._green[(turn + attempt) % len(self._green)] if self._green else None
            if server is None:
                time.sleep(0.01)
                return None
            try:
                return request(server)
            except ConnectionRefusedError:
                self.refused += 1
        return None

    def remove(self, server):
        with self._gate:
            self.pool.remove(server)
            if server in self._green:
                self._green.remove(server)

    def add(self, server):
        with self._gate:
            self.pool.append(server)

    def end(self):
        self._probing.end()

    def _probe(self, *_):
        for server in list(self.pool):
            try:
                fit = server.get("/health/ready", timeout=5).status == 200
            except (OSError, http.client.HTTPException):
                fit = False
            with self._gate:
                if fit and server in self.pool and server not in self._green:
                    self._green.append(server)
                elif not fit and server in self._green:
                    self._green.remove(server)
