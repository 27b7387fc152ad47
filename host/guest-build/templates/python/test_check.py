import unittest

import testing
from plugin import Check


class Tests(unittest.TestCase):
    def test_a_thread_without_a_name_is_found(self):
        testing.home(threads=[testing.Thread("t1", "Mend the tests"), testing.Thread("t2", "Another", name="Named")])
        findings = Check().examine(["t1", "t2"])
        self.assertEqual([finding.proposal.value for finding in findings], ["Mend the tests"])
