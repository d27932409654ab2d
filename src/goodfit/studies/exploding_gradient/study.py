"""Section 4.7.2: gradients that grow on their way back."""

import math

from goodfit.studies.folders import Folder

LEARNED = 0.5  # test accuracy from which a net of ten classes has learned

HERE = Folder(__file__, LEARNED=LEARNED)
OTHER_PRODUCTS = HERE.words("reasons", "other-products")
STUDY = HERE.declared(
    printed=(
        HERE.printed("first", 2.7090),
        HERE.printed("product", math.log10(8.8308e26)),
        HERE.printed("smallest", math.log10(2.4050e25)),
    )
)
