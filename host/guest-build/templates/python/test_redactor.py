import unittest

import testing
from plugin import Redactor


class Tests(unittest.TestCase):
    def test_user_names_are_taken_out(self):
        testing.home()
        [redacted] = Redactor().redact(["see /home/sam/a and /Users/eve, not /home/"])
        self.assertEqual((redacted.text, redacted.replaced), ("see /home/USER/a and /Users/USER, not /home/", 2))
