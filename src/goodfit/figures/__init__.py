"""Figures: each drawn from the tables that are printed, in one style, without pyplot."""

from goodfit.figures.curves import curves as curves
from goodfit.figures.dependence import dependence_curve as dependence_curve
from goodfit.figures.examples import examples as examples
from goodfit.figures.files import png as png
from goodfit.figures.files import svg as svg
from goodfit.figures.files import write_figure as write_figure
from goodfit.figures.flow import FlowLayer as FlowLayer
from goodfit.figures.flow import FlowTable as FlowTable
from goodfit.figures.flow import flow as flow
from goodfit.figures.flow_bands import flow_bands as flow_bands
from goodfit.figures.intervals import DrawnInterval as DrawnInterval
from goodfit.figures.intervals import intervals as intervals
from goodfit.figures.reliability import reliability_diagram as reliability_diagram
from goodfit.figures.residuals import residuals as residuals
from goodfit.figures.setting_curve import setting_curve as setting_curve
