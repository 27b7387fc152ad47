import unittest

import testing
from plugin import Report


class Tests(unittest.TestCase):
    def test_threads_are_counted(self):
        run = testing.home(threads=[testing.Thread(thread, "A thread", cwd="/src") for thread in ("t1", "t2")])
        Report().run("{{name}}", [])
        self.assertEqual(run.output(), "directory,threads\n/src,2\n")
