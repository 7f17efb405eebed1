"""The report: what it must say, what it must never say, and that it is a pure function of the case."""

from __future__ import annotations

import json
import re

import pytest

import detente
from detente import catalog
from detente.case import from_data
from detente.report import build, render
from detente.report.document import Paragraph, words
from detente.report.page import MOST_WORDS

NEVER = [
    r"\bprobab", r"\blikelihood of a deal", r"\bchance of a deal", r"\bthe fair deal\b", r"\bwill cheat\b", r"\bred line",
    r"\bno roadmap\b", r"\birrational", r"\bunreasonable",
]  # fmt: skip
ONLY_IN_METHODS = [r"\bNash\b", r"\bKalai\b", r"\bSmorodinsky\b", r"\bHarsanyi\b", r"\bPareto\b"]
CASES = list(catalog.names())


def text_of(blocks):
    return " ".join(str(block) for block in blocks)


@pytest.mark.parametrize("name", CASES)
def test_what_a_report_must_never_say(name):
    case = detente.load(name)
    report = build(case)
    everything = render(case, form="md")
    for pattern in NEVER:
        assert not re.search(pattern, everything, re.IGNORECASE), pattern
    outside = [report.page, *(s for s in report.sections if s.key not in ("methods", "inputs"))]
    for section in outside:
        for pattern in ONLY_IN_METHODS:
            assert not re.search(pattern, text_of(section.blocks)), (section.key, pattern)


@pytest.mark.parametrize("name", CASES)
def test_the_page_is_short_and_speaks_without_decimals(name):
    page = build(detente.load(name)).page
    assert words(page.blocks) <= MOST_WORDS
    for block in page.blocks:
        if isinstance(block, Paragraph) and block.lead not in (
            "Who gives what.",
            "To decide.",
            "Why it is stuck.",
        ):
            assert not re.search(r"\d\.\d", block.text), block


def test_the_page_on_stockholm_states_each_side_the_decision_and_who_is_missing():
    text = text_of(build(detente.load("stockholm-2019")).page.blocks)
    assert "Denuclearisation to full (North Korea); Sanctions relief to full" in text
    assert "United States stands for Denuclearisation: full" in text
    assert "North Korea demands Denuclearisation: freeze, Sanctions relief: partial" in text
    assert "By 2019-12-31 (North Korea's deadline): Denuclearisation, Sanctions relief and 2 more." in text
    assert "If late, each side does what is then best for itself" in text
    assert "1 source; every number is ours; no party was consulted" in text
    assert "China, Japan" in text


@pytest.mark.parametrize("name", CASES)
def test_the_first_lines_say_whether_there_is_room_who_gives_what_and_how_far_apart(name):
    report = build(detente.load(name))
    leads = [block.lead for block in report.page.blocks if isinstance(block, Paragraph)]
    if report.data["agreement"] is None:
        return
    deal = report.data["agreement"]
    expected = ["Room."]
    expected += (
        ["Who gives what."] if deal["zopa"]["exists"] and deal["solutions"]["kalai_smorodinsky"] else []
    )
    expected += ["How far apart."] if deal["positions"] else []
    assert leads[: len(expected) + 1] == [*expected, "To decide."]


@pytest.mark.parametrize(
    "name", ["stockholm-2019", "mill-contract", "flat-share", "elmira-1991", "car-emissions"]
)
def test_golden_reports(name, snapshot):
    assert render(detente.load(name), form="md") == snapshot


def test_a_report_is_a_pure_function_of_the_case():
    case = detente.load("three-rivers")
    for form in ("html", "md", "json"):
        assert render(case, form=form) == render(case, form=form)


def test_html_is_one_self_contained_file():
    text = render(detente.load("stockholm-2019"), form="html")
    assert "<script" not in text
    assert not re.search(
        r"""(?:src|href)=["'](?!#)""", text.replace("xlink:href", "href").replace('xmlns="', "")
    )
    assert text.count("<svg") >= 2
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert 'lang="en"' in text
    assert text.count("<figure") == text.count("<figcaption") == text.count('role="img"')


def test_json_has_the_funnel():
    data = json.loads(render(detente.load("mill-contract"), form="json"))
    assert set(data["funnel"]) == {"possible", "acceptable", "stable_at_rest", "reachable", "ratifiable"}
    assert data["funnel"]["possible"] == 468
    assert data["funnel"]["acceptable"] == 145
    assert data["funnel"]["ratifiable"] == 139


def test_ratifiable_counts_those_who_only_ratify_and_acceptable_does_not():
    case = from_data({
        "detente": 1, "id": "pact", "title": "A pact",
        "parties": {"A": None, "B": {"roles": ["negotiator", "ratifier"]}, "house": {"roles": ["ratifier"], "for": "A"}},
        "issues": {"aid": {"levels": [0, 1, 2, 3]}},
        "preferences": {
            "A": {"values": {"aid": {0: 0, 1: 1, 2: 2, 3: 3}}},
            "B": {"values": {"aid": {0: 3, 1: 2, 2: 1, 3: 0}}},
            "house": {"values": {"aid": {0: 0, 1: 0, 2: 1, 3: 1}}},
        },
        "no_deal": {"A": 1, "B": 1, "house": 1},
    })  # fmt: skip
    data = json.loads(render(case, form="json"))
    assert (data["funnel"]["possible"], data["funnel"]["acceptable"], data["funnel"]["ratifiable"]) == (
        4,
        2,
        1,
    )
    assert data["agreement"]["zopa"]["count"] == 1


def secret_case():
    return from_data({
        "detente": 1, "id": "secret", "title": "A sale",
        "sources": {"memo": "The seller's memo"},
        "parties": {"buyer": None, "seller": None, "helper": {"roles": ["mediator"]}},
        "issues": {"price": {"levels": ["low", "high"]}},
        "preferences": {
            "buyer": {"values": {"price": {"low": 7.77, "high": 0}}},
            "seller": {"values": {"price": {"low": 0, "high": 31.4159}}, "note": "hush-hush"},
        },
        "no_deal": {"buyer": 1, "seller": 27.1828},
        "evidence": [{"supports": "preferences.seller", "source": "memo", "paraphrase": "a whisper"}],
        "confidential": [{"path": "preferences.seller", "to": ["helper"]}],
        "variants": {"keener": [{"set": "preferences.seller.values.price.low", "to": 16.18, "why": "an inkling"}]},
    })  # fmt: skip


@pytest.mark.parametrize("form", ["html", "md", "json"])
def test_a_party_sees_nothing_that_is_confidential(form):
    case = secret_case()
    shown = render(case, form=form, audience="party:buyer")
    for secret in ("31.4159", "27.1828", "16.18", "hush-hush", "a whisper", "an inkling"):
        assert secret not in shown
    assert render(case, form=form, audience="party:helper") != shown
    assert render(case, form="json", audience="party:seller").count("31.4159") > 0


def test_the_principal_gets_less_than_the_analyst():
    case = detente.load("stockholm-2019")
    principal = build(case, audience="principal")
    assert [s.key for s in principal.sections] == ["funnel", "packages", "change", "reproduce"]
    assert len(build(case).sections) > len(principal.sections)
