//! What the state DB consists of: domains, each with its tables, its parts of the migrations, and what becomes of its rows.
//!
//! A domain stands beside the code that reads and writes its tables; a [`Schema`] puts them together. A table that is in no
//! domain, and a domain without its table, fail a test.

/// Holds what one module keeps in the state DB.
pub(crate) struct Domain {
    /// The name by which people speak of it.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests that fail say it"))]
    pub(crate) name: &'static str,
    /// Its parts of migrations, in ascending order: the schema version that the migration leads to, and SQL. A part that was
    /// released is never edited; a change is a new one.
    pub(crate) migrations: &'static [(i64, &'static str)],
    /// Its tables.
    pub(crate) tables: &'static [Table],
}

/// Describes what becomes of a table's rows when something happens to the database, or to a thread.
pub(crate) struct Table {
    /// Its name in SQL.
    pub(crate) name: &'static str,
    /// What a rescue of a damaged database does with its rows.
    pub(crate) rescue: Rescue,
    /// The column that has the id of the thread that a row belongs to, and is deleted with; none where rows belong to no
    /// thread, or go with something else.
    pub(crate) thread_column: Option<&'static str>,
    /// Rows outlast a thread of another program whose own files are gone: they wait for it.
    pub(crate) waits_for_foreign_files: bool,
    /// SQL that erases what deleted rows leave in it; none where nothing stays.
    pub(crate) erase: Option<&'static str>,
}

/// Says what a rescue of a damaged database does with the rows of a table.
pub(crate) enum Rescue {
    /// They are copied: nothing else has them.
    Copied {
        /// Columns that are not: a new database gives them anew.
        without: &'static [&'static str],
        /// Which rows a user would miss.
        user_data: UserData,
    },
    /// They are read again from rollouts, from `session_index.jsonl` or from Codex's database.
    ReadAgain,
    /// They follow from rows of other tables.
    Derived,
}

/// Says which rows of a table hold what users said, or what is kept for them: no database is replaced by one that has
/// others.
#[derive(Clone, Copy)]
pub(crate) enum UserData {
    /// Every row.
    All,
    /// None.
    Nothing,
    /// Those whose column has this number.
    Where(&'static str, i64),
}

impl Table {
    /// Describes a table whose rows survive a rescue.
    pub(crate) const fn copied(name: &'static str, user_data: UserData) -> Table {
        Table {
            name,
            rescue: Rescue::Copied { without: &[], user_data },
            thread_column: None,
            waits_for_foreign_files: false,
            erase: None,
        }
    }

    /// Describes a table whose rows survive a rescue, without some columns.
    pub(crate) const fn copied_without(
        name: &'static str,
        without: &'static [&'static str],
        user_data: UserData,
    ) -> Table {
        Table {
            name,
            rescue: Rescue::Copied { without, user_data },
            thread_column: None,
            waits_for_foreign_files: false,
            erase: None,
        }
    }

    /// Describes a table whose rows a rescued database reads again.
    pub(crate) const fn read_again(name: &'static str) -> Table {
        Table { name, rescue: Rescue::ReadAgain, thread_column: None, waits_for_foreign_files: false, erase: None }
    }

    /// Describes a table whose rows a rescued database derives anew.
    pub(crate) const fn derived(name: &'static str) -> Table {
        Table { name, rescue: Rescue::Derived, thread_column: None, waits_for_foreign_files: false, erase: None }
    }

    /// Says that a row goes with the thread whose id is in this column.
    pub(crate) const fn of_thread(self, column: &'static str) -> Table {
        Table { thread_column: Some(column), ..self }
    }

    /// Says that its rows are the user's own also where the thread is another program's: they go where it is deleted, and not where
    /// that program's files of it go, which may come again.
    pub(crate) const fn waiting_for_foreign_files(self) -> Table {
        Table { waits_for_foreign_files: true, ..self }
    }

    /// Says by which SQL what deleted rows leave in it is erased.
    pub(crate) const fn erased_by(self, erase: &'static str) -> Table {
        Table { erase: Some(erase), ..self }
    }
}

/// Puts domains together to a schema.
pub(crate) struct Schema {
    groups: &'static [&'static [Domain]],
    version: i64,
}

impl Schema {
    /// Composes domains, group by group: a migration consists of its parts in this order, and rows of a thread are deleted
    /// in it.
    pub(crate) const fn of(groups: &'static [&'static [Domain]]) -> Schema {
        let mut version = 0;
        let mut group = 0;
        while group < groups.len() {
            let mut domain = 0;
            while domain < groups[group].len() {
                let migrations = groups[group][domain].migrations;
                if let Some((last, _)) = migrations.last()
                    && *last > version
                {
                    version = *last;
                }
                domain += 1;
            }
            group += 1;
        }
        Schema { groups, version }
    }

    /// Returns the version of a database with every migration, which SQLite keeps as `user_version`.
    pub(crate) fn version(&self) -> i64 {
        self.version
    }

    /// Returns the domains in their order.
    pub(crate) fn domains(&self) -> impl Iterator<Item = &'static Domain> {
        self.groups.iter().flat_map(|group| group.iter())
    }

    /// Returns the tables of all domains, in the order of the domains.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &'static Table> {
        self.domains().flat_map(|domain| domain.tables)
    }

    /// Returns the SQL that leads to a version from the one before it, part by part.
    pub(crate) fn migration(&self, version: i64) -> impl Iterator<Item = &'static str> {
        let parts = self.domains().flat_map(|domain| domain.migrations);
        parts.filter(move |(leads_to, _)| *leads_to == version).map(|(_, sql)| *sql)
    }
}
