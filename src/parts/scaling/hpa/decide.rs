//! From what metrics ask for to what is done: stabilization, policies and bounds.

use super::history::History;
use super::{Hpa, Policy, Rules, Select};
use crate::units::{Span, Time};

/// Up 4 instances or 100 %, down 100 %, in 15 s: `pkg/apis/autoscaling/v2/defaults.go`.
const PERIOD: Span = Span::from_whole_secs(15);
const UP: [Policy; 2] = [
    Policy { instances: Some(4), percent: None, period: PERIOD },
    Policy { instances: None, percent: Some(100), period: PERIOD },
];
const DOWN: [Policy; 1] = [Policy { instances: None, percent: Some(100), period: PERIOD }];
const STABILIZATION_UP: Span = Span::ZERO;
const STABILIZATION_DOWN: Span = Span::from_whole_secs(300);

/// What a controller remembers from one decision to the next.
#[derive(Clone, Debug)]
pub struct Controller {
    recommended: History,
    added: History,
    removed: History,
}

impl Controller {
    pub fn new(spec: &Hpa) -> Controller {
        let windows = [spec.up_window(), spec.down_window()];
        let policies = spec.up_policies().iter().chain(spec.down_policies());
        let longest = windows.into_iter().max().unwrap_or_default();
        let period = policies.map(|it| it.period).max().unwrap_or_default();
        let history = |keep: Span| {
            let notes = keep.nanos() / spec.sync_period.nanos().max(1) + 2;
            History::new(keep, notes as usize)
        };
        Controller {
            recommended: history(longest),
            added: history(period),
            removed: history(period),
        }
    }

    /// How many instances are wanted from now on, by what each metric proposes.
    pub fn decide(
        &mut self,
        spec: &Hpa,
        now: Time,
        current: u32,
        proposals: impl Iterator<Item = Option<u32>>,
    ) -> u32 {
        if self.recommended.is_empty() {
            self.recommended.note(now, current);
        }
        let wanted = match current {
            // Switched off by hand.
            0 => 0,
            _ if current > spec.max => spec.max,
            _ if current < spec.min => spec.min,
            _ => match largest(proposals, current) {
                Some(proposed) => {
                    let stable = self.stabilize(spec, now, current, proposed);
                    self.limit(spec, now, current, stable)
                }
                None => current,
            },
        };
        if wanted > current {
            self.added.note(now, wanted - current);
        } else if wanted < current {
            self.removed.note(now, current - wanted);
        }
        wanted
    }

    /// The count nearest to the present one among those proposed lately, in either direction.
    fn stabilize(&mut self, spec: &Hpa, now: Time, current: u32, proposed: u32) -> u32 {
        let up = self.recommended.last(spec.up_window(), now).fold(proposed, u32::min);
        let down = self.recommended.last(spec.down_window(), now).fold(proposed, u32::max);
        self.recommended.note(now, proposed);
        current.max(up).min(down)
    }

    fn limit(&self, spec: &Hpa, now: Time, current: u32, wanted: u32) -> u32 {
        if wanted > current {
            let most = self.most(spec, now, current).max(current).min(spec.max);
            wanted.min(most)
        } else if wanted < current {
            let least = self.least(spec, now, current).min(current).max(spec.min);
            wanted.max(least)
        } else {
            current
        }
    }

    /// How many there were when the period of a policy began.
    fn before(&self, period: Span, now: Time, current: u32) -> u64 {
        let added: u64 = self.added.last(period, now).map(u64::from).sum();
        let removed: u64 = self.removed.last(period, now).map(u64::from).sum();
        (u64::from(current) + removed).saturating_sub(added)
    }

    fn most(&self, spec: &Hpa, now: Time, current: u32) -> u32 {
        let bounds = spec.up_policies().iter().map(|policy| {
            let before = self.before(policy.period, now, current);
            match (policy.instances, policy.percent) {
                (Some(count), _) => before + u64::from(count),
                (_, percent) => (before * (100 + u64::from(percent.unwrap_or(0)))).div_ceil(100),
            }
        });
        let bound = match spec.behavior.scale_up.select {
            Select::Max => bounds.max(),
            Select::Min => bounds.min(),
            Select::Disabled => None,
        };
        bound.map_or(current, |it| it.min(u64::from(u32::MAX)) as u32)
    }

    fn least(&self, spec: &Hpa, now: Time, current: u32) -> u32 {
        let bounds = spec.down_policies().iter().map(|policy| {
            let before = self.before(policy.period, now, current);
            match (policy.instances, policy.percent) {
                (Some(count), _) => before.saturating_sub(u64::from(count)),
                (_, percent) => {
                    before * 100u64.saturating_sub(u64::from(percent.unwrap_or(0))) / 100
                }
            }
        });
        let bound = match spec.behavior.scale_down.select {
            Select::Max => bounds.min(),
            Select::Min => bounds.max(),
            Select::Disabled => None,
        };
        bound.map_or(current, |it| it.min(u64::from(u32::MAX)) as u32)
    }
}

/// The largest proposal; none if there is none, or if one is missing that might have kept the count
/// from falling.
fn largest(proposals: impl Iterator<Item = Option<u32>>, current: u32) -> Option<u32> {
    let (mut most, mut unknown) = (None, false);
    for proposal in proposals {
        unknown |= proposal.is_none();
        most = most.max(proposal);
    }
    most.filter(|it| !unknown || *it >= current)
}

impl Hpa {
    fn up_window(&self) -> Span {
        self.behavior.scale_up.stabilization.unwrap_or(STABILIZATION_UP)
    }
    fn down_window(&self) -> Span {
        self.behavior.scale_down.stabilization.unwrap_or(STABILIZATION_DOWN)
    }
    fn up_policies(&self) -> &[Policy] {
        policies(&self.behavior.scale_up, &UP)
    }
    fn down_policies(&self) -> &[Policy] {
        policies(&self.behavior.scale_down, &DOWN)
    }
}

fn policies<'a>(rules: &'a Rules, usual: &'a [Policy]) -> &'a [Policy] {
    rules.policies.as_deref().unwrap_or(usual)
}
