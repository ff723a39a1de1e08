"""The settings of every kind of carrier."""

import pytest
from pydantic import ValidationError

from app.wiring import KINDS

SECRET = "a-password-in-the-wrong-place"


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_wrong_with_settings_never_repeats_a_value(kind: str) -> None:
    with pytest.raises(ValidationError) as refused:
        KINDS[kind].settings.model_validate({"no_such_setting": SECRET})
    assert SECRET not in str(refused.value)
