"""The entries of a session. The contract has a class for them, which is looked for here: in the module of its interface's name."""

from threadkeep import pages
from wit_world.exports import importer
from wit_world.imports import source


class Entries(importer.Entries):
    """Those that are still to come."""

    def __init__(self, session):
        self.entries = entries_of(session)

    @classmethod
    def open(cls, session, files):
        return cls(session)

    def next(self):
        page, self.entries = self.entries[:1000], self.entries[1000:]
        return page


def entries_of(session):
    happenings = []
    end = importer.Happening_TurnEnded(importer.Outcome.COMPLETED)
    with source.Reader.open(session, 0) as reader:
        for line in pages(lambda: reader.lines(1 << 18)):
            if line.startswith("> "):
                happenings += [end] if happenings else []
                happenings.append(importer.Happening_TurnStarted())
                happenings.append(importer.Happening_UserMessage(importer.UserMessage(text=line[2:], images=[])))
            else:
                happenings.append(importer.Happening_AgentMessage(line))
    happenings += [end] if happenings else []
    return [importer.Entry(at=None, key=None, what=what) for what in happenings]
