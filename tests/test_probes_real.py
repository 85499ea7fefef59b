"""Every probe once more on the real weights, with few items, against its record (marker `real`).

Skipped where the packages of requirements-probes.txt are missing; in CI that is a failure.
"""

import os

import numpy as np
import pytest

from llmlimits import probes

pytestmark = pytest.mark.real
FOUND = probes.probes()


@pytest.fixture(scope="module")
def loaded():
    """Gives each model, loaded once."""
    subjects = {}

    def get(name):
        if name not in subjects:
            try:
                subjects[name] = probes.load(name, device="cpu")
            except probes.ModelUnavailable as error:
                if os.environ.get("CI"):
                    pytest.fail(str(error))
                pytest.skip(str(error))
        return subjects[name]

    return get


@pytest.fixture(scope="module")
def measured(loaded):
    """Gives what each probe returns at reduced size, measured once."""
    values = {}

    def get(name):
        if name not in values:
            values[name] = probes.measure(name, loaded(FOUND[name].model), **FOUND[name].quick)["values"]
        return values[name]

    return get


@pytest.mark.parametrize("name", FOUND)
def test_the_record_is_what_the_model_does(measured, name):
    assert probes.compare(name, measured(name)) == []


@pytest.mark.parametrize("name", FOUND)
def test_a_tampered_record_is_noticed(measured, name):
    values, record = measured(name), probes.recorded(name)
    key = next(key for key, value in values.items() if np.asarray(value).dtype.kind == "f")
    changed = record | {key: record[key] + 1}
    assert any(line.startswith(f"{key}: off by") for line in probes.compare(name, values, changed))
