from goodfit.curves.drawn import data_curve as data_curve
from goodfit.curves.epochs import epoch_curve as epoch_curve
from goodfit.curves.learning import learning_curve as learning_curve
from goodfit.curves.resuming import resume as resume
