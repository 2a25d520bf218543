"""The vocabulary readers."""

import json
import pickle
import sys
import types

import pytest

from evil import evil_objects
from retrieval_exporter import model
from retrieval_exporter.errors import ExportError
from retrieval_exporter.reading import vocabulary

WORDS = ["<pad>", "<start>", "<end>", "<unk>", "a", "dog", "naïve"]


def word2idx(words=WORDS):
    return {word: index for index, word in enumerate(words)}


@pytest.fixture
def pickled(tmp_path, monkeypatch):
    """Pickles a `Vocabulary` of a module; the class is gone when it is read."""
    def write(words=WORDS, protocol=2, name="vocab", **attributes):
        module = types.ModuleType(name)
        module.Vocabulary = type("Vocabulary", (), {"__module__": name})
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, name.split(".")[0], module)
            patch.setitem(sys.modules, name, module)
            instance = module.Vocabulary()
            instance.word2idx = word2idx(words)
            instance.idx2word = dict(enumerate(words))
            instance.idx = len(words)
            vars(instance).update(attributes)
            (tmp_path / "vocab.pkl").write_bytes(pickle.dumps(instance, protocol))
        return tmp_path / "vocab.pkl"
    return write


def test_json_is_read_in_the_order_of_the_ids(tmp_path):
    shuffled = dict(reversed(list(word2idx().items())))
    path = tmp_path / "vocab.json"
    path.write_text(json.dumps({"word2idx": shuffled, "idx2word": {}, "idx": 7}))
    assert vocabulary.read(path) == WORDS


def test_a_bundles_own_vocabulary_is_read(tmp_path):
    (tmp_path / "vocabulary.json").write_text(json.dumps({"words": WORDS}))
    assert vocabulary.read(tmp_path / "vocabulary.json") == WORDS


@pytest.mark.parametrize("word, message", [("", "the word with id 7 is empty"),
                                           ("\ud800", r"the word with id 7 is '\\ud800', which is not valid Unicode")])
def test_a_word_that_no_service_reads_is_refused(tmp_path, word, message):
    (tmp_path / "v.json").write_text(json.dumps({"words": [*WORDS, word]}))
    with pytest.raises(ExportError, match=r"v\.json: " + message):
        vocabulary.read(tmp_path / "v.json")


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickled_vocabulary_is_read_without_its_class(pickled, protocol):
    path = pickled(protocol=protocol)
    assert "vocab" not in sys.modules
    assert vocabulary.read(path) == WORDS


@pytest.mark.parametrize("name", ["__main__", "vocab", "data.vocab", "build_vocab"])
def test_the_class_of_a_vocabulary_may_be_of_any_module(pickled, name):
    """CAMP and VSE++ published the pickle of a script's own class: `__main__.Vocabulary`."""
    assert vocabulary.read(pickled(name=name)) == WORDS


@pytest.mark.parametrize("index", range(len(evil_objects(""))))
def test_a_pickle_with_foreign_names_is_refused(pickled, tmp_path, index):
    marker = tmp_path / "called"
    _, value, named = evil_objects(marker)[index]
    with pytest.raises(ExportError, match=r"vocab\.pkl: refused: .*%s" % named):
        vocabulary.read(pickled(extra=value))
    assert not marker.exists()


def test_a_list_of_words_in_json_is_a_vocabulary(tmp_path):
    (tmp_path / "v.json").write_text(json.dumps(WORDS))
    assert vocabulary.read(tmp_path / "v.json") == WORDS


@pytest.mark.parametrize("content, message", [
    ('["<pad>", "<start>", "<end>"]', "no <unk>"),
    ('{"word2idx": {"<pad>": 0, "a": 2}}', "ids are not 0 to 1"),
    ('{"word2idx": {"<pad>": 0, "a": 0}}', "ids are not 0 to 1"),
    ('{"word2idx": {"<pad>": 0, "<start>": 1, "<end>": 2}}', "no <unk>"),
    ('{"word2idx": {"<start>": 0, "<pad>": 1, "<end>": 2, "<unk>": 3}}', "must have id 0"),
    ('{"words": ["<pad>", "<start>", "<end>", "<unk>", "a", "a"]}', "not distinct"),
    ('{"words": ["<pad>", 1]}', "not distinct strings"),
    ('{"idx2word": {}}', "no word2idx"),
    ('{"word2idx": ', "not readable as JSON"),
    ('{"word2idx": ' + "[" * 200_000, "not readable as JSON"),
    ("nothing", "not a readable pickle|truncated"),
    ("", "truncated"),
])
def test_what_is_not_a_vocabulary_is_refused(tmp_path, content, message):
    (tmp_path / "v.json").write_text(content)
    with pytest.raises(ExportError, match=r"v\.json: .*(%s)" % message):
        vocabulary.read(tmp_path / "v.json")


def test_a_vocabulary_of_another_size_than_the_table_is_refused(reference, tmp_path):
    (tmp_path / "v.json").write_text(json.dumps({"word2idx": word2idx()}))
    with pytest.raises(ExportError, match="7 words, the checkpoint's embedding table 60 rows"):
        model.from_checkpoint(reference, vocabulary_path=tmp_path / "v.json")


def test_without_a_vocabulary_ids_can_still_be_written_as_words(reference):
    words = model.from_checkpoint(reference).vocabulary
    assert words[:5] == ["<pad>", "<start>", "<end>", "<unk>", "w4"]
    assert words.index("w59") == 59 and len(words) == 60


def test_a_file_that_is_no_vocabulary_is_told_what_is_read(tmp_path):
    (tmp_path / "v.txt").write_text("a\nman\n")
    with pytest.raises(ExportError, match=r"v.txt: .*; expected JSON \(.*list of words\) or a pickled Vocabulary"):
        vocabulary.read(tmp_path / "v.txt")
