"""Write `gatewise.compare` anew from the table of options; `make signature` calls it in the environment of the tests."""

from pathlib import Path

from gatewise.options.signature import compare_source

TARGET = Path(__file__).parents[1] / "src" / "gatewise" / "study" / "compare.py"


def main() -> None:
    TARGET.write_text(compare_source(), encoding="utf-8")
    print(f"{TARGET} is written")


if __name__ == "__main__":
    main()
