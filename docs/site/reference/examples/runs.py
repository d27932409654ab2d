# %% setup
import goodfit as gf

recipe = gf.Recipe(hidden=(8,), dropout=0, learning_rate=0.01, batch_size=32, epochs=8)
run = gf.train(recipe, "iris", seeds=2, out="runs/iris", leaks="off")

# %% goodfit.runs.load
same = gf.runs.load("runs/iris")
print(same.scores["valid"], same.recipe == run.recipe)

# %% goodfit.runs.list_runs
for each in gf.runs.list_runs("runs"):
    print(each.folder.name, each.state, each.seeds, each.scores["valid"])

# %% goodfit.runs.RunSummary
newest = gf.runs.list_runs("runs")[0]
print(newest.folder.name, newest.data, newest.state, newest.problem or "no problem")

# %% goodfit.runs.group_runs
for group in gf.runs.group_runs("runs", "hidden", metric="valid_loss"):
    print(group.data, dict(group.fields), group.count, round(group.mean, 3))

# %% goodfit.runs.RunGroup
group = gf.runs.group_runs("runs")[0]
print(group.name, round(group.mean, 3), round(group.spread, 3), group.count)

# %% goodfit.runs.record_of
record = gf.runs.record_of("runs/iris")
print(record.state, record.task, record.seeds)

# %% goodfit.runs.resume
same = gf.runs.resume("runs/iris")  # after Ctrl-C or a kill it trains what is left; here all is done
print(same.scores["valid"])

# %% goodfit.runs.predict
found = gf.runs.predict("runs/iris", "iris")
print(found.values.shape, found.predicted[:5])

# %% goodfit.runs.Predictions
from pathlib import Path

found = gf.runs.predict("runs/iris", "iris")
found.write_csv("predictions.csv")
print(found.classes, found.nets)
print(*Path("predictions.csv").read_text().splitlines()[:2], sep="\n")

# %% goodfit.runs.PredictionStream
stream = gf.runs.PredictionStream("runs/iris", "iris")  # parts of a file that is larger than the memory
for predictions, kept in stream:
    print(len(predictions.predicted), dict(kept))

# %% goodfit.runs.describe_model
facts = gf.runs.describe_model("runs/iris")
print(facts.task, facts.format, facts.parameters, len(facts.nets))

# %% goodfit.runs.ModelFacts
facts = gf.runs.describe_model("runs/iris/model.safetensors")
print(facts.classes, facts.inputs, facts.outputs, facts.columns)

# %% goodfit.runs.LayerRow
for row in run.layers:
    print(row.name, row.inputs, row.outputs, row.parameters, row.activation)

# %% goodfit.runs.Opened
opened = run.test()  # opens the sealed test set, and records that
print(opened.score, opened.nth, opened.again)
print(opened)

# %% goodfit.runs.open_estimator
from sklearn.linear_model import LogisticRegression

theirs = LogisticRegression(max_iter=500).fit(run.split.x("train"), run.split.y("train"))
opened = gf.runs.open_estimator(theirs, run.split.test)
print(opened.score, opened.nth)

# %% goodfit.models.TrainedNet
net = run.nets[0]
print([weights.shape for weights in net.weights], net.activations, net.classes)
print(net.predict([[5.1, 3.5, 1.4, 0.2]]), net.outputs([[5.1, 3.5, 1.4, 0.2]]).shape)

# %% goodfit.models.save_model
gf.models.save_model("one.safetensors", run.nets[:1], about={"note": "the first net"})
print(gf.load_model("one.safetensors").about)

# %% goodfit.models.Score
score = run.scores["valid"]
print(score.name, round(score.value, 3), (round(score.low, 3), round(score.high, 3)), score.rows)
print(score.at_level(0.99))

# %% goodfit.models.Measure
each = run.measures()["accuracy"]
print(each.label, round(each.value, 3), round(each.baseline, 3), each.method)

# %% goodfit.models.Measures
found = run.measures()
print(found.task, found.rows, [each.label for each in found.headline])
print(found.confusion)

# %% goodfit.interop.export.export
from goodfit.interop.export import export

done = export(run, "numpy", "iris-net")
print(done.files)

# %% goodfit.interop.export.Exported
done = run.export("numpy", "iris-again")
print(done.kind, done.rows, f"{done.difference:.0e}")

# %% goodfit.selection.Selection
found = gf.select(recipe, "iris", vary={"hidden": [4, 8]}, folds=3, leaks="off")
for row in found.rows():
    print(row["rank"], row["hidden"], f"{row['accuracy']:.3f} ({row['low']:.3f} to {row['high']:.3f})")
print(found.best.hidden, found.simplest.hidden)

# %% goodfit.selection.SettingCurve
found = gf.select(recipe, "iris", vary={"hidden": [4, 8]}, folds=3, train_scores=True, leaks="off")
curve = found.curve()
print(curve.field, curve.values, curve.values[curve.best], curve.valid.mean.round(3))

# %% goodfit.selection.Range
from goodfit.selection import Range

rates = Range(1e-3, 1e-1, log=True, points=3)
print(rates.grid(whole=False), rates.at(0.5, whole=False))

# %% goodfit.selection.resume
first = gf.select(recipe, "iris", vary={"hidden": [4, 8]}, folds=3, leaks="off", out="searches/iris")
same = gf.selection.resume("searches/iris")  # one that was killed goes on; one that is done is read
print(same.best == first.best)

# %% goodfit.curves.learning_curve
curve = gf.curves.learning_curve(recipe, "iris", rows=[20, 40, 80], folds=3)
for row in curve.rows():
    print(row["rows"], round(row["validation accuracy"], 3))

# %% goodfit.curves.epoch_curve
curve = gf.curves.epoch_curve(recipe, "iris", every=4, folds=3)
for row in curve.rows():
    print(row["epochs"], round(row["validation accuracy"], 3))

# %% goodfit.curves.data_curve
curve = gf.curves.data_curve(recipe, "moons", "noise", [0.05, 0.3], folds=3)
for row in curve.rows():
    print(row["noise"], round(row["validation accuracy"], 3))

# %% goodfit.curves.resume
gf.curves.epoch_curve(recipe, "iris", every=4, folds=3, out="curves/iris")
curve = gf.curves.resume("curves/iris")
print(curve.values, curve.values[curve.best])

# %% goodfit.verdicts.judge_run
from goodfit.verdicts.judging_runs import VerdictRequest

found = gf.verdicts.judge_run("runs/iris", asked=VerdictRequest(quick=True))
print(found.kind)
