import unittest

import testing
from importer import Entries
from plugin import Importer


class Tests(unittest.TestCase):
    def test_a_chat_is_a_session(self):
        testing.home(files={"a.chat": "> Hello\nHello yourself\n", "notes.txt": ""})
        self.assertEqual([session.id for session in Importer().sessions(["a.chat"])], ["a.chat"])
        kinds = [type(entry.what).__name__ for entry in Entries.open("a.chat", ["a.chat"]).next()]
        expected = ["TurnStarted", "UserMessage", "AgentMessage", "TurnEnded"]
        self.assertEqual(kinds, [f"Happening_{kind}" for kind in expected])
        self.assertIsNone(Importer().unit_of("notes.txt"))
