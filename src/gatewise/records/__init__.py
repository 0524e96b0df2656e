"""The nouns of gatewise: frozen records that pass between the rooms. None of them knows how it was made.

`to_json` and `from_json` turn every record without arrays into plain JSON types and back. What a run is asked for, `Config`, is
declared with the options.

data        what a source holds, what is asked of it, and the same as numbers
architecture what an arm's network is built of
plan        the arms, and what tuning chooses for them
trainings   a training and its epochs
costs       times, sizes, and their ratios
results     the evidence, the comparisons, the verdict, and where a run stands
plain       JSON both ways
"""

from gatewise.options.config import Config, Task
from gatewise.records.architecture import Architecture
from gatewise.records.costs import BatchLatency, Cost, DeviceCosts, Ratio, ShippedArtefact, StepRatio
from gatewise.records.data import AudioFeatures, Dataset, Encoded, Forecast, Kind, Label, Profile, Reading, Split
from gatewise.records.plain import from_json, to_json
from gatewise.records.plan import Arm, Hyperparameters, TriedLength
from gatewise.records.results import (
    FEWEST_TELLING_REPLICATES,
    Comparison,
    Dependence,
    DeviceVerdict,
    Difference,
    LengthScore,
    Progress,
    ScoreSummary,
    Shipped,
    Verdict,
)
from gatewise.records.trainings import Ending, Epoch, Failure, FailureCause, Training, TrainingKind

__all__ = [
    "FEWEST_TELLING_REPLICATES",
    "Architecture",
    "Arm",
    "AudioFeatures",
    "BatchLatency",
    "Comparison",
    "Config",
    "Cost",
    "Dataset",
    "Dependence",
    "DeviceCosts",
    "DeviceVerdict",
    "Difference",
    "Encoded",
    "Ending",
    "Epoch",
    "Failure",
    "FailureCause",
    "Forecast",
    "Hyperparameters",
    "Kind",
    "Label",
    "LengthScore",
    "Profile",
    "Progress",
    "Ratio",
    "Reading",
    "ScoreSummary",
    "Shipped",
    "ShippedArtefact",
    "Split",
    "StepRatio",
    "Task",
    "Training",
    "TrainingKind",
    "TriedLength",
    "Verdict",
    "from_json",
    "to_json",
]
