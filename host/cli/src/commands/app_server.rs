//! The command `app-server`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use threadkeep::{ServedHome, StateAccess};
use threadkeep_app_server::{AppServer, Naming};
use threadkeep_listen::{Address, Guard, Token};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::context::Context;
use crate::failure::{exit, say};
use crate::listening::{self, LettingIn, Termination};
use crate::log;
use crate::plugins::LimitArguments;

/// `app-server`
#[derive(Args)]
pub(crate) struct AppServerCommand {
    /// Where to listen: ws://127.0.0.1:PORT or unix://PATH, several times; without it, standard input and output (stdio://)
    #[arg(long, value_name = "ADDRESS")]
    listen: Vec<String>,
    /// Also listen where Codex's own programs look for their server, so that they attach by themselves
    #[arg(long)]
    control_socket: bool,
    #[command(flatten)]
    letting_in: LettingIn,
    #[command(flatten)]
    limits: LimitArguments,
    #[command(flatten)]
    log: log::Arguments,
}

impl AppServerCommand {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        self.log.start()?;
        let addresses = listening::addresses(&self.listen)?;
        let token = self.letting_in.token()?;
        let access = if context.global.no_state { StateAccess::Without } else { StateAccess::Own };
        let options = context.options(access)?;
        let control = options.home.root().join("app-server-control/app-server-control.sock");
        let plugins = context.plugins_of_server(self.limits.limits_of_server()?);
        let home = ServedHome::open(options, |warning| tracing::warn!("{warning}"));
        listening::run(self.serve(AppServer::new(home, plugins), addresses, control, token))?;
        Ok(exit::DONE)
    }

    async fn serve(
        self,
        server: AppServer,
        addresses: Vec<Address>,
        control: PathBuf,
        token: Option<Token>,
    ) -> anyhow::Result<()> {
        let (stop, stopped) = watch::channel(false);
        let mut termination = Termination::awaited()?;
        let is_stdio = listening::names_stdio(&self.listen) || (self.listen.is_empty() && !self.control_socket);
        let mut listening = JoinSet::new();
        let origins = &self.letting_in.allow_origin;
        let asked =
            addresses.into_iter().map(|address| (address, token.clone(), origins.clone(), Naming::WithoutVersion));
        // Where Codex's programs come by themselves no page has anything to do.
        let control = (Address::Unix(control), None, Vec::new(), Naming::WithVersion);
        for (address, token, origins, naming) in asked.chain(self.control_socket.then_some(control)) {
            let listener = listening::bind(&address, token.is_some()).await?;
            let for_codex = if naming == Naming::WithVersion { ", where Codex looks for its server" } else { "" };
            say(&format!("listening on {}{for_codex}", shown(listener.address())));
            let guard = Guard::new(listener.address(), token, origins);
            let (server, stopped) = (server.clone(), stopped.clone());
            listening.spawn(async move { server.serve_listener(listener, guard, naming, stopped).await });
        }
        let work = async {
            if is_stdio {
                server.serve_stdio(stopped.clone()).await.context("the client on standard input and output is gone")?;
                // Whoever began the server this way ends it this way.
                return Ok(());
            }
            while let Some(ended) = listening.join_next().await {
                ended?;
            }
            Ok(())
        };
        let ended = tokio::select! {
            ended = work => ended,
            () = termination.wait() => Ok(()),
        };
        let _ = stop.send(true);
        server.stop();
        while listening.join_next().await.is_some() {}
        ended
    }
}

/// Writes an address as clients take it.
fn shown(address: &Address) -> String {
    match address {
        Address::Tcp(address) => format!("ws://{address}"),
        Address::Unix(_) => address.to_string(),
    }
}
