# %% setup
import numpy as np

import goodfit as gf

data = gf.data.load("iris")
split = gf.data.split(data, valid=0.2, test=0.2, seed=0)
twins = gf.data.split(
    gf.data.Dataset.from_arrays(
        np.repeat(np.random.default_rng(0).normal(size=(100, 4)), 2, axis=0), [0, 0, 1, 1] * 50, task="classification"
    )
)
people = {"age": [31, 44, 58, 23, 37, 49, 62, 28], "buys": ["no", "yes", "yes", "no", "no", "yes", "yes", "no"]}
table = gf.data.table(people, "buys")

# %% goodfit.data.load
data = gf.data.load("iris")
print(data.x.shape, data.classes)
moons = gf.data.load("moons", n_train=200, noise=0.1)
print(len(moons.x), "rows, 400 of them the official test set")

# %% goodfit.data.names
print(gf.data.names()[:5])

# %% goodfit.data.describe
about = gf.data.describe("moons")
print(about.task, about.rows, dict(about.parameters))

# %% goodfit.data.Entry
for name in gf.data.names()[:3]:
    entry = gf.data.describe(name)
    print(entry.name, entry.rows, entry.inputs, entry.outputs)

# %% goodfit.data.fetch
report = gf.data.fetch("iris")  # Fashion-MNIST is the one that takes a network
print(report.source)

# %% goodfit.data.FetchReport
report = gf.data.fetch("iris")
print(report.name, report.source, len(report.attempts))

# %% goodfit.data.Dataset
own = gf.data.Dataset.from_arrays([[0.0, 1.0], [1.0, 0.0], [0.9, 0.1], [0.2, 0.8]], ["a", "b", "b", "a"], name="own")
print(own.task, own.classes, own.n_inputs, own.y)

# %% goodfit.data.split
split = gf.data.split(data, valid=0.2, test=0.2, seed=0)
print(len(split.train), len(split.valid), len(split.test))

# %% goodfit.data.Split
print(split.x("valid").shape, split.y("train")[:5])

# %% goodfit.data.Sealed
print(split.test)  # knows how many, and hands out no rows
print(len(split.test))

# %% goodfit.data.make_folds
folds = gf.data.make_folds(data, np.arange(150), folds=3, seed=0)
for fold in folds.all:
    print(len(fold.train), len(fold.valid))

# %% goodfit.data.Folds
folds = gf.data.make_folds(data, np.arange(150), folds=5, seed=0)
print(folds.kind, len(folds.all), folds.test_share)

# %% goodfit.data.Fold
fold = gf.data.make_folds(data, np.arange(150), folds=5, seed=0).all[0]
print(fold.valid[:5], np.intersect1d(fold.train, fold.valid).size)

# %% goodfit.data.summary
found = gf.data.summary(data)
print(found.rows, found.classes)

# %% goodfit.data.Summary
found = gf.data.summary(data)
print(found.task, found.scaling, found.missing)

# %% goodfit.data.table
people = {"age": [31, 44, 58, 23], "colour": ["red", "blue", "red", "blue"], "buys": ["no", "yes", "yes", "no"]}
table = gf.data.table(people, target="buys")
print(table.kinds)

# %% goodfit.data.Table
split = table.split(valid=0.25, test=0.25, seed=0)
print(split.data.x.dtype, split.data.preprocessing is not None)

# %% goodfit.data.read_table
with open("people.csv", "w") as file:
    file.write("age,colour,buys\n31,red,no\n44,blue,yes\n58,red,yes\n23,blue,no\n37,red,no\n")
table = gf.data.read_table("people.csv", target="buys")
print(table.kinds, table.target.classes)

# %% goodfit.data.Preprocessing
from goodfit.data import Preprocessing

fitted = Preprocessing.fit(
    {"age": [31.0, 44.0, np.nan], "colour": ["red", "blue", "red"]}, {"age": "numeric", "colour": "categorical"}
)
inputs, notes = fitted.transform({"colour": ["green", "red"], "age": [40.0, np.nan]})
print(inputs.shape)
print(*notes, sep="\n")

# %% goodfit.data.Leak
ids = {"age": list(range(40)), "copy": ["no", "yes"] * 20, "buys": ["no", "yes"] * 20}
for leak in gf.data.table(ids, "buys").leaks:
    print(leak.column, leak.status, "-", leak.why)

# %% goodfit.data.Ledger
from pathlib import Path

ledger = gf.data.Ledger(Path("own-ledger.sqlite"))
print(len(ledger.openings()))

# %% goodfit.data.Opening
from goodfit.data.ledger import ledger_path

run = gf.train(gf.Recipe(hidden=(4,), epochs=2, batch_size=32), split, leaks="off")
print(run.test().score)
for line in gf.data.Ledger(ledger_path()).openings():
    print(line.number, line.data, line.rows, line.kind, line.nth)

# %% goodfit.data.user_cache
print(gf.data.user_cache().name)

# %% goodfit.data.Step
steps: list[gf.data.Step] = []
gf.data.fetch("iris", progress=steps.append)  # for Fashion-MNIST, one or more a place that is asked
print(len(steps))

# %% goodfit.data.Attempt
report = gf.data.fetch("iris")
for attempt in report.attempts:
    print(attempt.place, attempt.outcome, attempt.seconds)
print(gf.data.Attempt("a folder", "missing", "it is not there", (), 0.0).outcome)

# %% goodfit.data.DataWarning
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("error", gf.data.DataWarning)  # a damaged file of Fashion-MNIST becomes an error
    print(gf.data.load("iris").name)

# %% goodfit.leaks.guard
found = gf.leaks.guard(twins)  # every row stands there twice
for finding in found:
    print(finding.code, finding.status, finding.parts, finding.count)

# %% goodfit.leaks.LeakFinding
finding = gf.leaks.guard(twins)[0]
print(finding.code, finding.pairs[:2])
print(finding)

# %% goodfit.leaks.without_twins
clean = gf.leaks.without_twins(twins)
print(len(twins.train), "->", len(clean.train))

# %% goodfit.leaks.LeakCheck
run = gf.train(gf.Recipe(hidden=(4,), epochs=2, batch_size=32), twins)
print(run.leaks)
print(len(run.leaks.findings), len(run.leaks.told))

# %% goodfit.leaks.LeakWarning
import warnings

with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always", gf.leaks.LeakWarning)
    gf.train(gf.Recipe(hidden=(4,), epochs=2, batch_size=32), twins)
print(told[0].message)
