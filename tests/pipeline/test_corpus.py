"""The data of a recipe know the files that they come from."""

from __future__ import annotations

import yaml
from support.tiny_recipe import write, write_recipe

from xling.data.checksums import checksums
from xling.pipeline.corpus import Corpus
from xling.pipeline.loading import load_recipe


def test_the_text_of_a_family_comes_from_each_of_its_files(tmp_path):
    path = write_recipe(tmp_path / "recipe", "a base")
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    values["language_modules"]["family"] = {"tag": "bnt", "languages": ["swh", "eng"]}
    data = path.parent / "data"
    corpus = Corpus(load_recipe(write(path, values)), data)
    for tag, languages in (("bnt", ("eng", "swh")), ("swh", ("swh",))):
        text = corpus.text(tag)["text"].descent
        assert set(text.files) == set(checksums(data / f"{own}.txt" for own in languages))
        assert text.cards == ("plain",)
    train = corpus.recipe.task.train
    assert list(corpus.examples(train, "eng").descent.files) == checksums([data / "eng-train.txt"])


def test_data_of_no_file_are_known_by_their_card(tmp_path):
    path = write_recipe(tmp_path / "recipe", "a base")
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    values["language_modules"]["text"] = {"card": "cldr_text", "split": "train"}
    found = Corpus(load_recipe(write(path, values))).text("swh")["text"].descent
    assert (found.files, found.cards) == ((), ("cldr_text",))
