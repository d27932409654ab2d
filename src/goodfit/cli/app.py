"""The table of commands. Each one's module is imported only when it runs or shows its help."""

from __future__ import annotations

from cyclopts import App

from goodfit import __version__

app = App(
    name="goodfit",
    help="Train multilayer perceptrons, whole populations at once, and know whether they fit.",
    version=f"goodfit {__version__}",
    help_format="plaintext",
    suppress_keyboard_interrupt=False,
)
app.command(
    "goodfit.cli.train:train", name="train", help="Train a recipe on a data set or a table, with one seed or several."
)
app.command("goodfit.cli.select:select", name="select", help="Compare recipes by cross-validation, all at once.")
app.command("goodfit.cli.verdict:verdict", name="verdict", help="Say whether a run's recipe fits, and what to change.")
app.command("goodfit.cli.curve:curve", name="curve", help="Draw a curve over epochs, rows, or one field of a recipe.")
app.command("goodfit.cli.test:open_test", name="test", help="Open the test rows of a run: score, and record it.")
app.command("goodfit.cli.inspect:inspect", name="inspect", help="Look inside a net: why it learns, or does not.")
app.command("goodfit.cli.study:study", name="study", help="Run an experiment of the chapter, or the whole chapter.")
app.command("goodfit.cli.ledger:ledger", name="ledger", help="Show which test rows were opened, and what it has cost.")
app.command("goodfit.cli.show:show", name="show", help="Show what is in a model file.")
app.command("goodfit.cli.report:report", name="report", help="Write a report on a run or a search as one HTML file.")
app.command("goodfit.cli.runs:runs", name="runs", help="List the runs in a folder.")
app.command("goodfit.cli.predict:predict", name="predict", help="Write a run's predictions for a data set or a table.")

data = App(name="data", help="List, picture and fetch data sets.", help_format="plaintext")
data.command("goodfit.cli.data:list_", name="list", help="List the data sets that goodfit knows.")
data.command("goodfit.cli.data:show", name="show", help="Describe a data set or a table file.")
data.command("goodfit.cli.data:check", name="check", help="Look for leaks between training and held-out rows.")
data.command("goodfit.cli.data:fetch", name="fetch", help="Fetch a data set's files into the cache.")
app.command(data)
