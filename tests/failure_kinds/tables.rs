//! What every command is to come to in every trouble.
//!
//! `ok`: it answers. `warned`: it answers, and says what is wrong. `mend`: it answers, and something is left to mend.
//! `part`: it does what it can, and fails. `ended`: it ends well and prints no document, `ended+`: and says what is wrong.
//! Every other word is the kind of the error with which it fails; with a `+` behind it, it has said before what is wrong.

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
            let cells: Vec<_> = cells.split_whitespace().filter(|cell| *cell != "|").collect();
            assert_eq!(cells.len(), self.troubles.len(), "{line}");
            (command.trim(), cells)
        })
    }
}

/// The one table: troubles of the state DB, then none, and troubles of the files.
pub(super) const TABLE: Table = Table {
    troubles: &[
        Trouble::StateWritten,
        Trouble::StateLocked,
        Trouble::StateHeader,
        Trouble::StatePages,
        Trouble::StateGone,
        Trouble::StateNotMade,
        Trouble::StateDenied,
        Trouble::StateReadOnly,
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
init                                          | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       ok       ok       denied   ok       ok       denied
init --rebuild                                | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       ok       ok       denied   ok       ok       denied
status                                        | ok       ok       ok       ok       ok       ok       warned   ok       | ok       ok       ok       ok       denied   ok       ok       denied
doctor                                        | ok       ok       mend     mend     ok       ok       warned   ok       | ok       mend     ok       mend     denied   mend     mend     denied
doctor --quick                                | ok       ok       mend     mend     ok       ok       warned   ok       | ok       mend     ok       mend     denied   mend     mend     denied
doctor --codes                                | ok       ok       ok       ok       ok       ok       ok       ok       | ok       ok       ok       ok       ok       ok       ok       ok
doctor --explain stale-path                   | ok       ok       ok       ok       ok       ok       ok       ok       | ok       ok       ok       ok       ok       ok       ok       ok
doctor --thread VICTIM                        | ok       ok       warned   warned   ok       ok       warned   ok       | ok       mend     ok       mend     denied   denied   corrupt  denied
app-server --token-file nothing               | io       io       io       io       io       io       io       io      | io       io       io       io       io       io       io       io
list                                          | warned   warned   warned   warned   ok       warned   warned   warned   | ok       ok       ok       ok       denied   ok       ok       denied
list --no-refresh                             | ok       warned   warned   warned   ok       warned   warned   warned   | ok       ok       ok       ok       ok       ok       ok       denied
list --missing                                | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       ok       ok       denied   ok       ok       denied
list --no-state                               | ok       ok       ok       ok       ok       ok       ok       ok       | ok       ok       ok       ok       denied   ok       ok       denied
mcp                                           | ended    ended    ended    ended    ended    ended    ended    ended   | ended    ended    ended    ended    ended    ended    ended    ended
mcp install --dry-run                         | ended    ended    ended    ended    ended    ended    ended    ended   | ended    ended    ended    ended    ended    ended    ended    ended
mcp uninstall --dry-run                       | ended    ended    ended    ended    ended    ended    ended    ended   | ended    ended    ended    ended    ended    ended    ended    ended
plugin list                                   | ok       ok       ok       ok       ok       ok       ok       ok   | ok       ok       ok       ok       ok       ok       ok       ok
plugin inspect nothing                        | io       io       io       io       io       io       io       io   | io       io       io       io       io       io       io       io
plugin install nothing --yes                  | io       io       io       io       io       io       io       io   | io       io       io       io       io       io       io       io
plugin update nothing nothing --yes           | notFound notFound notFound notFound notFound notFound notFound notFound   | notFound notFound notFound notFound notFound notFound notFound notFound
plugin remove nothing                         | notFound notFound notFound notFound notFound notFound notFound notFound   | notFound notFound notFound notFound notFound notFound notFound notFound
plugin grant nothing facts                    | notFound notFound notFound notFound notFound notFound notFound notFound   | notFound notFound notFound notFound notFound notFound notFound notFound
plugin revoke nothing facts                   | notFound notFound notFound notFound notFound notFound notFound notFound   | notFound notFound notFound notFound notFound notFound notFound notFound
plugin new Nothing --kind report              | conflict conflict conflict conflict conflict conflict conflict conflict   | conflict conflict conflict conflict conflict conflict conflict conflict
plugin build nothing                          | io       io       io       io       io       io       io       io   | io       io       io       io       io       io       io       io
plugin run nothing                            | notFound notFound notFound notFound notFound notFound notFound notFound   | notFound notFound notFound notFound notFound notFound notFound notFound
search you                                    | warned   warned   warned   warned   ok       warned   warned   warned   | ok       ok       ok       ok       denied   ok       ok       denied
search you --no-refresh                       | ok       warned   warned   warned   ok       warned   warned   warned   | ok       ok       ok       ok       ok       ok       ok       denied
search you --no-state                         | ok       ok       ok       ok       ok       ok       ok       ok       | ok       ok       ok       ok       denied   ok       ok       denied
stats                                         | warned   warned   warned   warned   ok       warned   warned   warned   | ok       ok       ok       ok       denied   ok       ok       denied
stats storage                                 | warned   warned   warned   warned   ok       warned   warned   warned   | ok       ok       ok       ok       denied   ok       ok       denied
stats --live --no-state                       | ok       ok       ok       ok       ok       ok       ok       ok       | ok       ok       ok       ok       denied   ok       ok       denied
find VICTIM                                   | warned   warned   warned   warned   ok       warned   warned   warned   | ok       ok       notFound ok       denied   denied   corrupt  denied
find VICTIM --no-refresh                      | ok       warned   warned   warned   ok       warned   warned   warned   | ok       ok       notFound ok       denied   denied   corrupt  denied
find VICTIM --no-state                        | ok       ok       ok       ok       ok       ok       ok       ok       | ok       denied   notFound corrupt  denied   denied   corrupt  denied
find --explain VICTIM                         | warned   warned   warned   warned   ok       warned   warned   warned   | ok       ok       notFound ok       denied   denied   corrupt  denied
find VICTIM ARCHIVED                          | warned   warned   warned   warned   ok       warned   warned   warned   | ok       ok       notFound ok       denied   denied   corrupt  denied
read VICTIM                                   | warned   warned   warned   warned   ok       warned   warned   warned   | ok       denied   warned   corrupt  denied   denied   corrupt  denied
read VICTIM --no-turns                        | warned   warned   warned   warned   ok       warned   warned   warned   | ok       ok       warned   ok       denied   denied   corrupt  denied
resume VICTIM --here --print                  | warned   warned   warned   warned   ok       warned   warned   warned   | ok       warned   notFound ok       denied   denied   corrupt  denied
shell-init bash                               | invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput | invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput
completions bash                              | invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput | invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput
man pages                                     | invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput | invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput
help ids                                      | invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput | invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput
watch --for 0                                 | ended+   ended+   ended+   ended+   ended    ended+   ended+   ended+   | ended    ended    ended    ended    denied   ended    ended    denied
list --state done                             | warned   warned   warned   warned   ok       warned   warned   warned   | ok       ok       ok       ok       denied   ok       ok       denied
tui                                           | invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput | invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput invalidInput
turns VICTIM                                  | warned   warned   warned   warned   ok       warned   warned   warned   | ok       denied   notFound corrupt  denied   denied   corrupt  denied
export VICTIM                                 | warned   warned   warned   warned   ok       warned   warned   warned   | ok       denied   notFound corrupt  denied   denied   corrupt  denied
turns --path ROLLOUT                          | warned   warned   warned   warned   ok       warned   warned   warned   | ok       denied   notFound corrupt  denied   denied   corrupt  denied
name VICTIM found                             | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       notFound ok       denied   denied   corrupt  denied
name --clear VICTIM                           | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       notFound ok       denied   denied   corrupt  denied
archive VICTIM                                | busy     busy     warned   warned   ok       denied   denied   denied   | ok       denied   notFound corrupt  denied   denied   corrupt  denied
archive VICTIM --no-state                     | ok       ok       ok       ok       ok       ok       ok       ok       | ok       denied   notFound corrupt  denied   denied   corrupt  denied
unarchive ARCHIVED                            | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       ok       ok       denied   ok       ok       denied
delete VICTIM --yes                           | busy     busy     warned   warned   ok       denied   denied   denied   | ok       denied   notFound corrupt  denied   denied   corrupt  denied
delete VICTIM --dry-run                       | busy     busy     warned   warned   ok       denied   denied   denied   | ok       denied   notFound corrupt  denied   denied   corrupt  denied
tag VICTIM +found                             | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       notFound ok       denied   denied   corrupt  denied
pin VICTIM                                    | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       notFound ok       denied   denied   corrupt  denied
unpin VICTIM                                  | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       notFound ok       denied   denied   corrupt  denied
note VICTIM found                             | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       notFound ok       denied   denied   corrupt  denied
note VICTIM                                   | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       notFound ok       denied   denied   corrupt  denied
metadata VICTIM --git-branch main             | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       notFound ok       denied   denied   corrupt  denied
relocate /src/app /src/here --yes             | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       ok       ok       denied   ok       ok       denied
relocate /src/app /src/here --dry-run         | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       ok       ok       denied   ok       ok       denied
relocate --list                               | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       ok       ok       denied   ok       ok       denied
relocate --undo /src/old --yes                | busy     busy     notFound+ notFound+ notFound denied   denied   denied | ok       ok       ok       ok       denied   notFound notFound denied
import ROLLOUT --dry-run                      | busy     busy     warned   warned   ok       denied   denied   denied   | ok       denied   notFound corrupt  denied   denied   corrupt  denied
import ROLLOUT --yes                          | busy     busy     warned   warned   ok       denied   denied   denied   | ok       denied   notFound corrupt  denied   denied   corrupt  denied
import --undo --yes                           | busy     busy     notFound+ notFound+ notFound denied   denied   denied | notFound notFound notFound notFound denied   notFound notFound denied
prune --older-than 0s --do archive --dry-run  | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       ok       ok       denied   ok       ok       denied
prune --undo --yes                            | busy     busy     notFound+ notFound+ notFound denied   denied   denied | notFound notFound notFound notFound denied   notFound notFound denied
push /srv/threads --dry-run                   | busy     busy     warned   warned   ok       denied   denied   denied   | ok       warned   ok       ok       denied   ok       ok       denied
compress --older-than 0s                      | ok       ok       ok       ok       ok       ok       ok       ok       | ok       warned   ok       ok       denied   warned   ok       denied
compress --dry-run                            | ok       ok       ok       ok       ok       ok       ok       ok       | ok       warned   ok       ok       denied   warned   ok       denied
why VICTIM                                    | ok       ok       warned   warned   ok       ok       warned   ok       | ok       ok       ok       ok       denied   denied   corrupt  denied
salvage ROLLOUT                               | warned   warned   warned   warned   ok       warned   warned   warned   | ok       denied   notFound corrupt  denied   denied   corrupt  denied
backup create                                 | ok       ok       warned   ok       ok       denied   denied   ok       | ok       ok       ok       ok       ok       ok       ok       ok
backup list                                   | ok       ok       ok       ok       ok       ok       ok       ok       | ok       ok       ok       ok       ok       ok       ok       ok
backup verify                                 | ok       ok       ok       ok       ok       ok       ok       ok       | ok       ok       ok       ok       ok       ok       ok       ok
backup restore BACKUP --yes                   | busy     busy     ok       ok       ok       notFound denied   denied   | ok       ok       ok       ok       ok       ok       ok       ok
goal get VICTIM                               | warned   warned   warned   warned   ok       warned   warned   warned   | ok       ok       notFound ok       denied   denied   corrupt  denied
goal set VICTIM found                         | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       notFound ok       denied   denied   corrupt  denied
goal clear VICTIM                             | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       notFound ok       denied   denied   corrupt  denied
goal pause VICTIM                             | busy     busy     conflict+ conflict+ conflict denied   denied   denied | ok       ok       notFound ok       denied   denied   corrupt  denied
goal resume VICTIM                            | busy     busy     conflict+ conflict+ conflict denied   denied   denied | ok       ok       notFound ok       denied   denied   corrupt  denied
goal block VICTIM                             | busy     busy     conflict+ conflict+ conflict denied   denied   denied | ok       ok       notFound ok       denied   denied   corrupt  denied
goal usage-limit VICTIM                       | busy     busy     conflict+ conflict+ conflict denied   denied   denied | ok       ok       notFound ok       denied   denied   corrupt  denied
goal complete VICTIM                          | busy     busy     conflict+ conflict+ conflict denied   denied   denied | ok       ok       notFound ok       denied   denied   corrupt  denied
goal account VICTIM --tokens 1                | busy     busy     conflict+ conflict+ conflict denied   denied   denied | ok       ok       notFound ok       denied   denied   corrupt  denied
memory mode VICTIM                            | warned   warned   warned   warned   ok       warned   warned   warned   | ok       ok       notFound ok       denied   denied   corrupt  denied
memory mode VICTIM disabled                   | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       notFound ok       denied   denied   corrupt  denied
memory candidates                             | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       ok       ok       denied   ok       ok       denied
memory claim --worker x                       | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       ok       ok       denied   ok       ok       denied
memory renew VICTIM TOKEN                     | busy     busy     conflict+ conflict+ conflict denied   denied   denied | ok       ok       notFound ok       denied   denied   corrupt  denied
memory finish VICTIM TOKEN --up-to 2026-03-01 | busy     busy     conflict+ conflict+ conflict denied   denied   denied | ok       ok       notFound ok       denied   denied   corrupt  denied
memory fail VICTIM TOKEN                      | busy     busy     conflict+ conflict+ conflict denied   denied   denied | ok       ok       notFound ok       denied   denied   corrupt  denied
device-key put key --account b --client c     | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       ok       ok       denied   ok       ok       denied
device-key get key                            | busy     busy     notFound+ notFound+ notFound denied   denied   denied | ok       ok       ok       ok       denied   notFound notFound denied
device-key delete key                         | busy     busy     notFound+ notFound+ notFound denied   denied   denied | ok       ok       ok       ok       denied   notFound notFound denied
device-key list                               | busy     busy     warned   warned   ok       denied   denied   denied   | ok       ok       ok       ok       denied   ok       ok       denied
clean shell-snapshots --yes                   | warned   warned   warned   warned   ok       warned   warned   warned   | ok       ok       ok       ok       denied   ok       ok       denied
clean shell-snapshots --dry-run               | warned   warned   warned   warned   ok       warned   warned   warned   | ok       ok       ok       ok       denied   ok       ok       denied
migrate personality --yes                     | warned   warned   warned   warned   ok       warned   warned   warned   | ok       ok       ok       ok       denied   ok       ok       denied
exec -- true                                  | warned   warned   warned   warned   ok       warned   warned   warned   | ok       ok       ok       ok       denied   ok       ok       denied
exec --name run -- true                       | warned   warned   warned   warned   ok       warned   warned   warned   | ok       ok       ok       ok       denied   ok       ok       denied
exec --resume VICTIM -- true                  | warned   warned   warned   warned   ok       warned   warned   warned   | ok       denied   notFound corrupt  denied   denied   corrupt  denied
exec --last --cwd / -- true                   | warned   warned   warned   warned   ok       warned   warned   warned   | ok       ok       ok       ok       denied   ok       ok       denied
repair plan                                   | ok       ok       warned   warned   ok       ok       warned   ok       | ok       ok       ok       ok       denied   ok       ok       denied
repair apply --yes                            | ok       ok       warned   warned   ok       denied   warned   ok       | ok       ok       ok       ok       denied   ok       ok       denied
repair apply --dry-run                        | ok       ok       warned   warned   ok       ok       warned   ok       | ok       ok       ok       ok       denied   ok       ok       denied
repair undo --yes                             | ok       ok       ok       ok       ok       denied   denied   ok       | ok       ok       ok       ok       part     ok       ok       part
repair log                                    | ok       ok       ok       ok       ok       ok       ok       ok       | ok       ok       ok       ok       ok       ok       ok       ok
debug prompt-input VICTIM                     | ok       ok       ok       ok       ok       ok       ok       ok       | ok       denied   notFound corrupt  denied   denied   corrupt  denied
debug replay RECORDING                        | ok       ok       ok       ok       ok       ok       ok       ok       | ok       ok       ok       ok       ok       ok       ok       ok
debug redact RECORDING                        | ok       ok       ok       ok       ok       ok       ok       ok       | ok       ok       ok       ok       ok       ok       ok       ok
config list                                   | ok       ok       ok       ok       ok       ok       ok       ok       | ok       ok       ok       ok       ok       ok       ok       ok
config get time                               | ok       ok       ok       ok       ok       ok       ok       ok       | ok       ok       ok       ok       ok       ok       ok       ok
config set time --unset                       | ok       ok       ok       ok       ok       ok       ok       ok       | ok       ok       ok       ok       ok       ok       ok       ok
config path                                   | ok       ok       ok       ok       ok       ok       ok       ok       | ok       ok       ok       ok       ok       ok       ok       ok
",
};
