//! Which threads a command is about: the flags that `list` and `search` share.

use clap::{Args, ValueEnum};
use threadkeep::contract::{Collection, MarkFilter, RowQuery, SortKey};
use threadkeep::{Threadkeep, TouchedRequest};

use crate::context::Context;
use crate::dates::{self, Moment};
use crate::failure::{Usage, say};
use crate::source_kind::SourceKind;
use crate::{files, text, values};

/// The heading of flags that say which threads a command is about.
pub(crate) const WHICH_THREADS: &str = "Which threads";

/// The flags.
#[derive(Args)]
#[command(next_help_heading = WHICH_THREADS)]
pub(crate) struct Filters {
    /// Only this model provider [default: any]
    #[arg(long, value_name = "NAME", value_parser = values::text)]
    #[arg(hide_short_help = true)]
    provider: Option<String>,
    /// Only threads that began or last ran in this directory
    #[arg(long, value_name = "DIR", value_parser = values::directory)]
    #[arg(hide_short_help = true)]
    cwd: Option<String>,
    /// Only threads of this directory and below
    ///
    /// They began or last ran there, in any worktree of its git repository.
    #[arg(long, value_name = "DIR", value_parser = values::directory)]
    under: Option<String>,
    /// Only from this time on: 2026-03-01, yesterday, 7d, …
    ///
    /// 2026-03-01, 2026-03, yesterday, monday, 7d, '2 weeks ago', or RFC 3339; local without an offset. `threadkeep help dates`
    /// tells of all forms.
    #[arg(long, value_name = "TIME", value_parser = dates::moment, allow_negative_numbers = true)]
    since: Option<Moment>,
    /// Only before this time
    #[arg(long, value_name = "TIME", value_parser = dates::moment, allow_negative_numbers = true)]
    #[arg(hide_short_help = true)]
    until: Option<Moment>,
    /// Only threads whose title or preview contains this
    ///
    /// The case of letters does not matter.
    #[arg(long, value_name = "TEXT", value_parser = values::text)]
    title: Option<String>,
    /// Only threads that were given a name which contains this
    #[arg(long, value_name = "TEXT", value_parser = values::text)]
    #[arg(hide_short_help = true)]
    name: Option<String>,
    /// Only threads that began on this git branch
    #[arg(long, value_name = "NAME", value_parser = values::text)]
    #[arg(hide_short_help = true)]
    branch: Option<String>,
    /// Only threads that began on this git commit: its SHA, or four digits or more of its beginning
    #[arg(long, value_name = "SHA", value_parser = values::commit)]
    #[arg(hide_short_help = true)]
    commit: Option<String>,
    /// Only threads whose last turn went to a model with a name that contains this
    #[arg(long, value_name = "NAME", value_parser = values::text)]
    #[arg(hide_short_help = true)]
    model: Option<String>,
    /// Only threads of this git repository: its origin URL in any form, the end of it, as OWNER/NAME, or a directory in it, as `.`
    #[arg(long, value_name = "URL|DIR", value_parser = values::text)]
    #[arg(hide_short_help = true)]
    repo: Option<String>,
    /// Only threads with this tag
    ///
    /// Given several times, only those with all of them.
    #[arg(long, value_name = "TAG", value_parser = values::text)]
    tag: Vec<String>,
    /// Only threads that were pinned here
    #[arg(long)]
    #[arg(hide_short_help = true)]
    pinned: bool,
}

/// Which time a list goes by.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Sort {
    /// When the thread was created
    Created,
    /// Time of its last record
    Updated,
    /// When its last turn began
    Recency,
}

impl Sort {
    pub(crate) fn key(self) -> SortKey {
        match self {
            Sort::Created => SortKey::Created,
            Sort::Updated => SortKey::Updated,
            Sort::Recency => SortKey::Recency,
        }
    }
}

impl Filters {
    /// Says whether any of them is given.
    pub(crate) fn are_given(&self) -> bool {
        let texts = [
            &self.provider,
            &self.cwd,
            &self.under,
            &self.title,
            &self.name,
            &self.branch,
            &self.commit,
            &self.model,
            &self.repo,
        ];
        let is_time_given = self.since.is_some() || self.until.is_some();
        texts.iter().any(|text| text.is_some()) || is_time_given || self.ask_for_marks()
    }

    /// Says whether threads are chosen by their tags or pins.
    pub(crate) fn ask_for_marks(&self) -> bool {
        !self.tag.is_empty() || self.pinned
    }

    /// Gives which threads, by their tags and pins.
    pub(crate) fn marked(&self) -> MarkFilter {
        MarkFilter { tags: self.tag.clone(), without: Vec::new(), pinned: self.pinned }
    }

    /// Takes the commit out of the filters.
    pub(crate) fn take_commit(&mut self) -> Option<String> {
        self.commit.take()
    }

    /// The commit that is named.
    pub(crate) fn commit(&self) -> Option<&str> {
        self.commit.as_deref()
    }

    /// Gives the query for threads from these sources, or any where there is none.
    pub(crate) fn query(&self, source: &[SourceKind], sort: SortKey) -> Result<RowQuery, Usage> {
        let [since, until] = [&self.since, &self.until].map(|moment| moment.as_ref().map(|moment| moment.at));
        if let (Some(since), Some(until)) = (since, until)
            && since >= until
        {
            let why = "--until must be later than --since: nothing is both since the one and before the other";
            return Err(Usage(why.into()));
        }
        if self.commit() == Some(values::STANDARD_INPUT) {
            let why = "--commit - asks who wrote a patch, which search alone does: git show SHA | threadkeep search --commit -";
            return Err(Usage(why.into()));
        }
        let any = source.is_empty() || source.contains(&SourceKind::Any);
        Ok(RowQuery {
            source_kinds: (!any).then(|| SourceKind::names(source)),
            provider: self.provider.clone().filter(|provider| provider != "any"),
            cwd: self.cwd.clone(),
            under: self.under.clone(),
            since,
            until,
            title: self.title.clone(),
            name: self.name.clone(),
            branch: self.branch.clone(),
            repo: self.repo.clone(),
            commit: self.commit.clone(),
            model: self.model.clone(),
            sort,
            ..RowQuery::default()
        })
    }

    /// Puts into the query what only the home can tell: the names of a repository, and the threads with tags and pins.
    pub(crate) fn look_up(&self, query: &mut RowQuery, threadkeep: &Threadkeep) -> anyhow::Result<()> {
        self.look_up_repository(query, threadkeep)?;
        Ok(threadkeep.keep_marked(query, &self.marked())?)
    }

    /// Puts the names of a repository into the query where it was named by a directory in it.
    pub(crate) fn look_up_repository(&self, query: &mut RowQuery, threadkeep: &Threadkeep) -> anyhow::Result<()> {
        if let Some(directory) = query.repo.as_deref().and_then(values::directory_in) {
            let repository = threadkeep.repository_around(&directory)?;
            (query.repo, query.also_in_repo) = (Some(repository.origin), repository.worktrees);
        }
        Ok(())
    }

    /// Says which times are meant, where they were not named whole: in which zone.
    pub(crate) fn say_times(&self, context: &Context) {
        let inexact =
            |moment: &Option<Moment>| moment.clone().filter(|moment| !moment.is_exact && !context.global.json);
        for (word, moment) in [("since", inexact(&self.since)), ("until", inexact(&self.until))] {
            if let Some(moment) = moment {
                say(&format!("{word} {}", text::second(moment.at)));
            }
        }
    }
}

/// Keeps of a query the threads alone in which a file was changed.
pub(crate) fn keep_touching(
    query: &mut RowQuery,
    path: &str,
    context: &Context,
    threadkeep: &Threadkeep,
) -> anyhow::Result<()> {
    let rows = RowQuery { fold_children: false, ..query.clone() };
    let request = TouchedRequest { path: files::path(path)?, rows, refresh: !context.global.no_refresh };
    query.among = Some(threadkeep.touching(&request)?);
    Ok(())
}

/// Says that a query finds no thread, and where else there may be some.
pub(crate) fn nothing(query: &RowQuery) -> &'static str {
    match query.within {
        _ if query.missing => "no threads: of no thread that is known are the rollouts gone",
        Some(Collection::Active) => {
            "no threads; `threadkeep list --all` has archived ones too, and `threadkeep search WORDS` looks through what was said"
        }
        Some(Collection::Archived) => {
            "no archived threads; `threadkeep list --all` has the others too, and `threadkeep search WORDS` looks through what was said"
        }
        None => "no threads; fewer filters may show some, and `threadkeep search WORDS` looks through what was said",
    }
}
