from goodfit.leaks.check import LeakCheck as LeakCheck
from goodfit.leaks.check import LeakWarning as LeakWarning
from goodfit.leaks.guarding import LeakFinding as LeakFinding
from goodfit.leaks.guarding import guard as guard
from goodfit.leaks.guarding import without_twins as without_twins
