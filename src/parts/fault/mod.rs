//! What fails: a zone, a host, an instance, a device that is slow, a link, a cache; when, for how
//! long, and how it shows; or a surge of load.
//!
//! Faults come at a given time, or again and again at random: an alternating renewal process (K. S.
//! Trivedi, "Probability and Statistics with Reliability, Queuing, and Computer Science
//! Applications", 2002, chapter 6), in which `every` is the time to failure and `for` that to repair.

mod slow;
mod surge;

pub use slow::Slow;
pub use surge::Surge;

use crate::parts::distribution::Distribution;
use crate::problem::{Code, Findings};
use crate::units::{Share, Span};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a failure shows to those who are talking to the failed machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultStyle {
    /// Connections are reset at once, and new ones are refused.
    #[default]
    Crash,
    /// Nothing answers: requests hang until somebody's patience ends.
    Silence,
}

impl FaultStyle {
    /// The word for it in files and reports.
    pub fn name(self) -> &'static str {
        match self {
            FaultStyle::Crash => "crash",
            FaultStyle::Silence => "silence",
        }
    }
}

/// Something is out of the ordinary for a while. Give one of `zone`, `host`, `instance`, `link`,
/// `partition`, `cache` and `surge`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The zone that fails; "any" plays each zone's failure in turn, or at random each by itself.
    #[serde(default)]
    pub zone: Option<String>,
    /// The host that fails: the name of its group and its number from 0, as in "rack.0". At random
    /// also the group, each host of which fails by itself.
    #[serde(default)]
    pub host: Option<String>,
    /// The instance that fails, on a host that goes on: the name of its service and its number from
    /// 0, as in "app.0". At random also the service, each instance of which fails by itself.
    #[serde(default)]
    pub instance: Option<String>,
    /// The zone, host or instance does not fail, but is slow.
    #[serde(default)]
    pub slow: Option<Slow>,
    /// Two places what crosses between which is slower or lost: zones, or as in `links` a region, a
    /// provider, "provider/region", or "*" for any.
    #[serde(default)]
    pub link: Option<[String; 2]>,
    /// How much longer a message takes that crosses the link, one way.
    #[serde(default)]
    #[schemars(example = "50ms")]
    pub latency: Option<Distribution>,
    /// The share of the messages that the link loses, as in "1%": calls and answers, about which
    /// nobody hears anything more, until the caller's patience or the fault ends.
    #[serde(default)]
    pub loss: Option<Share>,
    /// Two places between which nothing comes through, in neither direction; named as in `link`. At a crash
    /// whoever sends learns at once that the other is unreachable, and callers that theirs cannot
    /// answer when it would have; in silence they hear nothing, until their patience or the fault ends.
    /// Calls of clients and health checks come from outside, and reach every zone.
    #[serde(default)]
    pub partition: Option<[String; 2]>,
    /// What was stored is lost: in a cache, as in "web.cache.page", or in the memory of a database,
    /// as in "db.buffer". It lasts no time; what is stored from then on stays.
    #[serde(default)]
    pub cache: Option<String>,
    /// A surge of load: so many times the usual rate of arrivals.
    #[serde(default)]
    pub surge: Option<f64>,
    /// The traffic class that surges. All that do not wait for answers if absent; each
    /// must come at a rate.
    #[serde(default)]
    pub of: Option<String>,
    /// How long a surge takes to rise, before it is held.
    #[serde(default)]
    #[schemars(example = "30s")]
    pub rise: Span,
    /// How long it takes to decay, after it was held.
    #[serde(default)]
    #[schemars(example = "2m")]
    pub decay: Span,
    /// When it begins, counted from the start of the story. Without growth, that says nothing.
    #[serde(default)]
    #[schemars(example = "22d")]
    pub at: Span,
    /// The mean time from one such fault to the next, each zone of "any" for itself. With it, what
    /// happens in the long run is told: ordinary times and faults, weighted by how often they come.
    #[serde(default)]
    #[schemars(example = "90d")]
    pub once_in: Option<Span>,
    /// It comes again and again: the time from the end of one, or the start of the run, to the
    /// beginning of the next. Whatever the design, the same thing of the same name fails at the same
    /// times.
    #[serde(default)]
    #[schemars(example = "30d")]
    pub every: Option<Distribution>,
    /// How long it lasts, or is held. Drawn anew each time, if it comes again and again. A program that
    /// is restarted (`restart`) crashes once if absent, and as often as it is started meanwhile if not.
    #[serde(rename = "for", default = "no_time")]
    #[schemars(example = "20m")]
    pub duration: Distribution,
    /// A zone or host is lost for good: its machines come back when others have been provisioned in their
    /// place, each by itself, as its group's `provision` says. Without `for`.
    #[serde(default)]
    pub for_good: bool,
    /// How it shows, if a zone, a host, an instance or a link fails.
    #[serde(default)]
    pub style: FaultStyle,
}

/// How the loss of machines is called in reports.
pub const FOR_GOOD: &str = "for good";

fn no_time() -> Distribution {
    Distribution::Constant(Span::ZERO)
}

/// A larger surge is no surge of anything that exists.
const SURGE_MAX: f64 = 1e6;
/// What fails more often does not work at all, and would take a run for ever.
const SHORTEST: Span = Span::from_nanos(1_000_000);

impl Fault {
    /// How long it lasts, if that is certain.
    pub fn length(&self) -> Span {
        match self.duration {
            Distribution::Constant(span) => span,
            Distribution::Random(_) => Span::ZERO,
        }
    }

    /// All of it, ramps too.
    pub fn whole(&self) -> Span {
        self.rise + self.length() + self.decay
    }

    /// Whether a program fails at once, and nothing else.
    pub fn is_crash_of_a_program(&self) -> bool {
        self.instance.is_some() && self.slow.is_none() && self.style == FaultStyle::Crash
    }

    /// What fails, in reports: "zone a", "host rack.0".
    pub fn what(&self) -> String {
        let named = [
            ("zone", &self.zone),
            ("host", &self.host),
            ("instance", &self.instance),
            ("cache", &self.cache),
        ];
        let between = [("link", &self.link), ("partition", &self.partition)];
        let named = named.iter().find_map(|(kind, it)| Some(format!("{kind} {}", it.as_ref()?)));
        let ends = |(kind, it): &(&str, &Option<[String; 2]>)| {
            it.as_ref().map(|[a, b]| format!("{kind} {a}–{b}"))
        };
        let what = named.or(between.iter().find_map(ends)).unwrap_or_default();
        if self.slow.is_some() { format!("{what}, slow") } else { what }
    }

    /// The word for how it shows, in reports.
    pub fn style_name(&self) -> &'static str {
        match () {
            () if self.for_good => FOR_GOOD,
            () if self.surge.is_some() => "surge",
            () if self.slow.is_some() => "slow",
            () if self.link.is_some() => "bad link",
            () if self.cache.is_some() => "lost",
            () => self.style.name(),
        }
    }

    pub fn check(&self, findings: &mut Findings) {
        let given = [
            self.zone.is_some(),
            self.host.is_some(),
            self.instance.is_some(),
            self.link.is_some(),
            self.partition.is_some(),
            self.cache.is_some(),
            self.surge.is_some(),
        ];
        if given.iter().filter(|it| **it).count() != 1 {
            findings.wrong(
                Code::E010,
                "give exactly one of zone, host, instance, link, partition, cache and surge",
                "name what fails",
            );
        }
        if let Some(factor) = self.surge
            && !(0.0..=SURGE_MAX).contains(&factor)
        {
            let rule = format!("must be from 0 to {SURGE_MAX} times the usual rate, not {factor}");
            findings.wrong_at("surge", Code::E007, rule, "\"surge\": 3");
        }
        if let Some(slow) = &self.slow {
            findings.inside("slow", |it| slow.check(it));
        }
        self.check_belongings(findings);
        self.check_link(findings);
        self.check_times(findings);
    }

    /// Keys that say something of what is not there.
    fn check_belongings(&self, findings: &mut Findings) {
        let ramps = [
            ("of", self.of.is_some()),
            ("rise", !self.rise.is_zero()),
            ("decay", !self.decay.is_zero()),
        ];
        for (key, _) in ramps.iter().filter(|it| it.1 && self.surge.is_none()) {
            findings.wrong_at(*key, Code::E010, "belongs to a surge", "give \"surge\" too");
        }
        for (key, given) in [("latency", self.latency.is_some()), ("loss", self.loss.is_some())] {
            if given && self.link.is_none() {
                findings.wrong_at(key, Code::E010, "belongs to a link", "give \"link\" too");
            }
        }
        let can_be_slow = self.zone.is_some() || self.host.is_some() || self.instance.is_some();
        if self.slow.is_some() && !can_be_slow {
            let rule = "belongs to a zone, a host or an instance";
            findings.wrong_at("slow", Code::E010, rule, "a link has \"latency\"");
        }
        let fails = self.slow.is_none() && (can_be_slow || self.partition.is_some());
        if !fails && self.style != FaultStyle::default() {
            let what = self.surge.map_or("what does not fail as a whole", |_| "a surge");
            let mend = format!("leave it out of {what}");
            findings.wrong_at("style", Code::E010, "belongs to what fails", mend);
        }
    }

    fn check_link(&self, findings: &mut Findings) {
        if let Some(latency) = &self.latency {
            findings.inside("latency", |it| latency.check(it));
        }
        if self.link.is_some() && self.latency.is_none() && self.loss.is_none() {
            let rule = "give latency, loss, or both";
            findings.wrong(Code::E004, rule, "\"latency\": \"50ms\", \"loss\": \"1%\"");
        }
    }

    /// Machines are lost, at once and once.
    fn check_for_good(&self, lasts: Span, findings: &mut Findings) {
        if (self.zone.is_none() && self.host.is_none()) || self.slow.is_some() {
            let rule = "only a zone or a host can be lost for good";
            findings.wrong_at("for_good", Code::E010, rule, "leave it out");
        }
        for (key, given) in [
            ("for", !lasts.is_zero()),
            ("every", self.every.is_some()),
            ("once_in", self.once_in.is_some()),
        ] {
            if given {
                let rule = "has no effect on what is lost for good";
                findings.wrong_at(key, Code::E010, rule, "leave \"for_good\" or this out");
            }
        }
    }

    fn check_times(&self, findings: &mut Findings) {
        findings.inside("for", |it| self.duration.check(it));
        let lasts = match &self.duration {
            Distribution::Constant(span) => *span,
            Distribution::Random(_) if self.every.is_none() => {
                let rule = "must be certain where a fault comes at a given time";
                return findings.wrong_at("for", Code::E010, rule, "\"20m\", or give \"every\"");
            }
            Distribution::Random(_) => SHORTEST,
        };
        match &self.cache {
            Some(_) if !lasts.is_zero() => {
                let rule = "a loss is over at once";
                findings.wrong_at("for", Code::E010, rule, "leave it out");
            }
            // A program that crashes and is restarted: what is restarted says how long that takes.
            None if self.is_crash_of_a_program() => {}
            None if self.for_good => self.check_for_good(lasts, findings),
            None if lasts.is_zero() => {
                let mend = "an outage takes minutes: \"20m\"";
                findings.wrong_at("for", Code::E007, "must be longer than nothing", mend);
            }
            _ => {}
        }
        let Some(every) = &self.every else { return };
        findings.inside("every", |it| {
            let before = it.len();
            every.check(it);
            if it.len() == before && every.law().mean_ns() < SHORTEST.nanos() as f64 {
                let rule = format!("must be at least {SHORTEST} on average");
                it.wrong(Code::E007, rule, "machines fail every few months: \"90d\"");
            }
        });
        for (key, given) in [
            ("at", !self.at.is_zero()),
            ("surge", self.surge.is_some()),
            ("once_in", self.once_in.is_some()),
        ] {
            if given {
                let rule = "has no effect on what comes at random";
                findings.wrong_at(key, Code::E010, rule, "leave \"every\" or this out");
            }
        }
    }
}
