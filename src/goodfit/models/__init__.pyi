from goodfit.models.measures import Measure as Measure
from goodfit.models.measures import Measures as Measures
from goodfit.models.model_file import Model as Model
from goodfit.models.model_file import load_model as load_model
from goodfit.models.model_file import save_model as save_model
from goodfit.models.scores import Score as Score
from goodfit.models.trained_net import TrainedNet as TrainedNet
