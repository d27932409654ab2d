# %% setup
import goodfit as gf
from goodfit.reports import Grid, Page, Paragraph, Section

recipe = gf.Recipe(hidden=(8,), dropout=0, learning_rate=0.01, batch_size=32, epochs=8)
run = gf.train(recipe, "iris", seeds=2, out="runs/iris", leaks="off")
result = gf.studies.run("test-reuse", seeds=20, models=300, looks=60, rows=200)
with open("cells.md", "w") as file:
    file.write("# Cells\n\n## First\n\n```python\nprint(1 + 1)\n```\n")
done = gf.notes.run(file.name, out="notes")
scores = Grid("Scores", ["net", "accuracy"], [["small", "0.91"], ["large", "0.95"]])

# %% goodfit.reports.write
print(gf.reports.write("runs/iris").name)  # a run, or the folder of a run or of a search

# %% goodfit.reports.run_page
page = gf.reports.run_page(run)
print([section.title for section in page.sections][:4])

# %% goodfit.reports.search_page
gf.select(recipe, "iris", vary={"hidden": [4, 8]}, folds=3, leaks="off", out="searches/iris")
page = gf.reports.search_page("searches/iris")
page.write("search.html")
print([section.title for section in page.sections])

# %% goodfit.reports.model_card
from pathlib import Path

card = gf.reports.model_card("runs/iris")
card.write("card.md")
print(Path("card.md").read_text().splitlines()[0])

# %% goodfit.reports.ModelCard
card: gf.reports.ModelCard = run.card()
print(sorted(card.facts)[:6])

# %% goodfit.reports.Page
page = Page("Capacity", [Section("What was tried", [Paragraph("Two widths.")])], kind="study", lead="Wider is better.")
page.write("capacity.html")
print("<h1" in page.html())

# %% goodfit.reports.Section
section = Section("What came of it", [Paragraph("Wider is better."), scores])
print(Page("Capacity", [section], kind="study").html().count("<table"))

# %% goodfit.reports.Part
from goodfit.reports import Part

part = Part("Widths", [scores])
print("Widths" in Page("Capacity", [Section("Scores", [part])], kind="study").html())

# %% goodfit.reports.Paragraph
paragraph = Paragraph("Three widths, five folds.", lead=True)
print("five folds" in Page("Capacity", [Section("Data", [paragraph])], kind="study").html())

# %% goodfit.reports.Bullets
from goodfit.reports import Bullets

print("<li>" in Page("Capacity", [Section("Data", [Bullets(["moons", "iris"])])], kind="study").html())

# %% goodfit.reports.Code
from goodfit.reports import Code

block = Code("goodfit train iris --hidden 8", "the command", "sh")
print("--hidden" in Page("Capacity", [Section("Again", [block])], kind="study").html())

# %% goodfit.reports.Facts
from goodfit.reports import Facts

block = Facts([("Data", "iris"), ("Rows", "150")])
print("150" in Page("Capacity", [Section("Data", [block])], kind="study").html())

# %% goodfit.reports.Foldout
from goodfit.reports import Foldout

block = Foldout("All scores", [scores])
print("<details" in Page("Capacity", [Section("Scores", [block])], kind="study").html())

# %% goodfit.reports.Grid
grid = Grid("Scores", ["net", "accuracy"], [["small", "0.91"], ["large", "0.95"]], note="On held-out rows.")
print("0.95" in Page("Capacity", [Section("Scores", [grid])], kind="study").html())

# %% goodfit.reports.Note
from goodfit.reports import Note

block = Note("Test rows stay sealed.", "Sealed")
print("Sealed" in Page("Capacity", [Section("Test", [block])], kind="study").html())

# %% goodfit.reports.Block
from goodfit.reports import Block, Note

blocks: list[Block] = [Paragraph("Two widths."), scores, Note("Five seeds each.")]
print(len(Page("Capacity", [Section("Scores", blocks)], kind="study").sections[0].blocks))

# %% goodfit.reports.Picture
from goodfit.reports import Picture

picture = Picture("Loss by epoch", run.figure(), scores)
print("<svg" in Page("Capacity", [Section("Curves", [picture])], kind="study").html())

# %% goodfit.reports.Bitmap
import base64

from goodfit.figures import png
from goodfit.reports import Bitmap

picture = Bitmap("Loss by epoch", base64.b64encode(png(run.figure())).decode(), "Losses that fall.")
print("data:image/png" in Page("Capacity", [Section("Curves", [picture])], kind="study").html())

# %% goodfit.reports.Frames
from goodfit.reports import Frames, PageFrame

frames = [PageFrame(f"epoch {epoch}", run.figure(), scores, "The losses so far.") for epoch in (1, 8)]
block = Frames("Loss", "Epoch", frames)
print("range" in Page("Capacity", [Section("Curves", [block])], kind="study").html())

# %% goodfit.reports.PageFrame
from goodfit.reports import PageFrame

frame = PageFrame("epoch 1", run.figure(), scores, "The losses so far.")
print(frame.name, frame.text)

# %% goodfit.reports.spread
from goodfit.reports import spread

print(list(spread(100, 5)))

# %% goodfit.reports.Glance
from goodfit.reports import Glance

page = Page("Capacity", [Section("Scores", [scores])], kind="study", glance=[Glance("Best width", "64", "of two")])
print("Best width" in page.html())

# %% goodfit.reports.Link
from goodfit.reports import Link

page = Page("Capacity", [Section("Scores", [scores])], kind="study", links=[Link("All studies", "index.html")])
print('href="index.html"' in page.html())

# %% goodfit.reports.Mono
from goodfit.reports import Mono

print("<code" in Page("Again", [Section("Command", [Paragraph(Mono("goodfit runs"))])], kind="study").html())

# %% goodfit.reports.Strong
from goodfit.reports import Strong

print("<strong" in Page("Again", [Section("Data", [Paragraph(Strong("sealed"))])], kind="study").html())

# %% goodfit.notes.read
with open("cells.md", "w") as file:
    file.write("# Cells\n\n```python\nprint(1 + 1)\n```\n")
document = gf.notes.read("cells.md")
print(document.title, [cell.text for cell in document.cells])

# %% goodfit.notes.Document
document = gf.notes.read(file.name)
print(document.title, document.sections, len(document.cells))

# %% goodfit.notes.run
print(done.count("done"), done.page)

# %% goodfit.notes.RunNotes
print(done.document.title, [cell.state for cell in done.cells.values()])

# %% goodfit.notes.CellOutcome
for cell in done.cells.values():
    print(cell.state, repr(cell.code), cell.changes)

# %% goodfit.serving.app
import json
import threading
import urllib.request

server = gf.serving.WebServer(gf.serving.app(gf.load_model("runs/iris")))  # any server of ASGI applications will do
threading.Thread(target=server.run).start()
body = json.dumps({"rows": [[5.1, 3.5, 1.4, 0.2]]}).encode()
asked = urllib.request.Request(f"{server.url}/predict", body, {"Content-Type": "application/json"})
with urllib.request.urlopen(asked) as answer:
    print(json.load(answer)["predictions"][0]["prediction"])
server.stop()

# %% goodfit.serving.Limits
limits = gf.serving.Limits(rows=1, megabytes=1)
app = gf.serving.app(gf.load_model("runs/iris"), limits=limits)  # what is larger is refused
print(limits)

# %% goodfit.serving.WebServer
import threading
import urllib.request

server = gf.serving.WebServer(gf.serving.app(gf.load_model("runs/iris")))  # on a free port
threading.Thread(target=server.run).start()
with urllib.request.urlopen(f"{server.url}/") as answer:
    print(answer.status)
server.stop()

# %% goodfit.serving.serve (not run: it answers until Ctrl-C)
gf.serving.serve("runs/iris", port=8000)

# %% goodfit.studies.studies
for name, study in list(gf.studies.studies().items())[:3]:
    print(name, study.section, study.title.en)

# %% goodfit.studies.find
print(gf.studies.find("4.4").name)

# %% goodfit.studies.Study
study = gf.studies.find("polynomial")
print(study.section, [each.name for each in study.parameters][:4], len(study.claims))

# %% goodfit.studies.run
result = gf.studies.run("test-reuse", seeds=20, models=300, looks=60, rows=200)
for each in result.claims[:2]:
    print(each.status, "-", each.claim.statement.en)

# %% goodfit.studies.Result
print(result.study.name, [each.status for each in result.claims])
print(list(result.tables))
print("<h1" in result.html("en"))

# %% goodfit.studies.Claim
claim = gf.studies.find("linear-collapse").claims[0]
print(claim.statement.en)
print(claim.quantity.en, claim.low, claim.high)

# %% goodfit.studies.Estimate
from goodfit.studies import Estimate

claim = gf.studies.find("linear-collapse").claims[0]
print(claim.status(Estimate(value=claim.low, low=claim.low, high=claim.high)))

# %% goodfit.studies.run_all (not run: all studies take hours)
results, failures = gf.studies.run_all("studies", given={"polynomial": {"seeds": 20}})
print(len(results), failures)


# %% goodfit.studies.resume
def kill(*told):  # as Ctrl-C does
    raise KeyboardInterrupt


try:
    gf.studies.run("test-reuse", seeds=20, models=300, looks=60, rows=200, out="studies", tell=kill)
except KeyboardInterrupt:
    results, failures = gf.studies.resume("studies")
print([each.study.name for each in results], failures)
