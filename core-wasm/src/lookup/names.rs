//! What the names of files say, remembered for the length of one question: many threads cost one walk.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::StateError;

use crate::lookup::world::World;
use crate::ports::FileResult;
use crate::rows::freshness::is_fresh;

/// So many threads are looked for one by one.
const FEW: u32 = 4;
/// How long an id is.
const ID: usize = 36;

/// Remembers what was asked of names.
#[derive(Default)]
pub struct FileNames {
    asked: u32,
    fresh: Option<bool>,
    by_id: Option<BTreeMap<String, Vec<String>>>,
}

impl FileNames {
    /// Says whether the rows know every file there is, as it was when that was asked first.
    pub fn all_known<W: World>(&mut self, world: &W) -> Result<bool, StateError> {
        match self.fresh {
            Some(fresh) => Ok(fresh),
            None => Ok(*self.fresh.insert(is_fresh(world)?)),
        }
    }

    /// Returns the files whose name has this id in it, in path order.
    pub fn with_id<W: World>(&mut self, world: &W, id: &str) -> FileResult<Vec<String>> {
        self.asked += 1;
        if self.asked <= FEW || id.len() != ID {
            return world.files_named(id);
        }
        if self.by_id.is_none() {
            let mut by_id: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for path in world.files_named("")? {
                let name = path.rsplit('/').next().unwrap_or(&path);
                let mut ids: Vec<&str> = name.as_bytes().windows(ID).filter_map(id_in).collect();
                ids.dedup();
                for id in ids {
                    by_id.entry(id.to_string()).or_default().push(path.clone());
                }
            }
            self.by_id = Some(by_id);
        }
        Ok(self.by_id.as_ref().and_then(|by_id| by_id.get(id)).cloned().unwrap_or_default())
    }
}

fn id_in(window: &[u8]) -> Option<&str> {
    let dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let is_id = window.iter().enumerate().all(|(at, &byte)| match dash(at) {
        true => byte == b'-',
        false => byte.is_ascii_hexdigit(),
    });
    core::str::from_utf8(window).ok().filter(|_| is_id)
}
