import errno
from pathlib import Path

import pytest

from avqa_lit.errors import WriteError


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (
            errno.ENOSPC,
            r"a/b: cannot be written (full). Make room there, or go; what was written before is whole",
        ),
        (errno.EROFS, r"a/b: cannot be written (full). The disk is read-only; go"),
        (errno.EOPNOTSUPP, r"The file system has no locks"),
    ],
)
def test_the_advice_fits_what_the_system_says(number, told):
    assert told in str(WriteError(Path("a/b"), OSError(number, "full"), remedy="go"))


def test_the_owner_of_a_folder_that_keeps_others_out_is_named(tmp_path):
    (tmp_path / "store").mkdir(mode=0o700)
    error = WriteError(
        tmp_path / "store" / "deep" / "file", PermissionError(errno.EACCES, "Permission denied")
    )
    owner = (tmp_path / "store").owner()
    assert f"{tmp_path / 'store'} belongs to {owner} (mode 700); ask for access, or choose folders" in str(
        error
    )
