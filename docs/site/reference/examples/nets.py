# %% setup
import jax.numpy as jnp
import numpy as np

# %% goodfit.nets.ACTIVATIONS
from goodfit.nets import ACTIVATIONS

print(ACTIVATIONS["relu"].function(jnp.array([-1.0, 2.0])), ACTIVATIONS["relu"].formula)

# %% goodfit.nets.Activation
from goodfit.nets import ACTIVATIONS

each = ACTIVATIONS["sigmoid"]
print(each.lowest, each.highest, each.largest_derivative, each.zero_mean, each.saturation)

# %% goodfit.nets.INITIALISERS
from goodfit.nets import INITIALISERS

weights = INITIALISERS["he-normal"].draw(np.random.default_rng(0), 400, 100, 2**0.5)
print(weights.shape, round(float(weights.var()) * 400, 1))

# %% goodfit.nets.Initialiser
from goodfit.nets import INITIALISERS

each = INITIALISERS["xavier-uniform"]
print(each.formula, each.default_scale, each.variance(400, 100, 1.0))

# %% goodfit.nets.BIAS_INITIALISERS
from goodfit.nets import BIAS_INITIALISERS

print(list(BIAS_INITIALISERS))
print(BIAS_INITIALISERS["constant"].draw(np.random.default_rng(0), 4, 3, 0.5))

# %% goodfit.nets.LOSSES
from goodfit.nets import LOSSES

print({name: loss.tasks for name, loss in LOSSES.items()})

# %% goodfit.nets.Loss
from goodfit.nets import LOSSES

loss = LOSSES["cross-entropy"]
z = jnp.array([[2.0], [0.0]])  # [classes, rows]
trained, plain = loss.per_row(z, jnp.array([0]), 0.1, 1.0)
print(round(float(trained[0]), 4), round(float(plain[0]), 4))  # with label smoothing, and without

# %% goodfit.nets.chosen_class
from goodfit.nets import chosen_class

z = jnp.array([[2.0, 0.0], [1.0, 3.0]])  # [classes, rows]
print(chosen_class(z, jnp.array([0, 0])))

# %% goodfit.nets.keep_mask
from goodfit.nets import keep_mask, stream_key

key = stream_key(0, 1, 2, 0)
kept = keep_mask(key, 100, 1000, 0.3)
print(kept.shape, round(float(kept.mean()), 2))

# %% goodfit.nets.stream_key
from goodfit.nets import stream_key

print(stream_key(0, 0, 0, 0) != stream_key(0, 0, 1, 0))

# %% goodfit.nets.l1_penalty
from goodfit.nets import l1_penalty

print(l1_penalty(jnp.array([[1.0, -2.0], [0.5, 0.0]]), jnp.array([0.1, 1.0])))

# %% goodfit.nets.l2_penalty
from goodfit.nets import l2_penalty

print(l2_penalty(jnp.array([[1.0, -2.0], [0.5, 0.0]]), jnp.array([0.1, 1.0])))

# %% goodfit.nets.soft_threshold
from goodfit.nets import soft_threshold

print(soft_threshold(jnp.array([[1.0, -0.05, -2.0]]), jnp.array([0.1])))

# %% goodfit.nets.Architecture
import goodfit as gf
from goodfit.training import Examples, Job, cohort_of

split = gf.data.split(gf.data.load("iris"), valid=0.2)
jobs = [Job(gf.Recipe(hidden=hidden, epochs=1, batch_size=32)) for hidden in [(4,), (8,)]]
print(cohort_of(jobs, Examples.of_split(split), devices=1).architecture.widths)  # padded to the wider net

# %% goodfit.nets.Parameters
from goodfit.nets import Parameters

net = Parameters(
    (jnp.zeros((1, 1, 8, 4)), jnp.zeros((1, 1, 3, 8))), (jnp.zeros((1, 1, 8)), jnp.zeros((1, 1, 3))), (None,)
)
print([weights.shape for weights in net.weights])  # [seeds, settings, out, in]
