"""What mails say and how they look: to administrators what matters, to tutors what helps."""

import re
from dataclasses import replace
from datetime import date
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import Environment, UndefinedError

from events.mail_sample import (
    NOW,
    READER,
    ZONE,
    ago,
    alert_report,
    calm_report,
    names,
    overdue_tasks,
    owners_day,
    period,
    sample_letters,
    troubled_report,
)
from infra_cdk.package.code import mail_folder
from infra_cdk.package.mail import TEMPLATES, compiled_mails
from shared.domain.churn_score import RiskLevel
from shared.domain.digest import Span
from shared.domain.flag import FLAG_RULES
from shared.domain.intervention_rule import PERFORMANCE_FLAGS
from shared.domain.mail import MailKind
from shared.mail.advice import ADVICE, topics
from shared.mail.letter import Letter, Letters, Reader
from shared.mail.offer import TutorFacts
from shared.mail.sentence import holder
from tests.builders import override

SITE = "https://tutors.example"
CLIPPED = 102_000
"""Bytes of HTML beyond which Gmail cuts a mail off."""
TO_TUTORS = (
    MailKind.COACHING_TIPS,
    MailKind.TRAINING_MODULE,
    MailKind.FIRST_SESSION_CHECK_IN,
    MailKind.RESCHEDULE_ALERT,
)
HOSTILE = (
    '"><script>alert(1)</script>',
    "{{ 7 * 7 }}{% raw %}",
    "Tutor\r\nBcc: everybody@example.com",
    "Tutor\u202eneves\u2066\x00\x1b[31m\ud800",
    "T" * 10_000,
    "</title><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
)


class Seen(HTMLParser):
    """What a mail program shows, and where its links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._silent += tag in ("style", "title", "head")
        self.links += [value or "" for name, value in attrs if name == "href"]
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("style", "title", "head")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


def seen(letter: Letter) -> Seen:
    parser = Seen()
    parser.feed(letter.html)
    return parser


def shown(letter: Letter) -> str:
    """The words of the HTML part on one line."""
    return " ".join(" ".join(seen(letter).words).split())


@cache
def letters() -> Letters:
    return Letters(mail_folder(), SITE + "/", "care@tutors.example")


@cache
def samples() -> dict[str, Letter]:
    return sample_letters(letters())


def every_letter(name: str) -> list[Letter]:
    """All kinds of letters about, or to, somebody of that name."""
    named = dict.fromkeys(names(), name)
    day = owners_day()
    lines = tuple(replace(line, name=name) for line in day.overdue.lines)
    risen = tuple(replace(line, name=name) for line in day.rose.lines)
    day = replace(day, overdue=replace(day.overdue, lines=lines),
                  rose=replace(day.rose, lines=risen))  # fmt: skip
    report = troubled_report(name)
    report = replace(report, session=replace(report.session, subject=name, session_id=name))
    reader = Reader(ZONE)
    facts = TutorFacts(("ratings",), name, (ago(1),))
    return [
        letters().session_report(report, reader),
        letters().alert(replace(alert_report(name), moved=(name, name)), reader),
        letters().overdue(overdue_tasks(), named, reader),
        letters().overdue(overdue_tasks(1), named, reader),
        letters().digest(day, reader),
        letters().summary(period(Span.WEEK), reader),
        *(letters().to_tutor(kind, name, facts, reader) for kind in TO_TUTORS),
    ]


@pytest.mark.parametrize("name", samples())
def test_every_mail_has_a_plain_subject_that_phones_show_whole(name: str) -> None:
    subject = samples()[name].subject

    assert 0 < len(subject) < 78
    assert subject.isprintable()
    assert not re.search("[\U0001f000-\U0001ffff]", subject)


@pytest.mark.parametrize("name", samples())
def test_gmail_clips_no_mail(name: str) -> None:
    assert len(samples()[name].html.encode()) < 100_000 < CLIPPED


def test_the_fullest_mails_are_not_clipped_either() -> None:
    day = owners_day()
    full = replace(day.opened, total=400)
    digest = letters().digest(replace(day, overdue=full, due_today=full, opened=full), Reader(ZONE))
    overdue = letters().overdue(overdue_tasks(400), names(500), READER)

    assert max(len(letter.html.encode()) for letter in (digest, overdue)) < 100_000
    assert "and 380 more" in shown(overdue)
    assert "and 380 more" in overdue.text


@pytest.mark.parametrize("name", samples())
def test_nothing_is_fetched_from_anywhere_when_a_mail_is_opened(name: str) -> None:
    letter = samples()[name]

    assert not seen(letter).tags & {"img", "link", "script", "iframe", "form", "object", "svg"}
    assert not re.search(r"@import|url\(|@font-face|fonts\.g", letter.html)


@pytest.mark.parametrize("name", samples())
def test_links_lead_to_our_site_or_to_a_person(name: str) -> None:
    links = seen(samples()[name]).links

    assert links
    assert all(link.startswith((f"{SITE}/", "mailto:care@tutors.example")) for link in links)


@pytest.mark.parametrize("kind", TO_TUTORS)
def test_a_tutor_answers_by_mail_and_is_led_to_no_page_of_the_staff(kind: MailKind) -> None:
    letter = letters().to_tutor(kind, "Tutor Seven", TutorFacts(), READER)

    assert set(seen(letter).links) == {"mailto:care@tutors.example", READER.unsubscribe_url}
    assert "Answer this mail or write to care@tutors.example" in letter.text
    assert "module" not in f"{letter.subject} {shown(letter)} {letter.text}"


@pytest.mark.parametrize("name", samples())
def test_the_text_part_has_the_links_of_the_html_part(name: str) -> None:
    letter = samples()[name]

    last = [link for link in seen(letter).links if "mailto:" not in link][-1]
    assert last in letter.text


@pytest.mark.parametrize("name", samples())
def test_mails_are_made_for_phones_and_for_dark_rooms(name: str) -> None:
    html = samples()[name].html

    assert '<meta name="viewport"' in html
    assert '<meta name="color-scheme" content="light dark"' in html
    assert "@media (prefers-color-scheme: dark)" in html
    assert '<html lang="en"' in html


@pytest.mark.parametrize("name", samples())
def test_a_button_is_high_enough_for_a_thumb(name: str) -> None:
    buttons = re.findall(r"line-height:20px;[^\"]*padding:12px 22px", samples()[name].html)

    assert buttons  # 12 + 20 + 12 = 44 pixels


@pytest.mark.parametrize("name", samples())
def test_nothing_of_a_template_is_left(name: str) -> None:
    letter = samples()[name]

    assert not re.search(r"\{\{|\}\}|\{%|None|Undefined", shown(letter) + letter.text)
    assert not re.search(r"\{\{|\{%", letter.html)


@pytest.mark.parametrize("name", samples())
def test_text_parts_are_neat(name: str) -> None:
    text = samples()[name].text

    assert "\n\n\n" not in text
    assert "<" not in text
    assert "&" not in re.sub(r"https?://\S+", "", text)
    assert not re.search(r"[ \t]\n", text)


def test_a_session_report_says_the_same_in_both_parts() -> None:
    letter = samples()["session_report"]

    for words in (
        "Risk rose from high to critical.",
        "The tutor moved 7 of 20 sessions in 30 days: 35 %, threshold 15 %.",
        "Maybe: low first-session success",
        "above the limit, and hardly by chance",
        "overdue since Wed 18 Nov, 09:05 CST",
        "By the tutor, from Wed 18 Nov, 12:00 CST to Fri 20 Nov, 12:00 CST; 20 hours before",
        "Automatic mail to the tutor: coaching tips.",
    ):
        assert words in shown(letter), words
        assert words in letter.text, words
    assert f"{SITE}/tutors/syn-t-0042" in seen(letter).links


def test_a_session_report_says_what_changed_before_all_else() -> None:
    words = shown(samples()["session_report"])
    told = ("Risk rose", "High reschedule rate", "Key insights", "What to do", "In numbers",
            "The session")  # fmt: skip

    places = [words.index(each) for each in told]

    assert places == sorted(places)


def test_a_session_report_says_how_to_get_fewer_of_them() -> None:
    links = seen(samples()["session_report"]).links

    assert {READER.changes_url, READER.unsubscribe_url} < set(links)
    assert f"{SITE}/settings/notifications" in links


def test_who_has_a_task_is_told_to_each_reader() -> None:
    assert holder(None, "ana") == "Nobody has it yet."
    assert holder("ana", "ana") == "You have it."
    assert holder("kim", "ana") == "kim has it."


@pytest.mark.parametrize(
    ("since", "said"), [("2026-11-19", "New since yesterday"), ("2026-11-16", "New since Monday")]
)
def test_a_digest_after_days_off_says_since_when_it_tells(since: str, said: str) -> None:
    told = replace(owners_day(), since=date.fromisoformat(since), day=date(2026, 11, 20))

    assert f"{said} (" in shown(letters().digest(told, READER))


def test_whoever_is_given_a_task_reads_what_why_and_until_when() -> None:
    letter = samples()["assigned"]

    assert letter.subject.startswith("For you: coaching session, ")
    for words in ("somebody-else gave you this task, due ", "Why", "What to do", "gave you a task"):
        assert words in shown(letter)


@pytest.mark.parametrize("name", ["alert", "overdue", "assigned"])
def test_what_belongs_to_the_work_offers_no_way_out_of_it(name: str) -> None:
    assert "unsubscribe" not in samples()[name].html + samples()[name].text


def test_samples_say_what_the_rules_say() -> None:
    plan = samples()["alert"].text

    assert "Improvement plan" in plan
    assert "Churn score 81, above 75 for 7 days." in plan


def test_an_alert_without_a_task_says_what_to_look_at() -> None:
    alert = samples()["alert_without_task"].text

    assert "What to do\nAsk the tutor what keeps getting in the way" in alert
    assert "Nothing to do" not in alert


def test_a_session_report_has_nothing_of_the_student() -> None:
    letter = samples()["session_report"]

    assert "syn-u-" not in letter.html + letter.text
    assert "family" not in f"{shown(letter)} {letter.text}"


def test_a_calm_session_has_nothing_to_do() -> None:
    letter = letters().session_report(calm_report(), Reader())

    assert "Nothing to do." in shown(letter)
    assert "nothing unusual" in letter.subject
    assert "unsubscribe" not in letter.html


def test_times_are_told_in_the_readers_zone_by_its_name() -> None:
    told = {
        zone: letters().session_report(troubled_report(), Reader(zone)).text
        for zone in ("UTC", "Asia/Dubai", "Europe/Berlin", "No/Such", "../etc/passwd")
    }

    assert "Scheduled: Wed 18 Nov, 18:00 UTC" in told["UTC"]
    assert "Scheduled: Wed 18 Nov, 22:00 UTC+04" in told["Asia/Dubai"]
    assert "Scheduled: Wed 18 Nov, 19:00 CET" in told["Europe/Berlin"]
    assert "18:00 UTC" in told["No/Such"]
    assert "18:00 UTC" in told["../etc/passwd"]


def test_a_subject_has_one_colon_at_most() -> None:
    calm = calm_report()
    watched = replace(calm.tutor, name="Nicole Sawyer", headline="To watch: objectives missed")

    letter = letters().session_report(replace(calm, tutor=watched), Reader())

    assert letter.subject == "Nicole Sawyer, to watch: objectives missed"


@pytest.mark.parametrize("part", ["html", "text"])
def test_a_score_is_told_on_its_levels_side_of_the_limit(part: str) -> None:
    barely = replace(alert_report(), churn_score=75.2, risk_level=RiskLevel.CRITICAL)

    assert "76 of 100" in getattr(letters().alert(barely, Reader()), part)


def test_what_is_expected_says_from_when_on() -> None:
    assert "about 31 within 30 days of 9 Nov" in samples()["weekly_summary"].text


def test_an_alert_names_the_level_first() -> None:
    letter = samples()["alert"]

    assert letter.subject.startswith("Critical risk: ")
    assert "Improvement plan" in shown(letter)


def test_one_missed_deadline_is_named_in_the_subject() -> None:
    letter = letters().overdue(overdue_tasks(1), {}, Reader())

    assert letter.subject == "Overdue: coaching session, syn-t-0050"
    assert "1 task is overdue" in shown(letter)


@pytest.mark.parametrize(
    ("begun", "said"),
    [(0, "The time to act has run out"), (1, "Start or complete"), (2, "Complete")],
)
def test_a_notice_says_to_begin_or_to_end_what_was_begun(begun: int, said: str) -> None:
    late = overdue_tasks(2)
    tasks = [replace(one, acted_at=NOW) for one in late[:begun]] + late[begun:]

    assert said in letters().overdue(tasks, {}, Reader()).text


def test_a_digest_names_lists_in_the_order_in_which_they_matter() -> None:
    words = shown(samples()["daily_digest"])
    places = [
        words.index(title)
        for title in ("Overdue (4)", "Due today (1)", "New since yesterday (13)", "Risk rose (3)",
                      "Risk fell (2)")
    ]  # fmt: skip

    assert places == sorted(places)
    assert "and 3 more" in words
    assert samples()["daily_digest"].subject == "Today: 4 overdue, 1 due, 13 new"


def test_an_empty_day_says_so_and_shows_no_empty_lists() -> None:
    letter = samples()["daily_digest_empty"]

    assert "Nothing needs you today." in shown(letter)
    assert "Overdue" not in shown(letter)


def test_a_chart_is_told_in_words_too() -> None:
    letter = samples()["monthly_summary"]
    words = "From 58 on 1 Oct to 57 on 31 Oct; between 47 and 60."

    assert f'role="img" aria-label="{words}"' in letter.html
    assert words in letter.text


def test_a_chart_has_a_scale() -> None:
    html = samples()["weekly_summary"].html

    for mark in (">58<", ">0<", ">9 Nov<", ">15 Nov<"):
        assert mark in html


def test_a_week_nobody_summed_up_has_no_numbers_made_up() -> None:
    letter = samples()["summary_unknown"]

    assert letter.subject == "Week of 9 November 2026: in numbers"
    assert "not known" not in letter.text
    assert "0 %" not in letter.text


@pytest.mark.parametrize("kind", TO_TUTORS)
@pytest.mark.parametrize("topic", [None, *ADVICE])
def test_a_tutor_reads_no_score_no_risk_no_flag_and_no_number_of_theirs(
    kind: MailKind, topic: str | None
) -> None:
    facts = TutorFacts((topic,) if topic else (), "Mathematics")

    letter = letters().to_tutor(kind, "Tutor Seven", facts)

    said = f"{letter.subject} {shown(letter)} {letter.text}".casefold()
    assert not re.search(r"\d|%", re.sub(r"https?://\S+", "", said))
    for word in ("risk", "score", "churn", "flag", "threshold", "average", "below", "alert",
                 "warning", "performance", "tier", "rating", "poor", "monitor"):  # fmt: skip
        assert word not in said
    for rule in FLAG_RULES:
        assert rule.title.casefold() not in said
        assert rule.code not in letter.html


def test_the_only_digits_a_tutor_reads_are_when_a_session_was() -> None:
    facts = TutorFacts(sessions_at=(ago(1),))

    letter = letters().to_tutor(MailKind.FIRST_SESSION_CHECK_IN, None, facts, Reader(ZONE))

    assert re.findall(r"\d+", re.sub(r"https?://\S+", "", letter.text)) == ["19", "09", "05"]


@pytest.mark.parametrize("part", ["html", "text"])
def test_a_check_in_is_about_every_first_session_since_the_last_one(part: str) -> None:
    facts = TutorFacts(subject="French", sessions_at=(ago(1), ago(0.1)))

    letter = letters().to_tutor(MailKind.FIRST_SESSION_CHECK_IN, None, facts, Reader(ZONE))

    said = "You met new students on Thu 19 Nov, 09:05 CST and Fri 20 Nov, 06:41 CST for French."
    assert said in getattr(letter, part)
    assert letter.subject == "How did your first sessions go?"


def test_every_topic_of_coaching_tips_has_tips_of_its_own() -> None:
    assert set(ADVICE) == set(PERFORMANCE_FLAGS.values())
    assert all(len(advice.tips) >= 3 for advice in ADVICE.values())


def test_tips_are_on_the_most_important_topic_of_those_confirmed() -> None:
    chosen = topics({"low_rating", "poor_first_session", "low_first_session_success"})
    letter = letters().to_tutor(MailKind.COACHING_TIPS, None, TutorFacts(topics=chosen))

    assert chosen == ("first sessions", "ratings")
    assert "First sessions that work" in shown(letter)


def test_a_tutor_without_a_name_is_greeted_all_the_same() -> None:
    letter = letters().to_tutor(MailKind.TRAINING_MODULE, None, TutorFacts())

    assert letter.text.startswith("Hi,\n")
    assert letter.subject == "Ideas for explaining your subject"


def test_a_tutor_may_do_without_mails_of_a_kind() -> None:
    letter = letters().to_tutor(MailKind.COACHING_TIPS, None, TutorFacts(), READER)

    assert READER.unsubscribe_url in seen(letter).links
    assert f"No more mails of this kind: {READER.unsubscribe_url}" in letter.text


def test_an_administrators_mail_does_not_go_to_tutors() -> None:
    with pytest.raises(ValueError, match="alert does not go to tutors"):
        letters().to_tutor(MailKind.ALERT, None, TutorFacts())


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_is_shown_as_it_is_or_not_at_all(name: str) -> None:
    for letter in every_letter(name):
        parsed = seen(letter)
        assert not parsed.tags & {"script", "img"}
        assert len(letter.subject) < 78
        assert letter.subject.isprintable()
        assert len(letter.html.encode()) < 100_000
        assert "\nBcc:" not in letter.text
        assert "49" not in letter.subject
        assert not re.search("[\u202e\u2066\x00\x1b]", letter.html + letter.text)
        assert all(link.startswith((f"{SITE}/", "mailto:care")) for link in parsed.links)


def test_every_kind_of_mail_has_a_template_and_every_template_is_of_use() -> None:
    summaries = {MailKind.WEEKLY_SUMMARY.value, MailKind.MONTHLY_SUMMARY.value}
    kinds = {kind.value for kind in MailKind} - summaries - set(TO_TUTORS) | {"summary", "tutor"}

    assert {Path(name).stem for name in compiled_mails()} == kinds
    texts = {path.name.split(".")[0] for path in TEMPLATES.glob("[!_]*.txt.jinja")}
    assert texts == kinds


def test_every_part_is_included_somewhere() -> None:
    whole = "".join(path.read_text() for path in TEMPLATES.iterdir())

    for part in TEMPLATES.glob("_*"):
        assert f'"{part.name}"' in whole


def test_what_a_template_is_not_given_raises() -> None:
    half = SimpleNamespace(
        tutor_id="t-7", name=None, headline="Half", risk_level=RiskLevel.LOW, churn_score=1.0
    )

    with pytest.raises(UndefinedError, match="has no attribute"):
        letters().alert(half, Reader())  # type: ignore[arg-type]


@pytest.mark.parametrize("name", compiled_mails())
def test_compiled_mails_are_jinja_that_reads(name: str) -> None:
    assert Environment().parse(compiled_mails()[name]).body
    assert "mj-" not in re.sub(r"mj-(column|outlook)[a-z0-9-]*", "", compiled_mails()[name])


@pytest.mark.parametrize("part", ["html", "text"])
def test_beside_a_score_that_a_manager_overrides_stands_what_they_say(part: str) -> None:
    said = override(20.0, ago(1), until=ago(-3))
    report = replace(alert_report(), override=said)
    day = owners_day()
    (first, *others) = day.rose.lines
    rose = replace(day.rose, lines=(replace(first, override=said), *others))
    words = "A manager says 20, until "

    assert words in getattr(letters().alert(report, READER), part)
    assert words in getattr(letters().digest(replace(day, rose=rose), READER), part)
    assert words not in getattr(letters().alert(alert_report(), READER), part)
