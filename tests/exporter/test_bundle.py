"""What a bundle holds: manifest, hashes, graphs with the contract's names and types, parity data."""

import hashlib
import json
import shutil

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from conftest import CASES, HERE, MAX_TOKENS, ROOT, TOLERANCE, loaded
from retrieval_exporter.cli import main
from retrieval_exporter.writing import parity

# As wide as the features, by which these tests tell wide fields.
SLOTS = ["--embedding", "slots", "--slots", "8", "--slot-width", "4"]
VARIANTS = {
    "serving": [],
    "compact": ["--profile", "compact"],
    "published": ["--form", "published"],
    "float16": ["--precision", "float16"],
    "compact-float16": ["--profile", "compact", "--precision", "float16"],
    "published-float16": ["--form", "published", "--precision", "float16"],
    "int8": ["--precision", "int8"],
    "compact-int8": ["--profile", "compact", "--precision", "int8"],
    "int8-records": ["--records", "int8"],
    "int8-float16-records": ["--precision", "int8", "--records", "float16"],
    "float16-int8-records": ["--precision", "float16", "--records", "int8"],
    "slots": SLOTS,
    "slots-float16": [*SLOTS, "--precision", "float16"],
    "slots-int8": [*SLOTS, "--precision", "int8", "--records", "int8"],
}
GRAPHS = {"textEncoder": "text_encoder.onnx", "imageEncoder": "image_encoder.onnx",
          "textToImageScorer": "scorer_text_to_image.onnx", "imageToTextScorer": "scorer_image_to_text.onnx"}
TYPES = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "int8": TensorProto.INT8}
TRAINING = {"Dropout", "RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike"}


class Bundle:
    def __init__(self, folder, variant):
        self.folder = folder
        self.variant = variant
        self.manifest = json.loads((folder / "bundle.json").read_text())
        self.graphs = {key: onnx.load(str(folder / graph["file"]), load_external_data=False)
                       for key, graph in self.manifest["graphs"].items()}

    def fields(self, side):
        return {field["name"]: field for field in self.manifest["records"][side]}

    @property
    def ragged(self):
        return any(field["shape"][0] == "words" for field in self.manifest["records"]["caption"])


# Every variant of the released model; of its relatives, what differs in more than the combination; of other systems,
# whose profiles are the same, what differs at all.
def _written(case, variant):
    if case == "camp-gate-fusion-new-concat":
        return True
    if case.endswith("-mean"):
        return variant == "serving"
    if variant == "slots" and loaded(case).model.system.affinity() is None:
        return False
    if not case.startswith("camp-"):
        return variant in ("serving", "published", "float16", "int8-records", "slots")
    return variant in ("serving", "compact", "published", "float16", "int8-records", "slots") \
        or variant == "int8" and case.startswith("camp-gate-fusion")


EXPORTED = [f"{case} {variant}" for case in CASES for variant in VARIANTS if _written(case, variant)]


@pytest.fixture(scope="session", params=EXPORTED)
def bundle(request, tmp_path_factory):
    case, variant = request.param.split()
    out = tmp_path_factory.mktemp("bundles") / (case + "-" + variant)
    assert main(["--checkpoint", str(HERE / "fixtures" / case / "model_best.pth.tar"), "--out", str(out),
                 "--max-tokens", str(MAX_TOKENS), *VARIANTS[variant]]) == 0
    yield Bundle(out, variant)
    shutil.rmtree(out)


def signature(values):
    return {v.name: (v.type.tensor_type.elem_type,
                     [d.dim_value or d.dim_param for d in v.type.tensor_type.shape.dim]) for v in values}


def expected_fields(bundle, side, lead, ragged_lead):
    return {name: (TYPES[field["type"]],
                   ragged_lead + field["shape"][1:] if field["shape"][0] == "words" else lead + field["shape"])
            for name, field in bundle.fields(side).items()}


def test_the_manifest_satisfies_the_schema(bundle):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((ROOT / "docs" / "bundle.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(bundle.manifest)


def test_the_manifest_has_the_keys_of_the_contract_in_their_order(bundle):
    assert list(bundle.manifest) == [
        "format", "name", "system", "variant", "form", "profile", "precision", "exporter", "regions", "tokens",
        "embedding", "records", "graphs", "vocabulary", "parity", "files"]
    assert bundle.manifest["name"] == bundle.folder.name
    # Of all systems one has a vector a caption, and nothing to show.
    vectors = bundle.manifest["system"] == "vsepp"
    explainer = {} if vectors else {"explainer": "explainer.onnx"}
    assert {key: graph["file"] for key, graph in bundle.manifest["graphs"].items()} == {**GRAPHS, **explainer}
    assert (bundle.fields("caption")["w"]["shape"][0] == "words") == bundle.ragged == (not vectors)


def test_records_are_stored_as_asked(bundle):
    arguments = VARIANTS[bundle.variant]
    precision = bundle.manifest["precision"]
    records = arguments[arguments.index("--records") + 1] if "--records" in arguments else \
        "float16" if precision == "float16" else "float32"
    for side in ("image", "caption"):
        fields = bundle.fields(side)
        wide = {name for name, field in fields.items() if field["shape"][-1] == bundle.manifest["embedding"]["width"]}
        assert wide
        if records != "int8":
            assert {field["type"] for field in fields.values()} == {records}
            continue
        floats = "float16" if precision == "float16" else "float32"
        for name, field in fields.items():
            assert field["type"] == ("int8" if name in wide else floats)
        for name in wide:
            assert fields[name + "_scale"]["shape"] == [*fields[name]["shape"][:-1], 1]


def test_int8_multiplies_integers_and_scales_by_row(bundle):
    if bundle.manifest["precision"] != "int8":
        return
    for key in ("textToImageScorer", "imageToTextScorer"):
        nodes = bundle.graphs[key].graph.node
        by_name = {tensor.name: tensor for tensor in bundle.graphs[key].graph.initializer}
        products = [node for node in nodes if node.op_type == "MatMulInteger"]
        assert len(products) == 3
        assert all(by_name[node.input[1]].data_type == TensorProto.INT8 for node in products)
        # A scale of the whole tensor would let a pair's score depend on its batch.
        assert not any(node.op_type == "DynamicQuantizeLinear" for node in nodes)
        scales = [node for node in nodes if node.op_type == "QuantizeLinear"]
        assert scales and all([a.i for a in node.attribute if a.name == "axis"] == [0] for node in scales)


def test_an_embedding_is_made_of_plain_products_in_float32(bundle):
    slots = bundle.variant.startswith("slots")
    own = "bilinear" if bundle.manifest["system"].startswith(("camp-", "rdan")) else "features"
    assert bundle.manifest["embedding"] == {"width": 32, "source": "slots" if slots else own}
    # A vector that is pooled for the record, and again where it is the embedding: ONNX Runtime makes one of the two.
    pooled = bundle.manifest["system"].startswith("sgraf-") * (2 if bundle.variant in ("serving", "float16",
                                                                                       "int8-records") else 1)
    for key in ("textEncoder", "imageEncoder"):
        graph = onnx.shape_inference.infer_shapes(bundle.graphs[key], strict_mode=True, data_prop=True).graph
        # Einsum is slow in ONNX Runtime, and a loop over slots would be a node each.
        assert not {"Einsum", "Loop", "Scan"} & {node.op_type for node in graph.node}
        assert sum(node.op_type == "Softmax" for node in graph.node) == slots + pooled
        kinds = {v.name: v.type.tensor_type.elem_type for v in graph.value_info}
        softmaxes = [node.output[0] for node in graph.node if node.op_type == "Softmax"]
        assert all(kinds[name] == TensorProto.FLOAT for name in softmaxes)


def test_every_file_is_hashed_and_nothing_else_lies_there(bundle):
    assert set(bundle.manifest["files"]) | {"bundle.json"} == {path.name for path in bundle.folder.iterdir()}
    for name, entry in bundle.manifest["files"].items():
        content = (bundle.folder / name).read_bytes()
        assert entry == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def test_the_graphs_are_valid_and_self_contained(bundle):
    for key, graph in bundle.graphs.items():
        onnx.checker.check_model(graph, full_check=True)
        assert [(entry.domain, entry.version) for entry in graph.opset_import] == [("", 17)], key
        assert not any(tensor.external_data for tensor in graph.graph.initializer)
        assert not TRAINING & {node.op_type for node in graph.graph.node}
        for node in graph.graph.node:
            # As published, and so in an explainer, it has trained statistics of its own; what is served is folded.
            if node.op_type == "BatchNormalization":
                assert bundle.manifest["form"] == "published" or key == "explainer"
                assert not any(a.name == "training_mode" and a.i for a in node.attribute)


def test_the_encoders_are_named_and_typed_as_the_contract_says(bundle):
    manifest, text, image = bundle.manifest, bundle.graphs["textEncoder"], bundle.graphs["imageEncoder"]
    assert signature(text.graph.input) == {"token_ids": (TensorProto.INT64, ["B", "T"]),
                                           "lengths": (TensorProto.INT64, ["B"])}
    shape = [manifest["regions"]["count"], manifest["regions"]["width"]]
    assert signature(image.graph.input) == {"regions": (TensorProto.FLOAT, ["B", *shape])}
    for graph, side in ((text, "caption"), (image, "image")):
        outputs = signature(graph.graph.output)
        kind, embedding = outputs.pop("embedding")
        assert kind == TensorProto.FLOAT and len(embedding) == 2
        expected = expected_fields(bundle, side, ["B"], ["B", "T"])
        assert {name: (kind, len(shape)) for name, (kind, shape) in outputs.items()} == \
            {"record." + name: (kind, len(shape)) for name, (kind, shape) in expected.items()}


@pytest.mark.parametrize("key, bank, query", [("textToImageScorer", "image", "caption"),
                                              ("imageToTextScorer", "caption", "image")])
def test_the_scorers_are_named_and_typed_as_the_contract_says(bundle, key, bank, query):
    expected = {"slots": (TensorProto.INT64, ["P"]), "query_index": (TensorProto.INT64, ["P"])}
    for side, lead in ((bank, "N"), (query, "Q")):
        for name, entry in expected_fields(bundle, side, [lead], ["W"]).items():
            expected[side + "." + name] = entry
    if bundle.ragged:
        caption = "N" if bank == "caption" else "Q"
        expected["caption.offset"] = expected["caption.length"] = (TensorProto.INT64, [caption])
    graph = bundle.graphs[key].graph
    assert signature(graph.input) == expected
    assert signature(graph.output) == {"score": (TensorProto.FLOAT, ["P"])}


@pytest.mark.parametrize("key, bank", [("textToImageScorer", "image"), ("imageToTextScorer", "caption")])
def test_a_bank_is_read_by_one_gather_and_nothing_else(bundle, key, bank):
    graph = bundle.graphs[key].graph
    for name in bundle.fields(bank):
        readers = [node for node in graph.node if "%s.%s" % (bank, name) in node.input]
        assert [node.op_type for node in readers] == ["Gather"]
        assert readers[0].input[0] == "%s.%s" % (bank, name)


def test_float16_leaves_softmaxes_norms_and_quotients_in_float32(bundle):
    if bundle.manifest["precision"] != "float16":
        return
    for key in ("textToImageScorer", "imageToTextScorer"):
        model = onnx.shape_inference.infer_shapes(bundle.graphs[key], strict_mode=True, data_prop=True)
        kinds = {v.name: v.type.tensor_type.elem_type for v in [*model.graph.value_info, *model.graph.output]}
        by_type = {}
        for node in model.graph.node:
            by_type.setdefault(node.op_type, []).extend(kinds[name] for name in node.output if name in kinds)
        floats = {TensorProto.FLOAT, TensorProto.INT64}
        for operation in ("Softmax", "Where", "Sqrt", "Sigmoid", "ReduceL2", "ReduceSum", "ReduceMean", "Div", "Pow"):
            assert set(by_type.get(operation, [])) <= floats, operation
        if not bundle.ragged:
            # The inner product of two vectors: summed up in float32, whatever they are stored in.
            assert "MatMul" not in by_type and "Softmax" not in by_type
            continue
        assert TensorProto.FLOAT in by_type["Softmax"]
        if "gate-fusion-new" in bundle.manifest["system"] and bundle.manifest["form"] == "serving":
            assert by_type["Sqrt"] and by_type["Div"]
        assert TensorProto.FLOAT16 in by_type["MatMul"]
        # No weight of the feature width may be left in float32.
        assert all(tensor.data_type == TensorProto.FLOAT16 for tensor in model.graph.initializer
                   if len(tensor.dims) == 2 and min(tensor.dims) > 4)


def test_the_vocabulary_and_the_parity_data_fit_the_manifest(bundle):
    manifest = bundle.manifest
    words = json.loads((bundle.folder / "vocabulary.json").read_text())["words"]
    assert manifest["vocabulary"]["size"] == len(words) == 60
    records = "int8" if "int8" in {f["type"] for side in ("image", "caption") for f in bundle.fields(side).values()} \
        else manifest["records"]["image"][0]["type"]
    assert manifest["parity"]["tolerance"] == parity.tolerance(manifest["precision"], records)
    with np.load(bundle.folder / "parity.npz") as archive:
        data = {name: archive[name] for name in archive.files}
    images, captions = data["scores"].shape
    assert images >= 3 and captions >= 4
    assert data["regions"].shape == (images, 36, 64) and data["regions"].dtype == np.float32
    assert data["token_ids"].dtype == data["lengths"].dtype == np.int64
    assert data["lengths"].max() == MAX_TOKENS == data["token_ids"].shape[1] and len(set(data["lengths"])) >= 4
    for row, length in zip(data["token_ids"], data["lengths"]):
        assert (row[length:] == 0).all() and row[0] == 1 and row[length - 1] == 2
    width = manifest["embedding"]["width"]
    assert data["image_embedding"].shape == (images, width) and data["caption_embedding"].shape == (captions, width)
    assert all(np.isfinite(x).all() for x in data.values())
