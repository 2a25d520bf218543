"""Promises 10, 11 and 14: what is served is what was exported, where it was asked for, with the index that belongs to it."""
import json
import shutil
import subprocess

from served import Loop, until


def not_ready(server, *words):
    """Waits until the server says why it is not ready; the reasons."""
    def reasons():
        answer = server.get("/health/ready")
        text = " ".join(answer.json.get("reasons", [])) if answer.status == 503 else ""
        return all(word.lower() in text.lower() for word in words) and text

    return until(reasons, f"not ready with a reason that says {', '.join(words)}", 60, why=lambda: server.get("/health/ready").body[:500])


def edited(row, place):
    """A bundle is damaged on the disk below a server, which serves on; the next one refuses it."""
    index = place.new("index")
    place.run("ingest", "--bundle", place.bundle, "--index", index, "--source", place.split(20), "--split", "test")
    question = {"caption": "w4 w5 w6", "shortlist": 20}
    dice = place.random("edited")

    def damage(bundle, name):
        data = bytearray((bundle / name).read_bytes())
        at = dice.randrange(len(data))
        data[at] ^= 1 << dice.randrange(8)
        (bundle / name).write_bytes(data)

    def swap(bundle, name):
        shutil.copy(place.other_bundle / name, bundle / name)

    cases = [(name, damage) for name in ("text_encoder.onnx", "scorer_text_to_image.onnx", "vocabulary.json", "parity.npz")]
    cases += [("image_encoder.onnx", swap), ("bundle.json", swap)]
    refused = 0
    shown = cases if place.long else cases[:1] + cases[-1:]
    for name, edit in shown:
        bundle = place.new("bundle")
        shutil.copytree(place.bundle, bundle)
        old = place.serve("--bundle", bundle, "--index", index, "--Snapshot:RefreshSeconds=0.05")
        before = old.post("/v1/search/images", question).json["hits"]
        edit(bundle, name)
        row.check(old.post("/v1/search/images", question).json["hits"] == before and old.get("/health/ready").status == 200, f"{name} edited: the old model does not serve on as before")
        new = place.serve("--bundle", bundle, "--index", index, "--Snapshot:RetrySeconds=0.2", ready=False)
        # Another bundle's manifest is another bundle, to which neither files nor index belong: whichever is noticed first.
        reasons = not_ready(new, *([] if name == "bundle.json" else [name]))
        row.check(reasons and str(bundle) not in reasons, f"{name} edited: the reasons name a path: {reasons}")
        row.check(new.post("/v1/search/images", question).status == 503, f"{name} edited: it answers queries")
        refused += 1
        shutil.copy(place.bundle / name, bundle / name)
        new.ready()
        row.check(new.post("/v1/search/images", question).json["hits"] == before, f"{name} restored: other answers than before")
        old.stop()
        new.stop()
    row.did(f"{refused} bundles edited below a server: the old one serves on with the same answers, a new one refuses the file by its name and serves once it is restored")
    row.told(f"edited: {', '.join(name for name, _ in shown)}")


def provider(row, place):
    """A GPU is asked for where there is none."""
    index = place.new("index")
    place.run("ingest", "--bundle", place.bundle, "--index", index, "--source", place.split(8), "--split", "test", "--provider", "cpu")
    nowhere = place.new("provider.so")
    for kind, library in (("missing", nowhere), ("no library", place.bundle / "vocabulary.json"))[:place.size(1, 2)]:
        server = place.serve("--bundle", place.bundle, "--index", index, "--Inference:Provider=cuda", f"--Inference:ProviderLibrary={library}", "--Snapshot:RetrySeconds=0.2", ready=False)
        reasons = not_ready(server, "cuda")
        row.check(server.post("/v1/search/images", {"caption": "w4"}).status == 503, f"provider {kind}: it answers queries")
        row.check(server.get("/health/live").status == 200, f"provider {kind}: not live")
        row.check(server.metrics().get("retrieval_batch_pairs_count", 0) == 0, f"provider {kind}: something was computed all the same")
        row.check(server.get("/v1/model").status == 503, f"provider {kind}: a model is named though none is served")
        row.told(f"provider {kind}: not ready, \"{reasons[:70]}…\"")
        server.stop()
    done = subprocess.run([*place.command, "search", "--bundle", str(place.bundle), "--index", str(index), "--caption", "w4", "--provider", "cuda", "--provider-library", str(nowhere)], capture_output=True, text=True, timeout=120)
    row.check(done.returncode not in (0, None) and not done.stdout.strip(), f"`retrieval search --provider cuda` ended with {done.returncode} and an answer")
    for allowed in ("auto", "cpu")[:place.size(1, 2)]:
        server = place.serve("--bundle", place.bundle, "--index", index, f"--Inference:Provider={allowed}", f"--Inference:ProviderLibrary={nowhere}")
        model = server.get("/v1/model").json
        row.check(model["provider"] == "CPUExecutionProvider" and model["device"]["reason"], f"{allowed}: {json.dumps(model['device'])} does not say why it is the CPU")
        server.stop()
    row.did("cuda asked for without its library, of a server and of `retrieval search`; where the CPU is allowed it is told why it was taken")


def switching(row, place):
    """Blue is served under load while green is made with another bundle, then they are switched. Each answer is compared with its model's own."""
    images, switches = place.size(60, 300), place.size(3, 20)
    connection, _ = place.postgres().database()
    split = place.split(images, stream="switching")
    questions = [{"caption": f"w{4 + n} w{9 + n}", "top": 10, "shortlist": 1000} for n in range(8)]

    # What each bundle answers alone, from a local index.
    expected, models, alone = {}, {}, {}
    for name, bundle in (("blue", place.bundle), ("green", place.other_bundle)):
        alone[name] = place.new(f"{name}-index")
        place.run("ingest", "--bundle", bundle, "--index", alone[name], "--source", split, "--split", "test")
        server = place.serve("--bundle", bundle, "--index", alone[name])
        answers = [server.post("/v1/search/images", question).json for question in questions]
        models[name] = answers[0]["model"]
        for number, answer in enumerate(answers):
            expected[answer["model"], number] = [(hit["id"], hit["score"]) for hit in answer["hits"]]
        server.stop()
    row.check(models["blue"] != models["green"], "both bundles are one")

    # An index of another bundle is refused in embedded mode.
    wrong = place.serve("--bundle", place.other_bundle, "--index", alone["blue"], "--Snapshot:RetrySeconds=0.2", ready=False)
    reasons = not_ready(wrong, "fingerprint")
    row.check(wrong.post("/v1/search/images", questions[0]).status == 503, "an index of another bundle is served")
    wrong.stop()

    ingest = ["--postgres", connection, "--source", split, "--split", "test", "--batch", "8"]
    place.run("ingest", "--migrate", "--bundle", place.bundle, "--name", "blue", *ingest)
    server = place.serve("--bundle", f"{place.bundle};{place.other_bundle}", "--index", place.new("replica"), "--postgres", connection, "--Postgres:FollowSeconds=0.05")

    def ask(number, turn):
        which = (number + turn) % len(questions)
        answer = server.post("/v1/search/images", questions[which])
        if row.check(answer.status == 200, f"a search was answered with {answer.status}: {answer.body[:200]}"):
            body = answer.json
            own = expected.get((body["model"], which))
            found = [(hit["id"], hit["score"]) for hit in body["hits"]]
            same = own is not None and [i for i, _ in own] == [i for i, _ in found] and all(abs(a - b) <= 1e-5 for (_, a), (_, b) in zip(own, found))
            row.check(same, f"an answer of {body['model']} is not that model's: {found[:3]}, expected {(own or [])[:3]}")
        return answer

    asking = Loop(ask, threads=3)
    asking.more(20)
    place.run("ingest", "--bundle", place.other_bundle, "--name", "green", *ingest)
    during = len(asking.results)
    row.check(all(answer.json["model"] == models["blue"] for answer in asking.results if answer.status == 200), "green was served before it was activated")
    for switch in range(switches):
        name = ("green", "blue")[switch % 2]
        place.run("index", "activate", "--postgres", connection, "--name", name)
        until(lambda: server.get("/v1/model").json["model"] == models[name], f"{name} is served")
        asking.more(10, lambda answer: answer.status == 200 and answer.json["model"] == models[name], f"answers of {name}")
    answers = asking.end()
    server.stop()
    row.did(f"green of another bundle made while blue was served under load, {switches} switches; every answer compared with that of its model alone; an index of another fingerprint refused: \"{reasons[:60]}…\"")
    row.told(f"{len(answers)} searches ({during} while green was made), all 200, none mixed")
