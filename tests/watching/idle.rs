//! What following a home costs while nothing happens in it.

use support::{Collection, HomeAndState, Rollout, skipped, uuid7};

use crate::search_limits::calls;

const BEGAN: i64 = 1_790_000_000_000;

#[test]
fn who_follows_a_home_in_which_nothing_happens_opens_no_rollout() {
    let place = HomeAndState::new();
    for number in 0..50 {
        let id = uuid7(BEGAN + number as i64, number);
        let rollout = Rollout::paginated(&id).user("Count the herons").agent("Nine");
        rollout.write(place.home.path(), Collection::Active);
    }
    let opened = |arguments: &[&str]| {
        let calls = calls(&place.program().command(arguments))?;
        Some(calls.into_iter().filter(|call| call.contains("rollout-")).count())
    };
    let Some(filling) = opened(&["init"]) else {
        return skipped("no strace, so nothing is shown of files that are read");
    };
    assert!(filling >= 50, "what is read to fill the state DB is not seen");
    assert_eq!(opened(&["watch", "--for", "3"]), Some(0));
}
