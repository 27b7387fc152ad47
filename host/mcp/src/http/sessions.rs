//! The sessions of HTTP clients: a bounded number, each ended when its client asks for nothing for long.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::Stream;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::streamable_http_server::session::local::{
    LocalSessionManager, LocalSessionManagerError, SessionConfig,
};
use rmcp::transport::streamable_http_server::session::{ServerSseMessage, SessionId, SessionManager};

/// How many sessions there are, and how long each.
#[derive(Clone, Copy)]
struct Limits {
    /// At most so many at a time.
    sessions: usize,
    /// One in which nothing is asked for so long ends. A person may think for long between two questions of an agent.
    idle: Duration,
    /// Where there is no room for another, one ends in which nothing was asked for so long: longer than any question takes.
    unused: Duration,
}

const LIMITS: Limits =
    Limits { sessions: 256, idle: Duration::from_secs(60 * 60), unused: Duration::from_secs(2 * 60) };

/// The sessions.
pub(super) struct Sessions {
    local: LocalSessionManager,
    limits: Limits,
    /// When something was last asked in each.
    used: Mutex<HashMap<SessionId, Instant>>,
}

/// Says why a session does not do what it should.
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionError {
    /// There is room for no other one.
    #[error("there are too many sessions")]
    TooMany,
    /// It has ended, or what is asked of it makes no sense.
    #[error("{0}")]
    Local(#[from] LocalSessionManagerError),
}

impl Default for Sessions {
    fn default() -> Sessions {
        Sessions::with(LIMITS)
    }
}

impl Sessions {
    fn with(limits: Limits) -> Sessions {
        let mut config = SessionConfig::default();
        config.keep_alive = Some(limits.idle);
        // What was answered is not kept to be sent again.
        config.sse_retry = None;
        config.completed_cache_ttl = Duration::ZERO;
        let mut local = LocalSessionManager::default();
        local.session_config = config;
        Sessions { local, limits, used: Mutex::default() }
    }

    /// Says whether another session may begin; the one that was not used for longest ends for it, if that is long enough.
    pub(super) async fn has_room(&self) -> bool {
        let unused = {
            let used = self.used();
            if used.len() < self.limits.sessions {
                return true;
            }
            let oldest = used.iter().min_by_key(|(_, at)| **at);
            oldest.filter(|(_, at)| at.elapsed() >= self.limits.unused).map(|(id, _)| id.clone())
        };
        match unused {
            Some(id) => self.close_session(&id).await.is_ok(),
            None => false,
        }
    }

    fn used(&self) -> MutexGuard<'_, HashMap<SessionId, Instant>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a session is used now.
    fn use_now(&self, id: &SessionId) {
        if let Some(at) = self.used().get_mut(id) {
            *at = Instant::now();
        }
    }
}

impl SessionManager for Sessions {
    type Error = SessionError;
    type Transport = <LocalSessionManager as SessionManager>::Transport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), SessionError> {
        if self.used().len() >= self.limits.sessions {
            return Err(SessionError::TooMany);
        }
        let (id, transport) = self.local.create_session().await?;
        self.used().insert(id.clone(), Instant::now());
        Ok((id, transport))
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, SessionError> {
        Ok(self.local.initialize_session(id, message).await?)
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, SessionError> {
        Ok(self.local.has_session(id).await?)
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), SessionError> {
        self.used().remove(id);
        Ok(self.local.close_session(id).await?)
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionError> {
        self.use_now(id);
        Ok(self.local.create_stream(id, message).await?)
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<(), SessionError> {
        self.use_now(id);
        Ok(self.local.accept_message(id, message).await?)
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionError> {
        self.use_now(id);
        Ok(self.local.create_standalone_stream(id).await?)
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionError> {
        self.use_now(id);
        Ok(self.local.resume(id, last_event_id).await?)
    }
}
