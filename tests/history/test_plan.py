"""Which pairs are measured: neighbours, the anchor, and more where it is not clear."""

from __future__ import annotations

from anisoap_bench.history.book import Book
from anisoap_bench.history.plan import ANCHORED, EVERY, MORE, MOST, NEIGHBOURS, Pairs, is_complete, wanted
from tests.history.lines import commit, gap, measured, name, pair


def book_of(count: int) -> Book:
    return Book(commit(number) for number in range(count))


def test_the_first_commit_needs_no_pairs_and_the_others_their_neighbour() -> None:
    book = book_of(3)
    assert wanted(book, name(0), ["b"], newest=False) == []
    assert wanted(book, name(2), ["b"], newest=False) == [Pairs(name(1), name(2), NEIGHBOURS, ("b",))]


def test_every_few_commits_and_the_newest_have_the_anchor_too() -> None:
    book = book_of(EVERY + 3)
    anchored = Pairs(name(0), name(EVERY), ANCHORED, ("b",))
    assert anchored in wanted(book, name(EVERY), ["b"], newest=False)
    assert Pairs(name(0), name(EVERY + 2), ANCHORED, ("b",)) in wanted(book, name(EVERY + 2), ["b"], newest=True)
    assert len(wanted(book, name(1), ["b"], newest=True)) == 1  # neighbour and anchor are one


def test_what_an_interrupt_left_is_completed() -> None:
    book = book_of(2)
    book.take(pair(0, 1, b=(1.0, 1.0)))
    assert wanted(book, name(1), ["b"], newest=False) == [Pairs(name(0), name(1), NEIGHBOURS - 1, ("b",))]


def test_gaps_and_commits_that_lack_a_benchmark_are_bridged() -> None:
    book = Book([commit(0, "ab"), gap(1), commit(2, "a"), commit(3, "ab")])
    assert wanted(book, name(3), ["a", "b"], newest=False) == [
        Pairs(name(2), name(3), NEIGHBOURS, ("a",)),
        Pairs(name(0), name(3), NEIGHBOURS, ("b",)),
    ]


def test_a_suspected_step_gets_more_pairs_but_not_without_end() -> None:
    levels = {"quiet": [1.0, 1.0, 1.0, 1.0], "step": [1.0, 1.0, 1.0, 1.1]}
    book = measured(levels, 0.01)
    assert wanted(book, name(3), list(levels), newest=False) == [Pairs(name(2), name(3), MORE, ("step",))]
    assert wanted(book, name(2), list(levels), newest=False) == []
    for _ in range(MOST - NEIGHBOURS):
        book.take(pair(2, 3, step=(1.0, 1.1)))
    assert wanted(book, name(3), list(levels), newest=False) == []


def test_a_noisy_machine_gets_more_pairs() -> None:
    book = measured({"b": [1.0, 1.0, 1.0]}, 0.05)
    assert wanted(book, name(2), ["b"], newest=False) == [Pairs(name(1), name(2), MORE, ("b",))]


def test_a_commit_is_complete_when_its_amounts_are_there_and_nothing_is_wanted() -> None:
    book = measured({"b": [1.0, 1.0, 1.0]}, 0.001)
    assert not is_complete(book, name(2), ["b"])
    book.take({"of": name(2), "amounts": {"b": {"allocated": 1}}, "at": 0})
    assert is_complete(book, name(2), ["b"])
    book.take(commit(3))
    book.take({"of": name(3), "amounts": {"b": {"allocated": 1}}, "at": 0})
    assert not is_complete(book, name(3), ["b"])
    assert is_complete(book, name(3), [])
