"""A recipe is named by everything in it: whoever changes one, makes something new."""

from dataclasses import fields, replace

import pytest

from pipeline.domain.clip_recipe import EXCERPT, RECIPES, RELEASED_BY_DEFAULT, STANDARD, ClipRecipe, recipe_names
from pipeline.errors import UsageError

DIGESTS = {
    "excerpt 2": "c7df8869f925388d",
    "standard 1": "54bd09fb21a5ab7b",
    "livestream-360p 1": "607db5aaff9ff029",
    "livestream-480p-drops 1": "e9f1394e06be9f39",
    "livestream-vertical-overlay 1": "c50bb8e9f9eb1741",
    "livestream-rerecorded 1": "a28a508c5dc09413",
    "livestream-second-generation 1": "0826c47e01f7b89b",
}
"""What is stored was made under these names. When a change is meant, raise the recipe's version and write it anew."""


def test_each_recipe_is_the_one_that_made_what_is_stored() -> None:
    assert {f"{recipe.name} {recipe.version}": recipe.digest.hex[:16] for recipe in RECIPES.values()} == DIGESTS


def test_names_and_digests_are_all_different() -> None:
    assert all(name == recipe.name for name, recipe in RECIPES.items())
    assert len({recipe.digest for recipe in RECIPES.values()}) == len(RECIPES)


def test_every_field_counts() -> None:
    other = {"name": "other", "gop_s": STANDARD.gop_s * 2, "seed": 1, "quantiser": 21, "is_simple": True, "version": 2}
    for name, value in other.items():
        assert replace(STANDARD, **{name: value}).digest != STANDARD.digest
    assert {field.name for field in fields(ClipRecipe)} > set(other)
    assert replace(EXCERPT, version=3).digest != EXCERPT.digest


def test_what_a_recipe_is_made_from_is_a_recipe() -> None:
    made_from = [recipe.made_from for recipe in RECIPES.values() if isinstance(recipe, ClipRecipe) and recipe.made_from]
    assert made_from == ["livestream-360p"]
    assert RECIPES["livestream-360p"].name in RECIPES
    assert set(RELEASED_BY_DEFAULT) <= set(RECIPES)


def test_names_are_read_between_commas() -> None:
    assert recipe_names("standard, livestream-360p") == ("standard", "livestream-360p")
    assert recipe_names("viewing") == ("viewing",)


@pytest.mark.parametrize("text", ["", "standard,,excerpt", "standrad", "standard,standard"])
def test_other_names_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        recipe_names(text)
