"""Every rule of thumb about GRU and LSTM as a study that anyone can rerun: measured, judged by its numbers, drawn."""

from gatewise.claims.records import Claim, Effect, Judgement, Literature, Outcome, Results
from gatewise.claims.study import Study

__all__ = ["Claim", "Effect", "Judgement", "Literature", "Outcome", "Results", "Study"]
