"""Search in English and Chinese: of what is written without spaces, every two signs that stand together are a word."""

import re
from itertools import pairwise
from typing import Any, ClassVar

from docutils import nodes
from sphinx.search import languages
from sphinx.search.en import SearchEnglish

HAN = "\u3400-\u9fff"
PARTS = re.compile(rf"[{HAN}]+|[^\W{HAN}]+")
SPLIT_QUERY = rf"""
var splitQuery = query => (query.match(/[{HAN}]+|(?:(?![{HAN}])[\p{{L}}\p{{N}}_])+/gu) || []).flatMap(part =>
  /^[{HAN}]{{2,}}$/u.test(part) ? [...part].slice(1).map((sign, at) => part[at] + sign) : [part]);
"""


AMERICAN = re.compile(r"is(e|ed|es|er|ers|ing|ation|ations)$")  # regularise, regularisation
OTHER_WORDS = {  # page -> what people call what it tells of, where it has other words for it
    "tutorials/choosing": "hyperparameter, hyperparameters, tuning, optimisation, grid, optuna, automl",
    "selection": "hyperparameter, hyperparameters, tuning, optimisation, gridsearch, optuna",
    "fit": "automl, autogluon, ensemble, tuning",
    "measures": "imbalanced, unbalanced, imbalance, rare, minority, classes, auc",
    "tables": "imbalanced, unbalanced, imbalance, classes, missing, nan, categorical, csv, excel, pandas",
    "serve": "docker, container, deploy, deployment, production, rest, api, endpoint, http, fastapi",
    "install": "conda, docker, requirements, dependencies, setup, virtualenv, windows, macos",
    "tables-default": "random, forest, forests, xgboost, boosting, lightgbm, catboost, tree",
    "chapter": "regularisation, overfitting, underfitting, dropout, weight, decay",
    "recipe": "regularisation, hyperparameter, hyperparameters, momentum, optimiser, parameters",
    "clusters": "n_jobs, parallel, multiprocessing, joblib, distributed, slurm, ray, dask",
    "accelerators": "cuda, gpu, gpus, nvidia, tpu, n_jobs",
    "seal": "leakage, holdout, train_test_split, test",
    "statistics": "confidence, interval, intervals, significance, pvalue, bootstrap",
    "explaining": "importance, shap, explainability, interpretability, pdp",
    "export": "onnx, pytorch, torchscript, pickle, joblib, save, load",
}


class SearchBoth(SearchEnglish):
    """English as Sphinx has it, and Chinese by pairs of signs, which needs no dictionary: searching does the same."""

    lang = "en-zh"
    js_splitter_code: ClassVar[str] = SPLIT_QUERY

    def split(self, input: str) -> list[str]:
        """The words of a text."""
        found: list[str] = []
        for part in PARTS.findall(input):
            pairs = ["".join(pair) for pair in pairwise(part)] if re.match(f"[{HAN}]", part) else []
            found += pairs or [part]
            if AMERICAN.search(part):
                found.append(AMERICAN.sub(r"iz\1", part))
        return found


def _tell_other_words(app: Any, doctree: Any) -> None:
    """Have a page found by what people call what it tells of."""
    words = OTHER_WORDS.get(app.env.docname)
    if words:
        both = [each.strip() for each in words.split(",")]
        both += [AMERICAN.sub(r"iz\1", each) for each in both if AMERICAN.search(each)]
        doctree += nodes.meta(name="keywords", content=", ".join(both))


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""
    languages[SearchBoth.lang] = SearchBoth  # type: ignore[assignment]
    app.config.html_search_language = SearchBoth.lang
    app.connect("doctree-read", _tell_other_words)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
