"""Tables as people export them, as text of a CSV file."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import numpy as np

__all__ = ["TABLES"]

DAY = datetime(2021, 1, 5)
WORDS = (
    *("slow", "quick", "kind", "rude", "clean", "dirty", "staff", "room", "food", "view"),
    *("price", "noise", "bed", "pool", "lobby", "never", "always", "again", "great", "awful"),
)


def _lines(header: str, rows: Iterable[Iterable[object]], mark: str = ",") -> str:
    return "\n".join([header, *(mark.join(map(str, row)) for row in rows)]) + "\n"


def _amounts(count: int, seed: int = 0) -> list[float]:
    """Numbers with a period of seven steps."""
    noise = np.random.default_rng(seed).normal(size=count)
    return [round(float(value), 2) for value in 50 + 10 * np.sin(np.arange(count) * 2 * np.pi / 7) + noise]


def _sentence(row: int, words: int = 9) -> str:
    return " ".join(WORDS[place] for place in np.random.default_rng(row).integers(0, len(WORDS), words))


def _american(day: datetime, year: str = "%Y") -> str:
    return f"{day.month}/{day.day}/{day.strftime(year)}"


def billing() -> str:
    """One line a day of a cloud provider, with American dates."""
    rows = [(_american(DAY + timedelta(row)), amount) for row, amount in enumerate(_amounts(200))]
    return _lines("Usage Date,Usage Amount", rows)


def billing_by_service() -> str:
    """The same for two services."""
    days = [(_american(DAY + timedelta(row // 2), "%y"), ("EC2", "S3")[row % 2]) for row in range(240)]
    return _lines("Usage Date,Service,Usage Amount", [(*day, amount) for day, amount in zip(days, _amounts(240), strict=True)])


def sensor() -> str:
    """A log in milliseconds since 1970, a reading a minute."""
    start = 1_617_235_200_000
    rows = [(start + 60_000 * row, value, round(value / 3, 1)) for row, value in enumerate(_amounts(300))]
    return _lines("timestamp_ms,temperature,humidity", rows)


def sensor_zoned() -> str:
    """Time stamps with fractions and a zone that changes in the middle, newest first."""
    start = datetime(2021, 3, 27, 20)
    rows = [
        (f"{start + timedelta(minutes=10 * row + 60 * (row > 150)):%Y-%m-%dT%H:%M:%S}.250+0{1 + (row > 150)}:00", value)
        for row, value in enumerate(_amounts(300))
        if row != 150
    ]
    return _lines("time,value", rows[::-1])


def shops() -> str:
    """Sales of four shops, one row a shop and day, in long form, as European programs write them."""
    rows = [
        (f"{DAY + timedelta(row // 4):%d.%m.%Y}", f"Filiale {row % 4 + 1}", f"{amount:.2f}".replace(".", ","))
        for row, amount in enumerate(_amounts(480))
    ]
    return _lines("Datum;Filiale;Umsatz", rows, ";")


def reviews() -> str:
    """Reviews with a date and stars beside the text."""
    rows = [(row + 1, f"{DAY + timedelta(row * 7 % 300):%b %d %Y}", _sentence(row), row * 7 % 5 + 1) for row in range(120)]
    return _lines("id,review_date,review,stars", rows)


def questionnaire() -> str:
    """Two columns of free text, neither of which is called the text."""
    rows = [(_sentence(row), _sentence(row + 1000), ("yes", "no")[row % 2]) for row in range(80)]
    return _lines("pros,cons,again", rows)


def statement() -> str:
    """A bank's statement: a date, free text, and an amount."""
    rows = [(f"{DAY + timedelta(row):%d-%m-%Y}", _sentence(row), amount) for row, amount in enumerate(_amounts(200))]
    return _lines("booked,details,amount", rows)


def gaps() -> str:
    """Daily numbers, some days of which are missing."""
    rows = [(f"{DAY + timedelta(row):%Y-%m-%d}", value) for row, value in enumerate(_amounts(260)) if row not in (90, 91, 200)]
    return _lines("day,visits", rows)


def duplicates() -> str:
    """Daily numbers, some days of which come twice."""
    rows = [(f"{DAY + timedelta(row - row // 50):%Y-%m-%d}", value) for row, value in enumerate(_amounts(200))]
    return _lines("day,visits", rows)


def events() -> str:
    """Events at any time, so that no step is usual."""
    seconds = np.random.default_rng(0).integers(1, 90_000, 200).cumsum()
    rows = [
        (f"{DAY + timedelta(seconds=int(since)):%Y-%m-%d %H:%M:%S}", value)
        for since, value in zip(seconds, _amounts(200), strict=True)
    ]
    return _lines("at,amount", rows)


def labelled_days() -> str:
    """A date, two numbers, and a label for each day."""
    rows = [
        (f"{DAY + timedelta(row):%Y-%m-%d}", value, value / 2, ("calm", "storm")[row % 2])
        for row, value in enumerate(_amounts(200))
    ]
    return _lines("date,wind,rain,label", rows)


def prophet() -> str:
    """The names that some forecasting libraries ask for."""
    return _lines("ds,y", [(f"{DAY + timedelta(row):%Y-%m-%d}", value) for row, value in enumerate(_amounts(200))])


def stations() -> str:
    """Months of several stations, months by name, day and month never in doubt."""
    months = [f"{np.datetime64('2001-01') + row // 3}" for row in range(360)]
    rows = [
        (datetime.fromisoformat(f"{month}-01").strftime("%b %Y"), 100 + row % 3, amount)
        for row, (month, amount) in enumerate(zip(months, _amounts(360), strict=True))
    ]
    return _lines("month,station,rainfall", rows)


def ages() -> str:
    """Texts with a whole number beside them that has many values."""
    return _lines("bio,age", [(_sentence(row), 18 + row * 7 % 45) for row in range(120)])


def money() -> str:
    """Amounts as a spreadsheet shows them."""
    rows = [(_american(DAY + timedelta(row)), f'"${1000 + amount:,.2f}"') for row, amount in enumerate(_amounts(200))]
    return _lines("Date,Total", rows)


TABLES: dict[str, Callable[[], str]] = {
    make.__name__: make
    for make in (
        *(billing, billing_by_service, sensor, sensor_zoned, shops, reviews, questionnaire, statement, gaps, duplicates),
        *(events, labelled_days, prophet, stations, ages, money),
    )
}
