# %% setup
import numpy as np
import pyarrow as pa

import goodfit as gf

recipe = gf.Recipe(hidden=(8,), dropout=0, learning_rate=0.01, batch_size=32, epochs=8)
run = gf.train(recipe, "iris", seeds=2, out="runs/iris", leaks="off")
rng = np.random.default_rng(0)
age, colour = rng.uniform(20, 60, 120), rng.choice(["red", "blue"], 120)
buys = np.where(age + 10 * (colour == "red") > 45, "yes", "no")
people = pa.table({"age": age, "colour": colour, "buys": buys})
small = {"hidden": (8,), "epochs": 8, "batch_size": 32, "fold_members": 0, "valid": 0.3}
table_run = gf.train(small, gf.data.table(people, "buys"), leaks="off")

# %% goodfit.train
run = gf.train(gf.Recipe(hidden=(8,), epochs=5, batch_size=32), "iris", seeds=2)
print(run.scores["valid"])  # mean accuracy of two nets, with its 95 % interval
print(run.history["valid_loss"].shape)  # epochs by nets

# %% goodfit.Run
print(run.task, run.seeds, run.parameters)
print(run.predict_proba([[5.1, 3.5, 1.4, 0.2]]).round(2))
for layer in run.layers:
    print(layer.name, layer.inputs, "->", layer.outputs)

# %% goodfit.Recipe
recipe = gf.Recipe(hidden=(64, 32), activation="relu", optimizer="sgd", momentum=0.9)
print(recipe.learning_rate)  # not given, so that of the optimiser
print(recipe.replace(epochs=5).given)
print(gf.Recipe.fields()["dropout"].range)

# %% goodfit.Model
model = gf.load_model("runs/iris/model.safetensors")
print(model.task, model.classes, len(model.nets))
print(model.predict([[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]))

# %% goodfit.load_model
model = gf.load_model("runs/iris/model.safetensors")
print(model.predict_proba([[6.7, 3.0, 5.2, 2.3]]).round(2))

# %% goodfit.measures
found = gf.measures(run)  # of the validation rows
print(found["accuracy"])
for each in found.headline:
    print(each.label, *each.shown)

# %% goodfit.threshold
decide = gf.threshold(table_run, false_positive=1, false_negative=5, positive="yes")
print(round(decide.value, 3), decide.by)
print(decide.sentence)

# %% goodfit.compare
other = gf.train(recipe.replace(hidden=(4,)), "iris", seeds=2, leaks="off")
found = gf.compare(run, other)
print(found.sentences[0])

# %% goodfit.Compared
other = gf.train(recipe.replace(hidden=(4,)), "iris", seeds=2, leaks="off")
found = gf.compare(run, other)
print(found.names, found.rows, found.comparisons, found.level)

# %% goodfit.calibration
found = gf.calibration(run, temperature=False)
for score in found.scores:
    print(score.name, round(score.value, 3))

# %% goodfit.Calibration
found = gf.calibration(run, temperature=False)
print(found.rows_text, found.part)
print(found.sentences[0])

# %% goodfit.importance
found = gf.importance(table_run, repeats=3)
for each in found.columns:
    print(each)

# %% goodfit.Importances
found = gf.importance(table_run, repeats=3)
heads, rows, left_out = found.lines(5)
print(heads)
for row in rows:
    print(row)

# %% goodfit.partial_dependence
found = gf.partial_dependence(table_run, "age")
print(found.what)
for value, mean in list(zip(found.values, found.mean[:, 1], strict=True))[::5]:
    print(round(value), round(float(mean), 2))

# %% goodfit.Dependence
found = gf.partial_dependence(table_run, "colour")
print(found.values, found.outputs, found.mean.shape)

# %% goodfit.table_recipe
table = gf.data.table(people, "buys")
recipe = gf.table_recipe(table, epochs=20)
print(recipe.hidden, recipe.epochs, recipe.fold_members, recipe.encoding)

# %% goodfit.MLPClassifier
from goodfit import MLPClassifier

X = np.column_stack([np.linspace(-1, 1, 60), np.zeros(60)])
y = np.where(X[:, 0] > 0, "right", "left")
net = MLPClassifier(hidden_layer_sizes=(8,), max_iter=30, learning_rate_init=0.05, random_state=0).fit(X, y)
print(net.score(X, y), net.classes_, net.n_iter_)

# %% goodfit.MLPRegressor
from goodfit import MLPRegressor

X = np.linspace(-1, 1, 60)[:, None]
net = MLPRegressor(hidden_layer_sizes=(16,), solver="lbfgs", random_state=0).fit(X, X[:, 0] ** 2)
print(round(net.score(X, X[:, 0] ** 2), 2))

# %% goodfit.PopulationSearchCV
from goodfit import MLPClassifier, PopulationSearchCV

X = np.column_stack([np.linspace(-1, 1, 60), np.zeros(60)])
y = np.where(X[:, 0] > 0, "right", "left")
net = MLPClassifier(hidden_layer_sizes=(8,), max_iter=30, learning_rate_init=0.05, random_state=0)
search = PopulationSearchCV(net, {"alpha": [1e-4, 1e-1]}, cv=3).fit(X, y)
print(search.best_params_, round(search.best_score_, 2), search.n_populations_)

# %% goodfit.TableClassifier
from goodfit import TableClassifier

X = people.select(["age", "colour"])
nets = TableClassifier({"epochs": 8, "hidden": (8,)}, n_nets=1, random_state=0, leaks="off")
print(nets.fit(X, people["buys"].to_numpy()).predict(X.slice(0, 2)))

# %% goodfit.TableRegressor
from goodfit import TableRegressor

X = people.select(["age", "colour"])
nets = TableRegressor({"epochs": 8, "hidden": (8,)}, n_nets=1, random_state=0, leaks="off")
print(nets.fit(X, 2 * people["age"].to_numpy()).predict(X.slice(0, 2)).shape)

# %% goodfit.select
found = gf.select(recipe, "iris", vary={"hidden": [(4,), (8,)]}, folds=3, seeds=1, leaks="off")
for row in found.rows():
    print(row["rank"], row["hidden"], round(row["accuracy"], 3))
print(found.best.hidden)

# %% goodfit.verdict
found = gf.verdict(recipe, "iris", folds=3, repeats=1, quick=True, out="verdicts/iris")
print(found.kind)
print(found.sentence)

# %% goodfit.Verdict
found = gf.verdict(recipe, "iris", folds=3, repeats=1, quick=True)
for row in found.rows():
    print(f"{row['name']}: {row['status']}, {row['difference']:.3f}")

# %% goodfit.verdicts.resume
found = gf.verdicts.resume("verdicts/iris")  # after Ctrl-C or a kill it trains what is left; here all is done
print(found.sentence)

# %% goodfit.fit
run = gf.fit(people, "buys", seconds=3, leaks="off", out="runs/people")
print(run.scores["valid"].name, len(run.nets), run.ensemble is not None)

# %% goodfit.ensembles.resume
same = gf.ensembles.resume("runs/people")  # after Ctrl-C or a kill it goes on; here all is done
print(same.scores["valid"])

# %% goodfit.inspect
found = gf.inspect(run, retrain=False)
for finding in found.issues:
    print(finding.code, "-", finding.text)
print(found.advice)

# %% goodfit.from_sklearn
from sklearn.neural_network import MLPClassifier as TheirMLP

X, y = np.array([[0.0], [1.0], [2.0], [3.0]] * 10), np.array([0, 0, 1, 1] * 10)
theirs = TheirMLP(hidden_layer_sizes=(4,), solver="lbfgs", max_iter=50, random_state=0).fit(X, y)
model = gf.from_sklearn(theirs)
print(np.allclose(model.predict_proba(X), theirs.predict_proba(X), atol=1e-5))

# %% goodfit.from_torch
import torch

module = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
model = gf.from_torch(module, task="classification")
print(model.predict_proba([[5.1, 3.5, 1.4, 0.2]]).shape)

# %% goodfit.cluster (not run: it needs a cluster)
with gf.cluster("tcp://scheduler:8786") as executor:
    found = gf.select(recipe, "digits", vary={"l2": gf.selection.Range(1e-5, 1e-1, log=True)}, executor=executor)

# %% goodfit.WorkerPool (not run: it starts two processes, and each imports JAX anew)
if __name__ == "__main__":
    with gf.WorkerPool(2) as pool:
        found = gf.select(recipe, "digits", vary={"hidden": [(16,), (32,)]}, executor=pool)
    print(found.best.hidden)

# %% goodfit.InputError
try:
    gf.Recipe(l2=-0.1, activation="rellu")
except gf.InputError as error:
    for problem in error.problems:
        print(problem)

# %% goodfit.GoodfitError
try:
    gf.runs.load("no/such/folder")
except gf.GoodfitError as error:  # InputError is one, with exit code 2
    print(type(error).__name__, error.exit_code)
    print(error)
