//! What can be said on the command line.

use crate::units::{Share, Span};
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Simulates scaling architectures: when does it break, what breaks first, what does it cost, and
/// how sure is that?
#[derive(Debug, Parser)]
#[command(name = "outgrow", version, propagate_version = true)]
pub struct Args {
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run one model at one load.
    Run {
        /// The model file.
        model: PathBuf,
        /// How many users there are, in place of the model's own number.
        #[arg(long, allow_negative_numbers = true)]
        users: Option<f64>,
        /// How long each run is measured.
        #[arg(long, allow_hyphen_values = true, value_parser = Span::parse, default_value = "5m")]
        window: Span,
        /// What is run first and not measured: a length of time, or "auto".
        #[arg(long, allow_hyphen_values = true, value_parser = warm_up, default_value = "auto")]
        warm_up: WarmUp,
        /// Show which formula of queueing theory applies to each part, why, and what it says.
        #[arg(long)]
        theory: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Compare models under the same load and luck: two or more model files, or one experiment.
    Compare {
        /// An experiment file, or two or more model files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        common: Common,
    },
    /// Run an experiment at all combinations of what it varies.
    Sweep {
        /// The experiment file.
        experiment: PathBuf,
        #[command(flatten)]
        common: Common,
    },
    /// Find the largest load that keeps a model's objectives: how many users, or how many times its
    /// rates; what is missed beyond it, and how much of it is left.
    Capacity {
        /// The model file, or an experiment file, whose growth says when it is used up.
        file: PathBuf,
        /// How long each run of a model is measured.
        #[arg(long, allow_hyphen_values = true, value_parser = Span::parse, default_value = "5m")]
        window: Span,
        /// What of each run of a model is run first and not measured.
        #[arg(long, allow_hyphen_values = true, value_parser = Span::parse, default_value = "1m")]
        warm_up: Span,
        #[command(flatten)]
        common: Common,
    },
    /// Check what experiments expect: exit code 0 if all of it holds, 1 if something fails, 3 if
    /// something cannot be told.
    Check {
        /// Experiment files with an "expect".
        #[arg(required = true)]
        experiments: Vec<PathBuf>,
        #[command(flatten)]
        gates: Gates,
        #[command(flatten)]
        common: Common,
    },
    /// Look at what runs with --store have kept, clear it up, or hand it on.
    Store {
        #[command(subcommand)]
        verb: StoreVerb,
    },
    /// Print the JSON Schema of a kind of file, for editors.
    Schema {
        /// Which kind.
        of: Kind,
    },
    /// Explain a code such as E012.
    Explain {
        /// The code.
        code: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum StoreVerb {
    /// What is there: experiments and models with how many points and replications.
    List {
        /// The folder.
        folder: PathBuf,
        /// Each replication in a row of its own, with the first digits of its key.
        #[arg(long)]
        parts: bool,
        #[command(flatten)]
        which: Which,
    },
    /// One replication: what it is and all its figures.
    Show {
        /// The folder.
        folder: PathBuf,
        /// The first digits of its key.
        key: String,
    },
    /// Delete what is not wanted any more: says what it would delete, and does so with --yes.
    Prune {
        /// The folder.
        folder: PathBuf,
        /// What was last written longer ago than this: "30d".
        #[arg(long, value_name = "SPAN", value_parser = Span::parse)]
        older_than: Option<Span>,
        /// What other versions or builds of the program have kept, also in other formats.
        #[arg(long)]
        other_programs: bool,
        /// What is damaged, and what processes that were killed more than an hour ago left unfinished.
        #[arg(long)]
        damaged: bool,
        /// Delete it.
        #[arg(long)]
        yes: bool,
    },
    /// Everything as one tidy table: a row for each metric of each replication of each point.
    Export {
        /// The folder.
        folder: PathBuf,
        /// The kind of table.
        #[arg(long, value_enum, default_value_t = Tidy::Csv)]
        format: Tidy,
        /// The file to write, in place of standard output.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        which: Which,
    },
}

/// Which of the parts of a store are meant; all if nothing is said.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct Which {
    /// Only those of this experiment.
    #[arg(long, value_name = "NAME")]
    pub experiment: Option<String>,
    /// Only those of this model.
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tidy {
    /// Text, for anything.
    Csv,
    /// Columns with types, for data frames; needs a program built with --features parquet.
    Parquet,
}

/// What a CI job wants besides.
#[derive(Clone, Debug, ClapArgs)]
pub struct Gates {
    /// A JUnit file for the CI server.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// A Markdown file for the job's summary or a pull request.
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,
    /// Print annotations for GitHub; so it does by itself where GITHUB_ACTIONS is true.
    #[arg(long)]
    pub github: bool,
    /// The outcome.json of an earlier check: what has become worse fails too.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// By how much a figure may become worse than in the baseline.
    #[arg(long, allow_hyphen_values = true, value_parser = Share::parse, default_value = "5%")]
    pub tolerance: Share,
}

/// What most verbs take.
#[derive(Clone, Debug, ClapArgs)]
pub struct Common {
    /// Change something in the files: a path and a value, as in hosts.rack.cores=32. May stand
    /// several times. In a comparison or sweep, "model: path=value" changes one model only.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub sets: Vec<String>,
    /// The seed of all chance.
    #[arg(long, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// How many independent runs of each point, in place of the numbers in the file.
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub replications: Option<u32>,
    /// How many threads to use. As many as there are cores if absent.
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// What to print on standard output.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// A folder for the outcome as JSON and CSV and for charts as SVG and PNG.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// A folder that keeps every finished replication, so that none is run twice: what was interrupted
    /// goes on where it stopped. Several processes may share it.
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
    /// Refuse to start what would take about so many events or more, and end what does.
    #[arg(long, allow_negative_numbers = true, default_value_t = 10_000_000_000)]
    pub max_events: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables for people.
    Table,
    /// The whole outcome.
    Json,
    /// A row for each figure.
    Csv,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    Model,
    Experiment,
    Outcome,
}

pub use crate::experiment::file::WarmUp;

fn warm_up(text: &str) -> Result<WarmUp, String> {
    match text {
        "auto" => Ok(WarmUp::default()),
        span => Span::parse(span).map(WarmUp::Fixed).map_err(|why| format!("{why}; or \"auto\"")),
    }
}
