"""After the release everybody who got nothing is still there: on the page, in the export, on the paper list."""

from app.usecases.batches.export_batch import export_batch
from app.usecases.batches.list_paper import list_paper
from app.usecases.batches.show_batch import show_batch
from app.usecases.batches.show_recipients import show_recipients
from tests.stories.payroll import sample_file
from tests.stories.story import Story


def test_who_is_left_out_of_the_libreoffice_sample_does_not_disappear(story: Story) -> None:
    sheet = sample_file("people-libreoffice.csv")
    batch = story.upload_files({"payroll.pdf": sample_file("payroll-libreoffice.pdf")}, ("people.csv", sheet))
    story.exclude_blocking(batch)
    story.send(batch)
    counts = show_batch(story.rt, story.id, batch.id).counts
    assert (counts.total, counts.excluded) == (1, 12)

    people = show_recipients(story.rt, story.id, batch.id, state="left_out", query="", offset=0, limit=25)
    assert people.total == len(people.recipients) == 12
    named = [one for one in people.recipients if one.name]
    assert len(named) == 7
    assert {one.reason for one in named} == {"payslip_on_refused_page"}
    searched = show_recipients(
        story.rt, story.id, batch.id, state="left_out", query=named[0].name, offset=0, limit=25
    )
    assert [one.name for one in searched.recipients] == [named[0].name]

    rows = export_batch(story.rt, story.id, batch.id).rows
    assert [row.stage for row in rows].count("left_out") == 12
    paper = list_paper(story.rt, story.id, batch.id).lines
    assert {line.face.name for line in paper if line.face.name} == {one.name for one in named}
    assert all(line.pages for line in paper)
    assert people.on_paper == len(paper)
