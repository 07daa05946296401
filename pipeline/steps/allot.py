"""Decide who labels which clip."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

import structlog

from pipeline.domain.allotment import Allotment, Policy, allot
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.ids import ClipId
from pipeline.domain.labels import Taxonomy
from pipeline.records import Database, annotations, custody, people, to_label
from pipeline.records.desks import desk_states
from pipeline.records.to_label import Hints

log = structlog.get_logger()


def allot_clips(
    *,
    taxonomy: Taxonomy,
    policy: Policy,
    limit_s: float,
    db: Database,
    clock: Callable[[], datetime],
    hints: Hints,
    with_damaged: bool = False,
) -> list[Allotment]:
    """Give clips to annotators, as many as each can do in what is left of the day.

    Clips come in order of priority; those that are on the shared desk stay there. Safe to repeat, and from several
    machines at once: what was given out is known, and only what is missing is given.

    Args:
        taxonomy: the words under which clips are labelled.
        policy: how clips are shared out.
        limit_s: how long somebody may be exposed in a day.
        db: where it is recorded.
        clock: what time it is.
        hints: what is suggested about recordings: it brings clips forward.
        with_damaged: give out clips of which something is damaged, too.

    Returns:
        What is new.

    Raises:
        DatabaseUnavailableError: Postgres did not answer; nothing was recorded.
    """
    with db.exclusive(f"allot:{taxonomy.digest}"), db.begin() as session:
        at = clock()
        states = desk_states(session, taxonomy.digest, limit_s=limit_s, now=at)
        counted: dict[ClipId, set[str]] = defaultdict(set)
        for state in states:
            for clip_id in state.counts_for:
                counted[clip_id].add(state.person.annotator)
        decided = annotations.adjudicated(session, taxonomy.digest)
        gold = people.gold_clips(session, taxonomy.digest)
        waiting = to_label.in_order_of_priority(session, taxonomy, hints, with_damaged=with_damaged)
        given = allot(
            [placed.clip_id for placed in waiting if placed.clip_id not in decided],
            [state.taker for state in states if state.person.is_active],
            counted={clip_id: frozenset(who) for clip_id, who in counted.items()},
            gold=gold,
            policy=policy,
        )
        people.add_allotments(session, taxonomy.digest, given, at=at)
        for allotment in given:
            custody.append(session, _was_allotted(allotment, taxonomy, at))
    if given:
        log.info("clips_allotted", allotments=len(given), people=len({one.annotator for one in given}))
    return list(given)


def _was_allotted(allotment: Allotment, taxonomy: Taxonomy, at: datetime) -> CustodyEvent:
    # Not whether it is a gold clip: whoever reads the events of a clip may sit beside the annotator.
    details = {"taxonomy": taxonomy.digest.hex, "annotator": allotment.annotator}
    return CustodyEvent("allotted", "clip", str(allotment.clip_id), at, details)
