//! The command `stats`.

use std::io::Write as _;

use clap::{Args, Subcommand, ValueEnum};
use threadkeep::contract::{RowQuery, SortKey};
use threadkeep::documents::{RateLimits, Statistics, Storage};
use threadkeep::{Cancellation, StatisticsGrouping, StatisticsRequest, Threadkeep};
use threadkeep_terminal::zone::shown_zone;

use crate::context::Context;
use crate::failure::{Usage, exit};
use crate::filters::{self, Filters};
use crate::interrupt;
use crate::source_kind::{SourceKind, collection};
use crate::text::{self, statistics};

/// `stats`
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Stats {
    #[command(subcommand)]
    of: Option<Of>,
    /// What the rows are of
    #[arg(long, value_name = "WHAT", default_value = "day")]
    by: By,
    /// Draw the tokens of each row, or of each day of the last year
    #[arg(long, value_name = "CHART", conflicts_with_all = ["csv", "explain"])]
    chart: Option<Chart>,
    /// Print the rows as CSV
    #[arg(long)]
    #[arg(hide_short_help = true)]
    csv: bool,
    /// Say what rollouts tell of and was not counted, and why
    #[arg(long, conflicts_with = "csv")]
    #[arg(hide_short_help = true)]
    explain: bool,
    /// Instead: the rate limits, as the last answers told of them
    #[arg(long, conflicts_with_all = ["by", "chart", "csv", "explain", "since", "until"])]
    live: bool,
    /// Archived threads only
    #[arg(long, conflicts_with = "active")]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    archived: bool,
    /// Active threads only
    #[arg(long)]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    active: bool,
    /// Only threads from these sources [default: any]
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    source: Vec<SourceKind>,
    #[command(flatten)]
    filters: Filters,
}

/// What else there is to count.
#[derive(Subcommand)]
enum Of {
    /// What takes the space in rollouts: by type of record, by thread, by age, and what compressing would give back
    Storage,
}

/// What rows are of.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum By {
    /// Days
    Day,
    /// Weeks, from Monday on
    Week,
    /// Months
    Month,
    /// Directories in which threads began
    Project,
    /// Models
    Model,
    /// What made the threads
    Source,
    /// Git branches on which they began
    Branch,
    /// Threads
    Thread,
}

/// A drawing.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Chart {
    /// A bar for each row
    Bars,
    /// A square for each day
    Calendar,
}

impl Stats {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        if context.global.json && (self.csv || self.chart.is_some()) {
            return Err(Usage("--json is a form of its own: leave out --csv and --chart".into()).into());
        }
        let cancellation = interrupt::cancellation()?;
        self.answer(context, cancellation).map_err(|error| interrupt::told(error, "the count"))
    }

    fn answer(self, context: &Context, cancellation: Cancellation) -> anyhow::Result<u8> {
        let counted = match context.several_homes() {
            Some(named) if self.of.is_none() => {
                let open = context.open_homes(named, &cancellation)?;
                let requests = open.homes.members().iter().map(|home| self.request(context, home));
                let requests = requests.collect::<anyhow::Result<Vec<_>>>()?;
                self.filters.say_times(context);
                open.homes.statistics(&requests)?
            }
            _ => {
                let threadkeep = context.cancellable_reader(cancellation)?;
                if let Some(Of::Storage) = self.of {
                    let report = threadkeep.storage()?;
                    context.print(Storage::from(&report), || text::storage::report(&report))?;
                    return Ok(exit::DONE);
                }
                let request = self.request(context, &threadkeep)?;
                self.filters.say_times(context);
                threadkeep.statistics(&request)?
            }
        };
        if self.live {
            let now = jiff::Timestamp::now().as_millisecond();
            let limits = RateLimits::new(&counted.limits, now);
            context.print(&limits, || statistics::limits(&counted.limits, now))?;
            return Ok(exit::DONE);
        }
        let document = Statistics::new(&counted, self.explain);
        if self.csv {
            context.warn();
            let mut out = context.stdout();
            out.write_all(statistics::csv(&document, self.by.name()).as_bytes())?;
            out.flush()?;
            return Ok(exit::DONE);
        }
        context.print(&document, || match self.chart {
            Some(Chart::Bars) => statistics::bars(&document, text::width()),
            Some(Chart::Calendar) => statistics::calendar(&document, text::width()),
            None => statistics::table(&document, self.by.name(), text::line_width()),
        })?;
        Ok(exit::DONE)
    }

    fn request(&self, context: &Context, threadkeep: &Threadkeep) -> anyhow::Result<StatisticsRequest> {
        let mut rows = self.filters.query(&self.source, SortKey::Created)?;
        self.filters.look_up(&mut rows, threadkeep)?;
        let (since, until) = (rows.since.take(), rows.until.take());
        let rows = RowQuery { within: collection(self.archived, !self.active), ..rows };
        let (zone, prices) = (shown_zone().clone(), context.global.prices.clone());
        Ok(StatisticsRequest { rows, since, until, grouping: self.grouping(), zone, prices })
    }

    fn grouping(&self) -> StatisticsGrouping {
        match self.by {
            _ if self.chart == Some(Chart::Calendar) => StatisticsGrouping::Day,
            By::Day => StatisticsGrouping::Day,
            By::Week => StatisticsGrouping::Week,
            By::Month => StatisticsGrouping::Month,
            By::Model => StatisticsGrouping::Model,
            By::Project => StatisticsGrouping::Project,
            By::Source => StatisticsGrouping::Source,
            By::Branch => StatisticsGrouping::Branch,
            By::Thread => StatisticsGrouping::Thread,
        }
    }
}

impl By {
    fn name(self) -> &'static str {
        match self {
            By::Day => "day",
            By::Week => "week",
            By::Month => "month",
            By::Project => "project",
            By::Model => "model",
            By::Source => "source",
            By::Branch => "branch",
            By::Thread => "thread",
        }
    }
}
