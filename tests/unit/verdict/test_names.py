import itertools

import pytest

from yaynay.verdict.names import Origin, _origin, tell_apart


def files(*paths: str, target: str = "y") -> list[Origin]:
    return [
        _origin(path.rsplit("/", 1)[-1].split(".")[0].replace(" ", "-"), {"path": path, "target": target})
        for path in paths
    ]


@pytest.mark.parametrize(
    ("origins", "names"),
    [
        (files("2023/sales.csv", "2024/sales.csv"), ["sales-2023", "sales-2024"]),
        (files("sales.csv", "old/sales.csv"), ["sales", "sales-old"]),
        (files("sales.csv", "prices.csv"), ["sales", "prices"]),
        (files("a/sales.csv", "a/sales.parquet"), ["sales-csv", "sales-parquet"]),
        (files("a/2023/s.csv", "b/2023/s.csv", "b/2024/s.csv"), ["s-a-2023", "s-b-2023", "s-b-2024"]),
        (files("/data/2023/x/s.csv", "2024/x/s.csv"), ["s-data-2023", "s-2024"]),
        (files("a/s.csv", target="p") + files("a/s.csv", target="q"), ["s-p", "s-q"]),
        ([_origin("sine", {"n_rows": rows, "noise": "t3"}) for rows in (9, 10)], ["sine-n_rows-9", "sine-n_rows-10"]),
    ],
)
def test_a_name_holds_what_differs_in_whatever_order(origins: list[Origin], names: list[str]) -> None:
    assert tell_apart(origins) == names
    assert tell_apart(origins[::-1]) == names[::-1]


def test_names_are_distinct_whatever_the_files_are_called() -> None:
    folders = ["a b", "a-b", "A-B", "\u6536", "\u6536\u6536", "n" * 300 + "1", "n" * 300 + "2", "..", "."]
    paths = [f"{folder}/sales.csv" for folder in folders] + ["sales-a-b.csv", "x/sales-a-b.csv"]
    names = tell_apart(files(*paths))
    assert len({name.casefold() for name in names}) == len(paths)
    assert all(name.isascii() and "/" not in name and 0 < len(name) < 150 for name in names)
    for order in itertools.islice(itertools.permutations(range(len(paths))), 0, 1000, 97):
        assert tell_apart(files(*(paths[place] for place in order))) == [names[place] for place in order]


def test_a_file_is_one_table_however_its_path_is_written_and_however_it_is_read() -> None:
    ways = [{"path": "./a//s.csv", "missing": "drop"}, {"path": "a/s.csv", "missing": "impute"}]
    assert len({_origin("s", way | {"target": "y"}) for way in ways}) == 1
