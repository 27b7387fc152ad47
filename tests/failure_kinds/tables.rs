//! What every command is to come to in every trouble.
//!
//! `ok`: it answers. `warned`: it answers, and says what is wrong. `mend`: it answers, and something is left to mend.
//! `part`: it does what it can, and fails. Every other word is the kind of the error with which it fails; with a `+` behind it,
//! it has said before what is wrong.

use super::ground::Trouble;

/// Rows of command lines, with a cell for each trouble.
pub(super) struct Table {
    /// What the columns are about.
    pub(super) troubles: &'static [Trouble],
    text: &'static str,
}

impl Table {
    /// The command lines with their cells.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
        let lines = self.text.lines().filter(|line| !line.is_empty());
        lines.map(|line| {
            let (command, cells) = line.split_once('|').unwrap();
            let cells: Vec<_> = cells.split_whitespace().collect();
            assert_eq!(cells.len(), self.troubles.len(), "{line}");
            (command.trim(), cells)
        })
    }
}

/// Troubles of the state DB.
pub(super) const STATE: Table = Table {
    troubles: &[
        Trouble::StateWritten,
        Trouble::StateLocked,
        Trouble::StateHeader,
        Trouble::StatePages,
        Trouble::StateGone,
        Trouble::StateNotMade,
        Trouble::StateDenied,
        Trouble::StateReadOnly,
    ],
    text: "
init                                          | busy     busy     warned   warned   ok       denied   denied   denied
init --rebuild                                | busy     busy     warned   warned   ok       denied   denied   denied
status                                        | ok       ok       ok       ok       ok       ok       warned   ok
doctor                                        | ok       ok       mend     mend     ok       ok       warned   ok
doctor --quick                                | ok       ok       mend     mend     ok       ok       warned   ok
doctor --thread VICTIM                        | ok       ok       warned   warned   ok       ok       warned   ok
list                                          | warned   warned   warned   warned   ok       warned   warned   warned
list --no-refresh                             | ok       warned   warned   warned   ok       warned   warned   warned
list --missing                                | busy     busy     warned   warned   ok       denied   denied   denied
list --no-state                               | ok       ok       ok       ok       ok       ok       ok       ok
find VICTIM                                   | warned   warned   warned   warned   ok       warned   warned   warned
find VICTIM --no-refresh                      | ok       warned   warned   warned   ok       warned   warned   warned
find VICTIM --no-state                        | ok       ok       ok       ok       ok       ok       ok       ok
find --explain VICTIM                         | warned   warned   warned   warned   ok       warned   warned   warned
find VICTIM ARCHIVED                          | warned   warned   warned   warned   ok       warned   warned   warned
read VICTIM                                   | warned   warned   warned   warned   ok       warned   warned   warned
read VICTIM --no-turns                        | warned   warned   warned   warned   ok       warned   warned   warned
turns VICTIM                                  | warned   warned   warned   warned   ok       warned   warned   warned
turns --path ROLLOUT                          | warned   warned   warned   warned   ok       warned   warned   warned
name VICTIM found                             | busy     busy     warned   warned   ok       denied   denied   denied
name --clear VICTIM                           | busy     busy     warned   warned   ok       denied   denied   denied
archive VICTIM                                | busy     busy     warned   warned   ok       denied   denied   denied
archive VICTIM --no-state                     | ok       ok       ok       ok       ok       ok       ok       ok
unarchive ARCHIVED                            | busy     busy     warned   warned   ok       denied   denied   denied
delete VICTIM --yes                           | busy     busy     warned   warned   ok       denied   denied   denied
delete VICTIM --dry-run                       | busy     busy     warned   warned   ok       denied   denied   denied
metadata VICTIM --git-branch main             | busy     busy     warned   warned   ok       denied   denied   denied
relocate /src/app /src/here --yes             | busy     busy     warned   warned   ok       denied   denied   denied
relocate /src/app /src/here --dry-run         | busy     busy     warned   warned   ok       denied   denied   denied
relocate --list                               | busy     busy     warned   warned   ok       denied   denied   denied
relocate --undo /src/old --yes                | busy     busy     notFound+ notFound+ notFound denied   denied   denied
compress --older-than 0s                      | ok       ok       ok       ok       ok       ok       ok       ok
compress --dry-run                            | ok       ok       ok       ok       ok       ok       ok       ok
why VICTIM                                    | ok       ok       warned   warned   ok       ok       warned   ok
salvage ROLLOUT                               | warned   warned   warned   warned   ok       warned   warned   warned
backup create                                 | ok       ok       warned   ok       ok       denied   denied   ok
backup list                                   | ok       ok       ok       ok       ok       ok       ok       ok
backup verify                                 | ok       ok       ok       ok       ok       ok       ok       ok
backup restore BACKUP --yes                   | busy     busy     ok       ok       ok       notFound denied   denied
goal get VICTIM                               | warned   warned   warned   warned   ok       warned   warned   warned
goal set VICTIM found                         | busy     busy     warned   warned   ok       denied   denied   denied
goal clear VICTIM                             | busy     busy     warned   warned   ok       denied   denied   denied
goal pause VICTIM                             | busy     busy     conflict+ conflict+ conflict denied   denied   denied
goal resume VICTIM                            | busy     busy     conflict+ conflict+ conflict denied   denied   denied
goal block VICTIM                             | busy     busy     conflict+ conflict+ conflict denied   denied   denied
goal usage-limit VICTIM                       | busy     busy     conflict+ conflict+ conflict denied   denied   denied
goal complete VICTIM                          | busy     busy     conflict+ conflict+ conflict denied   denied   denied
goal account VICTIM --tokens 1                | busy     busy     conflict+ conflict+ conflict denied   denied   denied
memory mode VICTIM                            | warned   warned   warned   warned   ok       warned   warned   warned
memory mode VICTIM disabled                   | busy     busy     warned   warned   ok       denied   denied   denied
memory candidates                             | busy     busy     warned   warned   ok       denied   denied   denied
memory claim --worker x                       | busy     busy     warned   warned   ok       denied   denied   denied
memory renew VICTIM TOKEN                     | busy     busy     conflict+ conflict+ conflict denied   denied   denied
memory finish VICTIM TOKEN --up-to 2026-03-01 | busy     busy     conflict+ conflict+ conflict denied   denied   denied
memory fail VICTIM TOKEN                      | busy     busy     conflict+ conflict+ conflict denied   denied   denied
device-key put key --account b --client c     | busy     busy     warned   warned   ok       denied   denied   denied
device-key get key                            | busy     busy     notFound+ notFound+ notFound denied   denied   denied
device-key delete key                         | busy     busy     notFound+ notFound+ notFound denied   denied   denied
device-key list                               | busy     busy     warned   warned   ok       denied   denied   denied
clean shell-snapshots --yes                   | warned   warned   warned   warned   ok       warned   warned   warned
clean shell-snapshots --dry-run               | warned   warned   warned   warned   ok       warned   warned   warned
migrate personality --yes                     | warned   warned   warned   warned   ok       warned   warned   warned
exec -- true                                  | warned   warned   warned   warned   ok       warned   warned   warned
exec --name run -- true                       | warned   warned   warned   warned   ok       warned   warned   warned
exec --resume VICTIM -- true                  | warned   warned   warned   warned   ok       warned   warned   warned
exec --last --cwd / -- true                   | warned   warned   warned   warned   ok       warned   warned   warned
repair plan                                   | ok       ok       warned   warned   ok       ok       warned   ok
repair apply --yes                            | ok       ok       warned   warned   ok       denied   warned   ok
repair apply --dry-run                        | ok       ok       warned   warned   ok       ok       warned   ok
repair undo --yes                             | ok       ok       ok       ok       ok       denied   denied   ok
repair log                                    | ok       ok       ok       ok       ok       ok       ok       ok
debug prompt-input VICTIM                     | ok       ok       ok       ok       ok       ok       ok       ok
debug replay RECORDING                        | ok       ok       ok       ok       ok       ok       ok       ok
debug redact RECORDING                        | ok       ok       ok       ok       ok       ok       ok       ok
config list                                   | ok       ok       ok       ok       ok       ok       ok       ok
config get time                               | ok       ok       ok       ok       ok       ok       ok       ok
config set time --unset                       | ok       ok       ok       ok       ok       ok       ok       ok
config path                                   | ok       ok       ok       ok       ok       ok       ok       ok
",
};

/// Troubles of the files, and none.
pub(super) const FILES: Table = Table {
    troubles: &[
        Trouble::None,
        Trouble::RolloutDenied,
        Trouble::RolloutGone,
        Trouble::RolloutBroken,
        Trouble::SessionsDenied,
        Trouble::RolloutDeniedUnknown,
        Trouble::RolloutBrokenUnknown,
        Trouble::SessionsDeniedUnknown,
    ],
    text: "
init                                          | ok       ok       ok       ok       denied   ok       ok       denied
init --rebuild                                | ok       ok       ok       ok       denied   ok       ok       denied
status                                        | ok       ok       ok       ok       denied   ok       ok       denied
doctor                                        | ok       mend     ok       mend     denied   mend     mend     denied
doctor --quick                                | ok       mend     ok       mend     denied   mend     mend     denied
doctor --thread VICTIM                        | ok       mend     ok       mend     denied   denied   corrupt  denied
list                                          | ok       ok       ok       ok       denied   ok       ok       denied
list --no-refresh                             | ok       ok       ok       ok       ok       ok       ok       denied
list --missing                                | ok       ok       ok       ok       denied   ok       ok       denied
list --no-state                               | ok       ok       ok       ok       denied   ok       ok       denied
find VICTIM                                   | ok       ok       notFound ok       denied   denied   corrupt  denied
find VICTIM --no-refresh                      | ok       ok       notFound ok       denied   denied   corrupt  denied
find VICTIM --no-state                        | ok       denied   notFound corrupt  denied   denied   corrupt  denied
find --explain VICTIM                         | ok       ok       notFound ok       denied   denied   corrupt  denied
find VICTIM ARCHIVED                          | ok       ok       notFound ok       denied   denied   corrupt  denied
read VICTIM                                   | ok       denied   warned   corrupt  denied   denied   corrupt  denied
read VICTIM --no-turns                        | ok       ok       warned   ok       denied   denied   corrupt  denied
turns VICTIM                                  | ok       denied   notFound corrupt  denied   denied   corrupt  denied
turns --path ROLLOUT                          | ok       denied   notFound corrupt  denied   denied   corrupt  denied
name VICTIM found                             | ok       ok       notFound ok       denied   denied   corrupt  denied
name --clear VICTIM                           | ok       ok       notFound ok       denied   denied   corrupt  denied
archive VICTIM                                | ok       denied   notFound corrupt  denied   denied   corrupt  denied
archive VICTIM --no-state                     | ok       denied   notFound corrupt  denied   denied   corrupt  denied
unarchive ARCHIVED                            | ok       ok       ok       ok       denied   ok       ok       denied
delete VICTIM --yes                           | ok       denied   notFound corrupt  denied   denied   corrupt  denied
delete VICTIM --dry-run                       | ok       denied   notFound corrupt  denied   denied   corrupt  denied
metadata VICTIM --git-branch main             | ok       ok       notFound ok       denied   denied   corrupt  denied
relocate /src/app /src/here --yes             | ok       ok       ok       ok       denied   ok       ok       denied
relocate /src/app /src/here --dry-run         | ok       ok       ok       ok       denied   ok       ok       denied
relocate --list                               | ok       ok       ok       ok       denied   ok       ok       denied
relocate --undo /src/old --yes                | ok       ok       ok       ok       denied   notFound notFound denied
compress --older-than 0s                      | ok       warned   ok       ok       denied   warned   ok       denied
compress --dry-run                            | ok       warned   ok       ok       denied   warned   ok       denied
why VICTIM                                    | ok       ok       ok       ok       denied   denied   corrupt  denied
salvage ROLLOUT                               | ok       denied   notFound corrupt  denied   denied   corrupt  denied
backup create                                 | ok       ok       ok       ok       ok       ok       ok       ok
backup list                                   | ok       ok       ok       ok       ok       ok       ok       ok
backup verify                                 | ok       ok       ok       ok       ok       ok       ok       ok
backup restore BACKUP --yes                   | ok       ok       ok       ok       ok       ok       ok       ok
goal get VICTIM                               | ok       ok       notFound ok       denied   denied   corrupt  denied
goal set VICTIM found                         | ok       ok       notFound ok       denied   denied   corrupt  denied
goal clear VICTIM                             | ok       ok       notFound ok       denied   denied   corrupt  denied
goal pause VICTIM                             | ok       ok       notFound ok       denied   denied   corrupt  denied
goal resume VICTIM                            | ok       ok       notFound ok       denied   denied   corrupt  denied
goal block VICTIM                             | ok       ok       notFound ok       denied   denied   corrupt  denied
goal usage-limit VICTIM                       | ok       ok       notFound ok       denied   denied   corrupt  denied
goal complete VICTIM                          | ok       ok       notFound ok       denied   denied   corrupt  denied
goal account VICTIM --tokens 1                | ok       ok       notFound ok       denied   denied   corrupt  denied
memory mode VICTIM                            | ok       ok       notFound ok       denied   denied   corrupt  denied
memory mode VICTIM disabled                   | ok       ok       notFound ok       denied   denied   corrupt  denied
memory candidates                             | ok       ok       ok       ok       denied   ok       ok       denied
memory claim --worker x                       | ok       ok       ok       ok       denied   ok       ok       denied
memory renew VICTIM TOKEN                     | ok       ok       notFound ok       denied   denied   corrupt  denied
memory finish VICTIM TOKEN --up-to 2026-03-01 | ok       ok       notFound ok       denied   denied   corrupt  denied
memory fail VICTIM TOKEN                      | ok       ok       notFound ok       denied   denied   corrupt  denied
device-key put key --account b --client c     | ok       ok       ok       ok       denied   ok       ok       denied
device-key get key                            | ok       ok       ok       ok       denied   notFound notFound denied
device-key delete key                         | ok       ok       ok       ok       denied   notFound notFound denied
device-key list                               | ok       ok       ok       ok       denied   ok       ok       denied
clean shell-snapshots --yes                   | ok       ok       ok       ok       denied   ok       ok       denied
clean shell-snapshots --dry-run               | ok       ok       ok       ok       denied   ok       ok       denied
migrate personality --yes                     | ok       ok       ok       ok       denied   ok       ok       denied
exec -- true                                  | ok       ok       ok       ok       denied   ok       ok       denied
exec --name run -- true                       | ok       ok       ok       ok       denied   ok       ok       denied
exec --resume VICTIM -- true                  | ok       denied   notFound corrupt  denied   denied   corrupt  denied
exec --last --cwd / -- true                   | ok       ok       ok       ok       denied   ok       ok       denied
repair plan                                   | ok       ok       ok       ok       denied   ok       ok       denied
repair apply --yes                            | ok       ok       ok       ok       denied   ok       ok       denied
repair apply --dry-run                        | ok       ok       ok       ok       denied   ok       ok       denied
repair undo --yes                             | ok       ok       ok       ok       part     ok       ok       part
repair log                                    | ok       ok       ok       ok       ok       ok       ok       ok
debug prompt-input VICTIM                     | ok       denied   notFound corrupt  denied   denied   corrupt  denied
debug replay RECORDING                        | ok       ok       ok       ok       ok       ok       ok       ok
debug redact RECORDING                        | ok       ok       ok       ok       ok       ok       ok       ok
config list                                   | ok       ok       ok       ok       ok       ok       ok       ok
config get time                               | ok       ok       ok       ok       ok       ok       ok       ok
config set time --unset                       | ok       ok       ok       ok       ok       ok       ok       ok
config path                                   | ok       ok       ok       ok       ok       ok       ok       ok
",
};
