"""The analysis of eng/soak.sh over recorded series: leaks that are planted in them turn the verdict red."""
import json
import pathlib
import random
import subprocess
import sys

import pytest

from conftest import ROOT

sys.path.append(str(ROOT / "eng" / "soak"))
import slopes  # noqa: E402
from tally import Tally  # noqa: E402
from windows import Windows  # noqa: E402

HOUR, EVERY = 3600, 5


def recorded(value, seconds=HOUR):
    """A series of samples; `value` gives what is sampled from the seconds since the start."""
    return [(at, value(at)) for at in range(0, seconds, EVERY)]


def verdict(name, value, seconds=HOUR):
    return slopes.judge({f"steady-1 {name}": recorded(value, seconds)})[0].verdict


DICE = random.Random(1)
LEVEL = {"memory": 400, "heap": 90, "handles": 380, "threads": 30, "sockets": 20, "cache": 60, "connections": 20}


def noise(name):
    return LEVEL[name] * DICE.uniform(-0.1, 0.1)


@pytest.mark.parametrize("name", slopes.BOUNDS)
def test_what_comes_and_goes_is_flat(name):
    assert verdict(name, lambda at: LEVEL[name] + noise(name)) == "flat"


@pytest.mark.parametrize("name", slopes.BOUNDS)
def test_a_leak_of_twice_the_bound_is_found_under_noise(name):
    leak = 2 * max(slopes.BOUNDS[name].an_hour, 1.5 * slopes.BOUNDS[name].least)
    assert verdict(name, lambda at: LEVEL[name] + noise(name) + leak * at / HOUR) == "GROWS"


def test_one_handle_lost_at_each_of_the_restarts_of_an_hour_is_found():
    assert verdict("handles", lambda at: 380 + at // 120) == "GROWS"


def test_a_warm_up_and_one_step_are_no_leak():
    assert verdict("memory", lambda at: min(500, 100 + at)) == "flat"
    assert verdict("memory", lambda at: 300 if at < 2000 else 420) == "flat"


def test_a_folder_that_grows_and_is_compacted_is_flat():
    assert verdict("cache", lambda at: 20 + at % 600 / 10) == "flat"


def test_a_few_wild_samples_change_nothing():
    assert verdict("memory", lambda at: 9000 if at % 500 == 0 else 300) == "flat"


def test_in_five_minutes_a_steep_slope_of_little_is_flat_and_a_large_rise_is_not():
    assert verdict("handles", lambda at: 380 + 10 * at / 300, 300) == "flat"
    assert verdict("handles", lambda at: 380 + 60 * at / 300, 300) == "GROWS"


def test_a_minute_judges_no_slope():
    assert verdict("handles", lambda at: 380 + at * 10, 60) == "too short"
    assert slopes.judge({"steady-1 heap": []})[0].verdict == "too short"


def test_the_slope_is_the_median_of_all_pairs():
    assert slopes.theil_sen([(0, 0), (1, 2), (2, 4), (3, 100)]) == pytest.approx(17.67, abs=16)
    assert slopes.theil_sen([(at, 3 * at) for at in range(2000)]) == 3
    assert slopes.theil_sen([]) == slopes.theil_sen([(1, 5)]) == 0


def analysed(path):
    done = subprocess.run([str(ROOT / "eng" / "soak.sh"), "--analyse", str(path)], capture_output=True, text=True)
    return done.returncode, done.stdout


def report(folder, series):
    path = pathlib.Path(folder) / "soak.json"
    path.write_text(json.dumps({"series": series}))
    return path


def test_the_command_judges_a_report_again(tmp_path):
    steady = {"steady-1 memory": recorded(lambda at: 300 + noise("memory")), "steady-2 handles": recorded(lambda at: 380)}
    assert analysed(report(tmp_path, steady))[0] == 0
    code, text = analysed(report(tmp_path, {**steady, "steady-2 sockets": recorded(lambda at: 9 + at / 60)}))
    assert code == 1 and "steady-2 sockets" in text.splitlines()[-1] and "GROWS" in text


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"series": [1]}', '{"series": {"a memory": [[1]]}}', '{"series": {"a nothing": [[1, 2]]}}'])
def test_what_is_no_report_ends_with_2(tmp_path, text):
    (tmp_path / "soak.json").write_text(text)
    assert analysed(tmp_path / "soak.json")[0] == 2
    assert analysed(tmp_path / "absent.json")[0] == 2


def test_a_disturbance_excuses_what_met_it_and_nothing_else():
    windows = Windows()
    with windows.during("killed", "a"):
        began = windows._spans[0][2]
        assert windows.met("killed", began - 1, began + 1, "a") and windows.met("killed", began + 5, began + 6, "a")
        assert not windows.met("killed", began - 2, began - 1, "a")
        assert not windows.met("killed", began - 1, began + 1, "b") and not windows.met("postgres", began - 1, began + 1, "a")
    ended = windows._spans[0][3]
    assert windows.met("killed", ended - 1, ended + 1, "a") and not windows.met("killed", ended + 1, ended + 2, "a")
    with windows.during("postgres"):
        assert windows.met("postgres", ended, ended + 60, "a") and windows.met("postgres", ended, ended + 60, "b")


def test_failures_are_counted_by_kind_with_a_few_examples():
    tally = Tally()
    for number in range(10):
        tally.check(number < 5, "a search: status 500", number)
    assert tally.failed() == 5
    assert tally.as_json()["failures"] == [{"what": "a search: status 500", "count": 5, "examples": ["5", "6", "7"]}]
