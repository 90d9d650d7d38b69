from avqa_lit.config.evaluation_folder import new_evaluation


def test_evaluations_of_one_second_have_folders_of_their_own(tmp_path):
    config = {"paths": {"runs": str(tmp_path)}}
    folders = [new_evaluation(config, "abc").path for _ in range(3)]
    assert len(set(folders)) == 3
    assert all(folder.is_dir() and folder.name.endswith("_abc") for folder in folders)
    assert {folder.parent for folder in folders} == {tmp_path / "evaluate"}
