"""What is looked for on a page is found in one pass, whatever the page repeats."""

from time import process_time

import pytest

from app.documents.match.numbers import *  # noqa: F403
