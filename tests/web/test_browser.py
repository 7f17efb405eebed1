"""The page in Debian's Chromium: every tab, editing, what-if, comparing, the blind view, a class, keys alone."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.web.served import CASE, SECRET, Served, serving

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CI"),
        reason="Chromium is not installed: apt-get install chromium",
    ),
]
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
TABS = ("agreement", "standoff", "roadmap", "table", "confidence")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


class Opened:
    """A page with everything it complained about, and every address it asked."""

    def __init__(self, browser: Any, served: Served, address: str | None = None, **how: Any) -> None:
        self.context = browser.new_context(
            viewport={"width": 1280, "height": 900}, reduced_motion="reduce", **how
        )
        self.page, self.served = self.context.new_page(), served
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on(
            "console", lambda m: self.said.append(m.text) if m.type in ("error", "warning") else None
        )
        self.page.on("pageerror", lambda e: self.said.append(str(e)))
        self.page.on("request", lambda r: self.asked.append(r.url))
        self.page.set_default_timeout(20_000)
        self.page.goto(address or served.page)

    def tab(self, name: str) -> Any:
        self.page.click(f'nav a[href="#{name}"]')
        if name in TABS:
            self.page.wait_for_selector(".answer-body")
        return self.page

    def clean(self, expected: str = "(?!)") -> None:
        """No complaint but those expected, no foreign request."""
        assert [text for text in self.said if not re.search(expected, text)] == []
        assert [
            url for url in self.asked if not url.startswith((self.served.address, "data:", "blob:"))
        ] == []
        self.context.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "case.yaml").write_text(CASE)
    with serving(tmp_path / "case.yaml", tmp_path / "state", "--class") as found:
        yield found


def test_edit_undo_save(browser: Any, served: Served, tmp_path: Path) -> None:
    opened = Opened(browser, served)
    page = opened.page
    field = page.get_by_label("The mill: wage at low", exact=True)
    field.fill("much")
    page.wait_for_selector(".grid .problem")
    assert "preferences.mill.values.wage.low" in page.inner_text(".grid .problem")
    field.fill("25")
    field.press("Enter")
    page.wait_for_selector("text=not saved")
    page.click("text=Undo")
    page.wait_for_selector("text=· saved")
    assert field.input_value() == "10"
    page.click("text=Redo")
    page.wait_for_selector("text=not saved")
    page.keyboard.press("Control+s")
    page.wait_for_selector("text=· saved")
    assert (tmp_path / "case.yaml").read_text() == CASE.replace("low: 10", "low: 25")
    page.click("text=Text")
    area = page.locator("#case-text")
    area.fill(CASE.replace("title: A mill", "titel: A mill"))
    page.wait_for_selector("#text-problems li")
    assert "line 4" in page.inner_text("#text-problems")
    assert page.get_by_text("Take over this text").is_disabled()
    area.fill(CASE.replace("title: A mill", "title: Our mill"))
    page.wait_for_selector("#text-problems li", state="detached")
    page.get_by_text("Take over this text").click()
    page.wait_for_selector("h1:has-text('Our mill')")
    opened.clean()


def test_a_changed_file_is_shown(browser: Any, served: Served, tmp_path: Path) -> None:
    opened = Opened(browser, served)
    page = opened.page
    page.get_by_label("The mill: wage at low", exact=True).fill("25")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=not saved")
    theirs = CASE.replace("kept short", "kept by them")
    (tmp_path / "case.yaml").write_text(theirs)
    page.click("button.main")
    page.wait_for_selector(".conflict")
    assert "kept by them" in page.inner_text(".conflict pre")
    assert (tmp_path / "case.yaml").read_text() == theirs
    page.click("text=Take the one on disk")
    page.wait_for_selector(".conflict", state="detached")
    assert page.get_by_label("The mill: wage at low", exact=True).input_value() == "10"
    opened.clean("409")


def test_each_tab_answers_and_figures_can_be_kept(browser: Any, served: Served) -> None:
    opened = Opened(browser, served, color_scheme="dark")
    for name in TABS:
        page = opened.tab(name)
        assert page.inner_text(".answer-body .answer")
        assert page.locator(".drawing svg").count() >= 1
    page = opened.tab("agreement")
    for form in ("SVG", "PNG", "CSV"):
        with page.expect_download() as waited:
            page.locator("main figure").first.get_by_text(form, exact=True).click()
        assert waited.value.suggested_filename == f"scatter.{form.lower()}"
        content = Path(waited.value.path()).read_bytes()
        assert content.startswith({"SVG": b"<svg", "PNG": b"\x89PNG", "CSV": b""}[form])
        assert len(content) > 100
    drawing = page.locator(".drawing").nth(1)
    drawing.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("main figure .tip").nth(1).inner_text().strip()
    opened.clean()


def test_slide_a_thousand_times_and_the_newest_wins(browser: Any, served: Served) -> None:
    opened = Opened(browser, served)
    page = opened.page
    page.wait_for_selector(".whatif canvas")
    before = page.inner_text(".whatif .answer")
    page.click(".whatif summary:has-text('The union')")
    page.wait_for_selector("[id='slider-preferences.union.values.wage.high']")
    page.evaluate(
        """() => { const s = document.getElementById("slider-preferences.union.values.wage.high");
        const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
        for (let i = 0; i < 1000; i++) { set.call(s, 9 * (1 - i / 999)); s.dispatchEvent(new Event("input", {bubbles: true})); } }"""
    )
    page.wait_for_selector("text=1 input changed")
    with served.client() as client:
        body = {"changes": [{"set": "preferences.union.values.wage.high", "to": 0}]}
        wanted = client.post("/api/live", json=body).json()["words"]
    expect(page.locator(".whatif .answer")).to_have_text(wanted)
    page.click("text=Back to the case")
    expect(page.locator(".whatif .answer")).to_have_text(before)
    page.click("summary:has-text('Could this be taken back?')")
    box = page.get_by_role("checkbox", name="wage at high")
    assert not box.is_checked()
    box.check()
    page.wait_for_selector("text=1 input changed")
    page.click("text=Write into the case")
    page.wait_for_selector("text=not saved")
    with served.client() as client:
        assert "high" not in (
            client.get("/api/case").json()["document"]["issues"]["wage"].get("retreat") or {}
        )
    page.locator(".whatif canvas").click(position={"x": 150, "y": 150})
    page.wait_for_selector(".pointed")
    assert "over no deal" in page.inner_text(".pointed")
    opened.clean()


def test_pin_compare_report(browser: Any, served: Served) -> None:
    opened = Opened(browser, served)
    page = opened.page
    page.click("text=Pin this state")
    page.locator("header select").first.select_option("poor-year")
    opened.tab("compare")
    page.click("button:text-is('Compare')")
    page.wait_for_selector("text=entries of the answers differ")
    assert page.locator(".columns .answer-body").count() == 2
    with page.expect_download() as waited:
        page.click("text=Report of the second")
    assert "<h1>A mill and its union</h1>" in Path(waited.value.path()).read_text()
    opened.clean()


def test_stop(browser: Any, served: Served) -> None:
    opened = Opened(browser, served)
    page = opened.tab("table")
    page.get_by_role("spinbutton", name="Rounds").fill("100000")
    page.get_by_role("spinbutton", name="Rounds").press("Enter")
    page.get_by_role("spinbutton", name="Runs").fill("1000000")
    page.get_by_role("spinbutton", name="Runs").press("Enter")
    page.wait_for_selector(".progress button")
    page.wait_for_timeout(600)
    page.click(".progress button")
    page.wait_for_selector("text=Stopped.")
    opened.clean()


def test_keys_alone(browser: Any, served: Served) -> None:
    opened = Opened(browser, served)
    page = opened.page
    page.wait_for_selector(".whatif canvas")

    def to(selector: str, most: int = 80) -> None:
        for _ in range(most):
            if page.evaluate("s => document.activeElement.matches(s)", selector):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"{selector} is out of reach of Tab")

    to('nav a[href="#agreement"]')
    page.keyboard.press("Enter")
    page.wait_for_selector(".answer-body")
    to('nav a[href="#case"]')
    page.keyboard.press("Enter")
    to("input[id='field-preferences.mill.values.wage.low']")
    page.keyboard.press("Control+a")
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=not saved")
    to(".whatif canvas")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".pointed")
    assert "Outcome" in page.inner_text("#said")
    to("input[type=range]")
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector("text=1 input changed")
    page.keyboard.press("Control+s")
    page.wait_for_selector("text=· saved")
    opened.clean()


def test_the_blind_view_in_the_page(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(SECRET)
    with serving(tmp_path / "case.yaml", tmp_path / "state") as served:
        opened = Opened(browser, served)
        page = opened.page
        page.wait_for_selector("text=The mill: what each level is worth")
        page.get_by_label("Seen by").select_option("party:union")
        page.wait_for_selector("text=This is what The union may see")
        assert "7391" not in page.content()
        assert page.get_by_label("The union: wage at low", exact=True).is_disabled()
        assert page.get_by_text("Save", exact=True).is_disabled()
        opened.clean("422")


def test_two_participants(browser: Any, served: Served) -> None:
    leader = Opened(browser, served)
    leader.tab("class")
    people = []
    for name, level in (("Ann", "middle"), ("Ben", "high")):
        one = Opened(browser, served, f"{served.address}/join")
        one.page.get_by_label("Code").fill(served.code)
        one.page.get_by_label("Your name").fill(name)
        one.page.click("button:text-is('Join')")
        one.page.locator("form select").nth(0).select_option(level)
        one.page.locator("form select").nth(1).select_option("new")
        one.page.click("text=Send the result")
        one.page.wait_for_selector("text=Result taken")
        people.append(one)
    leader.page.wait_for_selector("td:has-text('wage high, shifts new')")
    assert "2 joined" in leader.page.inner_text("main")
    with leader.page.expect_download() as waited:
        leader.page.click("text=Export without names")
    text = Path(waited.value.path()).read_text()
    assert "Ann" not in text
    assert "wage=high; shifts=new" in text
    for one in (*people, leader):
        one.clean()


def test_the_server_gone_and_back(browser: Any, served: Served) -> None:
    opened = Opened(browser, served)
    page = opened.page
    page.wait_for_selector(".whatif canvas")
    page.route("**/api/**", lambda route: route.abort())
    page.get_by_label("The mill: wage at low", exact=True).fill("25")
    page.keyboard.press("Enter")
    page.wait_for_selector(".banner:has-text('The server does not answer')")
    page.unroute("**/api/**")
    page.wait_for_selector(".banner", state="detached")
    field = page.get_by_label("The mill: wage at low", exact=True)
    assert field.input_value() == "25", "what was typed is still there"
    field.press("Enter")
    page.wait_for_selector("text=not saved")
    served.process.send_signal(signal.SIGKILL)
    served.process.wait()
    page.get_by_label("The mill: wage at low", exact=True).fill("26")
    page.keyboard.press("Enter")
    page.wait_for_selector(".banner:has-text('The server does not answer')")
    opened.clean("ERR_|Failed to load|TypeError")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_for_axe_and_no_overflow(browser: Any, served: Served, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    opened = Opened(browser, served, color_scheme=scheme, bypass_csp=True)
    for name in ("case", *TABS, "compare", "class"):
        page = opened.tab(name)
        page.wait_for_selector(".whatif canvas")
        found = Axe().run(page).response["violations"]
        serious = [
            (v["id"], [n["html"][:120] for n in v["nodes"][:3]])
            for v in found
            if v["impact"] in ("serious", "critical")
        ]
        assert serious == [], name
        for width in (360, 2560):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(60)
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (name, width)
        page.set_viewport_size({"width": 1280, "height": 900})
    opened.clean()
