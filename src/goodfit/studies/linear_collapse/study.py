"""Section 4.1.1.1: layers without activations collapse into one, layers with activations do not."""

from goodfit.studies.folders import Folder

"""Share of points that the best straight line gets right. On xor, x2 - x1 > c against the rest gets
(3 - c^2/2 - (1 - c)^2) / 4 right, at most 2/3, for c = 2/3. On circles without noise a tangent of the inner one, which
cuts off a third of the outer one, gets 1/2 + 1/6.
"""

HERE = Folder(__file__)
STUDY = HERE.declared()
