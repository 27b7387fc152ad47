//! The facade, sections: how users sorted threads in Codex.

use super::{Result, Threadkeep};
use crate::db::{Section, SectionPlace, codex_sections};

impl Threadkeep {
    /// Gives the sections into which users put threads in Codex, in their order; none where Codex's database has none.
    pub fn sections(&self) -> Result<Vec<Section>> {
        Ok(codex_sections(self.home())?)
    }

    /// Gives where threads stand in sections, of all threads or of some; nothing without a handle.
    pub fn section_places(&self, of: Option<&[String]>) -> Result<Vec<SectionPlace>> {
        match self.state() {
            Some(state) => Ok(state.database().section_places(of)?),
            None => Ok(Vec::new()),
        }
    }
}
