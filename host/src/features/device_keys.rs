//! Device keys: which account user and which client a key belongs to. Kept in the state DB and nowhere else, so every call
//! takes the handle, or says that there is none.

use rusqlite::{OptionalExtension, Row, params};

use crate::db::{Database, Domain, FeatureError, FeatureResult, StateDb, Table, UserData};
use threadkeep_engine::calls::CheckDeviceKey;
use threadkeep_engine::contract::Rejection;

/// Holds the bindings of device keys, which belong to no thread.
pub(super) const DOMAIN: Domain = Domain {
    name: "device keys",
    migrations: &[(
        6,
        "
    CREATE TABLE device_keys (
        key_id TEXT PRIMARY KEY,
        account_user_id TEXT NOT NULL,
        client_id TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL
    ) WITHOUT ROWID;
",
    )],
    tables: &[Table::copied("device_keys", UserData::All)],
};

/// Holds which account user and which client a key belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The key's id: 1 to 512 characters without control characters, as the other ids.
    pub key_id: String,
    /// The account's user.
    pub account_user_id: String,
    /// The client.
    pub client_id: String,
    /// When it was bound first, milliseconds.
    pub created_at: i64,
    /// When it was bound last, milliseconds.
    pub updated_at: i64,
}

const COLUMNS: &str = "key_id, account_user_id, client_id, created_at, updated_at";

fn database(state: Option<&StateDb>) -> FeatureResult<&Database> {
    state.map(StateDb::database).ok_or(FeatureError::NeedsState("device keys"))
}

/// Binds a key, anew if it was bound before. `now` in milliseconds.
pub fn put(state: Option<&StateDb>, key: &str, account: &str, client: &str, now: i64) -> FeatureResult<Binding> {
    let database = database(state)?;
    let checked =
        database.rules().call(&CheckDeviceKey { key: key.into(), account: account.into(), client: client.into() })?;
    if let Err(rejection) = checked {
        return Err(FeatureError::Invalid(match rejection {
            Rejection::Invalid(why) => why,
            other => format!("{other:?}"),
        }));
    }
    let (key, account, client) = (key.to_string(), account.to_string(), client.to_string());
    Ok(database.transaction(move |transaction| {
        let sql = format!(
            "INSERT INTO device_keys ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?4)
             ON CONFLICT (key_id) DO UPDATE SET account_user_id = excluded.account_user_id,
             client_id = excluded.client_id, updated_at = excluded.updated_at RETURNING {COLUMNS}"
        );
        Ok(transaction.query_row(&sql, params![key, account, client, now], binding)?)
    })?)
}

/// Returns the binding of a key; none where it is not bound.
pub fn get(state: Option<&StateDb>, key: &str) -> FeatureResult<Option<Binding>> {
    let key = key.to_string();
    Ok(database(state)?.with(move |connection| {
        let sql = format!("SELECT {COLUMNS} FROM device_keys WHERE key_id = ?1");
        Ok(connection.query_row(&sql, [key], binding).optional()?)
    })?)
}

/// Removes a key; false where it was not bound.
pub fn delete(state: Option<&StateDb>, key: &str) -> FeatureResult<bool> {
    let key = key.to_string();
    Ok(database(state)?.transaction(move |transaction| {
        Ok(transaction.execute("DELETE FROM device_keys WHERE key_id = ?1", [key])? > 0)
    })?)
}

/// Lists every binding, by key.
pub fn list(state: Option<&StateDb>) -> FeatureResult<Vec<Binding>> {
    Ok(database(state)?.with(|connection| {
        let mut select = connection.prepare(&format!("SELECT {COLUMNS} FROM device_keys ORDER BY key_id"))?;
        let bindings = select.query_map([], binding)?;
        Ok(bindings.collect::<Result<_, _>>()?)
    })?)
}

fn binding(row: &Row<'_>) -> rusqlite::Result<Binding> {
    Ok(Binding {
        key_id: row.get(0)?,
        account_user_id: row.get(1)?,
        client_id: row.get(2)?,
        created_at: row.get(3)?,
        updated_at: row.get(4)?,
    })
}
