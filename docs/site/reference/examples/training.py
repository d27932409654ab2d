# %% setup
import numpy as np

import goodfit as gf
from goodfit.training import Examples, Job, cohort_of, fit_jobs, plan

split = gf.data.split(gf.data.load("iris"), valid=0.2)
examples = Examples.of_split(split)
base = gf.Recipe(hidden=(8,), dropout=0, learning_rate=0.01, batch_size=32, epochs=8)
jobs = [Job(base.replace(l2=l2)) for l2 in (0.0, 0.01)]

# %% goodfit.training.Job
from goodfit.training import Job

jobs = [Job(gf.Recipe(hidden=(8,), seed=seed)) for seed in range(3)]
print(len(jobs), jobs[1].recipe.seed, jobs[1].rows)

# %% goodfit.training.Examples
from goodfit.training import Examples

examples = Examples.of_split(split)
print(examples.task, examples.train.shape, {name: rows.shape for name, rows in examples.parts.items()})
folds = (np.arange(len(split.train)) % 5).astype(np.int32)
print(examples.with_folds(folds).weights.shape)  # a net whose job says rows=2 leaves fold 2 out

# %% goodfit.training.plan

print(len(plan(jobs, examples).cohorts))

# %% goodfit.training.Plan
from goodfit.training import plan

found = plan([*jobs, Job(base.replace(activation="tanh"))], examples)
print(len(found.cohorts))
print(*found.reasons, sep="\n")

# %% goodfit.training.fit_jobs

done = fit_jobs(jobs, examples)
print(done.metrics(0).shape)  # epochs by metrics

# %% goodfit.training.FittedJobs
done = fit_jobs(jobs, examples)
print(done.place, [weights.shape for weights in done.net(1).weights])

# %% goodfit.training.cohort_of

cohort = cohort_of(jobs, examples, devices=1)
print(cohort.architecture.widths, len(cohort.jobs))

# %% goodfit.training.Cohort
cohort = cohort_of(jobs, examples, devices=1)
print(len(cohort.jobs), cohort.dtype, cohort.architecture.activations)

# %% goodfit.training.fit
from goodfit.training import fit

done = fit(cohort_of(jobs, examples, devices=1))
print(done.metrics.shape)  # epochs, metrics, nets

# %% goodfit.training.Fitted
from goodfit.training import fit

done = fit(cohort_of(jobs, examples, devices=1))
print(done.best_epoch, done.stopped_epoch, done.frozen)

# %% goodfit.training.Report
from goodfit.training import Report, fit


def tell(report: Report) -> None:
    print(report.epoch, report.metrics.shape, report.active)


fit(cohort_of(jobs, examples, devices=1), report=tell, chunk_epochs=4)

# %% goodfit.training.metric_names
from goodfit.training import metric_names

print(metric_names(["valid"]))

# %% goodfit.training.compilations
from goodfit.training import compilations, fit_jobs

fit_jobs(jobs, examples)
before = compilations()
fit_jobs([Job(base.replace(l2=0.3)), Job(base.replace(l2=0.7))], examples)  # other values, the same program
print(compilations() - before)

# %% goodfit.training.History
history = gf.train(base, split, seeds=2, leaks="off").history
print(history["valid_loss"].shape, history.best_epoch)
print(history.quantiles("valid_loss", [0, 1]).shape)

# %% goodfit.training.Progress
from goodfit.training import Progress


def tell(progress: Progress) -> None:
    if progress.epoch in (0, progress.epochs):
        print(progress.epoch, progress.epochs, progress.nets)


gf.train(base, split, seeds=2, leaks="off", progress=tell)
