"""AniSOAP's small cache."""

import pytest

from anisoap_opt.utils.cyclic_list import CGRCacheList


def test_values_are_kept_and_found():
    cache = CGRCacheList(3)
    assert cache.keys() == []
    cache.insert(4, {"a": 1})
    cache.insert(2, {"b": 2})
    cache.insert(4, {"c": 3})  # there already
    assert cache.keys() == [4, 2]
    assert cache.get_val(4) == {"a": 1}
    with pytest.raises(IndexError, match=r"7.*\[4, 2\]"):
        cache.get_val(7)
    cache.clear_cache()
    assert cache.keys() == []
    with pytest.raises(IndexError):
        cache.get_val(4)


def test_the_oldest_goes_first_unless_it_was_read():
    cache = CGRCacheList(3)
    for key in (0, 1, 2):
        cache.insert(key, str(key))
    cache.insert(3, "3")  # in place of 0
    assert cache.keys() == [3, 1, 2]
    cache.get_val(1)
    cache.insert(4, "4")  # passes over 1, in place of 2
    assert cache.keys() == [3, 1, 4]
    cache.insert(5, "5")  # 3 was not read
    assert cache.keys() == [5, 1, 4]
    cache.insert(6, "6")  # 1 was passed over once, and not read since
    assert cache.keys() == [5, 6, 4]


def test_the_hand_goes_round_when_all_were_read():
    cache = CGRCacheList(2)
    for key in (0, 1):
        cache.insert(key, key)
        cache.get_val(key)
    cache.insert(2, 2)
    assert cache.keys() == [2, 1]
    assert cache.get_val(1) == 1


@pytest.mark.parametrize("size", [0, -1, 1.5, None])
def test_sizes_that_make_no_sense(size):
    with pytest.raises((TypeError, ValueError), match="size"):
        CGRCacheList(size)
