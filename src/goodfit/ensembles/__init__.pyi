from goodfit.ensembles.job import fit as fit
from goodfit.ensembles.job import resume as resume
