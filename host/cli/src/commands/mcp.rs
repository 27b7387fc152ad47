//! The command `mcp`: serves agents that ask for threads, and tells clients how to begin it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use threadkeep::StateAccess;
use threadkeep_listen::{Address, Guard, Token};
use threadkeep_mcp::install::{self, Change, Client, Entry};
use threadkeep_mcp::{Config, McpServer, Scope};
use threadkeep_terminal::zone::shown_zone;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::context::Context;
use crate::failure::{Usage, exit, say};
use crate::listening::{self, LettingIn, Termination};
use crate::log;
use crate::plugins::LimitArguments;

/// `mcp`
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Mcp {
    #[command(subcommand)]
    setup: Option<Setup>,
    #[command(flatten)]
    serving: Serving,
    #[command(flatten)]
    listening: Listening,
}

/// Where it is served.
#[derive(Args)]
struct Listening {
    /// Where to listen for streamable HTTP: http://127.0.0.1:PORT or unix://PATH, several times; without it, standard input and output
    #[arg(long, value_name = "ADDRESS")]
    listen: Vec<String>,
    #[command(flatten)]
    letting_in: LettingIn,
    #[command(flatten)]
    log: log::Arguments,
}

/// What is served.
#[derive(Args)]
struct Serving {
    /// Which threads there are for the agent: those of the repository in which it runs, or all
    #[arg(long, value_name = "SCOPE", default_value = "repository")]
    scope: ScopeName,
    /// Let the agent name, archive and repair threads, each change after a plan that it confirms; nothing is ever deleted
    #[arg(long)]
    allow_writes: bool,
    #[command(flatten)]
    limits: LimitArguments,
}

/// What a client is told.
#[derive(Subcommand)]
enum Setup {
    /// Tell a client of the server: adds one table or member to its configuration, and changes nothing else there
    Install {
        /// The client
        #[arg(value_name = "CLIENT", default_value = "codex")]
        client: ClientName,
        #[command(flatten)]
        serving: Serving,
        /// The file of the configuration [default: the client's own]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Only show what would change
        #[arg(long)]
        dry_run: bool,
    },
    /// Take that back: the configuration is again what it was, byte for byte
    Uninstall {
        /// The client
        #[arg(value_name = "CLIENT", default_value = "codex")]
        client: ClientName,
        /// The file of the configuration [default: the client's own]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Only show what would change
        #[arg(long)]
        dry_run: bool,
    },
}

/// Which threads there are.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum ScopeName {
    /// Those of the repository around the working directory; outside of one, those of the directory and below
    Repository,
    /// All
    All,
}

/// The clients whose configuration is known.
#[derive(Clone, Copy, ValueEnum)]
enum ClientName {
    /// Codex
    Codex,
    /// Claude Code
    Claude,
    /// Cursor
    Cursor,
    /// Gemini CLI
    Gemini,
    /// Visual Studio Code
    Vscode,
}

impl Mcp {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        match self.setup {
            None => self.listening.serve(self.serving.config(context)?)?,
            Some(Setup::Install { client, serving, config, dry_run }) => {
                let file = client.file(context, config)?;
                let entry = serving.entry(context)?;
                let change = install::install(client.client(), &file, &entry).with_context(|| told(&file))?;
                apply(&change, dry_run, "knows of the server already")?;
            }
            Some(Setup::Uninstall { client, config, dry_run }) => {
                let file = client.file(context, config)?;
                let change = install::uninstall(client.client(), &file).with_context(|| told(&file))?;
                apply(&change, dry_run, "does not know of the server")?;
            }
        }
        Ok(exit::DONE)
    }
}

impl Listening {
    fn serve(self, config: Config) -> anyhow::Result<()> {
        self.log.start()?;
        let addresses = listening::addresses(&self.listen)?;
        if addresses.is_empty() {
            return Ok(McpServer::new(config).serve_stdio()?);
        }
        if listening::names_stdio(&self.listen) {
            return Err(Usage(
                "a server listens on standard input and output, or on addresses; start two for both".into(),
            )
            .into());
        }
        let token = self.letting_in.token()?;
        // Whoever began the server is not who asks.
        let server = McpServer::new(Config { own_thread: None, ..config });
        listening::run(self.serve_listeners(server, addresses, token))
    }

    async fn serve_listeners(
        self,
        server: McpServer,
        addresses: Vec<Address>,
        token: Option<Token>,
    ) -> anyhow::Result<()> {
        let (stop, stopped) = watch::channel(false);
        let mut termination = Termination::awaited()?;
        let origins = self.letting_in.allow_origin;
        let mut listening = JoinSet::new();
        for address in &addresses {
            let listener = listening::bind(address, token.is_some()).await?;
            say(&format!("listening on {}", shown(listener.address())));
            let guard = Guard::new(listener.address(), token.clone(), origins.clone());
            let (server, origins, stopped) = (server.clone(), origins.clone(), stopped.clone());
            listening.spawn(async move { server.serve_listener(listener, guard, origins, stopped).await });
        }
        termination.wait().await;
        let _ = stop.send(true);
        server.stop();
        while listening.join_next().await.is_some() {}
        Ok(())
    }
}

/// Writes an address as clients take it.
fn shown(address: &Address) -> String {
    match address {
        Address::Tcp(address) => format!("http://{address}{}", threadkeep_mcp::PATH),
        Address::Unix(_) => format!("{address}, path {}", threadkeep_mcp::PATH),
    }
}

impl Serving {
    fn config(&self, context: &Context) -> anyhow::Result<Config> {
        let access = if context.global.no_state { StateAccess::Without } else { StateAccess::OwnOrFiles };
        let directory = std::env::current_dir()?;
        let scope = match self.scope {
            ScopeName::Repository => Scope::Around(directory.clone()),
            ScopeName::All => Scope::All,
        };
        Ok(Config {
            options: context.options(access)?,
            scope,
            own_thread: std::env::var("CODEX_THREAD_ID").ok().filter(|id| !id.is_empty()),
            directory,
            allows_writes: self.allow_writes,
            plugins: context.plugins_of_server(self.limits.limits_of_server()?),
            prices: context.global.prices.clone(),
            zone: shown_zone().clone(),
            warn: |warning| tracing::warn!("{warning}"),
        })
    }

    /// Gives how a client begins this program as it was begun now.
    fn entry(&self, context: &Context) -> anyhow::Result<Entry> {
        let program = std::env::current_exe().context("the program does not know where it is")?;
        let mut arguments = vec!["mcp".to_owned()];
        if self.scope == ScopeName::All {
            arguments.extend(["--scope".into(), "all".into()]);
        }
        if self.allow_writes {
            arguments.push("--allow-writes".into());
        }
        self.limits.limits_of_server()?;
        for limit in self.limits.written() {
            arguments.extend(["--plugin-limit".into(), limit.clone()]);
        }
        let directories = [("--home", context.global.home.first()), ("--state-dir", context.global.state_dir.as_ref())];
        for (flag, directory) in directories {
            if let Some(directory) = directory {
                arguments.extend([flag.into(), utf8(&std::path::absolute(directory)?)?]);
            }
        }
        if context.global.no_state {
            arguments.push("--no-state".into());
        }
        Ok(Entry { command: utf8(&program)?, arguments })
    }
}

impl ClientName {
    fn client(self) -> Client {
        match self {
            ClientName::Codex => Client::Codex,
            ClientName::Claude => Client::Claude,
            ClientName::Cursor => Client::Cursor,
            ClientName::Gemini => Client::Gemini,
            ClientName::Vscode => Client::Vscode,
        }
    }

    /// Gives the file of the client's configuration.
    fn file(self, context: &Context, named: Option<PathBuf>) -> anyhow::Result<PathBuf> {
        if let Some(named) = named {
            return Ok(std::path::absolute(named)?);
        }
        let codex_home = context.options(StateAccess::Without)?.home.root().to_path_buf();
        let file = self.client().file(&codex_home, |name| std::env::var_os(name));
        file.ok_or_else(|| Usage("$HOME is not set: name the file with --config".into()).into())
    }
}

/// Shows a change and carries it out.
fn apply(change: &Change, dry_run: bool, nothing: &str) -> anyhow::Result<()> {
    let file = change.path().display();
    if change.is_nothing() {
        say(&format!("{file} {nothing}"));
        return Ok(());
    }
    say(&format!("{file}:"));
    change.shown().lines().for_each(say);
    if !dry_run {
        change.carry_out().with_context(|| told(change.path()))?;
    }
    Ok(())
}

fn told(file: &Path) -> String {
    file.display().to_string()
}

fn utf8(path: &Path) -> anyhow::Result<String> {
    let text = path.to_str().map(String::from);
    text.with_context(|| format!("{} is not UTF-8, so that no configuration can name it", path.display()))
}
