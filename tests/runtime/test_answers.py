from sensorium.runtime.answers import presence_masks


def test_without_an_explanation_the_model_sees_what_is_given() -> None:
    assert presence_masks([True, False, True], explained=False).tolist() == [[True, False, True]]


def test_an_explanation_needs_every_subset_of_what_is_given_the_last_with_all() -> None:
    assert presence_masks([True, False, True], explained=True).astype(int).tolist() == [
        [0, 0, 0],
        [1, 0, 0],
        [0, 0, 1],
        [1, 0, 1],
    ]
