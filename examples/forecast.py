"""Is a recurrent network worth it for this series, or is repeating the last season as good?

Runs in half a minute:  python examples/forecast.py
On your own table, a row a step:  python examples/forecast.py energy.csv date
"""

import sys

import gatewise

source = sys.argv[1] if len(sys.argv) > 1 else "builtin:seasonal?rows=900"
time = sys.argv[2] if len(sys.argv) > 2 else None

# Splits are in time only: every replicate trains on the past and is tested on what came after it.
result = gatewise.compare(
    source, task="forecast", time=time, window=48, horizon=12, replicates=2, tune=1, max_epochs=15, hidden_size=32
)

print(*result.verdict.explanation, sep="\n")
print()
print("MASE, lower is better; 1 is about what repeating the last season does on the training data:")
for row in result.leaderboard():
    print(f"{row['name']:>16}  {row['score']:.3f} ± {row['sd']:.3f}")

# The model reads the last steps of whatever it is given.
model = result.model
print(f"{model.name} reads {model.forecast.window} steps of {', '.join(model.channels)} and predicts {model.forecast.horizon}")
