"""Scores pairs through the very modules that are exported, with inputs laid out as docs/bundle.md says."""

import torch

from retrieval_exporter.explaining.form import ExplainerForm
from retrieval_exporter.scorers import ImageToTextScorer, TextToImageScorer
from retrieval_exporter.settings import Settings

from conftest import MAX_TOKENS


def form_of(case, **settings):
    regions = case.golden["regions"].shape[1]
    return case.model.system.form(Settings(**settings, regions=regions, max_tokens=MAX_TOKENS)).eval()


def tensors(form, v, w, lengths, gap=0, filler=float("nan")):
    """Records of all images and captions as the tensors of a bank or of a query batch. `gap` rows of `filler`
    lie before, between and behind the captions of a ragged field."""
    given = {"image." + name: x for name, x in form.pack("image", form.image_record(v)).items()}
    fixed = {field.name for field in form.stored_fields("caption") if not field.ragged}
    for name, x in form.pack("caption", form.caption_record_of(w, lengths)).items():
        if name in fixed:
            given["caption." + name] = x
            continue
        value = 127 if x.dtype == torch.int8 else min(filler, torch.finfo(x.dtype).max) if filler == filler else filler
        rest = torch.full((gap, *x.shape[2:]), value, dtype=x.dtype)
        rows = [rest] + [part for i, n in enumerate(lengths) for part in (x[i, :n], rest)]
        given["caption." + name] = torch.cat(rows)
    if form.ragged:
        given["caption.length"] = lengths
        given["caption.offset"] = torch.cumsum(lengths + gap, 0) - lengths
    return given


def one_pair(form, given, i, c):
    """Of tensors of many: those of image `i` and caption `c` alone, and the indices of the one pair there is."""
    fixed = {"caption." + field.name for field in form.stored_fields("caption") if not field.ragged}
    single = {name: x[i:i + 1] for name, x in given.items() if name.startswith("image.")}
    single.update({name: given[name][c:c + 1] for name in fixed})
    if form.ragged:
        offset, length = int(given["caption.offset"][c]), int(given["caption.length"][c])
        single.update({"caption." + field.name: given["caption." + field.name][offset:offset + length]
                       for field in form.stored_fields("caption") if field.ragged})
        single.update({"caption.offset": torch.tensor([0]), "caption.length": torch.tensor([length])})
    return single, torch.tensor([0]), torch.tensor([0])


def pairs(images, captions):
    """Indices of all image-caption pairs, captions fastest."""
    return (torch.arange(images).repeat_interleave(captions), torch.arange(captions).repeat(images))


def text_to_image(form, given, image, caption):
    scorer = TextToImageScorer(form)
    given = {**given, "slots": image, "query_index": caption}
    with torch.no_grad():
        return scorer(*[given[name] for name in scorer.input_names()])


def image_to_text(form, given, image, caption):
    scorer = ImageToTextScorer(form)
    given = {**given, "slots": caption, "query_index": image}
    with torch.no_grad():
        return scorer(*[given[name] for name in scorer.input_names()])


def explained(form, explainer, probability, given, image, caption, settings):
    """Scores, or logits, and the explainer's outputs by name, as the graph gives them: [P, ...axes]."""
    of = ExplainerForm(form, explainer, probability, Settings(**settings)).eval()
    score, *shown = text_to_image(of, given, image, caption)
    return score, dict(zip([output.name for output in explainer.outputs], shown))


DIRECTIONS = {"text-to-image": text_to_image, "image-to-text": image_to_text}
