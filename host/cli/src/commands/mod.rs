//! The commands, each in a file with what it takes and what it does. A new one is its file and a line in the list below.

use crate::context::Context;

/// Declares the module of every command and the enum of all of them, in the order in which `--help` shows them.
macro_rules! commands {
    ($($(#[$meta:meta])* $Command:ident($module:ident::$Arguments:ident);)*) => {
        $(mod $module;)*

        /// The commands.
        #[derive(clap::Subcommand)]
        pub(crate) enum Command {
            $($(#[$meta])* $Command($module::$Arguments),)*
        }

        impl Command {
            /// Runs the command, and gives the exit code.
            pub(crate) fn run(self, context: &Context) -> anyhow::Result<u8> {
                match self {
                    $(Command::$Command(command) => command.run(context),)*
                }
            }
        }

        /// Gives a parser those commands whose names are wanted: it takes longer to build all of them than to look up a thread.
        pub(crate) fn add_to(mut parser: clap::Command, is_wanted: impl Fn(&str) -> bool) -> clap::Command {
            $(if is_wanted(&stringify!($module).replace('_', "-")) {
                #[derive(clap::Subcommand)]
                enum One {
                    $(#[$meta])* $Command($module::$Arguments),
                }
                parser = <One as clap::Subcommand>::augment_subcommands(parser);
            })*
            parser
        }
    };
}

pub(crate) use tag::with_escaped_tags;
pub(crate) use tui::is_possible as is_browsable;

commands! {
    /// Fill the state DB, or bring it up to date
    Init(init::Init);
    /// Say how the home and its state DB stand, changing nothing
    Status(status::Status);
    /// Say what is wrong with the home, and what would mend it, changing nothing
    ///
    /// Exit code 5 when a repair would mend an error or a warning.
    Doctor(doctor::Doctor);
    /// List threads, newest first
    List(list::List);
    /// Find threads by what was said in them
    ///
    /// All words must stand in a thread. "a phrase" stands as it is, begin* is how a word begins, -word must not be there,
    /// one OR other is enough. Letters count without case and accents; names in code are found whole and by their parts.
    /// Exit code 3 where nothing is found.
    Search(search::Search);
    /// Count what threads used: tokens, turns, time, cost
    ///
    /// What was copied, told again or told in two files counts once. Costs are worked out by list prices of the API, request by
    /// request; the settings `prices.MODEL` go before them.
    Stats(stats::Stats);
    /// Say where a thread is
    Find(find::Find);
    /// Go on with a thread in Codex, or in the program that it is of
    ///
    /// It says where before it starts, asks where that is not clear, and never gives a thread more rights than it had.
    /// Exit code 4 where there is nobody to ask, and 6 where the thread is being written.
    Resume(resume::Resume);
    /// Browse threads in the terminal: find, read, go on
    ///
    /// What is typed leaves the threads in which it was said. The program does this without a command on a terminal, too.
    Tui(tui::Tui);
    /// Print a script by which a key of your shell opens the browser
    ///
    /// What is chosen there stands on the prompt line: the command that goes on with the thread. Nothing is run, and a key that is
    /// bound stays so. In ~/.bashrc `eval "$(threadkeep shell-init bash)"`, in ~/.zshrc `eval "$(threadkeep shell-init zsh)"`, in
    /// ~/.config/fish/config.fish `threadkeep shell-init fish | source`, each behind all else that binds keys.
    ShellInit(shell_init::ShellInit);
    /// Show what is known of a thread, and what was said and done in it
    Read(read::Read);
    /// Show what was said and done in a thread
    Turns(turns::Turns);
    /// Say what happens in threads, as it happens
    ///
    /// A line for each thread that is new, archived, named or deleted, for each turn that begins or ends, each item that is done,
    /// and where a thread is at work, waits for a person or was interrupted. It ends with Ctrl-C.
    Watch(watch::Watch);
    /// Take threads out, as Markdown, HTML, text, JSON or raw records, without secrets
    ///
    /// One thread goes to stdout, or with --out to a file; many go to one document likewise, or with --to each to a file of a
    /// directory, in which later only what changed is written.
    Export(export::Export);
    /// Answer agents that ask for threads, by the Model Context Protocol
    ///
    /// The agent begins it and speaks to it on standard input and output. It only looks.
    Mcp(mcp::Mcp);
    /// Give a thread a name, or take it away
    Name(name::Name);
    /// Give threads tags, or take them away
    ///
    /// `tag ID +this -that`: a tag has lower-case letters, digits and -_./ and begins with a letter or a digit. `list --tag this` and
    /// `search tag:this` find the threads. Tags are kept beside Codex's files, and a fork has none of its origin.
    Tag(tag::Tag);
    /// Pin threads, which `list --pinned` finds and `prune` leaves
    ///
    /// Pins are kept beside Codex's files: what is pinned in Codex is another matter.
    Pin(pin::Pin);
    /// Take the pins of threads away
    Unpin(unpin::Unpin);
    /// Write a note beside a thread or one of its turns, or show the notes
    Note(note::Note);
    /// Put threads with all that they spawned into the archive
    Archive(archive::Archive);
    /// Bring threads with all that they spawned back from the archive
    Unarchive(unarchive::Unarchive);
    /// Delete a thread with all that it spawned, after showing what goes
    Delete(delete::Delete);
    /// Correct what is known of a thread: git facts, memory mode
    Metadata(metadata::Metadata);
    /// Find the threads of a project directory that was moved or renamed under its new place
    Relocate(relocate::Relocate);
    /// Bring threads here: from an export or a bundle, rollouts, or another home
    ///
    /// What is here is never overwritten. `--undo` takes the last import back.
    Import(import::Import);
    /// Push threads as rows of tables into a directory, a bucket or PostgreSQL, for engines that ask of many
    ///
    /// Only what is new is sent, without secrets; several machines may push into one place. The program threadkeep-lake
    /// writes them there: it alone opens connections, with the credentials that its clients usually have.
    Push(push::Push);
    /// Put threads away that nobody has used for long, after showing which
    ///
    /// What is running, named, or pinned, here or in Codex, is left out. `--undo` takes back what was archived or compressed.
    Prune(prune::Prune);
    /// Store rollouts smaller that nobody has written for long
    Compress(compress::Compress);
    /// Say where a thread is, where it is shown, and why not
    Why(why::Why);
    /// Copy what can be read of a damaged rollout into a new one
    Salvage(salvage::Salvage);
    /// Copies of the databases and indexes, and back
    #[command(subcommand)]
    Backup(backup::Backup);
    /// What a thread is to reach, and what may be used for it
    #[command(subcommand)]
    Goal(goal::Goal);
    /// Whose threads may give memories, and who is extracting them
    #[command(subcommand)]
    Memory(memory::Memory);
    /// Which account and client a device key belongs to
    #[command(subcommand)]
    DeviceKey(device_key::DeviceKey);
    /// Remove what nobody needs any more
    #[command(subcommand)]
    Clean(clean::Clean);
    /// Bring a home up to date, once
    #[command(subcommand)]
    Migrate(migrate::Migrate);
    /// Run a program and record it as a thread
    ///
    /// What it writes is passed on unchanged. A program that prints one JSON event a line, as `codex exec --json` does, has
    /// its messages, commands and file changes recorded as such. The exit code is the program's own; the thread's id is the
    /// last line of the output.
    Exec(exec::Exec);
    /// Mend what is wrong with the home, or take that back
    #[command(subcommand)]
    Repair(repair::Repair);
    /// Serve the home to Codex's own clients: its terminal, its SDKs, what speaks to its app-server
    ///
    /// Requests come as lines on standard input, or by WebSocket where --listen says. Nothing here runs a model. Show the threads
    /// of a home with Codex's own terminal by `codex resume --remote unix://PATH`.
    AppServer(app_server::AppServerCommand);
    /// Components of others that make exports, reports, columns and checks of threads, in a sandbox
    #[command(subcommand)]
    Plugin(plugin::Plugin);
    /// Your own settings: what flags mean where they are not given
    #[command(subcommand)]
    Config(config::Config);
    /// Print a script by which your shell completes command lines: ids, names, directories, codes
    ///
    /// In ~/.bashrc `eval "$(threadkeep completions bash)"`, in ~/.zshrc `eval "$(threadkeep completions zsh)"`, in
    /// ~/.config/fish/config.fish `threadkeep completions fish | source`, in PowerShell's profile
    /// `threadkeep completions powershell | Out-String | Invoke-Expression`. What is offered comes from the index; nothing is created
    /// or changed for it.
    Completions(completions::Completions);
    /// Write the man pages into a directory, a page a command
    Man(man::Man);
    /// Tell of the program, of a command, or of a topic: ids, dates, exit-codes, environment, files
    Help(help::Help);
    /// Look into what the core decides
    #[command(subcommand)]
    Debug(debug::Debug);
}

impl Command {
    /// Says whether what the command prints is read at leisure, so that a pager may show it.
    pub(crate) fn is_paged(&self) -> bool {
        matches!(
            self,
            Command::List(_)
                | Command::Search(_)
                | Command::Read(_)
                | Command::Turns(_)
                | Command::Why(_)
                | Command::Doctor(_)
                | Command::Stats(_)
                | Command::Help(_)
        )
    }
}
