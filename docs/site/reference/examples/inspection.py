# %% setup
import numpy as np

import goodfit as gf

parts = gf.data.split(gf.data.load("moons", n_train=200, n_test=0), valid=0.2, test=0)
recipe = gf.Recipe(
    hidden=(8, 8), activation="tanh", init="constant", init_scale=0.1, dropout=0, epochs=5, batch_size=32
)
run = gf.train(recipe, parts, leaks="off")
subject = gf.inspection.subject_of(run.nets[0], parts.x("train"), parts.y("train"))

# %% goodfit.inspection.Inspection
found = gf.inspect(run, retrain=False)
print([finding.code for finding in found.issues])
print(found["symmetric-units"].text)
print(found.advice.recipe)

# %% goodfit.inspection.Finding
finding = gf.inspect(run, retrain=False).issues[0]
print(finding.code, finding.status, finding.value, finding.limit, finding.place)

# %% goodfit.inspection.CHECKS
for code, check in list(gf.inspection.CHECKS.items())[:3]:
    print(code, dict(check.limits), "-", check.finds)

# %% goodfit.inspection.subject_of
subject = gf.inspection.subject_of(run.nets[0], parts.x("train"), parts.y("train"), rows=50)
print(subject.x.shape, subject.given)

# %% goodfit.inspection.Subject
print(subject.x.shape, subject.target[:5], subject.loss)
print(subject.head(3).rows)

# %% goodfit.inspection.measure
measured = gf.inspection.measure(subject, recipe)
for layer in measured.layers:
    print(layer.name, f"{layer.variance:.4f}", layer.dead)

# %% goodfit.inspection.Measurement
measured = gf.inspection.measure(subject, recipe, epoch=5)
print(round(measured.loss, 3), [layer.name for layer in measured.layers])
print([int(twins.exact.sum()) for twins in measured.twins], "units that equal another")

# %% goodfit.inspection.flow_table
table = gf.inspection.flow_table(gf.inspection.measure(subject), [])
print([layer.name for layer in table.layers])

# %% goodfit.inspection.describe_net
net = gf.inspection.describe_net(
    weights=[np.eye(2), np.ones((3, 2))], biases=[np.zeros(2), np.zeros(3)], activations="relu"
)
print(net.sizes, net.predict_proba([[1.0, -1.0]]))

# %% goodfit.inspection.fold
rng = np.random.default_rng(0)
weights = [rng.normal(size=(8, 2)), rng.normal(size=(2, 8))]
net = gf.inspection.describe_net(weights, [np.zeros(8), np.zeros(2)], activations="identity")
print(net.sizes, "->", gf.inspection.fold(net).sizes)

# %% goodfit.inspection.check_gradient
for tensor in gf.inspection.check_gradient(subject):
    print(tensor.name, f"{tensor.error:.0e}", tensor.right)

# %% goodfit.inspection.difference_gradient
for tensor in gf.inspection.difference_gradient(subject):
    print(tensor.name, abs(tensor.gradient - tensor.differences).max() < 1e-6)

# %% goodfit.inspection.trace
graph = gf.inspection.trace(subject.head(2), l2=0.01)
print([node.name for node in graph.nodes][:6])

# %% goodfit.inspection.Graph
graph = gf.inspection.trace(subject.head(2), l2=0.01)
print(graph.node("W1").gradient.shape, max(graph.by_hand.values()) < 1e-9)

# %% goodfit.inspection.rows_of
some = gf.inspection.rows_of(run, [0, 1, 2])
print(some.x.shape, some.rows)

# %% goodfit.inspection.table_rows
people = {"age": [20, 35, 50, 65, 80] * 12, "rich": ["no", "no", "yes"] * 20}
small = {"hidden": (8,), "epochs": 2, "fold_members": 0, "valid": 0.3}
gf.train(small, gf.data.table(people, "rich"), out="runs/people", leaks="off")
rows = gf.inspection.table_rows(gf.load_model("runs/people"), people, target="rich")
print(rows.data.x.shape, rows.notes)

# %% goodfit.inspection.TableRows
people = {"age": [20, 35, 50, 65, 80] * 12, "rich": ["no", "no", "yes"] * 20}
small = {"hidden": (8,), "epochs": 2, "fold_members": 0, "valid": 0.3}
model = gf.train(small, gf.data.table(people, "rich"), leaks="off").model
rows = gf.inspection.table_rows(model, {"age": [20, None, 50], "rich": ["no", "no", "yes"]}, target="rich")
print(rows.data.x.shape, rows.notes)

# %% goodfit.inspection.Watcher
watcher = gf.inspection.Watcher()
gf.train(recipe, parts, watch=watcher, leaks="off")
print(len(watcher.rows), watcher.rows[0]["epoch"], watcher.rows[0]["layer"])

# %% goodfit.figures.curves
from pathlib import Path

from goodfit.figures import curves, write_figure

write_figure(curves(run.history), "curves.svg")
print(Path("curves.svg").read_text()[:5])

# %% goodfit.figures.write_figure
from pathlib import Path

from goodfit.figures import write_figure

write_figure(run.figure(), "curves.png")  # or .svg
print(Path("curves.png").stat().st_size > 1000)

# %% goodfit.figures.svg
from goodfit.figures import svg

print(svg(run.figure())[:38])

# %% goodfit.figures.png
from goodfit.figures import png

print(png(run.figure())[1:4])

# %% goodfit.figures.examples
from goodfit.figures import examples

print(type(examples(gf.data.load("iris"))).__name__)

# %% goodfit.figures.flow
from goodfit.figures import flow

table = gf.inspection.flow_table(gf.inspection.measure(subject), [])
figure = flow(table, title="A net of constant weights")
print(len(figure.axes) > 2)

# %% goodfit.figures.FlowTable
table = gf.inspection.flow_table(gf.inspection.measure(subject), [])
print(table.title, len(table.layers), table.elsewhere)

# %% goodfit.figures.FlowLayer
layer = gf.inspection.flow_table(gf.inspection.measure(subject), []).layers[1]
print(layer.name, np.round(layer.activations, 2))

# %% goodfit.figures.flow_bands
from goodfit.figures import flow_bands

tables = [gf.inspection.flow_table(gf.inspection.measure(subject), [])]
print(len(flow_bands(tables)))

# %% goodfit.figures.intervals
from goodfit.figures import DrawnInterval, intervals

rows = [DrawnInterval("wider", 0.02, 0.01, 0.03), DrawnInterval("narrower", -0.04, -0.05, -0.03)]
figure = intervals(rows, "gain of accuracy", reference=0.0)
print(len(figure.axes))

# %% goodfit.figures.DrawnInterval
from goodfit.figures import DrawnInterval

print(DrawnInterval("wider", value=0.02, low=0.01, high=0.03, look="better"))

# %% goodfit.figures.reliability_diagram
from goodfit.figures import reliability_diagram

figure = reliability_diagram(
    [0.1, 0.5, 0.9], [0.15, 0.45, 0.8], low=[0.05, 0.4, 0.85], high=[0.15, 0.6, 0.95], of="yes"
)
print(len(figure.axes))

# %% goodfit.figures.residuals
from goodfit.figures import residuals

predicted = np.linspace(0, 10, 40)
figure = residuals(predicted, predicted + np.sin(predicted))
print(len(figure.axes))

# %% goodfit.figures.setting_curve
from goodfit.figures import setting_curve

means = {"mean": [0.7, 0.8, 0.85], "low": [0.6, 0.75, 0.8], "high": [0.8, 0.85, 0.9]}
figure = setting_curve("hidden", [4, 16, 64], "accuracy", means, means, best=2)
print(len(figure.axes))

# %% goodfit.figures.dependence_curve
found = gf.partial_dependence(
    gf.train(
        {"hidden": (8,), "epochs": 2, "fold_members": 0, "valid": 0.3},
        gf.data.table({"age": [20, 35, 50, 65, 80] * 12, "rich": ["no", "no", "yes"] * 20}, "rich"),
        leaks="off",
    ),
    "age",
)
print(len(found.figure().axes))  # which is `figures.dependence_curve` of its values

# %% goodfit.inspection.steps_figure
graph = gf.inspection.trace(subject.head(2), l2=0.01)
figure = gf.inspection.steps_figure(graph)
print(len(figure.axes))
