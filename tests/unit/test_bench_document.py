"""What the document of the benchmark keeps when one part is measured anew."""

from tests.bench.result import Result, Row, kept, markdown


def section(title: str, figure: str) -> str:
    return markdown(Result(title, (Row("training", figure),)), "Measured on: a laptop.")


def test_a_part_measured_anew_takes_its_old_place_and_the_others_stay() -> None:
    document = kept(kept("", section("Churn", "1 s")), section("Mail", "2 s"))

    again = kept(document, section("Churn", "3 s"))

    assert again.startswith("# Benchmark\n")
    assert again.index("| training | 3 s |") < again.index("## Mail") < again.index("2 s")
    assert "1 s" not in again
    assert kept(again, section("Churn", "3 s")) == again
