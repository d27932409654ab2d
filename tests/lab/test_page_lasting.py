"""What the page does when the server has gone, or is another; what can be had back, and what leaves with its cause."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from person_help import SMALL, TOKEN, Person

from goodfit.lab.app import LabApp, lab_app
from goodfit.lab.sessions import MOST_TRAININGS
from goodfit.serving.web_server import LOOPBACK, WebServer

pytestmark = pytest.mark.xdist_group("lab-page")
VIEWS = ("step", "say", "choose", "studies", "lessons", "runs", "play")
PRESSED = """(() => { for (const each of document.querySelectorAll("#view-%s button, .lesson")) each.click();
  document.querySelector("#branch-dialog").close(); })()"""
OUTSIDE = """[...document.querySelectorAll(".card, .panel, .drop")].flatMap(own => {
  const box = own.getBoundingClientRect();
  return [...own.querySelectorAll("*")].filter(each => each.checkVisibility() && !each.closest(".unseen, .scroll, svg"))
    .filter(each => each.getBoundingClientRect().right > box.right + 1
      || each.getBoundingClientRect().left < box.left - 1)
    .map(each => each.outerHTML.slice(0, 80));
})"""  # what stands beyond its card
ALERT = "document.querySelector('#alerts').textContent"


@contextmanager
def lab(token: str, port: int = 0) -> Iterator[tuple[WebServer, LabApp]]:
    """A lab of its own, which the block may end before its end."""
    app = lab_app(token)
    server = WebServer(app, LOOPBACK, port, sockets=True)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server, app
    finally:
        server.stop()
        thread.join(20)


@pytest.fixture
def other(opened_page: Person) -> Iterator[Person]:
    """The person, who leaves the common lab for another and comes back."""
    yield opened_page
    opened_page.open()


def test_a_server_that_has_ended_and_another_in_its_place(other: Person) -> None:
    """One sentence on every view, nothing that fails unheard; and from its address the page goes on by itself."""
    with lab(TOKEN) as (server, app):
        person = Person(other.browser, server.url, app)
        person.open()
        person.step()
        person.settled()
        table = person.table("#loss")
        port = server.port
    person.until(f"{ALERT}.includes('does not answer')")
    for view in VIEWS:
        person.click(f"a[data-view={view}]")
        person.value(PRESSED % view)
        assert "tries again by itself" in person.value(ALERT)
    assert person.text("#state") == "Paused"  # whatever was pressed, nobody heard it
    with lab("another", port) as (_, person.app):
        person.until(f"{ALERT}.includes('Open the address that goodfit lab prints now')")
        person.value("localStorage.setItem('goodfit-lab-token', 'another')")  # as a tab with the new address does
        person.until(f"{ALERT} === '' && document.querySelector('#epoch').textContent === '1'")
        person.until("document.querySelector('main').getAttribute('aria-busy') === 'false'")
        assert person.table("#loss") == table
    assert person.browser.told("Runtime.exceptionThrown") == []


def test_a_tab_that_is_loaded_anew_takes_its_training_back(person: Person) -> None:
    """Also by another address, more often than there are places: one process, and the same numbers as before."""
    person.go()
    person.play(5)
    before, table = person.epoch, person.table("#loss")

    def watched() -> set[int | None]:
        return {session.process for session in person.app.sessions.known.values() if session.pages}

    processes, hash_ = watched(), person.value("location.hash")
    for number in range(MOST_TRAININGS + 1):
        person.browser.visit(f"{person.url}/?token={TOKEN}&go={number}{hash_}", width=1440)
        person.until(f"document.querySelector('#epoch').textContent === '{before}'")
    assert watched() == processes
    assert person.table("#loss") == table
    person.go()  # what is another state has no place in the old training
    assert person.epoch == 0
    assert person.text("#notes") == ""


def test_initial_nets_are_shown_at_once_and_changes_can_be_had_back(person: Person) -> None:
    """Back to the initial nets, without the change that was made; then Undo, which trains again as far as it was."""
    person.go()
    person.step()
    person.write("[data-field=l2] input[type=text]", "0.01")
    person.until("document.querySelector('#marks').children.length === 1")
    person.play(30)
    there, table = person.epoch, person.table("#loss")
    person.click("#reset")
    person.until("document.querySelector('#epoch').textContent === '0' && document.querySelector('#marks').hidden")
    person.value(
        "(() => { window.said = []; const state = document.querySelector('#state');"
        " new MutationObserver(() => window.said.push(state.textContent)).observe(state, {childList: true}); })()"
    )
    person.click("#undo")
    person.until(f"document.querySelector('#epoch').textContent === '{there}'")
    person.until("document.querySelector('main').getAttribute('aria-busy') === 'false'")
    assert f"Training up to epoch {there} …" in person.value("window.said")
    assert person.state()["acts"] == [{"epoch": 1, "change": {"l2": 0.01}}]
    assert person.text("#marks") == "epoch 1: L2 penalty 0.01"
    assert person.table("#loss") == table


def test_a_note_stays_in_its_place_in_both_languages_and_goes_with_its_cause(person: Person) -> None:
    """What a job refuses is said where it was asked for, in both languages too."""
    person.go(view="choose")
    person.write("#capacity-widths", "0")
    person.click("#view-choose section:nth-of-type(1) button")
    person.until("document.querySelector('#capacity-job .error')?.checkVisibility()")
    assert person.text("#notes") == ""
    before = person.state()
    person.go(widths=[0])  # of Play: there it is said
    assert person.state() == before  # and the address is again of what is shown
    assert person.of("#notes .note", "found.checkVisibility()")
    refusals = [person.text("#notes .note span"), person.text("#capacity-job .error")]
    person.click("a[data-view=choose]")
    assert not person.of("#notes .note", "found.checkVisibility()")  # it is of Play
    person.click("#language")
    for each, selector in zip(refusals, ("#notes .note span", "#capacity-job .error"), strict=True):
        assert each.isascii()
        assert not person.text(selector).isascii()
    person.click("a[data-view=play]")
    assert person.of("#notes .note", "found.checkVisibility()")
    person.step()
    assert person.text("#notes") == ""


def test_batches_are_counted_and_a_change_that_would_never_be_used_is_refused(person: Person) -> None:
    """As they are after a change of their size; and after the last epoch nothing learns by another rate."""
    person.go(recipe={**SMALL["recipe"], "epochs": 2})
    person.step()
    person.write("[data-field=batch_size] input[type=text]", "8")
    person.until("document.querySelector('#marks').children.length === 1")
    person.click("#batch")
    person.until("document.querySelector('#epoch').textContent === '1 + 1/11'")  # 84 rows, 8 each
    person.step()
    person.write("[data-field=learning_rate] input[type=text]", "0.5")
    person.until("!document.querySelector('[data-field=learning_rate] .error').hidden")
    assert "would never be used" in person.text("[data-field=learning_rate] .error")
    assert person.text("#marks") == "epoch 1: Batch size 8"


def test_an_empty_plane_has_no_training(person: Person) -> None:
    person.go()
    person.step()
    person.choose("#data-name", "(draw)")
    person.until("document.querySelector('#state').textContent === 'Nothing is trained yet'")
    assert person.epoch == 0
    assert len(person.table("#loss")) == 1
    assert person.of("#play", "found.disabled")
    assert person.of("#weight", "found.hidden")
    person.choose("#data-name", "circles")
    person.until("document.querySelector('#legend').textContent.includes('inner')")
    person.step()


def test_what_is_chosen_and_what_is_explained_ends_with_what_it_was_of(person: Person) -> None:
    """The black line of a weight, with its net; the sentence of a control, on Escape and when it is left."""
    person.go()
    person.click("#net canvas", 0.27, 0.38)
    ink = """(() => { const [net, copy] = [document.querySelector("#net canvas"), document.createElement("canvas")];
      [copy.width, copy.height] = [net.width, net.height];
      const pen = copy.getContext("2d", {willReadFrequently: true});
      pen.drawImage(net, 0, 0);
      const all = pen.getImageData(0, 0, net.width, net.height - 30).data;
      return all.filter((each, at) => at % 4 === 0 && each < 40 && all[at + 1] < 40 && all[at + 3] > 250).length;
    })()"""  # how much of it is as black as the line of what is chosen
    person.value("new Promise(requestAnimationFrame)")  # the line is drawn with the next frame
    chosen = person.value(ink)
    person.click("[data-key='layer.more']")
    person.until("document.querySelectorAll('.stepper').length === 3")
    person.until(f"{ink} < {chosen}")
    hint = person.text("#hint")
    person.of("[data-field=learning_rate] input[type=text]", "found.focus()")
    assert person.text("#hint") != hint
    person.press("Escape", 27)
    assert person.text("#hint") == hint
    person.of("[data-field=learning_rate] input[type=range]", "found.focus()")
    assert person.text("#hint") != hint
    person.of("#play", "found.focus()")
    assert person.text("#hint") == hint


def test_nothing_leaves_its_place_at_any_width(person: Person) -> None:
    """A telephone to a wide screen, in Chinese too: with a file to choose, and many changes on the way."""
    acts = [{"epoch": at, "change": {"learning_rate": 0.01 * at, "l2": 0.01}} for at in (1, 2, 3, 4, 5)]
    person.go(epoch=6, acts=acts, data={"name": "polynomial", "n_features": 2})
    person.choose("#data-name", "(file)")
    person.click("#language")
    person.until("document.documentElement.lang === 'zh-Hans'")
    for width in (360, 390, 768, 1200, 1600):
        person.look(width)
        assert person.value("document.documentElement.scrollWidth") <= width
        assert person.value(OUTSIDE) == []
        gap = "document.querySelector('#curves-card').getBoundingClientRect().bottom"
        assert person.value(f"{gap} - document.querySelector('#marks').getBoundingClientRect().bottom") < 300
