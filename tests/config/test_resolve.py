def test_a_budget_gives_epochs_where_neither_epochs_nor_steps_are_given(compose):
    assert compose("budget=quick")["trainer"]["max_epochs"] == 16
    assert compose("budget=quick", "trainer.max_epochs=3")["trainer"]["max_epochs"] == 3


def test_a_number_of_steps_alone_ends_a_training(compose):
    assert compose("+trainer.max_steps=47")["trainer"]["max_epochs"] is None
    assert compose("+trainer.max_steps=-1")["trainer"]["max_epochs"] == 16
    both = compose("+trainer.max_steps=47", "trainer.max_epochs=3")["trainer"]
    assert (both["max_epochs"], both["max_steps"]) == (3, 47)
