"""Reports when threads are begun: by weekday and hour, in Markdown."""

from collections import Counter
from datetime import datetime, timedelta, timezone

import wit_world
from threadkeep import facts, guarded, invalid
from wit_world.exports import about, report
from wit_world.imports import output, threads

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PARTS_OF_DAY = (("Night", 0), ("Morning", 6), ("Afternoon", 12), ("Evening", 18))
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@guarded
class About(wit_world.exports.About):
    def describe(self):
        return about.Manifest(
            name="activity-python",
            version="0.1.0",
            summary="Reports on which weekdays and at which times threads are begun.",
            kind=about.Kind.REPORT,
            wants=["facts"],
        )


@guarded
class Report(wit_world.exports.Report):
    def reports(self):
        return [report.Heading(name="activity-python", title="When threads are begun", extension="md")]

    def run(self, name, settings):
        offset = offset_of({setting.name: setting.value for setting in settings})
        begun = Counter(slot(fact.created_at, offset) for fact in facts(threads, threads.facts_of))
        output.text("# When threads are begun\n\n| |" + "".join(f" {name} |" for name, _ in PARTS_OF_DAY) + " All |\n")
        output.text("|---|" + "--:|" * (len(PARTS_OF_DAY) + 1) + "\n")
        for day, weekday in enumerate(WEEKDAYS):
            counts = [begun[day, part] for part in range(len(PARTS_OF_DAY))]
            output.text(f"| {weekday} |" + "".join(f" {count} |" for count in [*counts, sum(counts)]) + "\n")


def offset_of(settings):
    """Hours east of Greenwich, from the setting `hours-east`."""
    given = settings.get("hours-east", "0")
    try:
        hours = float(given)
    except ValueError:
        raise invalid(f"`hours-east` is no number: `{given}`") from None
    if not -14 <= hours <= 14:
        raise invalid(f"`hours-east` is between -14 and 14, and not `{given}`")
    return timedelta(hours=hours)


def slot(millis, offset):
    """The weekday and the part of the day of a time."""
    at = EPOCH + timedelta(milliseconds=millis) + offset
    return at.weekday(), at.hour // 6
