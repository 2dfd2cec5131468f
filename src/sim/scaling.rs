//! Instances that come and go: where each is in its life, and how many there are.
//!
//! State only; the engine starts and stops them.

use super::meter::Meter;
use crate::ids::Id;
use crate::ids::Table;
use crate::network::{InstanceId, Network, Scaler};
use crate::parts::operation::canary::Tried;
use crate::parts::scaling::Controller;
use crate::parts::scaling::metric::{Instance, Measure, Reading, State};
use crate::units::{Span, Time};

/// Where an instance is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// There is none.
    #[default]
    Off,
    /// It has been told to start, and does not run yet.
    Starting,
    /// It runs, unless its host is down.
    Running,
    /// It finishes what it has, and gets nothing new.
    Draining,
}

/// What an instance is measured by.
pub const CPU: usize = 0;
pub const OUTSTANDING: usize = 1;
pub const LINE: usize = 2;

#[derive(Clone, Copy, Debug, Default)]
pub struct Life {
    pub phase: Phase,
    /// Times that it was told to start: what was planned for it before is void.
    pub round: u32,
    /// How often its host had gone down by then.
    pub stamp: u32,
    pub started: Time,
    /// What it requests of its host's cores, in thousandths, or the last that was in its place.
    pub request: u64,
    /// Which of the versions brought out so far it is of.
    pub version: u32,
    /// Its host is known to be gone.
    pub missed: bool,
    /// Since when it runs, if not from the start.
    pub runs_since: Option<Time>,
    /// Whether it gets requests, and since when it does or does not.
    pub ready: bool,
    pub turned: Time,
    /// When its CPU was last measured, and the core-nanoseconds that it had used by then.
    pub measured: Option<(Time, f64)>,
    pub shows: [Option<Reading>; 3],
    /// The times at which it was there.
    pub present: Meter,
    present_at_opening_ns: u128,
    /// Since when it is there, if it is, and what those that were there before it requested, over time.
    came: Time,
    requested: u128,
    requested_at_opening: u128,
}

impl Life {
    /// It comes into being, or is gone; what it showed before is forgotten.
    pub fn turn(&mut self, phase: Phase, now: Time) {
        let (was, is) = (self.is_there(), matches!(phase, Phase::Running | Phase::Draining));
        match (was, is) {
            (false, true) => {
                self.present.up(now);
                self.came = now;
            }
            (true, false) => {
                self.present.down(now);
                self.requested += self.requested_since_it_came(now);
            }
            _ => {}
        }
        if phase == Phase::Off || phase == Phase::Starting {
            (self.measured, self.shows) = (None, [None; 3]);
        }
        self.phase = phase;
    }

    fn is_there(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Draining)
    }

    /// Whether it is one of those that are wanted.
    pub fn counts(&self) -> bool {
        matches!(self.phase, Phase::Starting | Phase::Running)
    }

    pub fn open(&mut self, now: Time) {
        self.present_at_opening_ns = self.present.area_ns(now);
        self.requested_at_opening = self.requested_so_far(now);
    }

    fn requested_since_it_came(&self, now: Time) -> u128 {
        u128::from(self.request) * u128::from((now - self.came).nanos())
    }

    fn requested_so_far(&self, now: Time) -> u128 {
        self.requested + if self.is_there() { self.requested_since_it_came(now) } else { 0 }
    }

    /// What was requested in its place since the window opened: thousandths of a core, over nanoseconds.
    pub fn requested(&self, now: Time) -> u128 {
        self.requested_so_far(now) - self.requested_at_opening
    }

    /// Nanoseconds that it was there since the window opened.
    pub fn present_ns(&self, now: Time) -> u128 {
        self.present.area_ns(now) - self.present_at_opening_ns
    }

    /// It as a controller sees it, if there is anything to see.
    pub fn seen(&self) -> Option<Instance> {
        let state = match self.phase {
            Phase::Off => return None,
            Phase::Draining => State::Leaving,
            Phase::Starting => State::Pending,
            Phase::Running => State::Running { ready: self.ready, since: self.turned },
        };
        Some(Instance {
            state,
            started: self.started,
            runs_since: self.runs_since,
            request: self.request,
        })
    }

    /// What it shows of something that is measured.
    pub fn shown(&self, measure: Measure) -> Option<Reading> {
        match measure {
            Measure::Cpu | Measure::Cores => self.shows[CPU],
            Measure::Outstanding => self.shows[OUTSTANDING],
            Measure::Line => self.shows[LINE],
        }
    }
}

/// A controller at work.
pub struct ScalerState {
    pub controller: Controller,
    pub wanted: Meter,
    pub ready: Meter,
    /// What whoever is started requests of its host's cores, in thousandths.
    pub request: u64,
    at_opening: ScalingUse,
    /// The most that were wanted since the window opened.
    most: u32,
    /// How often instances were started and stopped since the window opened.
    pub started: u32,
    pub stopped: u32,
    /// How many were given up because their host was gone, or because what they requested was far off.
    pub evicted: u32,
    pub rollout: Rollout,
}

/// How far a new version has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rollout {
    /// The version that instances are started with.
    pub newest: u32,
    /// The version that requests go to, where they go to one only.
    pub live: u32,
    /// The version that there was before, and how many were brought out so far.
    pub stable: u32,
    count: u32,
    /// Since when old instances have been giving way, if they are.
    pub since: Option<Time>,
    /// How far a canary is on its steps, if there are any left.
    pub stage: Option<Stage>,
    /// Steps held so far: what was planned for an earlier one is void.
    pub holds: u32,
    /// Whether the one that was there before takes the place of a canary again.
    pub goes_back: bool,
    /// How many were finished since the window opened, and how long they took together.
    pub finished: u32,
    pub took: Span,
    /// How many canaries were taken back, and how long that took to decide, all together.
    pub taken_back: u32,
    pub doubted: Span,
    /// What canaries did while they were watched.
    pub tried: Tried,
}

/// A step of a canary.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stage {
    pub step: usize,
    /// Whether as many are ready as it says, and are watched.
    pub held: bool,
    /// Whether it has been held for long enough.
    pub is_over: bool,
    pub tried: Tried,
}

impl Rollout {
    pub fn begin(&mut self, now: Time) {
        if self.since.is_none() {
            (self.since, self.stable) = (Some(now), self.newest);
        }
        self.count += 1;
        (self.newest, self.goes_back, self.stage) = (self.count, false, None);
    }

    /// The version that was there before comes back; what it was to be replaced by is old now.
    pub fn go_back(&mut self, now: Time) {
        (self.newest, self.goes_back, self.stage) = (self.stable, true, None);
        self.taken_back += 1;
        self.doubted += self.since.map_or(Span::ZERO, |since| now - since);
    }

    pub fn end(&mut self, now: Time) {
        let since = self.since.take();
        if let Some(since) = since.filter(|_| !std::mem::take(&mut self.goes_back)) {
            self.finished += 1;
            self.took += now - since;
        }
    }

    fn open(&mut self) {
        (self.finished, self.took) = (0, Span::ZERO);
        (self.taken_back, self.doubted, self.tried) = (0, Span::ZERO, Tried::default());
    }
}

/// How many of a service are wanted ones, and how many of these are ready: of the newest version, and of
/// older ones.
#[derive(Clone, Copy, Debug, Default)]
pub struct Census {
    pub new: u32,
    pub new_ready: u32,
    pub old: u32,
    pub old_ready: u32,
    /// Those that finish what they have, of whatever version.
    pub leaving: u32,
}

impl Census {
    pub fn take(&mut self, life: &Life, newest: u32) {
        match life.counts() {
            true if life.version == newest => {
                self.new += 1;
                self.new_ready += u32::from(life.ready);
            }
            true => {
                self.old += 1;
                self.old_ready += u32::from(life.ready);
            }
            false => self.leaving += u32::from(life.phase == Phase::Draining),
        }
    }
}

/// How many instances of one service are in each zone and on each host.
pub struct Crowds {
    in_zone: Vec<u32>,
    on_host: Vec<u32>,
}

impl Crowds {
    pub fn new(network: &Network) -> Crowds {
        let zones = network.hosts.as_slice().iter().map(|it| it.zone.index() + 1).max();
        Crowds { in_zone: vec![0; zones.unwrap_or(0)], on_host: vec![0; network.hosts.len()] }
    }

    pub fn clear(&mut self) {
        self.in_zone.fill(0);
        self.on_host.fill(0);
    }

    pub fn come(&mut self, network: &Network, instance: InstanceId) {
        self.in_zone[network.zone_of(instance).index()] += 1;
        self.on_host[network.instances[instance].host.index()] += 1;
    }

    pub fn go(&mut self, network: &Network, instance: InstanceId) {
        self.in_zone[network.zone_of(instance).index()] -= 1;
        self.on_host[network.instances[instance].host.index()] -= 1;
    }

    /// In its zone, and on its host.
    pub fn around(&self, network: &Network, instance: InstanceId) -> (u32, u32) {
        let zone = self.in_zone[network.zone_of(instance).index()];
        (zone, self.on_host[network.instances[instance].host.index()])
    }
}

/// Instance-nanoseconds wanted and ready, and how many instances came and went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScalingUse {
    pub wanted_ns: u128,
    pub ready_ns: u128,
    pub most: u32,
    pub started: u32,
    pub stopped: u32,
    pub evicted: u32,
    /// New versions that were brought out in full, and how long that took in all.
    pub deploys: u32,
    pub deploying: Span,
    /// New versions that were taken back, how long after their beginning that was decided, in all, and
    /// what they did while they were watched.
    pub rollbacks: u32,
    pub doubted: Span,
    pub tried: Tried,
}

impl ScalerState {
    pub fn new(spec: &Scaler, opening: Time) -> ScalerState {
        let first = spec.spec.first(spec.first, opening);
        let mut state = ScalerState {
            controller: Controller::new(&spec.spec),
            wanted: Meter::default(),
            ready: Meter::default(),
            request: spec.request,
            at_opening: ScalingUse::default(),
            most: first,
            started: 0,
            stopped: 0,
            evicted: 0,
            rollout: Rollout::default(),
        };
        (0..first).for_each(|_| state.wanted.up(Time::ZERO));
        state
    }

    pub fn want(&mut self, count: u32, now: Time) {
        while self.wanted.level() < count {
            self.wanted.up(now);
        }
        while self.wanted.level() > count {
            self.wanted.down(now);
        }
        self.most = self.most.max(count);
    }

    pub fn open(&mut self, now: Time) {
        (self.started, self.stopped, self.most) = (0, 0, self.wanted.level());
        self.evicted = 0;
        self.rollout.open();
        self.at_opening = self.area(now);
    }

    fn area(&self, now: Time) -> ScalingUse {
        let (wanted_ns, ready_ns) = (self.wanted.area_ns(now), self.ready.area_ns(now));
        ScalingUse {
            wanted_ns,
            ready_ns,
            most: self.most,
            started: self.started,
            stopped: self.stopped,
            evicted: self.evicted,
            deploys: self.rollout.finished,
            deploying: self.rollout.took,
            rollbacks: self.rollout.taken_back,
            doubted: self.rollout.doubted,
            tried: self.rollout.tried,
        }
    }

    pub fn measured(&self, now: Time) -> ScalingUse {
        let all = self.area(now);
        ScalingUse {
            wanted_ns: all.wanted_ns - self.at_opening.wanted_ns,
            ready_ns: all.ready_ns - self.at_opening.ready_ns,
            ..all
        }
    }
}

/// The lives of all instances; none where nobody comes or goes.
pub type Lives = Table<InstanceId, Life>;
