import unittest

import testing
from plugin import DAY, Column


class Tests(unittest.TestCase):
    def test_each_thread_has_a_cell(self):
        testing.home(threads=[testing.Thread("t1", "A thread", created_at=DAY)], now=3 * DAY)
        cells = Column().cells("{{name}}", ["t1", "unknown"])
        self.assertEqual([(cell.text, cell.score) for cell in cells], [("2", 2.0), ("", None)])
