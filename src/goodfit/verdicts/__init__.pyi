from goodfit.verdicts.judging import resume as resume
from goodfit.verdicts.judging import verdict as verdict
from goodfit.verdicts.judging_runs import judge_run as judge_run
from goodfit.verdicts.result import Verdict as Verdict
