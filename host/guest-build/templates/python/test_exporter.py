import unittest

import testing
from plugin import Exporter


class Tests(unittest.TestCase):
    def test_what_was_said_is_written(self):
        thread = testing.Thread("t1", "Greeting").say("user", "Hello").command("ls", "", 0).say("agent", "Hello yourself")
        run = testing.home(threads=[thread])
        Exporter().export("{{name}}", [])
        self.assertEqual(run.output(), "# Greeting\n\n> Hello\n\nHello yourself\n")
