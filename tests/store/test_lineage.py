"""What descends from what: laws over random stores of modules that are descriptions alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xling.modules.facts import Descent, Facts
from xling.store.lineage import Member, descendants, rests

DATA, OTHER = "ab" * 32, "cd" * 32


@st.composite
def stores(draw) -> list[Member]:
    """Modules that were made with some of those before them, some from the data, in any order.

    An earlier version recorded the first step alone, a later one all of them.
    """
    found: list[Member] = []
    for number in range(draw(st.integers(1, 8))):
        given_ones = draw(st.lists(st.sampled_from(found), max_size=3)) if found else []
        files = draw(st.sampled_from([(), (DATA,), (OTHER,)]))
        roles = {f"role {place}": own.fingerprint for place, own in enumerate(given_ones)}
        own = Descent.of(files=files, modules=roles.values())
        whole = Descent.joined((own, *(above.facts.ancestry for above in given_ones)))
        facts = Facts(descent=draw(st.sampled_from([own, whole])), making={"modules": roles})
        found.append(Member(name=f"m{number}", fingerprint=f"sha256:{number}", facts=facts))
    return draw(st.permutations(found))


def made(descent: Descent) -> bool:
    return DATA in descent.files


def reached(among: list[Member]) -> set[str]:
    """The same by its definition: by the data itself, or by a module that is."""
    by_content = {own.fingerprint: own for own in among}

    def is_made(own: Member) -> bool:
        above = (by_content[one] for one in own.facts.ancestry.modules if one in by_content)
        return made(own.facts.ancestry) or any(map(is_made, above))

    return {own.name for own in among if is_made(own)}


@given(among=stores())
def test_all_that_descend_are_found_and_no_other(among):
    found = descendants(among, made)
    assert {own.member.name for own in found} == reached(among)
    before: set[str] = set()
    for own in found:
        above = {other.name for other in among if other.fingerprint in own.member.facts.ancestry.modules}
        assert above & reached(among) <= before
        assert own.through in before if above & reached(among) else own.through is None
        before.add(own.member.name)
    assert len(before) == len(found)


def test_modules_that_claim_to_be_made_of_one_another_are_listed_once():
    names = (("a", "1", "2"), ("b", "2", "1"))
    forged = [
        Member(
            name=name, fingerprint=own, facts=Facts(descent=Descent.of(files=[DATA], modules=[own, other]))
        )
        for name, own, other in names
    ]
    assert [own.member.name for own in descendants(forged, made)] == ["a", "b"]


@given(among=stores(), count=st.integers(0, 8))
def test_what_an_interrupted_removal_leaves_is_found_again(among, count):
    gone = [own.member.name for own in reversed(descendants(among, made))]
    left = [own for own in among if own.name not in gone[:count]]
    assert {own.member.name for own in descendants(left, made)} == set(gone[count:])


@given(among=stores())
def test_a_descent_is_the_same_in_any_order(among):
    whole = [own.facts.ancestry for own in among]
    assert Descent.joined(whole) == Descent.joined(reversed(whole)) == Descent.joined([*whole, *whole])


def test_what_a_module_rests_on_is_known_by_its_content():
    def member(name: str, content: str, *below: tuple[str, str]) -> Member:
        return Member(name=name, fingerprint=content, facts=Facts(below=below))

    tops = [
        member("run/modules/task/ner", "t", ("lang/eng", "1"), ("lang/hau", "3"), ("init", "9"), ("old", "")),
        member("task/other", "o", ("lang/eng", "1")),
    ]
    there = [member("copy", "1"), member("run/modules/lang/hau", "4"), member("lang/eng", "2")]
    assert list(rests(tops[0], [*tops, *there])) == [
        ("lang/eng", "copy"), ("lang/hau", "changed"), ("init", "missing"), ("old", "missing"),
    ]  # fmt: skip
    assert list(rests(tops[1], [*tops, there[2]])) == [("lang/eng", "changed")]
