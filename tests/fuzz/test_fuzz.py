"""No parser is brought down, or held up, by what comes from the network."""

from collections.abc import Iterator
import tracemalloc

from hypothesis import given, settings, strategies as st
import pytest

from .bounds import Watch
from .targets import TARGETS


@pytest.fixture(scope="module", autouse=True)
def traced() -> Iterator[None]:
    """Count memory."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


def changed(seeds: tuple[bytes, ...]) -> st.SearchStrategy[bytes]:
    """Return parts of seeds, put together with noise, up to many times over."""
    seed = st.sampled_from(seeds)
    part = st.builds(
        lambda data, start, end: data[min(start, end) : max(start, end)],
        seed,
        st.integers(0, 400),
        st.integers(0, 400),
    )
    piece = st.one_of(seed, part, st.binary(max_size=8))
    repeated = st.builds(lambda data, times: data * times, piece, st.integers(1, 50))
    return st.lists(st.one_of(piece, piece, repeated), min_size=1, max_size=4).map(
        b"".join
    )


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_comes(name: str) -> None:
    """Only errors that the caller expects, soon, and with little memory."""
    target = TARGETS[name]
    watch = Watch(target.read)

    @given(changed(target.seeds))
    @settings(max_examples=60, database=None)
    def read(data: bytes) -> None:
        watch(data)
        assert watch.violations == []

    read()


@pytest.mark.parametrize("name", TARGETS)
def test_what_regularly_comes(name: str) -> None:
    """The seeds are no noise: each of them takes another path, and none fails."""
    watch = Watch(TARGETS[name].read)
    for seed in TARGETS[name].seeds:
        watch(seed)
    assert watch.violations == []
