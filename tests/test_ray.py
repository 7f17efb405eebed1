"""Long work on a Ray cluster of two nodes, started on this machine: the same results as on processes."""

from __future__ import annotations

import numpy as np
import pytest

import detente
from detente.analysis.confidence import Means, Sample, confidence
from detente.analysis.table import tournament
from detente.errors import CostError
from detente.workers import Chunk, Job, chunks

ray = pytest.importorskip("ray", reason="needs the extra ray")


@pytest.fixture(scope="module")
def cluster():
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    made.add_node(num_cpus=1)
    made.wait_for_nodes()
    ray.init(address=made.address, log_to_driver=False)
    yield made
    ray.shutdown()
    made.shutdown()


def where(shared: float, task: int) -> Chunk:
    """A number that depends on the task alone, and the node that worked it out."""
    import time

    time.sleep(shared)
    node = ray.get_runtime_context().get_node_id()
    return {"value": np.random.default_rng(task).random(3), "node": np.array(node)}


def refuse(shared: None, task: int) -> Chunk:
    raise CostError("a question", f"{task} states", "ask less")


def test_both_nodes_work_and_chunks_come_in_order(cluster):
    found = list(chunks(Job(where, 0.1, list(range(20)), "where"), workers=2, engine="ray"))
    assert [c["value"].tolist() for c in found] == [
        np.random.default_rng(t).random(3).tolist() for t in range(20)
    ]
    assert {str(c["node"]) for c in found} == {node["NodeID"] for node in ray.nodes()}


def test_what_was_kept_is_not_computed_again(cluster, tmp_path):
    job = Job(where, 0.0, list(range(6)), "where")
    first = [c["node"].tolist() for c in chunks(job, workers=2, engine="ray", folder=tmp_path)]
    kept = sorted(path.stat().st_mtime_ns for path in tmp_path.iterdir())
    again = [c["node"].tolist() for c in chunks(job, workers=2, engine="ray", folder=tmp_path)]
    assert again == first
    assert sorted(path.stat().st_mtime_ns for path in tmp_path.iterdir()) == kept


def test_an_error_comes_back_as_it_was_raised(cluster):
    with pytest.raises(CostError, match="3 states"):
        list(chunks(Job(refuse, None, [3], "refuse"), workers=2, engine="ray"))


def test_draws_are_the_same_as_on_processes(cluster):
    case = detente.load("stockholm-2019")
    asked = {"sample": Sample(3_000, 4), "levers": False}
    ours = confidence(case, **asked)
    theirs = confidence(case, **asked, means=Means(workers=2, engine="ray"))
    assert theirs.to_dict() == ours.to_dict()


def test_a_tournament_is_the_same_as_on_processes(cluster):
    cases = [detente.load("mill-contract")]
    names = ["boulware", "linear", "micro"]
    ours = tournament(cases, names, workers=1)
    theirs = tournament(cases, names, workers=2, engine="ray")
    assert theirs.to_polars().equals(ours.to_polars())
