"""A stage is carried out once in its folder: kept, gone on from, made again when asked, or refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from support.tiny import TEXTS

from xling.errors import InputError
from xling.makers import make as makers
from xling.makers.stage import Data, Stage
from xling.modules.module import FACTS, WEIGHTS, Module
from xling.pipeline import stages
from xling.pipeline.records import CHECKPOINTS, RECORD
from xling.pipeline.stages import Stages, Workbench, carry_out
from xling.training.specs import LanguageTraining, TrainingSettings

SHORT = TrainingSettings(steps=2, batch_tokens=64)
STAGE = Stage(
    name="lang/swh",
    spec=LanguageTraining(training=SHORT),
    language="swh",
    data={"text": Data(rows=TEXTS[:20]), "held_out": Data(rows=TEXTS[20:24])},
)


@pytest.fixture
def bench(bert, monkeypatch):
    """A workbench whose remarks and makings are counted."""
    said, made = [], []
    real = makers.make

    def counted(base, stage, session):
        made.append(stage.name)
        return real(base, stage, session)

    monkeypatch.setattr(stages, "make", counted)
    bench = Workbench(base=bert.id, say=said.append)
    object.__setattr__(bench, "opened", bert)
    return bench, said, made


def test_it_is_made_once_and_found_by_another_command(bench, tmp_path):
    bench, said, made = bench
    first = Stages(tmp_path)
    one, again = first.carry_out(STAGE, bench), first.carry_out(STAGE, bench)
    kept = Stages(tmp_path).carry_out(STAGE, bench)
    assert made == ["lang/swh"] and one is again and not one.cached and kept.cached
    assert (kept.costs, kept.folder) == (one.costs, one.folder)
    assert kept.costs.tokens > 0 and said == [f"lang/swh: {one.costs.seconds:.0f} s", "lang/swh: kept"]


def test_what_it_stands_on_is_made_before_it(bench, tmp_path):
    bench, _, made = bench
    above = replace(STAGE, name="lang/hau", language="hau", modules={"init": STAGE})
    found = Stages(tmp_path)
    done = found.carry_out(above, bench)
    assert made == ["lang/swh", "lang/hau"]
    assert done.module.facts.making["modules"]["init"].startswith("sha256:")
    assert Stages(tmp_path).carry_out(above, bench).cached and made == ["lang/swh", "lang/hau"]


def test_fresh_makes_it_again_but_once(bench, tmp_path):
    bench, _, made = bench
    Stages(tmp_path).carry_out(STAGE, bench)
    fresh = Stages(tmp_path, fresh=True)
    assert not fresh.carry_out(STAGE, bench).cached
    fresh.carry_out(STAGE, bench)
    assert made == ["lang/swh", "lang/swh"]


def test_a_damaged_record_is_told(bench, tmp_path):
    bench, _, _ = bench
    done = Stages(tmp_path).carry_out(STAGE, bench)
    for text in ("{", "{}"):
        (done.folder / RECORD).write_text(text)
        with pytest.raises(InputError, match="this stage's record is damaged; delete the folder"):
            Stages(tmp_path).carry_out(STAGE, bench)


def test_a_module_without_a_record_is_kept_unless_it_was_cut_off(bench, tmp_path):
    bench, _, made = bench
    folder = tmp_path / "swh"
    carry_out(STAGE, folder, bench)
    (folder / RECORD).unlink()
    assert carry_out(STAGE, folder, bench).cached
    (folder / CHECKPOINTS).mkdir()
    (folder / CHECKPOINTS / "step-00000002.safetensors").touch()
    assert not carry_out(STAGE, folder, bench).cached and (folder / RECORD).is_file()
    (folder / RECORD).unlink()
    (folder / FACTS).unlink()
    assert not carry_out(STAGE, folder, bench).cached and (folder / FACTS).is_file()
    (folder / WEIGHTS).unlink()
    assert not carry_out(STAGE, folder, bench).cached
    assert made == ["lang/swh"] * 4


def test_what_was_made_otherwise_is_refused_and_stays(bench, tmp_path):
    bench, _, _ = bench
    folder = tmp_path / "swh"
    carry_out(STAGE, folder, bench)
    before = (folder / WEIGHTS).read_bytes()
    other = replace(STAGE, spec=LanguageTraining(training=SHORT, masked=0.3))
    with pytest.raises(InputError, match=r"masked was 0.15, now 0.3; start over with --fresh"):
        carry_out(other, folder, bench)
    assert (folder / WEIGHTS).read_bytes() == before
    assert carry_out(other, folder, bench, fresh=True).module.facts.making["masked"] == 0.3
    record = json.loads((folder / RECORD).read_text())
    assert record["making"] == Module.load(folder).facts.making
