//! Requests of instances that follow what they use: the Kubernetes vertical pod autoscaler, which starts
//! them anew.
//!
//! kubernetes/autoscaler, vertical-pod-autoscaler, in its mode `Recreate`: `docs/flags.md` for the defaults,
//! `docs/features.md` (a limit keeps its ratio to the request), `docs/known-limitations.md` (what finds no
//! room is pending; not together with an HPA on the same metric), and where these are silent what can be
//! seen to be done: `pkg/recommender/logic` (the target, its bounds and how they widen while little is
//! known) and `pkg/updater` (who is evicted, in what order, and how many at a time). Simplified: only CPU;
//! recommender and updater look at one time; whoever is ready counts as running; nobody is evicted while a
//! deploy goes on.

mod history;

use super::check_period;
use super::metric::thousandths;
use crate::problem::{Code, Findings};
use crate::units::{Span, Time};
use history::History;
use schemars::JsonSchema;
use serde::Deserialize;

/// Nobody's samples weigh less than those of somebody who requests so many cores.
const LEAST_WEIGHT: f64 = 0.1;
/// How much less sure the lower bound is, and how much less the upper, the shorter the history: both are
/// times (1 + this / length) to a power, of −2 and of 1.
const LOWER_DOUBT: f64 = 0.001;
const UPPER_DOUBT: f64 = 1.0;
/// Products that are whole but for the last digit of a float are whole.
const WHOLE: f64 = 1e-9;

/// The CPU request of the instances, and their limit in proportion, as the Kubernetes vertical pod
/// autoscaler moves it: those whose request is far off are evicted, and others start with the new one.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vertical {
    /// An instance requests at least so many cores.
    #[serde(default = "least")]
    pub min: f64,
    /// An instance requests at most so many cores.
    pub max: f64,
    /// The time between two looks at what is used; each sample is the mean over this time.
    #[serde(default = "super::a_minute")]
    pub interval: Span,
    /// The request should be as much as is used in such a share of the time, and the margin.
    #[serde(default = "nine_tenths")]
    pub percentile: f64,
    /// The share of what is used that is added for safety.
    #[serde(default = "margin")]
    pub margin: f64,
    /// A request below this percentile, and the margin, is too small.
    #[serde(default = "half")]
    pub lower_percentile: f64,
    /// A request above this percentile, and the margin, is too large.
    #[serde(default = "nineteen_twentieths")]
    pub upper_percentile: f64,
    /// The time after which a sample weighs half as much as a new one.
    #[serde(default = "a_day")]
    pub half_life: Span,
    /// The length of history that there must be for the bounds to be trusted: after it the upper one is
    /// twice the percentile, after half of it three times.
    #[serde(default = "a_day")]
    pub confidence: Span,
    /// How long an instance is left alone whose request is within the bounds.
    #[serde(default = "half_a_day")]
    pub lifetime: Span,
    /// How far off the request of such an instance must be for it to be evicted, as a share of it.
    #[serde(default = "a_tenth")]
    pub threshold: f64,
    /// The share of the instances, rounded down, that may be missing for it at a time; one in any case.
    #[serde(default = "half")]
    pub tolerance: f64,
    /// Where fewer instances are wanted nobody is evicted.
    #[serde(default = "two")]
    #[schemars(range(min = 1))]
    pub min_instances: u32,
}

fn least() -> f64 {
    0.025
}
fn a_tenth() -> f64 {
    0.1
}
fn margin() -> f64 {
    0.15
}
fn half() -> f64 {
    0.5
}
fn nine_tenths() -> f64 {
    0.9
}
fn nineteen_twentieths() -> f64 {
    0.95
}
fn two() -> u32 {
    2
}
fn half_a_day() -> Span {
    Span::from_whole_secs(43_200)
}
fn a_day() -> Span {
    Span::from_whole_secs(86_400)
}

/// What is recommended, in thousandths of a core: what a new instance requests, and within which bounds
/// one that there is may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advice {
    pub target: u64,
    pub lower: u64,
    pub upper: u64,
}

/// How much an instance ought to be started anew: those that grow before those that shrink, and those
/// furthest off first.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Urgency {
    grows: bool,
    off_by: f64,
}

impl Vertical {
    /// What is wrong with it, for a service that begins with so many instances.
    pub fn check(&self, instances: u32, findings: &mut Findings) {
        let mut within = |key: &str, value: f64, least: f64, most: f64| {
            if !(least..=most).contains(&value) {
                let rule = format!("must be from {least} to {most}, not {value}");
                findings.wrong_at(key, Code::E007, rule, "");
            }
        };
        within("min", self.min, 0.001, 1000.0);
        within("max", self.max, 0.001, 1000.0);
        within("percentile", self.percentile, 0.0, 1.0);
        within("margin", self.margin, 0.0, 10.0);
        within("lower_percentile", self.lower_percentile, 0.0, 1.0);
        within("upper_percentile", self.upper_percentile, 0.0, 1.0);
        within("threshold", self.threshold, 0.0, 10.0);
        within("tolerance", self.tolerance, 0.0, 1.0);
        if self.max < self.min {
            let rule = format!("cannot be less than min, {}", self.min);
            findings.wrong_at("max", Code::E010, rule, "");
        }
        let ordered =
            self.lower_percentile <= self.percentile && self.percentile <= self.upper_percentile;
        if !ordered {
            let rule = format!(
                "must be from lower_percentile to upper_percentile, {} to {}",
                self.lower_percentile, self.upper_percentile
            );
            findings.wrong_at("percentile", Code::E010, rule, "");
        }
        check_period("interval", self.interval, findings);
        for (key, span) in [("half_life", self.half_life), ("confidence", self.confidence)] {
            if !(Span::from_whole_secs(1)..=Span::from_whole_secs(366 * 86_400)).contains(&span) {
                let rule = format!("must be from 1s to 366d, not {span}");
                findings.wrong_at(key, Code::E007, rule, "");
            }
        }
        if self.min_instances == 0 {
            findings.wrong_at("min_instances", Code::E007, "must be at least 1, not 0", "");
        }
        if instances < self.min_instances {
            let rule = format!(
                "the service has {instances} instances, and with fewer than {} nobody is evicted",
                self.min_instances
            );
            let mend = format!("\"min_instances\": {}", instances.max(1));
            findings.wrong_at("min_instances", Code::E010, rule, mend);
        }
    }

    /// The least and the most that an instance may request, in thousandths of a core.
    pub fn bounds(&self) -> (u64, u64) {
        (thousandths(self.min).max(1), thousandths(self.max).max(1))
    }

    /// How much one that has run for so long, with such a request, ought to be started anew, if it is to
    /// be at all.
    pub fn urgency(&self, request: u64, runs_for: Span, advice: Advice) -> Option<Urgency> {
        let off_by = request.abs_diff(advice.target) as f64 / request.max(1) as f64;
        let is_outside = !(advice.lower..=advice.upper).contains(&request);
        let is_worth_it = runs_for >= self.lifetime && off_by >= self.threshold;
        // To start it with what it has would not help it.
        let moves = request != advice.target && (is_outside || is_worth_it);
        moves.then_some(Urgency { grows: advice.target > request, off_by })
    }

    /// Whether one of those that run may be evicted while so many are wanted.
    pub fn spares_one(&self, wanted: u32, running: u32) -> bool {
        let tolerated = (f64::from(wanted) * self.tolerance + WHOLE).floor() as u32;
        wanted >= self.min_instances && running > wanted - tolerated.clamp(1, wanted.max(1))
    }
}

/// What the recommender remembers.
#[derive(Clone, Debug, Default)]
pub struct Recommender {
    history: History,
}

impl Recommender {
    /// Takes in what one used on average since the last look, and what it requested, both in thousandths
    /// of a core. Samples weigh as much as was requested, so that what was seen while less was requested
    /// is soon forgotten.
    pub fn take_in(&mut self, spec: &Vertical, used: u64, requested: u64, now: Time) {
        let weight = (requested as f64 / 1000.0).max(LEAST_WEIGHT);
        self.history.take_in(used as f64 / 1000.0, weight, now, spec.half_life);
    }

    /// What is recommended, if anything is known.
    pub fn advice(&self, spec: &Vertical) -> Option<Advice> {
        let length = self.history.length(spec.interval, spec.confidence);
        let (min, max) = spec.bounds();
        let cores = |share: f64, factor: f64| -> Option<u64> {
            let exact = self.history.percentile(share)? * (1.0 + spec.margin) * factor * 1000.0;
            // Endless while there is no history to speak of.
            Some(((exact - WHOLE).ceil().max(0.0) as u64).clamp(min, max))
        };
        let doubt = |doubt: f64| 1.0 + doubt / length;
        Some(Advice {
            target: cores(spec.percentile, 1.0)?,
            lower: cores(spec.lower_percentile, doubt(LOWER_DOUBT).powi(-2))?,
            upper: cores(spec.upper_percentile, doubt(UPPER_DOUBT))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> Vertical {
        serde_json::from_str(text).unwrap()
    }

    fn at(minute: u64) -> Time {
        Time::ZERO + Span::from_whole_secs(60 * minute)
    }

    /// One that always uses so many thousandths and requests as many, minute by minute.
    fn steady(spec: &Vertical, used: u64, minutes: u64) -> Recommender {
        let mut recommender = Recommender::default();
        (0..=minutes).for_each(|it| recommender.take_in(spec, used, used, at(it)));
        recommender
    }

    #[test]
    fn of_a_steady_load_the_target_is_the_load_and_the_margin_within_one_bucket() {
        let spec = spec(r#"{ "max": 64 }"#);
        for used in [20, 100, 480, 1000, 7300, 40_000] {
            let advice = steady(&spec, used, 100).advice(&spec).unwrap();
            let exact = used as f64 * 1.15;
            let most = (used as f64 * 1.05 + 10.0) * 1.15 + 1.0;
            let target = advice.target as f64;
            assert!((exact..=most).contains(&target), "{used}: {target}");
        }
        // The bucket of 0.48 cores ends at 0.2 × (1.05^26 − 1) = 0.51113 cores.
        assert_eq!(steady(&spec, 480, 9).advice(&spec).unwrap().target, 588);
    }

    #[test]
    fn bounds_widen_as_the_recommender_says_while_little_is_known() {
        let spec = spec(r#"{ "max": 1000 }"#);
        let bound = |minutes| {
            let it = steady(&spec, 1000, minutes).advice(&spec).unwrap();
            (it.lower as f64 / it.target as f64, it.upper as f64 / it.target as f64)
        };
        // The comments in logic/recommender.go say 0.6 after 5 min, 0.9 after 30, 0.95 after 60, and
        // three times after 12 h, twice after a day, 1.14 times after a week; all are rounded up to a
        // thousandth of a core.
        for (minutes, factor) in [(5, 0.6027), (30, 0.9105), (60, 0.9537)] {
            assert!((bound(minutes).0 - factor).abs() < 1e-3, "{minutes}: {:?}", bound(minutes));
        }
        for (minutes, factor) in [(720, 3.0), (1440, 2.0), (10_080, 8.0 / 7.0)] {
            assert!((bound(minutes).1 - factor).abs() < 2e-3, "{minutes}: {:?}", bound(minutes));
        }
        let first = steady(&spec, 1000, 0).advice(&spec).unwrap();
        assert_eq!((first.lower, first.upper), (25, 1_000_000), "nothing is known at first");
    }

    #[test]
    fn nothing_is_ever_recommended_beyond_the_bounds() {
        let spec =
            spec(r#"{ "min": 0.2, "max": 1.5, "percentile": 0.5, "upper_percentile": 0.5 }"#);
        for used in [0, 1, 150, 900, 1400, 5_000_000] {
            let it = steady(&spec, used, 3000).advice(&spec).unwrap();
            assert!([it.target, it.lower, it.upper].iter().all(|it| (200..=1500).contains(it)));
        }
        assert_eq!(Recommender::default().advice(&spec), None);
    }

    #[test]
    fn who_is_out_of_bounds_goes_at_once_and_who_is_within_after_its_lifetime() {
        let spec = spec(r#"{ "max": 8 }"#);
        let advice = Advice { target: 1000, lower: 500, upper: 2000 };
        let (young, old) = (Span::from_whole_secs(60), Span::from_whole_secs(43_200));
        let goes = |request, age| spec.urgency(request, age, advice).is_some();
        assert_eq!([499, 500, 2000, 2001].map(|it| goes(it, young)), [true, false, false, true]);
        // A tenth of 1,111 is just enough, and of 1,000 it is none.
        assert_eq!(
            [900, 920, 1000, 1111, 1112].map(|it| goes(it, old)),
            [true, false, false, false, true]
        );
        let urgency = |request| spec.urgency(request, young, advice).unwrap();
        assert!(urgency(490) > urgency(9000), "who grows goes first");
        assert!(urgency(100) > urgency(400) && urgency(9000) > urgency(3000));
    }

    #[test]
    fn half_of_them_may_be_missing_and_one_in_any_case() {
        let half = spec(r#"{ "max": 8 }"#);
        let spared = |spec: &Vertical, wanted| {
            (0..=wanted).filter(|running| spec.spares_one(wanted, *running)).collect::<Vec<_>>()
        };
        assert_eq!(spared(&half, 4), [3, 4]);
        assert_eq!(spared(&half, 5), [4, 5]);
        assert_eq!(spared(&half, 1), [0; 0], "one alone is not evicted");
        let none = spec(r#"{ "max": 8, "tolerance": 0.1, "min_instances": 1 }"#);
        assert_eq!((spared(&none, 3), spared(&none, 1)), (vec![3], vec![1]));
        assert_eq!(spared(&none, 20), [19, 20]);
    }
}
