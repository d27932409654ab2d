"""What a run leaves in its folder when it is done."""

import shutil
from pathlib import Path

from goodfit.files import write_atomically
from goodfit.runs import record
from goodfit.runs.refitting import FOLDER, write_before
from goodfit.runs.run import Run
from goodfit.runs.start_files import OPTIMIZER, write_state
from goodfit.training.store import Store

KIND = "run"  # of the files that hold what its turns gave


def forget(folder: Path) -> None:
    """Remove what only an unfinished run needs."""
    Store(folder, KIND).forget()
    shutil.rmtree(folder / FOLDER, ignore_errors=True)


def write_results(run: Run, folder: Path) -> None:
    """Write what a run ends with. Every file is whole or not there; run.json says "done" only after all others."""
    from goodfit.figures import write_figure

    begun = record.RunRecord.read(folder)
    write_atomically(folder / record.EVENTS, run.history.to_events().encode())  # whole, whatever became of the log
    if run.refit is not None:
        write_before(folder, run.nets, {"recipe": run.recipe.to_dict(), "data": run.data_name})
    run.save(folder / record.MODEL)
    if run.optimizer is not None and run.optimizer.arrays:
        write_state(folder / OPTIMIZER, run.optimizer, None)
    if run.out_of_fold is not None:
        run.out_of_fold.write(folder)
    run.history.write_csv(folder / record.HISTORY)
    figure = run.figure()
    for name in record.CURVES:
        write_figure(figure, folder / name)
    begun.finished(run.to_json()).write(folder)
    forget(folder)
