//! What holds in every world: homes and rows that nobody thought of, in which rows lie in every way and files are moved,
//! swapped, copied, compressed, damaged and gone. The native core is put through many of them, the component, which must
//! agree call for call, through some.

use std::sync::LazyLock;

use serde::de::DeserializeOwned;
use serde_json::Value;
use threadkeep_contract::ThreadRow;
use threadkeep_engine::Runtime;

/// Laws, each over the cases of a strategy: so many natively, so many as a component too.
macro_rules! laws {
    ($($name:ident: $law:ident over $cases:expr, $many:literal and $few:literal;)*) => {$(
        mod $name {
            use super::*;
            proptest! {
                #![proptest_config(ProptestConfig { cases: $many, failure_persistence: None, ..ProptestConfig::default() })]
                #[test]
                fn natively(case in $cases) {
                    $law(&case, |setting| Native::of(setting).unwrap())?;
                }
            }
            proptest! {
                #![proptest_config(ProptestConfig { cases: $few, failure_persistence: None, ..ProptestConfig::default() })]
                #[test]
                fn as_a_component(case in $cases) {
                    $law(&case, |setting| Both::of(&RUNTIME, setting).unwrap())?;
                }
            }
        }
    )*};
}

mod finding;
mod gate;
mod lists;
mod rows;
mod transcripts;
mod worlds;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::load().unwrap());

fn answer<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn as_map(row: &ThreadRow) -> serde_json::Map<String, Value> {
    answer(serde_json::to_value(row).unwrap())
}
