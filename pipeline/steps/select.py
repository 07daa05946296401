"""Choose the clips of a release: which may enter, and why the others may not."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from pipeline.domain import keys
from pipeline.domain import release as rules
from pipeline.domain.clip_recipe import RELEASED_BY_DEFAULT, recipe_digest
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.ids import ClipId, ReleaseId, derive
from pipeline.domain.labels import Taxonomy
from pipeline.domain.version import Version
from pipeline.errors import NotPermittedError, SealedReleaseError
from pipeline.records import Database, annotations, clips, custody, releases
from pipeline.records.annotations import Answer
from pipeline.records.candidates import candidates

log = structlog.get_logger()


def select_clips(
    name: str,
    version: str,
    *,
    annotators_min: int,
    recipes: Sequence[str] = RELEASED_BY_DEFAULT,
    taxonomy: Taxonomy,
    db: Database,
    clock: Callable[[], datetime],
) -> ReleaseId:
    """Draft a release: fix its members, the answers that are newest now, and what is to be made of each clip.

    Safe to repeat: a release of this name and version that exists is given back as it is.

    Raises:
        UsageError: the name or version cannot be one, or there is no such recipe.
        SealedReleaseError: it was drafted before, under other terms.
        NotPermittedError: no clip may enter; nothing was recorded.
    """
    asked = tuple(releases.AskedRecipe(name, recipe_digest(name)) for name in recipes)
    named, numbered = keys.release_name(name), Version.parse(version)
    release_id = ReleaseId(derive("release", named, numbered))
    with db.begin() as session:
        existing = releases.find_draft(session, named, str(numbered))
        if existing is not None:
            _check_same(existing, annotators_min=annotators_min, recipes=asked, taxonomy=taxonomy)
            return release_id
        answers: dict[ClipId, list[Answer]] = defaultdict(list)
        for answer in annotations.current_answers(session, taxonomy.digest):
            answers[answer.clip_id].append(answer)
        decided = annotations.adjudicated(session, taxonomy.digest)
        for clip_id, answer in decided.items():
            answers[clip_id].append(answer)
        everything = candidates(session, taxonomy)
        selection = rules.select_clips(everything, annotators_min=annotators_min)
        if not selection.chosen:
            first = selection.refusals[0].explanation if selection.refusals else "there are no clips"
            raise NotPermittedError(
                f"release {named} {numbered} would be empty: "
                f"none of {len(everything)} clips may enter. The first: {first}"
            )
        reasons: dict[ClipId, list[str]] = defaultdict(list)
        for refusal in selection.refusals:
            reasons[refusal.clip_id].append(f"{refusal.reason}: {refusal.explanation}")
        drafted_at = clock()
        draft = releases.Draft(release_id, named, str(numbered), taxonomy.digest, annotators_min, drafted_at, asked)
        members = [
            releases.Member(
                clip_id,
                clips.rendition_of_clip(session, clip_id).rendition_id,
                tuple(answer.annotation_id for answer in answers[clip_id]),
            )
            for clip_id in selection.chosen
        ]
        if releases.add_draft(session, draft, members, [(clip_id, "; ".join(r)) for clip_id, r in reasons.items()]):
            custody.append(
                session,
                CustodyEvent(
                    "drafted",
                    "release",
                    str(release_id),
                    drafted_at,
                    {
                        "clips": str(len(members)),
                        "refused": str(len(reasons)),
                        "taxonomy": taxonomy.digest.hex,
                        "recipes": ",".join(recipes),
                    },
                ),
            )
    log.info("release_drafted", release_id=str(release_id), clips=len(members), refused=len(reasons))
    return release_id


def _check_same(
    draft: releases.Draft, *, annotators_min: int, recipes: Sequence[releases.AskedRecipe], taxonomy: Taxonomy
) -> None:
    names, asked = ([recipe.name for recipe in of] for of in (draft.recipes, recipes))
    if names != asked:
        raise SealedReleaseError(
            f"release {draft.name} {draft.version} was drafted with the recipes {', '.join(names)}, found "
            f"{', '.join(asked)}: choose another version"
        )
    if changed := [one.name for one, other in zip(draft.recipes, recipes, strict=True) if one != other]:
        raise SealedReleaseError(
            f"release {draft.name} {draft.version} was drafted before {', '.join(changed)} became another recipe: "
            "choose another version"
        )
    if (draft.annotators_min, draft.taxonomy_digest) != (annotators_min, taxonomy.digest):
        raise SealedReleaseError(
            f"release {draft.name} {draft.version} was drafted with at least {draft.annotators_min} annotators and "
            f"taxonomy {draft.taxonomy_digest}, found {annotators_min} and {taxonomy.digest}: choose another version"
        )
