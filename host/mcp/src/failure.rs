//! Why there is no answer, for the client.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use threadkeep::documents::Candidate;
use threadkeep::{Error, ErrorKind};

use crate::text::{clean, shortened};

/// Says why there is no answer.
#[derive(Debug)]
pub(crate) struct Failure {
    code: Code,
    message: String,
    hint: Option<String>,
    candidates: Vec<Candidate>,
}

/// Names a kind of failure for programs; the words stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Code {
    /// One of the library's kinds.
    Of(ErrorKind),
    /// One that only this server has.
    Own(OwnCode),
}

/// Names the kinds of failure that only this server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum OwnCode {
    /// The thread is of another repository than those that this server answers for.
    OutsideScope,
}

/// Is what the client gets in the place of an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FailureDocument {
    error: ErrorFields,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorFields {
    code: Code,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<CandidateFields>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CandidateFields {
    id: String,
    beginning: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    directory: Option<String>,
}

impl Failure {
    /// Says that an argument makes no sense.
    pub(crate) fn invalid(message: impl Into<String>) -> Failure {
        Failure::of(Code::Of(ErrorKind::InvalidInput), message)
    }

    /// Says that there is no such thing.
    pub(crate) fn not_found(message: impl Into<String>) -> Failure {
        Failure::of(Code::Of(ErrorKind::NotFound), message)
    }

    /// Says that a thread is of another repository.
    pub(crate) fn outside_scope() -> Failure {
        let why = "this thread did not run in the repository that this server answers for";
        Failure {
            hint: Some("a user can widen it: threadkeep mcp install --scope all".into()),
            ..Failure::of(Code::Own(OwnCode::OutsideScope), why)
        }
    }

    /// Says that a question took too long.
    pub(crate) fn too_long(patience: Duration) -> Failure {
        let why = format!("it was not done within {} seconds", patience.as_secs());
        Failure {
            hint: Some("ask for less: fewer words, a directory, a time".into()),
            ..Failure::of(Code::Of(ErrorKind::TimedOut), why)
        }
    }

    /// Says that what is there does not allow it.
    pub(crate) fn conflict(message: impl Into<String>) -> Failure {
        Failure::of(Code::Of(ErrorKind::Conflict), message)
    }

    /// Says that somebody else is at it.
    pub(crate) fn busy(message: impl Into<String>) -> Failure {
        Failure::of(Code::Of(ErrorKind::Busy), message)
    }

    /// Adds what to do next.
    pub(crate) fn with_hint(self, hint: &str) -> Failure {
        Failure { hint: Some(hint.into()), ..self }
    }

    /// Says whether the same may come out well a little later.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self.code, Code::Of(ErrorKind::Busy | ErrorKind::TimedOut | ErrorKind::Cancelled | ErrorKind::Io))
    }

    /// Says that this program is at fault.
    pub(crate) fn internal(message: impl Into<String>) -> Failure {
        Failure::of(Code::Of(ErrorKind::Internal), message)
    }

    fn of(code: Code, message: impl Into<String>) -> Failure {
        Failure { code, message: message.into(), hint: None, candidates: Vec::new() }
    }

    /// Makes it of an error of the library, with those of its candidates that the client may see.
    pub(crate) fn with_candidates(error: &Error, candidates: Vec<Candidate>) -> Failure {
        Failure {
            code: Code::Of(error.kind()),
            message: error.message().into(),
            hint: error.hint().map(String::from),
            candidates,
        }
    }

    /// Makes the document; texts of threads in it are cut.
    pub(crate) fn document(&self) -> FailureDocument {
        let cut = |text: &str, most: usize| shortened(&clean(text), most);
        let candidate = |candidate: &Candidate| CandidateFields {
            id: candidate.id.clone(),
            beginning: cut(&candidate.preview, 80),
            directory: candidate.cwd.as_deref().map(|cwd| cut(cwd, 80)),
        };
        FailureDocument {
            error: ErrorFields {
                code: self.code,
                message: cut(&self.message, 300),
                hint: self.hint.as_deref().map(|hint| cut(hint, 200)),
                candidates: self.candidates.iter().take(3).map(candidate).collect(),
            },
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::with_candidates(&error, Vec::new())
    }
}
