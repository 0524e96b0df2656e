"""Words put together."""

from gatewise.report.words import capitalised, listed


def test_names_keep_their_letters_at_the_start_of_a_sentence() -> None:
    assert capitalised("lead of GRU over LSTM") == "Lead of GRU over LSTM"
    assert capitalised("") == ""


def test_lists_of_words() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c"], "or") == "a, b or c"
