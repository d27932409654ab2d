"""Section 4.3.4: the same cubic fitted with enough, too few and too many terms."""

from goodfit.studies.folders import Folder

FITS = {"right": 4, "few": 2, "many": 20}  # fit -> features, x^i / i! from i = 0 on
NOTED = {  # the weights that the notes print
    "right": (5.019143, 1.2220006, -3.4235666, 5.571755),
    "few": (2.6972198, 4.2307568),
    "many": (
        *(4.992059, 1.3058902, -3.3531423, 5.1164446, -0.1114100, 1.3032119, 0.12679203, 0.16655836, 0.05129979),
        *(-0.02275036, 0.0080622, -0.05167824, -0.02426303, -0.01502204, -0.04941358, 0.06389866, -0.04761846),
        *(-0.04380165, -0.05188227, 0.05655775),
    ),
}
EDGE = 0.08  # beyond which a weight, drawn within 0.07 of zero, has been learned

HERE = Folder(__file__, EDGE=EDGE)
STUDY = HERE.declared(
    printed=tuple(
        HERE.printed(f"{fit}-{at}", NOTED[fit][at], "weight", at=at, features=features)
        for fit, features in FITS.items()
        for at in range(features)
    )
)
