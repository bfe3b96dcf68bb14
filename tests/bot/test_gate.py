"""Until the end begins, a request is done and acknowledged; from then on neither."""

import threading

from bot.traffic import Gate


def test_the_end_waits_for_whoever_is_inside_and_lets_nobody_else_in():
    gate, ended = Gate(), threading.Event()
    assert gate.enter()
    ending = threading.Thread(target=lambda: (gate.shut(), ended.set()))
    ending.start()
    while gate.enter():
        gate.leave()

    assert not ended.is_set()
    gate.leave()
    ending.join(10)

    assert ended.is_set()
    assert not gate.enter()
