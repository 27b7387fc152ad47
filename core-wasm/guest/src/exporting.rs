//! Exports of the world `reader`: threads as they leave a home.

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use contract::exports::exporting;
use contract::{
    ExportFile, ExportFormat, ExportOptions, ExportPiece, Found, Gap, IndexEntry, LookupError, Person, RedactionCount,
    Subject,
};
use threadkeep_core::export;

use crate::reading::World;
use crate::runtime::{Component, export};

export! {
    exporting __export_threadkeep_core_exporting_0_5_0_cabi,
}

impl exporting::Guest for Component {
    type Exporter = Exporter;

    fn export_name(
        created_at: i64,
        title: String,
        id: String,
        redact_secrets: bool,
        anonymize: Option<Person>,
    ) -> String {
        export::export_name(created_at, &title, &id, redact_secrets, anonymize)
    }

    fn index_page(format: ExportFormat, entries: Vec<IndexEntry>) -> String {
        export::index_page(format, &entries)
    }

    fn collection_frame(format: ExportFormat) -> (String, String) {
        export::collection_frame(format)
    }
}

/// Holds an `exporting.exporter`.
pub(crate) struct Exporter(RefCell<export::Exporter<World>>);

impl exporting::GuestExporter for Exporter {
    fn open(of: Subject, options: ExportOptions) -> Result<exporting::Exporter, LookupError> {
        let exporter = export::Exporter::open(&World, &of, options)?;
        Ok(exporting::Exporter::new(Exporter(RefCell::new(exporter))))
    }

    fn found(&self) -> Found {
        self.0.borrow().found().clone()
    }

    fn gaps(&self) -> Vec<Gap> {
        self.0.borrow().gaps().to_vec()
    }

    fn files(&self) -> Vec<ExportFile> {
        self.0.borrow().files().to_vec()
    }

    fn next(&self) -> Result<Vec<ExportPiece>, LookupError> {
        self.0.borrow_mut().next(&World)
    }

    fn redact_text(&self, text: String) -> String {
        self.0.borrow_mut().redact_text(&text)
    }

    fn redact_json(&self, json: String) -> String {
        self.0.borrow_mut().redact_json(&json)
    }

    fn left_out(&self) -> u64 {
        self.0.borrow().left_out()
    }

    fn report(&self) -> Vec<RedactionCount> {
        self.0.borrow().report()
    }
}
