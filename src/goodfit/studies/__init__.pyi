from goodfit.studies.catalogue import find as find
from goodfit.studies.catalogue import studies as studies
from goodfit.studies.declaring import Claim as Claim
from goodfit.studies.declaring import Study as Study
from goodfit.studies.estimates import Estimate as Estimate
from goodfit.studies.result import Result as Result
from goodfit.studies.running import run as run
from goodfit.studies.running import run_all as run_all
