"""A client that sends any bytes at all and reads answers strictly."""
import select
import socket
import time


class Cut(Exception):
    """The connection ended in the middle of an answer."""


class Silence(Exception):
    """Nothing more came within the time limit."""


class Answer:
    """One HTTP answer. `whole` is false where the connection ended within it."""

    def __init__(self, status, headers, body, whole, version):
        self.status, self.headers, self.body, self.whole, self.version = status, headers, body, whole, version

    def header(self, name):
        found = [value for key, value in self.headers if key == name.lower()]
        return found[0] if found else None

    @property
    def closes(self):
        return (self.header("connection") or "").lower() == "close" or self.version == "HTTP/1.0"


class Connection:
    """A raw socket to the server."""

    def __init__(self, port, timeout=30, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.timeout = timeout
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._left = b""
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self, reset=False):
        if reset:
            try:
                # A linger of zero seconds sends a reset instead of an orderly end.
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            except OSError:
                pass
        self.socket.close()

    def send(self, data):
        """Sends all of it; false if the server has closed meanwhile, which it may."""
        try:
            self.socket.sendall(data)
            return True
        except TimeoutError:
            raise Silence from None
        except OSError:
            return False

    def arrives(self, timeout):
        """Waits for the first byte of an answer, or the connection's end; false if neither comes."""
        return bool(self._left or select.select([self.socket], [], [], timeout)[0])

    def half_close(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def _more(self, until):
        left = until - time.monotonic()
        if left <= 0:
            raise Silence
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            raise Silence from None
        except OSError:
            data = b""
        finally:
            self.socket.settimeout(self.timeout)
        if not data:
            self.ended = True
            raise Cut
        self._left += data

    def _line(self, until):
        while b"\r\n" not in self._left:
            self._more(until)
        line, self._left = self._left.split(b"\r\n", 1)
        return line

    def _exactly(self, count, until):
        parts, have = [], 0
        while have < count:
            if not self._left:
                self._more(until)
            part, self._left = self._left[:count - have], self._left[count - have:]
            parts.append(part)
            have += len(part)
        return b"".join(parts)

    def answer(self, method="GET", timeout=None):
        """The next answer; None if the connection ended before its first byte. Raises Silence if it does not come in time."""
        until = time.monotonic() + (timeout or self.timeout)
        while True:
            try:
                line = self._line(until)
            except Cut:
                return None if not self._left else Answer(0, [], self._left, False, "?")
            version, _, rest = line.decode("latin-1").partition(" ")
            if not version.startswith("HTTP/") or not rest[:3].isdigit():
                return Answer(0, [], line + b"\r\n" + self._left, False, "?")
            status = int(rest[:3])
            headers = []
            try:
                while (line := self._line(until)):
                    name, _, value = line.decode("latin-1").partition(":")
                    headers.append((name.strip().lower(), value.strip()))
                if 100 <= status < 200:
                    continue
                body, whole = self._body(method, status, headers, until)
            except Cut:
                return Answer(status, headers, b"", False, version)
            return Answer(status, headers, body, whole, version)

    def _body(self, method, status, headers, until):
        fields = dict(headers)
        if method == "HEAD" or status in (204, 304):
            return b"", True
        if "chunked" in fields.get("transfer-encoding", "").lower():
            parts = []
            try:
                while True:
                    size = int(self._line(until).split(b";")[0], 16)
                    if size == 0:
                        while self._line(until):
                            pass
                        return b"".join(parts), True
                    parts.append(self._exactly(size, until))
                    if self._line(until):
                        return b"".join(parts), False
            except (Cut, ValueError):
                return b"".join(parts), False
        if "content-length" in fields:
            try:
                return self._exactly(int(fields["content-length"]), until), True
            except Cut:
                return b"", False
        try:
            while True:
                self._more(until)
        except Cut:
            body, self._left = self._left, b""
            return body, True


def request(method, target, body=None, headers=(), host="localhost", version="HTTP/1.1"):
    """The bytes of a well-formed request."""
    lines = [f"{method} {target} {version}".encode("utf-8", "surrogatepass")]
    if host is not None:
        lines.append(f"Host: {host}".encode("latin-1"))
    if body is not None:
        lines.append(b"Content-Length: %d" % len(body))
    for name, value in headers:
        lines.append((name if isinstance(name, bytes) else name.encode("latin-1")) + b": " + (value if isinstance(value, bytes) else value.encode("latin-1")))
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


def ask(port, method, target, body=None, headers=(), timeout=30):
    """One request on a connection of its own."""
    with Connection(port, timeout) as connection:
        connection.send(request(method, target, body, [*headers, ("Connection", "close")]))
        return connection.answer(method)


def ask_json(port, method, target, value=None, timeout=30):
    import json
    body = None if value is None else json.dumps(value).encode()
    return ask(port, method, target, body, [("Content-Type", "application/json")] if body is not None else [], timeout)
