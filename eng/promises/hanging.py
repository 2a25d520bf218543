"""Writes a bundle that computes what another does, but whose text encoder runs for ever for one word, and prints that word.
Needs the packages onnx and numpy.

    python3 hanging.py BUNDLE TARGET
"""
import hashlib
import json
import pathlib
import shutil
import sys

import numpy
import onnx
from onnx import TensorProto, helper

FOR_EVER = 1 << 60


def main(bundle, target):
    shutil.copytree(bundle, target)
    words = json.loads((bundle / "vocabulary.json").read_text())["words"]
    with numpy.load(bundle / "parity.npz") as parity:
        # What is computed when the bundle is loaded must end.
        token = max(set(range(len(words))) - set(parity["token_ids"].flat))
    path = target / "text_encoder.onnx"
    model = onnx.load(path)
    hang(model.graph, token)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    manifest = json.loads((target / "bundle.json").read_text())
    manifest["name"] += "-hanging"
    manifest["files"][path.name] = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size}
    (target / "bundle.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(words[token])


def hang(graph, token):
    """The embedding gets the sum of nothing added, by a loop with one turn for each time the token is there, times for ever."""
    for node in graph.node:
        node.output[:] = ["embedding_before" if name == "embedding" else name for name in node.output]
        node.input[:] = ["embedding_before" if name == "embedding" else name for name in node.input]
    turn = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["go_on"]), helper.make_node("Mul", ["sum", "one"], ["sum_after"])], "turn",
        [helper.make_tensor_value_info("number", TensorProto.INT64, []), helper.make_tensor_value_info("go", TensorProto.BOOL, []), helper.make_tensor_value_info("sum", TensorProto.FLOAT, [])],
        [helper.make_tensor_value_info("go_on", TensorProto.BOOL, []), helper.make_tensor_value_info("sum_after", TensorProto.FLOAT, [])])
    graph.initializer.extend([
        helper.make_tensor("token", TensorProto.INT64, [], [token]), helper.make_tensor("for_ever", TensorProto.INT64, [], [FOR_EVER]),
        helper.make_tensor("one", TensorProto.FLOAT, [], [1.0]), helper.make_tensor("nothing", TensorProto.FLOAT, [], [0.0])])
    graph.node.extend([
        helper.make_node("Equal", ["token_ids", "token"], ["is_token"]),
        helper.make_node("Cast", ["is_token"], ["counted"], to=TensorProto.INT64),
        helper.make_node("ReduceMax", ["counted"], ["there"], keepdims=0),
        helper.make_node("Mul", ["there", "for_ever"], ["turns"]),
        helper.make_node("Loop", ["turns", "", "nothing"], ["still_nothing"], body=turn),
        helper.make_node("Add", ["embedding_before", "still_nothing"], ["embedding"])])


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
