"""Draws losses by epoch, and weights beside those of the notes."""

from matplotlib.figure import Figure

from goodfit.figures.panels import panels
from goodfit.figures.style import COLOURS, INK
from goodfit.studies.common.drawing import SEEDS, band_line, legend
from goodfit.studies.declaring import Measured
from goodfit.studies.polynomial.study import FITS
from goodfit.studies.words import Labels

TITLES = {
    "right": "4 features: the cubic itself",
    "few": "2 features: a straight line",
    "many": "20 features: far too many",
}


def draw_curves(measured: Measured, width: float, say: Labels) -> Figure:
    """Training and test loss by epoch, a panel a fit."""
    table = measured.columns("curves")
    figure, axes = panels(len(FITS), width, height=3.3, share=True)
    handles = {}
    for panel, fit in zip(axes, FITS, strict=True):
        here = table["fit"] == fit
        for place, (part, words) in enumerate((("train", "training set"), ("test", "test set"))):
            handles[say(words)] = band_line(panel, table, "epoch", part, here, place)
        panel.set(title=say(TITLES[fit]), yscale="log", xlabel=say("epoch"))
    axes[0].set_ylabel(say("loss (half squared error)"))
    return legend(figure, handles, say(SEEDS))


def draw_weights(measured: Measured, width: float, say: Labels) -> Figure:
    """Every weight: true, the notes', and ours with its spread over seeds."""
    table = measured.columns("weights")
    figure, axes = panels(len(FITS), width, height=3.6)
    for panel, fit in zip(axes, FITS, strict=True):
        here = table["fit"] == fit
        power, low, high = (table[name][here].astype(float) for name in ("power", "low", "high"))
        bars = panel.vlines(power, low, high, color=COLOURS[0], linewidth=4, alpha=0.5)
        (mean,) = panel.plot(power, table["mean"][here], "o", color=COLOURS[0], markersize=5)
        (notes,) = panel.plot(power, table["notes"][here], "x", color=INK, markersize=6, markeredgewidth=1.5)
        (true,) = panel.plot(
            power, table["true"][here], "_", color=COLOURS[5], markersize=13, markeredgewidth=2, zorder=3
        )
        title = say("{features} features", features=int(here.sum()))
        panel.set(title=title, xlabel=say("i, the power of x in the feature xⁱ/i!"))
        panel.locator_params(axis="x", integer=True, nbins=6)
    axes[0].set_ylabel(say("weight"))
    marks = ("true weight", "notes", "mean over seeds", "central 95 % of seeds")
    handles = dict(zip(map(say, marks), (true, notes, mean, bars), strict=True))
    return legend(figure, handles)
