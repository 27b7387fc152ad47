//! `why`

use crate::cli::values;

/// `why`
#[derive(clap::Args)]
pub(crate) struct Why {
    /// An id, at least 8 characters of one, or a name
    #[arg(value_name = "ID", value_parser = values::text)]
    pub(crate) id: String,
}
