"""The table of all systems: what is read of the results, and that the committed page shows what was committed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCENES = ROOT / "models" / "scenes"
sys.path.insert(0, str(SCENES))

from scene_comparison import results, table  # noqa: E402
from scene_comparison.plot import draw, point  # noqa: E402


def recalls(r1, inside=None):
    return {"r1": r1, "r5": r1 + 10, "r10": r1 + 20, "ownInside": inside, "medianRank": 1}


def row(ranking, shortlist, r1, rank_by="score"):
    return {"ranking": ranking, "shortlist": shortlist, "rankBy": rank_by, "rsum": 6 * r1 + 60,
            "textToImage": recalls(r1, 90), "imageToText": recalls(r1, 95)}


def rate(median):
    return {"pairsPerSecond": {"median": median, "min": median - 1, "max": median + 1}}


@pytest.fixture
def measured(tmp_path):
    """The folders of compare.sh with two systems, of which the first was trained in two processes."""
    for folder in ("results", "bundles/a", "bundles/b", "trainings/a"):
        (tmp_path / folder).mkdir(parents=True)
    rows = [row("coarse", None, 30, None), row("reranked", 20, 40), row("reranked", 20, 45, "both"),
            row("reranked", 200, 50)]
    for name, gain in (("a", 0), ("b", 10)):
        moved = [row(each["ranking"], each["shortlist"], each["textToImage"]["r1"] + gain, each["rankBy"])
                 for each in rows]
        (tmp_path / "results" / f"{name}.json").write_text(json.dumps({
            "model": f"{name}@1", "images": 10, "captions": 50, "queries": {"imageToText": 10, "textToImage": 20},
            "rows": moved}))
        (tmp_path / "bundles" / name / "bundle.json").write_text(json.dumps({
            "embedding": {"width": 512}, "records": {"image": [{"name": "v", "type": "float16", "shape": [36, 128]},
                                                               {"name": "n", "type": "float32", "shape": [36]}]}}))
    (tmp_path / "results" / "bench").write_text(json.dumps({
        "machine": {"cores": 2}, "options": {"pairs": 200}, "bundles": [{"model": "a@1"}, {"model": "b@1"}],
        "scorers": [{"direction": "text-to-image", "rates": [rate(100), rate(10)]},
                    {"direction": "image-to-text", "rates": [rate(400), rate(40)]}]}))
    (tmp_path / "trainings" / "a" / "curves.json").write_text(json.dumps(
        [{"stage": "pre-training", "step": 5}, {"stage": "training", "step": 3}, {"stage": "training", "step": 7}]))
    (tmp_path / "trainings" / "a.seconds").write_text("60.5\n119.5\n")
    return tmp_path


def gathered(folder):
    return results.gather(folder / "results", folder / "bundles", folder / "trainings", ["a", "b"])


def test_the_minutes_of_a_training_are_those_of_all_its_processes(measured):
    first, second = gathered(measured)["systems"]
    assert first["training"] == {"steps": {"pre-training": 5, "training": 7}, "finished": True, "minutes": 3.0}
    assert second["training"] is None


def test_a_training_that_was_not_finished_is_called_so(measured):
    (measured / "trainings" / "a" / ".state").mkdir()
    line = next(line for line in table.markdown(gathered(measured)).splitlines() if "`a`" in line)
    assert line.endswith("| 3, unfinished |")


def test_bytes_of_an_image_are_those_of_its_record_and_its_embedding(measured):
    first = gathered(measured)["systems"][0]
    assert (first["recordBytes"], first["embeddingBytes"]) == (36 * 128 * 2 + 36 * 4, 512 * 4)


def test_each_system_has_its_own_rates(measured):
    first, second = gathered(measured)["systems"]
    assert first["pairsPerSecond"]["imageToText"] == {"median": 400, "min": 399, "max": 401}
    assert point(first) == (200, 50) and point(second) == (20, 60)


def test_rows_that_are_ordered_by_both_stages_are_left_out(measured):
    assert [(each["ranking"], each["shortlist"]) for each in gathered(measured)["systems"][0]["rows"]] == [
        ("coarse", None), ("reranked", 20), ("reranked", 200)]


def test_a_bundle_without_a_rate_is_an_error_that_says_what_to_do(measured):
    bench = measured / "results" / "bench"
    bench.write_text(bench.read_text().replace("b@1", "b@0"))
    with pytest.raises(SystemExit, match="no rate of b@1; run the step measure again"):
        gathered(measured)


def test_the_best_system_is_the_first_line_of_the_table_and_every_line_has_all_columns(measured):
    head, rule, *lines = table.markdown(gathered(measured)).splitlines()
    assert [line.split("|")[1].strip() for line in lines] == ["`b`", "`a`"]
    assert {line.count("|") for line in (head, rule, *lines)} == {head.count("|")}


def test_the_row_of_the_table_is_the_longest_shortlist_or_all_pairs(measured):
    first = gathered(measured)["systems"][0]
    assert table.best_row(first)["shortlist"] == 200
    first["rows"].append({**first["rows"][0], "ranking": "full"})
    assert table.best_row(first)["ranking"] == "full"


def test_tables_take_their_marked_places_on_a_page_and_nothing_else_changes():
    mark = "<!-- compare.sh -->\n"
    page = f"a\n{mark}old\n{mark}b\n{mark}{mark}c\n"
    new = table.replaced(page, ["| 1 |\n", "| 2 |\n"])
    assert new == f"a\n{mark}\n| 1 |\n\n{mark}b\n{mark}\n| 2 |\n\n{mark}c\n"
    assert table.replaced(new, ["| 1 |\n", "| 2 |\n"]) == new
    with pytest.raises(SystemExit, match="4 lines .* each of 1 tables"):
        table.replaced(page, ["| 1 |\n"])


def test_a_system_that_there_is_not_is_refused_before_anything_is_trained(tmp_path):
    done = subprocess.run([SCENES / "compare.sh", "--only", "sgarf", "train"], capture_output=True, text=True,
                          env={"OUT": str(tmp_path / "out"), "PATH": "/usr/bin:/bin"})
    assert done.returncode != 0 and "no training of sgarf" in done.stderr and not (tmp_path / "out").exists()


@pytest.mark.parametrize("show", [table.markdown, table.shortlists])
def test_the_page_shows_the_results_that_are_committed(show):
    committed = json.loads((SCENES / "compare.json").read_text(encoding="utf-8"))
    assert committed["systems"] and show(committed) in (ROOT / "models" / "README.md").read_text(encoding="utf-8")


def test_the_same_results_give_the_same_picture(measured):
    pytest.importorskip("matplotlib")
    for name in ("first", "second"):
        draw(gathered(measured), measured / f"{name}.png")
    first, second = ((measured / f"{name}.png").read_bytes() for name in ("first", "second"))
    assert first == second and first.startswith(b"\x89PNG")
