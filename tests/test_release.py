"""The wheel works without the source and without a network, as a stranger installs it; its dependencies are listed."""

import json

import pytest
from tools import release


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return release.build(tmp_path_factory.mktemp("dist"))[0]


def test_the_wheel_answers_every_question_in_a_new_environment(wheel):
    assert release.tried(wheel, release.sys.executable, "") == [
        " ".join(words) for words in release.QUESTIONS
    ]


@pytest.mark.slow
@pytest.mark.parametrize("version", release.PYTHONS)
def test_the_wheel_works_with_the_extras_on_every_python(wheel, version):
    python = release.interpreter(version)
    assert python is not None, f"Python {version} is not on this machine"
    assert len(release.tried(wheel, python, release.EXTRAS[1])) == len(release.QUESTIONS) + len(
        release.WITH_EXTRAS
    )


def test_dependencies_are_listed_and_their_licences_fit():
    packages = release.dependencies()
    names = {package.metadata["Name"] for package in packages}
    assert {"numpy", "pydantic", "typst", "starlette"} <= names
    assert not [p.metadata["Name"] for p in packages if release.refused(release.licence(p))]
    document = json.loads(release.sbom(packages))
    assert [c["name"] for c in document["components"]] == [p.metadata["Name"] for p in packages]
    assert all(c["purl"].startswith("pkg:pypi/") for c in document["components"])
    assert release.refused("GPL-3.0-only")
    assert not release.refused("LGPL-2.1-or-later")
