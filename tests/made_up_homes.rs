//! The program on homes that nobody thought of.

use proptest::prelude::*;
use support::{Program, any_home, differences, list_everything, listing, read_home};

proptest! {
    // Each case runs the program several times.
    #![proptest_config(ProptestConfig {
        cases: 24, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn the_program_reads_any_home_as_a_plain_reader_does(home in any_home()) {
        let (place, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        home.write(place.path());
        let before = listing(place.path());
        let reading = read_home(place.path());
        for program in [Program::on(place.path(), state.path()), Program::stateless(place.path())] {
            let differences = differences(&list_everything(&program), &reading, place.path());
            prop_assert!(differences.is_empty(), "{}", differences.join("\n"));
            prop_assert_eq!(program.json(["status"])["problems"].clone(), serde_json::json!([]));
        }
        prop_assert_eq!(listing(place.path()), before);
    }
}
