//! The JSON Schema of every document.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use super::*;
use crate::health::repair::Plan;

/// Lists the documents that commands print with `--json`: what is called, and the JSON Schema (draft 2020-12) of what it
/// prints.
///
/// A name is a command with its sub-command, and with a flag where that changes the document's form. `find several` is `find`
/// with more than one thread, and `export several` likewise; `export --to` is `export --out` too; `relocate --list` is `relocate --undo` too, and `search --commit` is what
/// `search --touched` prints of a line. `debug redact` prints a recording, which is no
/// document; `watch` prints one a line, for each event; `error` is why a command failed. Objects hold what their schema names and nothing else.
pub fn schemas() -> Vec<(&'static str, Schema)> {
    vec![
        ("init", schema::<Init>()),
        ("status", schema::<Status>()),
        ("doctor", schema::<Checkup>()),
        ("doctor --codes", schema::<FindingCodes>()),
        ("doctor --explain", schema::<FindingCode>()),
        ("why", schema::<Why>()),
        ("list", schema::<List>()),
        ("search", schema::<Matches>()),
        ("search --thread", schema::<Hits>()),
        ("search --touched", schema::<TouchedThreads>()),
        ("search --commit", schema::<WrittenLines>()),
        ("stats", schema::<Statistics>()),
        ("stats --live", schema::<RateLimits>()),
        ("stats storage", schema::<Storage>()),
        ("find", schema::<FoundThread>()),
        ("find several", schema::<FoundThreads>()),
        ("find --explain", schema::<ExplainedThread>()),
        ("read", schema::<Transcript>()),
        ("read --no-turns", schema::<Thread>()),
        ("turns", schema::<Turns>()),
        ("watch", schema::<Event>()),
        ("export", schema::<ExportedThread>()),
        ("export several", schema::<ExportedThreads>()),
        ("export --to", schema::<ExportReport>()),
        ("name", schema::<Thread>()),
        ("tag", schema::<MarkedThreads>()),
        ("pin", schema::<MarkedThreads>()),
        ("unpin", schema::<MarkedThreads>()),
        ("note", schema::<ThreadNotes>()),
        ("metadata", schema::<Thread>()),
        ("archive", schema::<MovedThreads>()),
        ("unarchive", schema::<MovedThreads>()),
        ("delete", schema::<DeletedThreads>()),
        ("exec", schema::<Execution>()),
        ("resume --print", schema::<Resumption>()),
        ("relocate", schema::<RelocatedDirectory>()),
        ("relocate --list", schema::<DirectoryMoves>()),
        ("export --bundle", schema::<Bundle>()),
        ("import", schema::<Import>()),
        ("import --format", schema::<ImportedSessions>()),
        ("import --undo", schema::<UndoneImport>()),
        ("search --remote", schema::<RemoteMatches>()),
        ("prune", schema::<Prune>()),
        ("prune --undo", schema::<UndonePrune>()),
        ("push", schema::<Push>()),
        ("compress", schema::<Compression>()),
        ("salvage", schema::<Salvage>()),
        ("repair plan", schema::<Plan>()),
        ("repair apply", schema::<RepairOutcome>()),
        ("repair undo", schema::<RepairOutcome>()),
        ("repair log", schema::<RepairLog>()),
        ("backup create", schema::<Backup>()),
        ("backup list", schema::<Backups>()),
        ("backup verify", schema::<VerifiedBackups>()),
        ("backup restore", schema::<RestoredBackup>()),
        ("goal get", schema::<ThreadGoal>()),
        ("goal set", schema::<ThreadGoal>()),
        ("goal clear", schema::<ClearedGoal>()),
        ("goal pause", schema::<ThreadGoal>()),
        ("goal resume", schema::<ThreadGoal>()),
        ("goal block", schema::<ThreadGoal>()),
        ("goal usage-limit", schema::<ThreadGoal>()),
        ("goal complete", schema::<ThreadGoal>()),
        ("goal account", schema::<ThreadGoal>()),
        ("memory mode", schema::<MemoryMode>()),
        ("memory candidates", schema::<MemoryCandidates>()),
        ("memory claim", schema::<MemoryClaims>()),
        ("memory renew", schema::<RenewedClaim>()),
        ("memory finish", schema::<FinishedClaim>()),
        ("memory fail", schema::<FailedClaim>()),
        ("plugin inspect", schema::<InspectedPlugin>()),
        ("plugin install", schema::<Plugin>()),
        ("plugin update", schema::<Plugin>()),
        ("plugin list", schema::<Plugins>()),
        ("plugin grant", schema::<Plugin>()),
        ("plugin revoke", schema::<Plugin>()),
        ("plugin remove", schema::<RemovedPlugin>()),
        ("plugin new", schema::<NewPlugin>()),
        ("plugin build", schema::<BuiltPlugin>()),
        ("plugin run", schema::<PluginRun>()),
        ("device-key put", schema::<DeviceKey>()),
        ("device-key get", schema::<DeviceKey>()),
        ("device-key delete", schema::<DeletedDeviceKey>()),
        ("device-key list", schema::<DeviceKeys>()),
        ("clean shell-snapshots", schema::<ShellSnapshots>()),
        ("migrate personality", schema::<PersonalityMigration>()),
        ("config list", schema::<Settings>()),
        ("config get", schema::<Setting>()),
        ("config set", schema::<Setting>()),
        ("config path", schema::<SettingsPath>()),
        ("debug prompt-input", schema::<PromptInput>()),
        ("debug replay", schema::<Replay>()),
        ("error", schema::<Error>()),
    ]
}

/// The schema of what is written, not of what could be read: a field that is always there is required.
fn schema<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}
