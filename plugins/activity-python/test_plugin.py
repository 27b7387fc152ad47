import unittest

import testing
from componentize_py_types import Err
from plugin import Report
from wit_world.imports.types import Error_Invalid, Setting

HOUR = 3_600_000


class Tests(unittest.TestCase):
    def report(self, *settings):
        # 1970 began on a Thursday.
        run = testing.home(threads=[testing.Thread("t1", "One"), testing.Thread("t2", "Two", created_at=23 * HOUR)])
        Report().run("activity-python", [Setting(*setting) for setting in settings])
        return run.output()

    def test_threads_are_counted_by_weekday_and_part_of_the_day(self):
        self.assertIn("| Thursday | 1 | 0 | 0 | 1 | 2 |\n", self.report())

    def test_the_day_is_that_of_the_user(self):
        written = self.report(("hours-east", "2"))
        self.assertIn("| Thursday | 1 | 0 | 0 | 0 | 1 |\n", written)
        self.assertIn("| Friday | 1 | 0 | 0 | 0 | 1 |\n", written)

    def test_a_setting_that_is_no_number_is_refused(self):
        with self.assertRaises(Err) as raised:
            self.report(("hours-east", "two"))
        self.assertEqual(raised.exception.value, Error_Invalid("`hours-east` is no number: `two`"))
