"""Table files on the command line, with the real library below."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from goodfit.cli.tables import is_table, kinds_of
from goodfit.errors import InputError

SMALL = ("--hidden", "6", "--epochs", "2", "--batch-size", "32")


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    lines = ["name,age,zip,country,rich,income"]
    for i in range(90):
        age = int(rng.integers(18, 90))
        rich = "yes" if age + rng.normal(0, 9) > 50 else "no"
        income = "" if i == 7 else f"{age * 300 + rng.normal(0, 900):.2f}"
        lines.append(f"person {i},{'' if i % 9 == 4 else age},{10_000 + i % 3},NO,{rich},{income}")
    Path("people.csv").write_text("\n".join(lines) + "\n")
    return Path("people.csv")


def cells(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_from_a_csv_file_to_predictions(call: Any, people: Path) -> None:
    choices = ("--target", "income", "--id", "name,rich", "--kind", "zip=categorical")
    code, out, err = call("train", "people.csv", *choices, *SMALL, "--out", "run")
    assert code == 0, err
    rows = {row[0]: row for row in cells(err) if row}
    assert rows["age"][1] == "numeric"
    assert rows["age"][-1] == "10"
    assert rows["zip"] == ["zip", "categorical", "as", "requested", "3", "-"]
    assert rows["country"][1:3] == ["left", "out"]
    assert rows["income"][:3] == ["income", "target", "regression"]
    assert rows["name"][:2] == ["name", "id"]
    assert "people, 89 rows" in err
    assert "Note: 1 row of 90 left out: the target 'income' is missing.\n" in err
    assert "leak" not in err
    assert err.index("people, 89 rows") < err.index("epoch 1/2")
    assert "R²" in out
    told = json.loads(Path("run/run.json").read_text())
    assert told["table"]["ids"] == ["name", "rich"]

    Path("new.csv").write_text("zip,shoe,age\n10001,43,44\n10009,44,\n")
    code, out, err = call("predict", "run", "new.csv")
    assert code == 0
    assert [row[0] for row in csv.reader(out.splitlines())] == ["row", "0", "1"]
    assert err == (
        "Note: Column 'shoe' ignored: the net was not trained on it.\n"
        "Note: Column 'zip': 1 value is not seen in training: '10009'.\n"
    )
    assert call("predict", "run/model.safetensors", "new.csv", "--quiet") == (0, out, "")
    Path("few.csv").write_text("age\n44\n")
    assert call("predict", "run", "few.csv") == (
        2,
        "",
        "few.csv: must have the columns that the net was trained on; missing: 'zip'. The order does not matter.\n",
    )
    code, again, _ = call("train", "--resume", "run", "--json", "--quiet")
    assert (code, json.loads(again)["data"]) == (0, "people")


@pytest.mark.filterwarnings("default::goodfit.leaks.LeakWarning")
def test_leak_suspects_are_told_even_when_quiet(call: Any, people: Path) -> None:
    header, *lines = people.read_text().splitlines()
    lines = [f"{line},{line.split(',')[4] == 'no'}" for line in lines]
    people.write_text("\n".join([f"{header},poor", *lines]) + "\n")
    command = ("train", "people.csv", "--target", "rich", "--id", "name", "--id", "income", *SMALL, "--out", "run")
    code, _, err = call(*command, "--quiet")
    assert code == 0
    assert err == (
        "Warning: Column 'poor' has one value per class. "
        "If it is not known at prediction time, leave it out: --id, or ids=.\n"
    )


def test_the_default_folder_is_named_after_the_file(call: Any, people: Path) -> None:
    code, out, _ = call("train", "people.csv", "--target", "rich", "--id", "name,income", *SMALL, "--quiet")
    assert code == 0
    assert "Run: runs/people-" in out
    assert "people" in call("runs")[1]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("people.csv",), "people.csv: needs a target column: --target, or target=. Columns: name, age, zip, "),
        (("people.csv", "--target", "incme"), "the target must be one of its columns; got 'incme'. Did you mean 'inc"),
        (
            ("people.csv", "--target", "income"),
            "column 'name' holds a different text in every row, like an id or a name. "
            "Leave out with --id name, or treat a column as categorical with --kind name=categorical.",
        ),
        (("people.csv", "--target", "income", "--task", "regresion"), "Did you mean 'regression'?"),
        (
            ("people.csv", "--target", "income", "--kind", "zip"),
            "'--kind' must be NAME=KIND, once per column; got 'zip'.",
        ),
        (("nope.csv", "--target", "y"), "nope.csv: there is no such file."),
        (("people.xlsx", "--target", "y"), "people.xlsx: there is no such file, and no data set of this name."),
        (
            ("iris", "--target", "x"),
            "--time, --weight, --ordered, --test are for table files only; 'iris' is a built-in",
        ),
        (
            ("--resume", "run", "--target", "y", "--id", "a"),
            "cannot be combined with --target, --id. Use only --resume",
        ),
    ],
)
def test_bad_input_is_one_clear_message(call: Any, people: Path, arguments: tuple[str, ...], text: str) -> None:
    code, out, err = call("train", *arguments, "--quiet")
    assert (code, out) == (2, "")
    assert text in err
    assert not Path("runs").exists()


def test_problems_of_recipe_and_table_come_together(call: Any, people: Path) -> None:
    code, _, err = call("train", "people.csv", "--target", "income", "--l2", "-1")
    assert (code, len(err.splitlines())) == (2, 2)


def test_data_show_tells_of_a_table(call: Any, people: Path) -> None:
    code, out, err = call("data", "show", "people.csv")
    assert code == 0
    rows = {row[0]: row for row in cells(out) if row}
    assert rows["people.csv,"][1:] == ["90", "rows"]
    assert rows["income"][1] == "numeric"
    assert err.startswith("To fix before training: people.csv: column 'name' holds a different text in every row")
    code, out, err = call("data", "show", "people.csv", "--target", "rich", "--id", "name", "--json")
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert (told["task"], told["classes"], told["rows"], told["problems"]) == ("classification", ["no", "yes"], 90, [])
    assert [column["role"] for column in told["columns"]] == ["id", "input", "input", "left out", "target", "input"]


def test_wide_tables_show_what_is_not_simply_an_input(call: Any) -> None:
    np.savez("wide.npz", x=np.random.default_rng(0).normal(size=(30, 50)), y=np.arange(30) % 2)
    out = call("data", "show", "wide.npz", "--target", "y")[1]
    assert "binary classification: 0 (15), 1 (15)" in out
    assert "and 31 more: 'goodfit data show FILE --json' lists all." in out


def test_kinds_of_flags() -> None:
    assert kinds_of(["a=numeric", "b=c=date"]) == {"a": "numeric", "b=c": "date"}
    with pytest.raises(InputError, match="must be NAME=KIND, once per column; got '=date'") as caught:
        kinds_of(["a=date", "a=numeric", "=date", "x"])
    assert len(caught.value.problems) == 3


def test_names_of_data_sets_go_before_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("iris").write_text("")
    assert [is_table(name) for name in ("iris", "./iris", "a.csv", "irs")] == [False, True, True, False]


@pytest.fixture
def visits(call: Any) -> list[dict[str, str]]:
    """A table of 200 visits of 40 patients on 100 days; the last ten rows repeat the first ten."""
    rng = np.random.default_rng(0)
    rows = []
    for row in range(190):
        a, b, noise = rng.normal(size=3)
        bought = "yes" if a + b + noise > 0 else "no"
        day = np.datetime64("2024-01-01") + int(rng.integers(0, 100))
        rows.append({"who": f"p{row % 40:02d}", "when": str(day), "a": f"{a:.4f}", "b": f"{b:.4f}", "bought": bought})
    rows += rows[:10]
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    Path("visits.csv").write_text("\n".join(lines) + "\n")
    return rows


def parts_of(run: str) -> dict[str, np.ndarray]:
    from goodfit.training import tensor_file

    return tensor_file.read(Path(run) / "split.safetensors", kind="split", version=1).arrays


@pytest.mark.filterwarnings("default::goodfit.leaks.LeakWarning")
def test_rows_that_stand_in_two_parts_are_told_before_a_training(call: Any, visits: list[dict[str, str]]) -> None:
    command = ("train", "visits.csv", "--target", "bought", "--id", "who", *SMALL, "--quiet")
    code, out, err = call(*command, "--out", "run")
    assert code == 0
    assert "Warning: " in err
    assert "also occur in the training set: scores on them do not measure generalisation." in err
    assert "Leakage between training and held-out data: see the warnings.\n" in out
    code, out, err = call(*command, "--leaks", "error", "--out", "other")
    assert (code, out) == (2, "")
    assert err.startswith("Leaks: ")
    assert not Path("other").exists()
    code, out, err = call(*command, "--leaks", "off", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["leaks"] is None
    assert json.loads(out)["sealed"]["rows"] == 40
    assert call(*command, "--leaks", "loud")[2] == (
        "Leaks: 'leaks' must be warn, error or off; got 'loud'. Valid: warn, error, off.\n"
    )


def test_rows_of_a_group_stay_together(call: Any, visits: list[dict[str, str]]) -> None:
    command = ("train", "visits.csv", "--target", "bought", "--group", "who", *SMALL, "--out", "run")
    code, out, err = call(*command)
    assert code == 0, err
    assert ["who", "group", "groups,", "kept", "together", "in", "the", "split;"] in [row[:8] for row in cells(err)]
    assert "Leakage between training and held-out data: none found.\n" in out
    parts = dict(parts_of("run"))
    folds = parts.pop("folds")
    people = {part: {visits[row]["who"] for row in rows} for part, rows in parts.items()}
    assert sum(map(len, people.values())) == 40
    assert sum(map(len, parts.values())) == 200
    in_folds = [{visits[row]["who"] for row in parts["train"][folds == fold]} for fold in range(5)]
    assert sum(map(len, in_folds)) == len(people["train"])
    assert json.loads(Path("run/run.json").read_text())["table"]["group"] == "who"
    assert call("predict", "run", "visits.csv")[2] == ""  # the group is no input, and may be there
    assert call("test", "run", "--quiet")[0] == 0


@pytest.mark.filterwarnings("default::goodfit.leaks.LeakWarning")
def test_later_rows_are_held_out(call: Any, visits: list[dict[str, str]]) -> None:
    command = ("visits.csv", "--target", "bought", "--id", "who", "--time", "when")
    assert call("train", *command, *SMALL, "--out", "run")[0] == 0
    days = {part: [visits[row]["when"] for row in rows] for part, rows in parts_of("run").items()}
    assert max(days["train"]) < min(days["valid"]) <= max(days["valid"]) < min(days["test"])
    code, out, err = call("select", *command, "--vary", "l2=0,0.1", "--folds", "3", *SMALL, "--out", "s")
    assert code == 0, err
    assert "2 settings x 3 folds by time x 1 seed" in err
    assert call("select", "--resume", "s", "--quiet")[:2] == (0, out)
    assert call("data", "check", *command)[0] == 0
    assert ["when", "time"] in [row[:2] for row in cells(call("data", "show", *command)[1])]


@pytest.mark.filterwarnings("default::goodfit.leaks.LeakWarning")
def test_folds_that_share_rows_are_told(call: Any, visits: list[dict[str, str]]) -> None:
    command = ("select", "visits.csv", "--target", "bought", "--vary", "l2=0,0.1", "--folds", "3", *SMALL, "--quiet")
    code, out, err = call(*command, "--id", "who", "--out", "s")
    assert code == 0
    assert "also occur in the training set of their fold" in err
    assert "Keep them in one fold with groups= (--group COLUMN of a table)" in err
    assert "Leakage between training and held-out data: see the warning" in out
    found = json.loads(Path("s/selection.json").read_text())
    assert [each["code"] for each in found["leaks"]["findings"]] == ["exact"]
    code, out, err = call(*command, "--group", "who", "--out", "t")
    assert (code, err) == (0, "")
    code, _, err = call(*command, "--id", "who", "--out", "u", "--leaks", "error")
    assert code == 2
    assert err.startswith("Leaks: ")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--group", "whom"), "visits.csv: the group must be one of its columns; got 'whom'. Did you mean 'who'?"),
        (("--time", "who"), "visits.csv: column 'who' must hold a date, as 2024-01-31, or a number in every row; 200 "),
        (("--group", "who", "--time", "when"), "'group' and 'time' cannot both define the split"),
        (
            ("--group", "bought"),
            "the column of 'group' is not a feature, so it can be neither the target nor have a kind",
        ),
        (
            ("--group", "who", "--kind", "who=categorical"),
            "so it can be neither the target nor have a kind; got 'who'.",
        ),
    ],
)
def test_columns_that_rows_cannot_be_divided_by(
    call: Any, visits: list[dict[str, str]], arguments: tuple[str, ...], text: str
) -> None:
    code, out, err = call("train", "visits.csv", "--target", "bought", *arguments, "--quiet")
    assert (code, out) == (2, "")
    assert text in err


def test_a_value_that_cannot_be_read_costs_its_own_row(call: Any) -> None:
    rows = [f"{i % 2},{i},{'b' if i % 3 else 'a'}" for i in range(60)]
    Path("old.csv").write_text("flag,age,kind\n" + "\n".join(rows) + "\n")
    assert call("train", "old.csv", "--target", "kind", *SMALL, "--out", "run")[0] == 0
    Path("new.csv").write_text("flag,age\n0,1\n2,2\n1,3\n")
    code, out, err = call("predict", "run", "new.csv", "--quiet")
    assert code == 0
    assert out.splitlines()[2] == "1,,,"
    assert [len(line.split(",")[1]) for line in out.splitlines()[1:]] == [1, 0, 1]
    assert err == (
        "Warning: Column 'flag': row 1 without a prediction: '2' cannot be read as yes and no (or true and false, "
        "1 and 0).\n"
    )
    code, out, err = call("predict", "run", "new.csv", "--strict")
    assert (code, out) == (2, "")
    assert "new.csv: column 'flag' must hold yes and no (or true and false, 1 and 0); row 1 does not; got '2'." in err


@pytest.mark.parametrize("command", ["train", "select", "curve", "data show", "data check"])
@pytest.mark.parametrize("folder", ["", "./", "deep/"])
def test_a_file_that_is_not_there_is_said_to_be_missing(command: str, folder: str, call: Any) -> None:
    Path("deep").mkdir()
    for place in ("", "deep/"):
        Path(f"{place}customers.csv").write_text("a,b\n1,2\n")
    more = {"select": ("--vary", "l2=0,1"), "curve": ("--over", "l2=0,1")}.get(command, ())
    code, out, err = call(*command.split(), f"{folder}customers.cvs", *more)
    assert (code, out) == (2, "")
    assert err.startswith(f"{folder}customers.cvs: there is no such file")
    assert err.endswith(f" Did you mean '{folder}customers.csv'?\n")
    assert "Valid: fashion-mnist" in call(*command.split(), "xyzzy", *more)[2]  # a name is no file
