"""The fuzzer of eng/fuzz.sh: a case is its seed and number, and every wrong answer is found. Answers come from real sockets."""
import contextlib
import json
import socket
import subprocess
import sys
import threading
import types

import pytest

from conftest import ROOT

sys.path += [str(ROOT / "eng" / "fuzz"), str(ROOT / "eng" / "attack")]
import sender  # noqa: E402
from case import KEY, Case  # noqa: E402
from corpus import CAPTION_MARK, Corpus  # noqa: E402
from forms import FORMS, Forms  # noqa: E402
from kept import KeepingReport  # noqa: E402
from oracle import Oracle  # noqa: E402

IDS = [f"scene-{number:06}" for number in range(64)]
GIVEN = "rsk_0123456789ab_" + "5e" * 32
GOOD = b'{"title": "Bad Request", "status": 400, "detail": "no"}'


@pytest.fixture(scope="module")
def corpus():
    return Corpus(ROOT)


def made(corpus, number, seed=1):
    return Forms(seed, number, corpus, IDS).case()


def test_seed_and_number_alone_make_a_case(corpus):
    first = [made(corpus, number) for number in range(400)]
    again = [made(corpus, number) for number in reversed(range(400))][::-1]
    assert [(case.form, case.raw, case.ends) for case in first] == [(case.form, case.raw, case.ends) for case in again]
    assert first[0].raw != made(corpus, 0, seed=2).raw
    assert {case.form for case in first} == {script.__name__ for script, _ in FORMS}


def test_no_case_deletes_an_image_of_the_base(corpus):
    for number in range(1500):
        case = made(corpus, number)
        assert not (case.raw.startswith(b"DELETE") and any(name.encode() in case.raw.split(b"\r\n")[0] for name in IDS)), number


def test_a_kept_case_is_read_as_it_was_and_names_no_key(corpus, tmp_path):
    for number in range(100):
        case = made(corpus, number)
        case.keep(tmp_path / "case.json", number, 1)
        read = Case.read(tmp_path / "case.json")
        assert vars(read) == vars(case)
        assert GIVEN not in (tmp_path / "case.json").read_text()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"form": "x", "parts": ["!"], "sound": true, "method": "GET", "target": "/", "ends": false}', '{"form": "x", "parts": 5, "sound": true, "method": "GET", "target": "/", "ends": false}'])
def test_what_is_no_case_is_refused(tmp_path, text):
    (tmp_path / "case.json").write_text(text)
    done = subprocess.run(["python3", "-B", str(ROOT / "eng" / "fuzz"), "--root", str(ROOT), "--app", str(tmp_path), "--replay", str(tmp_path / "case.json")], capture_output=True, text=True)
    assert done.returncode == 2 and "is no case" in done.stderr


@contextlib.contextmanager
def answering(answer):
    """A listener that gives each connection the same bytes once a request has come; None: nothing, and no end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held = []

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    held.append(connection)
                    connection.recv(1 << 16)
                    if answer is not None:
                        connection.sendall(answer)
                        connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield types.SimpleNamespace(port=listener.getsockname()[1], alive=True)
        for connection in held:
            connection.close()


def found(answer, tmp_path, method="GET", sound=True):
    report = KeepingReport(1, tmp_path)
    case = Case("json", [f"{method} /v1/model HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()], sound, method, "/v1/model")
    with answering(answer) as server:
        report.sending(7, case)
        sender.Sender(server, Oracle(report, "json"), report, GIVEN).send(case)
    return report


def http(status, body, kind="application/problem+json", more=""):
    body = body.encode() if isinstance(body, str) else body
    return f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n{more}\r\n".encode() + body


def problem(status, detail):
    return json.dumps({"title": "X", "status": status, "detail": detail})


@pytest.mark.parametrize("answer", [http(400, GOOD), http(200, "{}", "application/json"), http(503, problem(503, "busy"), more="Retry-After: 1\r\n"), http(504, problem(504, "late"))])
def test_what_may_be_answered_is_no_finding(tmp_path, answer):
    report = found(answer, tmp_path)
    assert not report.findings and not list(tmp_path.iterdir())


@pytest.mark.parametrize("answer, kind", [
    (http(500, problem(500, "failed")), "status 500"), (http(502, problem(502, "failed")), "status 502"), (http(503, problem(503, "busy")), "without Retry-After"),
    (http(400, "no"), "no complete JSON"), (http(400, GOOD, "text/plain"), "no application/problem+json"), (http(400, '{"status": 400, "detail": "x"}'), "without title"), (http(404, ""), "an empty body"),
    (http(400, problem(400, "at /home/user/x.cs")), "inside of the server"), (http(400, problem(400, "System.InvalidOperationException")), "inside of the server"), (http(400, problem(400, "x\n   at A.B.C()")), "inside of the server"),
    (http(401, problem(401, GIVEN)), "a key in an answer"), (http(400, problem(400, CAPTION_MARK)), "a caption or metadata"), (http(200, "{", "application/json"), "no complete JSON"), (http(200, '{"a": NaN}', "application/json"), "no complete JSON"),
    (http(200, '{"a": 1}', "application/json")[:-3], "cut off"), (b"", "no answer"), (b"junk\r\n\r\n", "no HTTP answer"), (None, "neither an answer nor an end"),
])
def test_every_wrong_answer_is_found_and_its_case_kept(tmp_path, monkeypatch, answer, kind):
    monkeypatch.setattr(sender, "LONGEST", 0.5 if answer is None else 30)
    report = found(answer, tmp_path)
    assert any(kind in name for name in report.findings), report.findings.keys()
    assert Case.read(next(tmp_path.glob("case-1-7.json"))).target == "/v1/model"


def test_a_body_in_an_answer_to_head_is_found(tmp_path):
    assert "a body in an answer to HEAD" in found(http(400, GOOD), tmp_path, "HEAD", sound=False).findings
    assert not found(http(400, GOOD)[:-len(GOOD)], tmp_path, "HEAD", sound=False).findings


def test_a_key_takes_the_place_of_the_one_that_is_kept():
    assert len(KEY) == len(GIVEN)


def test_options_that_are_wrong_end_with_2(tmp_path):
    for options in (["--cases"], ["--cases", "0"], ["--readers", "x"], ["--seed", "-1"], ["--senders", "0"], ["--nothing", "1"]):
        done = subprocess.run([str(ROOT / "eng" / "fuzz.sh"), "--app", str(tmp_path), *(["--readers", "0"] if options[0] != "--readers" else []), *options], capture_output=True, text=True)
        assert done.returncode == 2, options
