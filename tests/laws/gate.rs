//! The startup gate.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use support::{Asks, Both, KnownFile, Native, Setting};
use threadkeep_contract::{Owner, Phase, StartupError, StartupReport, SurveyReport};
use threadkeep_engine::calls;

use super::worlds::{World, any_world, places};
use super::{RUNTIME, answer};

laws! {
    a_gate_passed_leaves_nothing_to_do: gate_is_idempotent over any_gate(), 2000 and 40;
}

fn any_gate() -> impl Strategy<Value = World> {
    let known = prop::collection::vec((select(places()), prop::option::of(0..3_u64)), 0..8);
    let phase = prop_oneof![
        Just(Phase::Complete),
        Just(Phase::Pending),
        Just(Phase::Running(Owner { name: "process 7".into(), gone: true })),
    ];
    (any_world(), known, phase, prop::option::of(select(places()))).prop_map(|(mut world, known, phase, watermark)| {
        let known = known.into_iter().map(|(path, size)| KnownFile { path, size, modified_ns: None, inode: None });
        world.setting.backfill.known = known.collect();
        world.setting.backfill.phases = vec![phase];
        world.setting.backfill.watermark = watermark;
        world
    })
}

/// A state DB that was let through is complete: a survey finds nothing new, changed or gone, and a second run has nothing
/// to do.
fn gate_is_idempotent<C: Asks>(world: &World, core: impl Fn(&Setting) -> C) -> Result<(), TestCaseError> {
    let mut core = core(&world.setting);
    let told = core.ask(&calls::RunStartup { wait: 0, refresh: true }).unwrap();
    let first: Result<StartupReport, StartupError> = answer(told.answer);
    prop_assert_eq!(first.map(|outcome| outcome.scanned), Ok(world.files.len() as u64));
    let finished = told.writes.iter().any(|write| write["finish"] == true);
    prop_assert_eq!(finished, !matches!(world.setting.backfill.phases[..], [Phase::Complete]));
    let survey = core.ask(&calls::SurveyHome {}).unwrap();
    let survey: Result<SurveyReport, StartupError> = answer(survey.answer);
    let nothing = SurveyReport { files: world.files.len() as u64, new: 0, changed: 0, vanished: 0 };
    prop_assert_eq!(survey, Ok(nothing));
    let again = core.ask(&calls::RunStartup { wait: 0, refresh: true }).unwrap();
    prop_assert_eq!(again.writes, vec![json!({ "import-sources": true })]);
    Ok(())
}
