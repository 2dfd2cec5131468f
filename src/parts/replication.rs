//! A database in a cluster: one instance takes writes, the primary; the others follow, as standbys.
//!
//! Log shipping as in PostgreSQL's streaming replication (its manual, "High Availability, Load
//! Balancing, and Replication": `synchronous_standby_names`, `synchronous_commit`): what the primary
//! has flushed crosses the link to each standby, in order; a standby flushes what has come by then
//! in one go, to its own log, and says so. A commit that waits for standbys is answered once enough
//! have said so. A failover has the course of Patroni's or CloudNativePG's: the primary is found
//! to be gone, the standby with the most of its log is promoted, and the old primary is kept from
//! taking writes until it has come back as a standby.
//!
//! What is simplified: messages on a stream have no size, and a lossy link loses none of them; what is
//! on its way when the primary goes is lost with it; a standby applies what it has flushed without any CPU of its host; one that was away is sent all
//! that it missed in one message.

use crate::problem::{Code, Findings};
use crate::units::Span;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::distribution::Distribution;

/// One of the instances is the primary and takes writes, the first of them at the start; the others
/// are its standbys, and get everything that it commits.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replication {
    /// Which standbys a commit waits for.
    pub mode: Mode,
    /// How long commits wait for a standby that is gone, before the primary goes on without it: MySQL's
    /// `rpl_semi_sync_source_timeout`, Patroni's `loop_wait`. It counts again once it has caught up.
    #[serde(default)]
    #[schemars(example = "10s")]
    pub patience: Option<Span>,
    /// Whether commits wait for ever for standbys that are gone, as PostgreSQL does by itself.
    #[serde(default)]
    pub strict: bool,
    /// The operations that standbys answer, and whether the primary does so too. All others go to the
    /// primary. `balance` says which instance it is, round robin if absent; where no standby is
    /// believed to work, it is the primary.
    #[serde(default)]
    pub reads: IndexMap<String, Readers>,
    /// How long a standby takes to apply one commit before its readers see it, one after the other.
    #[serde(default)]
    #[schemars(example = "1ms")]
    pub apply: Span,
}

/// Whose acknowledgements a commit waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nobody's: a commit is answered once the primary has flushed it.
    Async,
    /// Those of all standbys.
    Sync,
    /// Those of so many standbys, whichever come first.
    Quorum(u32),
}

/// Who answers a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Readers {
    /// A standby.
    Standbys,
    /// A standby or the primary.
    Any,
}

/// MySQL's default of `rpl_semi_sync_source_timeout`, and Patroni's of `loop_wait`.
const PATIENCE: Span = Span::from_whole_secs(10);
/// A standby is a whole database; nobody has more of them.
pub const INSTANCES_MAX: u32 = 64;
/// Longer, and a standby can follow nobody.
const APPLY_MAX: Span = Span::from_whole_secs(60);

impl Replication {
    /// How long commits wait for a standby that is gone; for ever if there is no such time.
    pub fn patience(&self) -> Option<Span> {
        (!self.strict).then(|| self.patience.unwrap_or(PATIENCE))
    }

    pub fn check(&self, instances: u32, findings: &mut Findings) {
        if let Mode::Quorum(count) = self.mode
            && !(1..instances).contains(&count)
        {
            let standbys = instances.saturating_sub(1);
            let rule = format!("must be from 1 to the number of standbys, {standbys}, not {count}");
            let quorum = |it: &mut Findings| it.wrong_at("quorum", Code::E007, rule, "");
            findings.inside("mode", quorum);
        }
        for (key, given) in [("patience", self.patience.is_some()), ("strict", self.strict)] {
            if given && self.mode == Mode::Async {
                let rule = "commits wait for no standby";
                findings.wrong_at(key, Code::E010, rule, "leave it out, or \"mode\": \"sync\"");
            }
        }
        if self.strict && self.patience.is_some() {
            let rule = "commits wait for ever where it is strict";
            findings.wrong_at("patience", Code::E010, rule, "leave this or \"strict\" out");
        }
        if self.apply > APPLY_MAX {
            let rule = format!("must be at most {APPLY_MAX}, not {}", self.apply);
            findings.wrong_at("apply", Code::E007, rule, "one commit takes well below \"1ms\"");
        }
    }
}

/// What happens when the primary is gone. If absent, its service has no primary until it is back.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Failover {
    /// How long it takes until the primary is found to be gone; if it is back sooner, it goes on as the
    /// primary. If absent, the service's `health` checks find out.
    #[serde(default)]
    #[schemars(example = "30s")]
    pub detection: Option<Distribution>,
    /// How long it takes from there until the standby takes writes, and callers send them to it.
    #[schemars(example = "10s")]
    pub promotion: Distribution,
    /// How likely it is that a failover works, once it has begun. If it does not, there is no primary
    /// until the old one is back.
    #[serde(default = "unity")]
    pub coverage: f64,
    /// Whether the old primary is kept from taking writes once another is promoted. If not, and it is
    /// back, there are two: callers take now the one and now the other, and what the old one commits
    /// is lost.
    #[serde(default = "yes")]
    pub fencing: bool,
    /// Without fencing, how long it takes until somebody notices, and makes the old primary a standby.
    #[serde(default)]
    #[schemars(example = "1h")]
    pub noticed: Option<Distribution>,
}

fn unity() -> f64 {
    1.0
}
fn yes() -> bool {
    true
}

impl Failover {
    pub fn check(&self, has_health: bool, findings: &mut Findings) {
        if let Some(detection) = &self.detection {
            findings.inside("detection", |it| detection.check(it));
        } else if !has_health {
            let rule = "nothing finds out that the primary is gone";
            let mend = "\"detection\": \"30s\", or give the service \"health\" checks";
            findings.wrong_at("detection", Code::E004, rule, mend);
        }
        findings.inside("promotion", |it| self.promotion.check(it));
        if !(0.0..=1.0).contains(&self.coverage) {
            let rule = format!("must be from 0 to 1, not {}", self.coverage);
            findings.wrong_at("coverage", Code::E007, rule, "");
        }
        match &self.noticed {
            Some(noticed) => findings.inside("noticed", |it| noticed.check(it)),
            None if !self.fencing => {
                let rule = "two primaries would go on for ever";
                findings.wrong_at("noticed", Code::E004, rule, "\"noticed\": \"30m\"");
            }
            None => {}
        }
        if self.noticed.is_some() && self.fencing {
            let rule = "there is nothing to notice: the old primary is kept from taking writes";
            findings.wrong_at("noticed", Code::E010, rule, "\"fencing\": false, or leave it out");
        }
    }
}
