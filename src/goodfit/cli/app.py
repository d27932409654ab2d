"""The table of commands. Each one's module is imported only when it runs or shows its help."""

from cyclopts import App

from goodfit import __version__

COMMANDS = {  # what each does, in one line, and an example
    "train": ("Train a net on a data set or a table, with one seed or many.", "digits --hidden 64,32 --seeds 8"),
    "fit": ("Do the whole job for a table in the minutes given.", "people.csv --target income --minutes 5"),
    "select": (
        "Compare hyperparameters by cross-validation.",
        "digits --vary hidden=32,64x32 --vary l2=1e-5..1e-1:log",
    ),
    "verdict": ("Say whether a run underfits or overfits, and what to change.", "runs/digits --quick"),
    "curve": (
        "Plot training and held-out scores against a hyperparameter.",
        "digits --over l2=1e-5..1e-1:log:5",
    ),
    "test": ("Score a run on its sealed test set, and record it.", "runs/digits"),
    "compare": ("Compare runs on the same rows, with intervals of the differences.", "runs/a runs/b"),
    "measure": ("Measure predictions: ROC AUC, F1, confusion matrix, errors, each with an interval.", "runs/digits"),
    "importance": ("Say which columns of a table a model needs, by permuting them on held-out rows.", "runs/people"),
    "dependence": ("Show how predictions change with a column of the table.", "runs/people --column age"),
    "calibrate": ("Say whether a classifier is as sure as it is right, and mend it.", "runs/digits"),
    "inspect": ("Diagnose why a net does not learn, and how to fix it.", "runs/digits --try"),
    "study": ("Run the experiments of the chapter and test its claims.", "weight-decay --seeds 1000"),
    "notes": ("Run the code cells of a document, and write their outputs beside the code.", "chapter.md"),
    "ledger": ("List every evaluation on a test set.", ""),
    "show": ("Show the contents of a model file.", "runs/digits/model.safetensors"),
    "report": ("Write a run or a search as one HTML report.", "runs/digits --out digits.html"),
    "card": ("Write a model card: data, scores, verdict, limits, how to load it.", "runs/digits --out card.md"),
    "runs": ("List the runs in a folder.", "runs"),
    "devices": ("List what there is to train on, and how many nets of a recipe fit.", "--hidden 256,256"),
    "lab": ("Play with populations of nets in the browser: train, rewind, branch, see.", ""),
    "serve": ("Answer predictions over HTTP, on this machine alone by default.", "runs/people --port 8000"),
    "export": (
        "Write a model as ONNX, PyTorch, NumPy or scikit-learn files.",
        "runs/people --to onnx --out people.onnx",
    ),
    "predict": (
        "Write predictions for a data set or a table as CSV or JSON.",
        "runs/people new.csv --out predictions.csv",
    ),
}
DATA_COMMANDS = {
    "list": ("List the built-in data sets.", ""),
    "show": ("Describe a data set or a table file.", "people.csv --target income"),
    "check": ("Check for leakage between the training, validation and test sets.", "people.csv --target income"),
    "fetch": ("Download a data set into the cache.", "fashion-mnist"),
}
FUNCTIONS = {"test": "open_test", "list": "list_"}  # of a command's module, where it is not the command's own name


def with_example(does: str, *words: str) -> str:
    """A command's help: what it does, and an example on a line of its own."""
    return f"{does}\n\nExample: {' '.join(filter(None, ['goodfit', *words]))}"


app = App(
    name="goodfit",
    help=with_example(
        "Train many multilayer perceptrons at once, and see whether they fit.",
        "train fashion-mnist",
    ),
    version=f"goodfit {__version__}",
    help_format="plaintext",
    suppress_keyboard_interrupt=False,
)
for _name, (_does, _example) in COMMANDS.items():
    _function = FUNCTIONS.get(_name, _name)
    app.command(f"goodfit.cli.{_name}:{_function}", name=_name, help=with_example(_does, _name, _example))

app.register_install_completion_command(
    help="Install completion of commands and options for this shell (bash, zsh or fish)."
)

data = App(
    name="data",
    help=with_example("List, describe, download and check data sets.", "data list"),
    help_format="plaintext",
)
for _name, (_does, _example) in DATA_COMMANDS.items():
    _function = FUNCTIONS.get(_name, _name)
    data.command(f"goodfit.cli.data:{_function}", name=_name, help=with_example(_does, "data", _name, _example))
app.command(data)
