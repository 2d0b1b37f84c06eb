"""Trials are drawn from Hydra's own grammar, the same ones for the same seed, and what cannot be drawn is said."""

import math
from collections import Counter

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from scipy.stats import kstest

from hydra_plugins.yaynay_fleet.search import draw
from yaynay.errors import OptionError

SPACE = [
    "dataset=engel",
    "model.depth=1,2,3",
    "optimizer.lr=tag(log, interval(1e-4, 1e-1))",
    "optimizer.weight_decay=interval(0, 1)",
    "model.width=int(interval(8, 128))",
    "trainer.batch_size=range(16, 65, 16)",
    "model.activation=choice(relu, tanh)",
]


def trials(*words: str, n: int = 2000, seed: int = 0) -> list[dict[str, str]]:
    drawn = draw(OverridesParser.create().parse_overrides(list(words)), n, seed)
    return [dict(word.split("=", 1) for word in trial) for trial in drawn]


def test_every_trial_has_every_key_in_order_and_a_value_of_its_range() -> None:
    found = trials(*SPACE)
    assert len(found) == 2000
    assert {tuple(trial) for trial in found} == {tuple(word.partition("=")[0] for word in SPACE)}
    assert {trial["dataset"] for trial in found} == {"engel"}
    assert {trial["model.depth"] for trial in found} == {"1", "2", "3"}
    assert {trial["trainer.batch_size"] for trial in found} == {"16", "32", "48", "64"}
    assert {trial["model.activation"] for trial in found} == {"relu", "tanh"}
    assert {int(trial["model.width"]) for trial in found} == set(range(8, 129))
    assert all(1e-4 <= float(trial["optimizer.lr"]) <= 1e-1 for trial in found)


def test_draws_are_uniform_on_the_scale_that_was_asked_for() -> None:
    found = trials(*SPACE)
    logs = [math.log10(float(trial["optimizer.lr"])) for trial in found]
    assert kstest(logs, "uniform", args=(-4, 3)).pvalue > 0.001
    assert kstest([float(trial["optimizer.weight_decay"]) for trial in found], "uniform").pvalue > 0.001
    counts = Counter(trial["model.depth"] for trial in found)
    assert all(abs(count - 2000 / 3) < 4 * math.sqrt(2000 * 2 / 9) for count in counts.values())


@pytest.mark.parametrize("form", ["tag(log, int(interval(1, 1023)))", "int(tag(log, interval(1, 1023)))"])
def test_integers_have_a_log_scale_too(form: str) -> None:
    values = [int(trial["a"]) for trial in trials(f"a={form}", "b=interval(0,1)")]
    share = sum(value < 32 for value in values) / len(values)
    assert abs(share - 0.5) < 4 * math.sqrt(0.25 / 2000)  # half of ten octaves


def test_numbers_are_read_back_as_written_and_have_few_digits() -> None:
    for trial in trials(*SPACE, n=200):
        for key in ("optimizer.lr", "optimizer.weight_decay"):
            value = float(trial[key])
            assert trial[key] == repr(value)
            assert float(f"{value:.6g}") == value


def test_a_longer_search_begins_with_a_shorter_one_and_another_seed_is_another_search() -> None:
    assert trials(*SPACE, n=50) == trials(*SPACE, n=200)[:50]
    assert trials(*SPACE, n=50) != trials(*SPACE, n=50, seed=1)


def test_a_key_s_draws_do_not_depend_on_the_other_keys() -> None:
    alone = trials("optimizer.lr=interval(0, 1)", n=50)
    beside = trials("seed=range(0, 1000)", "optimizer.lr=interval(0, 1)", "dataset=engel", n=50)
    assert [trial["optimizer.lr"] for trial in alone] == [trial["optimizer.lr"] for trial in beside]


def test_equal_trials_come_once_and_a_key_given_twice_has_its_last_values() -> None:
    assert len(trials("model.depth=1,2", "seed=0,1", n=100)) == 4
    assert {trial["a"] for trial in trials("a=interval(0,1)", "a=7", "b=1,2")} == {"7"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a=1"], r"option 'hydra\.sweeper\.n_trials': no key has several values"),
        (["a=tag(log, interval(0, 1))"], r"option 'a': interval\(0, 1\) with tag log; allowed: bounds above 0"),
        (["a=tag(log, int(interval(-1, 8)))"], r"option 'a': interval\(-1, 8\) with tag log"),
        (["a=interval(1, 0)"], r"option 'a': interval\(1, 0\) has its bounds reversed"),
        (["a=interval(0, inf)"], r"option 'a': interval\(0, inf\) has no end"),
        (["a=interval(nan, 1)"], r"option 'a': interval\(nan, 1\) has no end"),
        (["a=tag(quantised, interval(0, 1))"], r"option 'a': tag 'quantised' is unknown; allowed: log; .*range\("),
        (["a=shuffle(1, 2)"], r"option 'a': shuffle\(\)"),
        (["a=shuffle(range(0, 9))"], r"option 'a': shuffle\(\)"),
        (["a=tag(log, choice(1, 2))"], r"option 'a': tag\(\) is for an interval"),
        (["a=interval(0, 1),interval(2, 3)"], r"option 'a': several intervals"),
        (["a=range(0, 0)"], r"option 'a': no values"),
        (["a=range(0, 1000000000)"], r"option 'a': more than 100,000 values"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(words: list[str], message: str) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        trials(*words)
    assert "allowed: " in str(caught.value)
    assert "\n" not in str(caught.value)
