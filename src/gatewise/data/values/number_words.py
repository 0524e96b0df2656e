"""Columns of a text table whose numbers are written for people: decimal commas, thousands apart, signs of money, percent."""

from __future__ import annotations

from typing import Any

from gatewise.data.values.table_cells import NOT_GIVEN

__all__ = ["plain_numbers"]

_SIGN = r"[$€£¥%]"
_AMERICAN = rf"^\s*[-+]?{_SIGN}?\s?[-+]?(\d{{1,3}}(,\d{{3}}){{1,3}}|\d+)(\.\d+)?\s?{_SIGN}?\s*$"
_EUROPEAN = rf"^\s*[-+]?{_SIGN}?\s?[-+]?(\d{{1,3}}(\.\d{{3}})+|\d+)(,\d+)?\s?{_SIGN}?\s*$"
# Commas alone may separate the steps of a series.
_IS_AMOUNT = rf"{_SIGN}|,\d{{3}}\.\d"
# Cells that are looked at before the whole column is.
_FIRST = 200


def plain_numbers(table: Any, *, decimal_comma: bool) -> tuple[Any, tuple[str, ...]]:
    """Write the numbers of such columns of a pyarrow Table of texts as 1234.5, and say so.

    decimal_comma: whether 1,5 is one and a half, as it is where cells are not separated by commas. A column is left as it is
    unless all of its cells are such numbers.
    """
    from pyarrow import compute

    pattern, sign = (_EUROPEAN, ",") if decimal_comma else (_AMERICAN, _IS_AMOUNT)
    inferred = []
    for number, name in enumerate(table.column_names):
        column = table.column(number)
        # Long texts are not looked at beyond these.
        first = _given(column.slice(0, _FIRST))
        if not len(first) or not compute.all(compute.match_substring_regex(first, pattern)).as_py():
            continue
        given = _given(column)
        if not compute.all(compute.match_substring_regex(given, pattern)).as_py():
            continue
        if not compute.any(compute.match_substring_regex(given, sign)).as_py():
            continue
        plain = compute.replace_substring_regex(column, rf"{_SIGN}|\s|{',' if not decimal_comma else r'[.]'}", "")
        plain = compute.replace_substring(plain, ",", ".") if decimal_comma else plain
        row = int(compute.index(compute.not_equal(column, plain), True).as_py())
        inferred.append(f"The numbers in {name!r} are read so: {column[row].as_py().strip()!r} is {plain[row].as_py()}.")
        table = table.set_column(number, name, plain)
    return table, tuple(inferred)


def _given(column: Any) -> Any:
    """The cells that say something, and not that there is nothing."""
    import pyarrow
    from pyarrow import compute

    words = compute.utf8_lower(compute.utf8_trim_whitespace(column))
    absent = compute.is_in(words, value_set=pyarrow.array(NOT_GIVEN, column.type))
    return column.filter(compute.and_(column.is_valid(), compute.invert(absent)))
