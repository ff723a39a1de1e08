"""A batch whose work was given up, seen and set going by a program."""

from uuid import UUID

from app.core.jobs import DeadJob
from app.db.queries import stalls
from tests.web.api.house import House, upload
from tests.web.client import TestClient


def stopped(house: House, client: TestClient) -> str:
    """The id of a batch whose only job was given up."""
    batch = str(upload(client).json()["id"])
    job = house.jobs.jobs.pop()
    with house.rt.begin() as session:
        dead = DeadJob(f"{job.kind}:{job.key}", job.kind, job.ids, job.partition, "ConnectionError")
        assert stalls.note(session, dead, house.rt.now()).batch_id == UUID(batch)
    return batch


def test_a_stopped_batch_says_so_and_is_tried_again(house: House, client: TestClient) -> None:
    batch = stopped(house, client)

    stalled = client.get(f"/v1/batches/{batch}").json()["stalled"]
    assert stalled["code"] == "ConnectionError"
    assert "try it again" in stalled["message"]

    again = client.post(f"/v1/batches/{batch}/retry")
    assert (again.status_code, again.json()["stalled"]) == (202, None)
    assert client.post(f"/v1/batches/{batch}/retry").status_code == 202
    assert len(house.jobs.jobs) == 1
    house.work("split_batch")
    assert client.get(f"/v1/batches/{batch}").json()["state"] == "in_review"


def test_nobody_elses_batch_is_tried_again(house: House, client: TestClient) -> None:
    batch = stopped(house, client)
    stranger = house.client(house.key(house.organisation()))

    assert stranger.post(f"/v1/batches/{batch}/retry").status_code == 404
    assert client.get(f"/v1/batches/{batch}").json()["stalled"] is not None
    house.jobs.jobs.clear()


def test_a_test_key_sets_nothing_going_that_may_really_send(house: House) -> None:
    organisation = house.organisation()
    batch = stopped(house, house.client(house.key(organisation)))

    refused = house.client(house.key(organisation, "test")).post(f"/v1/batches/{batch}/retry")
    assert (refused.status_code, refused.json()["code"]) == (403, "test_key_never_sends")
