"""The data as the run found them."""

from gatewise.records import AudioFeatures, Comparison, Forecast, Profile, Verdict
from gatewise.report.blocks import Block, Bullets, Section, Table, unit_of_length
from gatewise.report.numbers import count, number, percent, span
from gatewise.tasks import traits_of
from gatewise.wording import counted

__all__ = ["data_section", "subject_of"]

MOST_ROWS = 20
MOST_NAMES = 6
KINDS = {"text": "texts", "series": "time series", "audio": "sound, as log-mel energies"}


def subject_of(profile: Profile) -> str:
    """Return what the data are and what is asked of them, in one line: "mr · 10,662 texts · 2 classes"."""
    return f"{profile.name} · {count(profile.rows)} {_rows_noun(profile)} · {traits_of(profile.task).asked(profile)}"


def data_section(comparison: Comparison, verdict: Verdict) -> Section:
    """Return the section on the data's profile, what was inferred about it, and warnings the page's head does not hold."""
    profile = comparison.profile
    lines = [
        ("Name", profile.name),
        ("Kind", KINDS[profile.kind]),
        ("Task", traits_of(profile.task).title),
        (f"Rows ({_rows_noun(profile)})", count(profile.rows)),
        *_shape(profile),
        ("Training rows of each replicate", count(comparison.train_rows - comparison.validation_rows)),
        ("Validation rows of each replicate, which end the training", count(comparison.validation_rows)),
        ("Test rows of each replicate", count(comparison.test_rows)),
        ("Test part", _test_part(profile)),
        ("Fingerprint", profile.fingerprint),
    ]
    blocks: list[Block] = [Table(("Property", "Value"), tuple(lines), words=True)]
    if profile.forecast is not None:
        blocks.append(_forecast(profile.forecast, profile))
    if profile.audio is not None:
        blocks.append(_audio(profile.audio))
    if profile.classes:
        blocks.append(_classes(profile))
    if profile.outputs:
        blocks.append(_outputs(profile))
    if profile.inferred:
        blocks.append(Bullets("Inferred from the source", profile.inferred))
    further = [warning for warning in (*comparison.warnings, *profile.warnings) if warning not in verdict.warnings]
    if further:
        blocks.append(Bullets("Warnings about the data", tuple(dict.fromkeys(further))))
    return Section("data", "The data", (), blocks)


def _rows_noun(profile: Profile) -> str:
    return traits_of(profile.task).rows or {"text": "texts", "series": "series", "audio": "recordings"}[profile.kind]


def _shape(profile: Profile) -> list[tuple[str, str]]:
    """What describes the sequences of the task, and is not said elsewhere."""
    lines = []
    if profile.classes:
        lines.append(("Classes", count(len(profile.classes))))
    if profile.kind == "series":
        lines.append(("Channels", count(profile.channels)))
    if profile.forecast is None:
        lengths = (profile.length_min, profile.length_median, profile.length_p95, profile.length_max)
        label = f"Length in {unit_of_length(profile)}: shortest · median · 95% · longest"
        lines.append((label, " · ".join(number(length) for length in lengths)))
        lines.append(("Rows that repeat an earlier one", count(profile.repeated_rows)))
    return lines


def _test_part(profile: Profile) -> str:
    if profile.fixed_test_rows is not None:
        return "the source's own, the same for every replicate"
    if traits_of(profile.task).in_time:
        return "a stretch of time, after all that is learned from"
    return "drawn anew for every replicate"


def _forecast(forecast: Forecast, profile: Profile) -> Table:
    def steps(held: int) -> str:
        covered = "" if forecast.step_seconds is None else f" ({span(held * forecast.step_seconds)})"
        return f"{counted(held, 'step')}{covered}"

    season = steps(forecast.season) if forecast.season > 1 else "none known"
    names = list(profile.outputs)
    shown = ", ".join(names[:MOST_NAMES]) + (f" and {count(len(names) - MOST_NAMES)} more" if len(names) > MOST_NAMES else "")
    rows = (
        ("Window that is read", steps(forecast.window)),
        ("Horizon that is predicted", steps(forecast.horizon)),
        ("Season", season),
        ("Channels that are read", count(profile.channels)),
        ("Channels that are predicted", f"{count(len(forecast.targets))}: {shown}" if names else count(len(forecast.targets))),
    )
    return Table(("Forecast", "Value"), rows, words=True)


def _audio(audio: AudioFeatures) -> Table:
    rows = (
        ("Sample rate", f"{count(audio.sample_rate)} Hz"),
        ("Window of a frame", span(audio.window)),
        ("From one frame to the next", span(audio.hop)),
        ("Mel bands", f"{count(audio.mels)}, from {number(audio.low)} to {number(audio.high)} Hz"),
    )
    return Table(("Features of the sound", "Value"), rows, words=True)


def _classes(profile: Profile) -> Table:
    ranked = sorted(profile.classes.items(), key=lambda item: -item[1])
    rows = tuple((name, count(held), percent(held / profile.rows if profile.rows else 0.0)) for name, held in ranked[:MOST_ROWS])
    left = len(ranked) - len(rows)
    note = f"And {counted(left, 'smaller class', 'smaller classes')}." if left else ""
    return Table(("Class", "Rows", "Share"), rows, caption="Classes", note=note)


def _outputs(profile: Profile) -> Table:
    rows = tuple((name, *map(number, values)) for name, values in list(profile.outputs.items())[:MOST_ROWS])
    left = len(profile.outputs) - len(rows)
    note = f"And {count(left)} more." if left else ""
    return Table(("Name", "Least", "Median", "Greatest"), rows, caption="Numbers to predict", note=note)
