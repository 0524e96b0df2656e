"""Which recurrent cell for reviews, and does either understand a negation?

Runs in a minute:  python examples/reviews.py
On your own table with a text and a label column:  python examples/reviews.py reviews.csv
"""

import sys

import gatewise

# Reviews written by a grammar: many opinions are turned round, as in "not very good", so that counting words is not enough.
source = sys.argv[1] if len(sys.argv) > 1 else "builtin:reviews?rows=2000"

# Two replicates show how the parts fit together. For an answer give a budget instead of replicates and limits: budget="10m".
result = gatewise.compare(source, replicates=2, tune=1, batch_size=32, max_epochs=16)

print(*result.verdict.explanation, sep="\n")
print()
for row in result.leaderboard():
    print(f"{row['name']:>16}  {row['score']:6.1%} ± {row['sd']:.1%}")

model = result.model
for text in ("the battery is great.", "the battery is not great at all.", "although the design is lovely, the sound is poor."):
    print(f"{text:52} {model.predict([text])[0]}")
print(f"report: {result.report('reviews.html')}")
