"""The ONNX graphs of a bundle, four or five, named and shaped as docs/bundle.md says."""

import inspect
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Generator, Tensor, nn

from ..explaining import NODES, WORDS, Explainer
from ..explaining.form import ExplainerForm
from ..form import Form
from ..model import Model
from ..scorers import LENGTH, OFFSET, BankScorer, ImageToTextScorer, TextToImageScorer
from ..settings import Settings

OPSET = 17

TEXT_ENCODER = "text_encoder.onnx"
IMAGE_ENCODER = "image_encoder.onnx"
TEXT_TO_IMAGE = "scorer_text_to_image.onnx"
IMAGE_TO_TEXT = "scorer_image_to_text.onnx"
EXPLAINER = "explainer.onnx"


class ImageEncoder(nn.Module):
    """[B, R, width] regions -> embedding [B, E] and the image record. Where images have different numbers of regions,
    those [B] as well, and ragged fields are [B, R, ...]."""

    def __init__(self, model: Model, form: Form) -> None:
        super().__init__()
        self.encoder, self.coarse, self.form = model.system.regions, model.coarse, form

    def forward(self, regions: Tensor, counts: Tensor | None = None) -> tuple[Tensor, ...]:
        # Only a system and an embedding that are `ragged` take numbers of regions.
        given = () if counts is None else (counts,)
        v = self.encoder(regions, *given)
        record = self.form.image_record(v)
        return (self.coarse.of_regions(regions, v, *given), *self.form.pack("image", record).values())


class TextEncoder(nn.Module):
    """[B, T] token ids, [B] lengths -> embedding [B, E] and the caption record, ragged fields as [B, T, ...]."""

    def __init__(self, model: Model, form: Form) -> None:
        super().__init__()
        self.encoder, self.coarse, self.form = model.system.words, model.coarse, form

    def forward(self, token_ids: Tensor, lengths: Tensor) -> tuple[Tensor, ...]:
        w = self.encoder(token_ids, lengths)
        record = self.form.caption_record_of(w, lengths)
        return (self.coarse.of_tokens(token_ids, w, lengths), *self.form.pack("caption", record).values())


def write_all(model: Model, form: Form, explainer: Explainer | None, folder: Path, settings: Settings) -> None:
    """Writes the four graphs into `folder`, and that of the explainer if there is one."""
    generator = Generator().manual_seed(7)
    fields = form.stored_fields("image")
    example, names, axes = _regions(model, settings, generator)
    axes.update({f"record.{field.name}": {0: "B", 1: "R"} for field in fields if field.ragged})
    _write(ImageEncoder(model, form), example, folder / IMAGE_ENCODER, names,
           ["embedding"] + [f"record.{field.name}" for field in fields], axes)

    positions = min(5, settings.max_tokens)
    lengths = torch.tensor([positions, max(1, positions - 2)])
    token_ids = torch.zeros(2, positions, dtype=torch.int64)
    outputs = ["embedding"] + [f"record.{field.name}" for field in form.stored_fields("caption")]
    axes = {"token_ids": {0: "B", 1: "T"}, "lengths": {0: "B"}}
    for field in form.stored_fields("caption"):
        axes[f"record.{field.name}"] = {0: "B", 1: "T"} if field.ragged else {0: "B"}
    _write(TextEncoder(model, form), (token_ids, lengths), folder / TEXT_ENCODER,
           ["token_ids", "lengths"], outputs, axes)

    for scorer, file in ((TextToImageScorer(form), TEXT_TO_IMAGE), (ImageToTextScorer(form), IMAGE_TO_TEXT)):
        _write_scorer(scorer, folder / file, settings, generator)
    if explainer is not None:
        explained = ExplainerForm(form, explainer, model.system.probability, settings)
        # Axes of numbers and regions are fixed, those of a caption are not.
        shown = {f"explain.{output.name}": {0: "P", **{place: {WORDS: "L", NODES: "L + 1"}[axis] for place, axis
                                                       in enumerate(output.axes, start=1) if axis in (WORDS, NODES)}}
                 for output in explainer.outputs}
        _write_scorer(TextToImageScorer(explained), folder / EXPLAINER, settings, generator, shown)


def _regions(model: Model, settings: Settings,
             generator: Generator) -> tuple[tuple[Tensor, ...], list[str], dict[str, dict[int, str]]]:
    """Example, names and dynamic axes of the image encoder's inputs."""
    width = model.system.region_width
    if not settings.ragged_regions:
        return (torch.rand(2, settings.regions, width, generator=generator),), ["regions"], {"regions": {0: "B"}}
    positions = min(7, settings.regions)
    counts = torch.tensor([positions, max(1, positions - 3)])
    return ((torch.rand(2, positions, width, generator=generator), counts), ["regions", "lengths"],
            {"regions": {0: "B", 1: "R"}, "lengths": {0: "B"}})


def _write_scorer(scorer: BankScorer, path: Path, settings: Settings, generator: Generator,
                  shown: Mapping[str, Mapping[int, str]] = {}) -> None:
    """`shown`: the outputs beside the score, with their dynamic axes."""
    # Every example dimension differs from every other, so that a size frozen by mistake shows in any test.
    images, captions = (3, 2) if isinstance(scorer, TextToImageScorer) else (2, 3)
    given = {"slots": torch.tensor([0, 1, 1, 0]), "query_index": torch.tensor([0, 0, 1, 1])}
    axes = {"slots": {0: "P"}, "query_index": {0: "P"}}
    image_axis, caption_axis = ("N", "Q") if images == 3 else ("Q", "N")
    for side, count, axis, rows_axis, lengths in (
            ("image", images, image_axis, "M", torch.tensor([7, 4, 6]).clamp(max=settings.regions)),
            ("caption", captions, caption_axis, "W", torch.tensor([5, 3, 4]).clamp(max=settings.max_tokens))):
        lengths = lengths[:count]
        given[f"{side}.{LENGTH}"], given[f"{side}.{OFFSET}"] = lengths, torch.cumsum(lengths, 0) - lengths
        axes[f"{side}.{LENGTH}"] = axes[f"{side}.{OFFSET}"] = {0: axis}
        for field in scorer.form.stored_fields(side):
            name, kind, shape = field
            rows = (int(lengths.sum()), *shape[1:]) if field.ragged else (count, *shape)
            given[f"{side}.{name}"] = _example(rows, kind, generator)
            axes[f"{side}.{name}"] = {0: rows_axis if field.ragged else axis}
    outputs = [scorer.output_name(), *shown]
    axes.update({outputs[0]: {0: "P"}, **shown})
    names = scorer.input_names()
    _write(scorer, tuple(given[name] for name in names), path, names, outputs,
           {name: axes[name] for name in (*names, *outputs)})


def _example(shape: tuple[int, ...], kind: str, generator: Generator) -> Tensor:
    x = torch.rand(*shape, generator=generator)
    return (x * 100).to(torch.int8) if kind == "int8" else x.to(getattr(torch, kind))


def _write(module: nn.Module, example: tuple[Tensor, ...], path: Path, inputs: Sequence[str], outputs: Sequence[str],
           axes: Mapping[str, Mapping[int, str]]) -> None:
    axes = dict(axes)
    for name in outputs:
        axes.setdefault(name, {0: "B"})
    extra = {}
    if "dynamo" in inspect.signature(torch.onnx.export).parameters:
        extra["dynamo"] = False
    with torch.no_grad(), warnings.catch_warnings():
        # Tracing warns of every size read in Python; the tests hold the graphs against other sizes instead.
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), example, str(path), input_names=inputs, output_names=outputs,
                          dynamic_axes=axes, opset_version=OPSET, do_constant_folding=True, **extra)
