"""The small language model: its file, its tokens, and the form it is held to.

What needs torch and the weights is skipped where they are not installed; reading files and tokens needs neither.
"""

from __future__ import annotations

import importlib.util
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapbot.engines.cmu import CmuLexicon
from rapbot.engines.smollm import (
    WEIGHT_FILE,
    KnownWord,
    SmolMaker,
    Tokenizer,
    byte_letters,
    dequantised,
    known_words,
    on_the_beat,
    read_gguf,
    rhyme_groups,
    weight_file,
)
from rapbot.errors import EngineUnavailable
from rapbot.language.rhyme import confirmed_rhyme, rimes
from rapbot.resources import weights_dir
from rapbot.values import Anchor
from rapbot.writing.makers import Commission, MaskedMaker, line_syllables

Q4_1 = np.dtype([("scale", "<f2"), ("least", "<f2"), ("codes", "u1", 16)])
Q8_0 = np.dtype([("scale", "<f2"), ("codes", "i1", 32)])
PROMPT = (
    "You said you are a lion but you sleep upon a chair,\nthe only thing that's scared of you's a little teddy bear.\n"
)


def string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def gguf(tensors: dict[str, tuple[tuple[int, ...], int, bytes]]) -> bytes:
    """A small file: two facts, then tensors given as (shape, type, bytes)."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), 2)
    head += string("size") + struct.pack("<II", 4, 7)
    head += string("words") + struct.pack("<IIQ", 9, 8, 2) + string("a") + string("Ġb")
    offset, body = 0, b""
    for name, (shape, kind, data) in tensors.items():
        head += string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *reversed(shape), kind, offset)
        padded = data + bytes(-len(data) % 32)
        offset, body = offset + len(padded), body + padded
    return head + bytes(-len(head) % 32) + body


def a_file() -> bytes:
    plain = np.arange(6, dtype="<f4")
    return gguf({"plain": ((2, 3), 0, plain.tobytes()), "four": ((1, 32), 3, four_bits().tobytes())})


def four_bits() -> np.ndarray:
    block = np.zeros(1, Q4_1)
    block["scale"], block["least"] = 0.5, -1.0
    block["codes"] = np.arange(16) | (15 - np.arange(16)) << 4
    return block


# ------------------------------------------------------------------------------------------------ the file


def test_blocks_are_unpacked_low_halves_first():
    wanted = np.concatenate([np.arange(16), 15 - np.arange(16)]) * 0.5 - 1.0
    np.testing.assert_array_equal(dequantised(four_bits(), 3), wanted.astype(np.float32))
    block = np.zeros(2, Q8_0)
    block["scale"] = [0.25, 2.0]
    block["codes"] = np.arange(-32, 32).reshape(2, 32)
    wanted = np.arange(-32, 32) * np.repeat([0.25, 2.0], 32)
    np.testing.assert_array_equal(dequantised(block, 8), wanted.astype(np.float32))


def test_a_file_is_read_whole(tmp_path):
    path = tmp_path / "m.gguf"
    path.write_bytes(a_file())
    facts, tensors = read_gguf(path)
    assert facts == {"size": 7, "words": ["a", "Ġb"]}
    np.testing.assert_array_equal(tensors["plain"], np.arange(6, dtype=np.float32).reshape(2, 3))
    assert tensors["four"].shape == (1, 32) and tensors["four"].dtype == np.float32


def test_a_file_cut_short_anywhere_is_damaged(tmp_path):
    whole = a_file()
    path = tmp_path / "m.gguf"
    for length in range(0, len(whole) - 12, 7):  # the last twelve bytes are padding
        path.write_bytes(whole[:length])
        with pytest.raises(EngineUnavailable, match="damaged"):
            read_gguf(path)


@given(st.integers(0, 150), st.binary(min_size=1, max_size=8))
def test_altered_bytes_never_crash_the_reader(tmp_path_factory, where, put):
    whole = bytearray(a_file())
    whole[where : where + len(put)] = put
    path = tmp_path_factory.mktemp("gguf") / "m.gguf"
    path.write_bytes(whole)
    try:
        read_gguf(path)
    except EngineUnavailable as error:
        assert str(error).isprintable()


def test_missing_weights_name_the_command(tmp_path):
    with pytest.raises(EngineUnavailable, match="rapbot models install"):
        weight_file(tmp_path)
    (tmp_path / WEIGHT_FILE).write_bytes(b"x")
    assert weight_file(tmp_path) == tmp_path / WEIGHT_FILE
    with pytest.raises(EngineUnavailable, match="cannot read"):
        read_gguf(tmp_path / "nothing.gguf")


def test_without_torch_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(EngineUnavailable, match=r"rapbot\[torch\]"):
        SmolMaker(tmp_path / WEIGHT_FILE, CmuLexicon())


# ------------------------------------------------------------------------------------------------ tokens and words


def letters_tokenizer() -> Tokenizer:
    """Every byte, and a few merges."""
    return Tokenizer(["<|im_end|>", *byte_letters().values(), "Ġt", "he", "Ġthe"], ["Ġ t", "h e", "Ġt he"])


def test_merges_apply_in_their_order():
    tokens = letters_tokenizer()
    texts = [tokens._texts[number] for number in tokens.encode(" the then 42")]
    assert texts == ["Ġthe", "Ġthe", "n", "Ġ", "4", "2"]


@given(st.text(max_size=80))
def test_any_text_comes_back(text):
    tokens = letters_tokenizer()
    kept = text.encode(errors="replace").decode()  # half a character has no bytes
    assert tokens.decode(tokens.encode(text)) == kept


def test_typed_control_tokens_are_ordinary_text():
    tokens = letters_tokenizer()
    assert tokens.special("<|im_end|>") not in tokens.encode("you lose <|im_end|> now")


@pytest.mark.parametrize(
    ("stresses", "left", "fits"),
    [((1,), 1, True), ((0,), 4, True), ((0, 1), 2, True), ((1, 0), 2, False), ((1, 0), 3, True), ((0, 1, 0), 4, True),
     ((1, 0, 2), 3, True), ((1, 0, 1), 4, False)],
)  # fmt: skip
def test_stress_falls_on_every_other_syllable_from_the_rhyme(stresses, left, fits):
    assert on_the_beat(stresses, left) is fits


def test_rhyme_groups_hold_what_rhymes():
    lexicon = CmuLexicon()
    texts = ("cat", "hat", "back", "dog", "believe", "leave", "orange")
    words = [KnownWord(k, text, lexicon.pronunciations(text)[0], (1,)) for k, text in enumerate(texts)]
    groups = {frozenset(texts[index] for index in group) for group in rhyme_groups(words).values()}
    assert groups == {frozenset(g.split()) for g in ("cat hat back", "dog", "believe leave", "orange")}


# ------------------------------------------------------------------------------------------------ the real model


def test_a_sound_file_of_another_model_is_said_so(path, lexicon, tmp_path):
    (tmp_path / WEIGHT_FILE).write_bytes(a_file())
    with pytest.raises(EngineUnavailable, match="lacks 'tokenizer"):
        SmolMaker(tmp_path / WEIGHT_FILE, lexicon)


def installed_weights() -> Path:
    """Where `rapbot models install` put them, or the carrier package."""
    try:
        return weight_file(weights_dir("smollm2-135m-instruct"))
    except EngineUnavailable:
        return weight_file()


@pytest.fixture(scope="module")
def lexicon() -> CmuLexicon:
    return CmuLexicon()


@pytest.fixture(scope="module")
def path() -> Path:
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed: pip install 'rapbot[torch]'")
    try:
        return installed_weights()
    except EngineUnavailable as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def maker(path, lexicon) -> SmolMaker:
    return SmolMaker(path, lexicon)


def test_it_knows_what_it_was_taught(maker):
    ids = maker._tokens.encode("The capital of France is")
    hidden = maker._network.prefill(ids, maker._network.cache(1, 16))
    assert maker._tokens.decode([int((hidden @ maker._network.embedding.T).argmax())]) == " Paris"


def test_one_by_one_is_the_same_as_at_once(maker):
    import torch

    ids = maker._tokens.encode("You talk about your gold chain but the gold was fake")
    whole = maker._network.prefill(ids, maker._network.cache(1, 32))
    cache = maker._network.cache(2, 32)
    hidden = maker._network.prefill(ids[:3], cache)
    for number in ids[3:]:
        hidden = maker._network.step(torch.tensor([number, number]), cache)
    scale = float(whole.abs().max())
    assert float((hidden - whole).abs().max()) < 1e-3 * scale  # float32 sums in another order


def test_free_answers_are_text_and_repeat_with_the_seed(maker):
    asked = "Answer this battle rap bar with two rhyming lines: I'm the king."
    first = maker.free(asked, 2, 5, most_tokens=12)
    assert len(first) == 2 and all(re.search("[a-z]{3}", text) for text in first)
    assert "<|im_" not in "".join(first)
    assert maker.free(asked, 2, 5, most_tokens=12) == first
    with pytest.raises(ValueError, match="count"):
        maker.free("x", 0, 5)


def syllable_count(lexicon: CmuLexicon, line: str) -> int:
    return sum(len(rimes(lexicon.pronunciations(word)[0])) for word in re.findall(r"[a-z']+", line.lower()))


@pytest.mark.parametrize(
    ("starts", "rhyme_with", "syllables"), [(("your gold chain",), "", 10), (("Marcus",), "bread", 9)]
)
def test_masked_couplets_keep_the_form(maker, lexicon, starts, rhyme_with, syllables):
    found = maker.couplets(PROMPT, starts, rhyme_with, syllables, 6, 1)
    assert len(found) == 6
    for first, second in found:
        assert first.lower().startswith(starts[0].lower())
        assert syllable_count(lexicon, first) == syllable_count(lexicon, second) == syllables
        ends = [re.findall(r"[a-z']+", line.lower())[-1] for line in (first, second)]
        sounds = [lexicon.pronunciations(end)[0] for end in ends]
        assert confirmed_rhyme(*sounds)
        if rhyme_with:
            assert all(confirmed_rhyme(sound, lexicon.pronunciations(rhyme_with)[0]) for sound in sounds)
    assert maker.couplets(PROMPT, starts, rhyme_with, syllables, 6, 1) == found


def test_a_commission_is_kept_to_its_anchor_and_tempo(maker, lexicon):
    toaster = Anchor("toaster", "insult", "sg", "insult.appliance", None, 1.0, 0.9, 0)
    commission = Commission(
        (toaster,), "any", "insult", "", 90.0, 4, ((PROMPT.splitlines()[0], PROMPT.splitlines()[1]),)
    )
    proposals = MaskedMaker(maker).propose(commission, 3, 2)
    assert len(proposals) == 3
    for proposal in proposals:
        assert proposal.maker == "model" and "toaster" in proposal.lines[0].lower()
        assert syllable_count(lexicon, proposal.lines[1]) == line_syllables(commission)


def test_a_start_that_leaves_no_room_is_left_out(maker):
    assert maker.couplets(PROMPT, ("you said you are an alarm clock",), "", 8, 2, 0) == ()
    with pytest.raises(ValueError, match="syllables"):
        maker.couplets(PROMPT, ("you",), "", 2, 2, 0)


def test_words_it_may_use_are_said_in_one_way_of_counting(maker, lexicon):
    words = known_words(maker._tokens, lexicon)
    assert len(words) > 5000 and len({word.text for word in words}) == len(words)
    assert all(len(word.stresses) == len(rimes(word.phones)) for word in words)
