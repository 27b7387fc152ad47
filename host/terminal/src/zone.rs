//! The zone in which times are shown to people.

use std::sync::OnceLock;

use jiff::tz::TimeZone;

/// What was decided for this run; the system is asked when the first time is shown.
static SHOWN: OnceLock<TimeZone> = OnceLock::new();

/// Shows times in UTC from now on, if none was shown yet.
pub fn use_utc() {
    let _ = SHOWN.set(TimeZone::UTC);
}

/// Gives the zone in which times are shown.
pub fn shown_zone() -> &'static TimeZone {
    SHOWN.get_or_init(|| linked_zone().unwrap_or_else(TimeZone::system))
}

/// Gives the zone of the system where its file is linked by its name, and no variable says another: most have it so. It is what
/// [`TimeZone::system`] gives, which lists the names of all zones that there are first.
fn linked_zone() -> Option<TimeZone> {
    const FILE: &str = "/etc/localtime";
    if ["TZ", "TZDIR"].iter().any(|name| std::env::var_os(name).is_some()) {
        return None;
    }
    let link = std::fs::read_link(FILE).ok()?;
    let (_, name) = link.to_str()?.rsplit_once("zoneinfo/")?;
    TimeZone::tzif(name, &std::fs::read(FILE).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, ToSpan as _};

    use super::*;

    #[test]
    fn a_linked_zone_is_the_zone_of_the_system() {
        let Some(linked) = linked_zone() else { return };
        let system = TimeZone::system();
        for hours in 0..400_000 {
            let Ok(time) = Timestamp::UNIX_EPOCH.checked_add((hours * 2).hours()) else { return };
            let [linked, system] = [&linked, &system].map(|zone| {
                let info = zone.to_offset_info(time);
                (info.offset(), info.dst(), info.abbreviation().to_string())
            });
            assert_eq!(linked, system, "{time}");
        }
    }
}
