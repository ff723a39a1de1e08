from dataclasses import dataclass, field

from app.documents.match.left_out import BY_HAND, reason_left_out, to_print

BLOCKING, WARNING = "blocking", "warning"


@dataclass
class Line:
    match: str
    codes: dict[str, str] = field(default_factory=dict)
    excluded: bool = True
    staff_number: str = ""
    numbers_seen: tuple[str, ...] = ()
    sent_anyway: bool = False

    @property
    def findings(self) -> list[dict[str, str]]:
        return [{"code": code, "severity": severity} for code, severity in self.codes.items()]


def refused(*numbers: str, several: bool = True) -> Line:
    code = "two_people_on_page" if several else "unmatched_page"
    return Line("unmatched", {code: BLOCKING}, numbers_seen=numbers)


def on_refused(number: str) -> Line:
    return Line("no_payslip", {"payslip_on_refused_page": WARNING}, excluded=False, staff_number=number)


def test_the_reason_is_the_gravest_finding() -> None:
    assert reason_left_out(Line("matched", {"same_phone": WARNING, "phone_empty": BLOCKING})) == "phone_empty"
    assert reason_left_out(Line("matched", {"phone_dead": WARNING})) == "phone_dead"
    assert (
        reason_left_out(Line("paper", {"same_phone": WARNING, "objection_paper": "info"}))
        == "objection_paper"
    )
    assert reason_left_out(Line("matched", {"phone_repaired": "info"})) == BY_HAND


def test_a_refused_page_is_printed_for_everybody_on_it() -> None:
    lines = [refused("0001", "0002"), on_refused("0002"), on_refused("0001")]
    assert to_print(lines) == [(1, 0), (2, 0)]


def test_a_refused_page_that_may_hold_somebody_else_is_printed_for_itself_too() -> None:
    assert to_print([refused("0001"), on_refused("0001")]) == [(0, 0), (1, 0)]
    assert to_print([refused(several=False)]) == [(0, 0)]


def test_whoever_was_left_out_gets_paper_unless_they_got_it_otherwise() -> None:
    lines = [
        Line("matched", {"phone_empty": BLOCKING}),
        Line("matched"),
        Line("duplicate", {"payslip_twice": BLOCKING}, sent_anyway=True),
        Line("matched", {"already_sent": BLOCKING}),
        Line("no_person", {"payslip_without_person": BLOCKING}),
        Line("paper", excluded=False),
        Line("no_payslip", {"person_without_payslip": WARNING}, excluded=False),
        Line("row_error", {"staff_number_missing": WARNING}, excluded=False),
    ]
    assert [at for at, _ in to_print(lines)] == [0, 1, 4, 5]
