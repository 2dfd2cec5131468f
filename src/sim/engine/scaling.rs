//! Instances that come and go while a run goes on, as their service's controller decides.
//!
//! A controller sees what was last measured, not what is. An instance that is told to start takes
//! its time, then has to pass its health check if there is one, and only then gets requests. One
//! that is told to stop gets no more of them, and goes when it has answered those it has, or when
//! its grace is over. Simplified: it does not move from the host that it was laid out for.

use super::*;
use crate::network::{Scaler, ScalerId};
use crate::parts::scaling::metric::{Measure, Reading, State, thousandths};
use crate::parts::scaling::{Moment, Scaling};
use crate::sim::scaling::{CPU, LINE, OUTSTANDING, Phase};
use std::ops::Range;

/// What the draws of a service's controls are for.
const SCRAPES: u64 = 1;
const SYNCS: u64 = 2;
const STARTS: u64 = 3;

impl<P: Probe> Engine<'_, P> {
    /// The first instances of each service are there from the start, the others are not.
    pub(super) fn open_scaling(&mut self) {
        for scaler in self.network.scalers.ids() {
            let service = &self.network.services[self.network.scalers[scaler].service];
            let first = self.scalers[scaler].wanted.level();
            let mut left = first;
            for id in service.instances.clone().map_ids() {
                if left > 0 && self.has_room(id) {
                    left -= 1;
                    self.takes_its_request(scaler, id);
                    self.lives[id].turn(Phase::Running, Time::ZERO);
                    self.lives[id].ready = true;
                    self.scalers[scaler].ready.up(Time::ZERO);
                } else {
                    self.turn(id, Health::Down);
                    self.believe(id);
                    self.probe.dismissed(id);
                }
            }
            self.expect_looks(scaler);
            self.expect_deploy(scaler);
        }
    }

    /// A spike knows nothing of when it will be noticed; a timetable keeps its times.
    fn expect_looks(&mut self, scaler: ScalerId) {
        let spec = &self.network.scalers[scaler];
        let keys = self.keys;
        let key = keys.control(self.network.services[spec.service].key);
        let offset = |what, span: Span| Time::from_nanos(keys.draw(key, what).below(span.nanos()));
        if let Some(interval) = spec.spec.scrape_interval() {
            self.control(offset(SCRAPES, interval), Control::Scrape(scaler));
        }
        match spec.spec.period() {
            Some(period) => self.control(offset(SYNCS, period), Control::Scale(scaler)),
            None => self.expect_next_look(scaler),
        }
    }

    fn expect_next_look(&mut self, scaler: ScalerId) {
        let opening = Time::ZERO + self.plan.warm_up;
        let after = match &self.network.scalers[scaler].spec {
            Scaling::Timetable(it) => it.wanted(self.now, opening).1,
            it => it.period().expect("it looks again and again"),
        };
        self.control(self.now + after, Control::Scale(scaler));
    }

    /// Whether an instance may get requests, as far as its controller is concerned.
    pub(super) fn is_in_service(&self, instance: InstanceId) -> bool {
        let is_there = self.lives.is_empty()
            || self.scaler_of(instance).is_none_or(|it| {
                let life = &self.lives[instance];
                life.phase == Phase::Running && !life.missed && self.is_live(it, instance)
            });
        is_there && !self.is_restarting(instance)
    }

    pub(super) fn scaler_of(&self, instance: InstanceId) -> Option<ScalerId> {
        self.network.services[self.network.instances[instance].service].scaler
    }

    /// A place without an instance takes requests for a service that has no instance in service: they
    /// do not get through. None if there are some, whatever the balancer believes of them.
    #[inline(never)]
    pub(super) fn nobody_ready(&self, service: ServiceId) -> Option<InstanceId> {
        let spec = &self.network.services[service];
        spec.scaler?;
        let count = spec.instances.end.index() - spec.instances.start.index();
        if (self.ejected[service] as usize) < count {
            return None;
        }
        let places = || spec.instances.clone().map_ids();
        if places().any(|it| self.candidates[it].there) {
            return None;
        }
        places().find(|it| self.lives[*it].phase == Phase::Off)
    }

    /// Measures each instance of a service.
    pub(super) fn scrape(&mut self, scaler: ScalerId) {
        if let Some(interval) = self.network.scalers[scaler].spec.scrape_interval() {
            self.control(self.now + interval, Control::Scrape(scaler));
        }
        self.measure_all(scaler);
    }

    fn measure_all(&mut self, scaler: ScalerId) {
        let spec = &self.network.scalers[scaler];
        for id in self.network.services[spec.service].instances.clone().map_ids() {
            let runs = matches!(self.lives[id].phase, Phase::Running | Phase::Draining);
            if runs && self.instances[id].state == Health::Up {
                self.measure(id);
            } else {
                let life = &mut self.lives[id];
                (life.measured, life.shows) = (None, [None; 3]);
            }
        }
    }

    fn measure(&mut self, id: InstanceId) {
        let now = self.now;
        let Instance { workers, .. } = self.instances[id];
        let own = &self.network.instances[id];
        let cpus = self.network.hosts[own.host].cpus.clone();
        let used_ns: f64 = cpus.map_ids().map(|it| self.cpus[it].used_ns(now, own.claimant)).sum();
        let level = |count: u32| {
            Some(Reading { value: u64::from(count) * 1000, at: now, over: Span::ZERO })
        };
        let outstanding = level(self.candidates[id].outstanding);
        let line = level(self.pools[workers].in_line());
        let life = &mut self.lives[id];
        life.shows[OUTSTANDING] = outstanding;
        life.shows[LINE] = line;
        life.shows[CPU] = life.measured.filter(|it| it.0 < now).map(|(at, before_ns)| {
            let over = now - at;
            let cores = (used_ns - before_ns).max(0.0) / over.nanos() as f64;
            Reading { value: thousandths(cores), at: now, over }
        });
        life.measured = Some((now, used_ns));
    }

    /// The controller of a service decides how many instances there are to be.
    pub(super) fn scale(&mut self, scaler: ScalerId) {
        self.expect_next_look(scaler);
        let Scaler { service, spec, .. } = &self.network.scalers[scaler];
        if spec.measures_itself() {
            self.measure_all(scaler);
        }
        let current = self.scalers[scaler].wanted.level();
        let opening = Time::ZERO + self.plan.warm_up;
        let lives = &self.lives;
        let instances = self.network.services[*service].instances.clone();
        // Those that are wanted and have no place yet are pending too.
        let there = instances.clone().map_ids().filter(|it| lives[*it].counts()).count();
        let pending = crate::parts::scaling::metric::Instance {
            state: State::Pending,
            started: self.now,
            runs_since: None,
            request: self.scalers[scaler].request,
        };
        let without = (current as usize).saturating_sub(there);
        let seen = |measure: Measure| {
            let all = instances.clone().map_ids();
            let placed =
                all.filter_map(move |it| Some((lives[it].seen()?, lives[it].shown(measure))));
            placed.chain(std::iter::repeat_n((pending, None), without))
        };
        let state = &mut self.scalers[scaler];
        let moment = Moment { now: self.now, opening, current };
        let wanted = state.controller.decide(spec, moment, seen);
        state.want(wanted, self.now);
        if self.evict_the_ill_sized(scaler) {
            self.reset_the_dead();
        }
        if self.come_to_wanted(scaler) {
            self.reset_the_dead();
        }
    }

    /// Whoever is wanted and has found no place so far looks again.
    pub(super) fn all_come_to_wanted(&mut self) {
        for scaler in self.network.scalers.ids() {
            let gone = self.come_to_wanted(scaler);
            debug_assert!(!gone, "a controller has seen to it that there are not too many");
        }
    }

    /// Starts or stops instances until there are as many as are wanted; true if some are gone at once,
    /// and what was at work there is to be reset, all together: nothing is reset twice.
    pub(super) fn come_to_wanted(&mut self, scaler: ScalerId) -> bool {
        if self.scalers[scaler].rollout.since.is_some() {
            self.roll(scaler);
            if self.scalers[scaler].rollout.since.is_some() {
                return false;
            }
        }
        let mut gone = false;
        let service = self.network.scalers[scaler].service;
        let wanted = self.scalers[scaler].wanted.level();
        let all = self.network.services[service].instances.clone();
        let mut there = self.count_crowds(all.clone());
        let version = self.scalers[scaler].rollout.newest;
        while there < wanted {
            if !self.launch_one(scaler, version) {
                break;
            }
            there += 1;
        }
        while there > wanted {
            gone |= self.stop_one(scaler, |_| true);
            there -= 1;
        }
        gone
    }

    /// Starts one of a version where the fewest are; false if there is no place.
    pub(super) fn launch_one(&mut self, scaler: ScalerId, version: u32) -> bool {
        let all = self.network.services[self.network.scalers[scaler].service].instances.clone();
        // Those that still drain have their places; there will be room when they are gone.
        let off = all.map_ids().filter(|it| self.lives[*it].phase == Phase::Off);
        let off = off.filter(|it| self.has_room(*it));
        let Some(next) = off.min_by_key(|it| (self.crowd(*it), *it)) else { return false };
        self.launch(scaler, next, version);
        self.crowds.come(self.network, next);
        true
    }

    /// Stops one that is counted, of those of such versions: those that are not ready first, then those of
    /// where the most are. True if it is gone at once.
    pub(super) fn stop_one(&mut self, scaler: ScalerId, of: impl Fn(u32) -> bool) -> bool {
        let all = self.network.services[self.network.scalers[scaler].service].instances.clone();
        let counted = all.map_ids().filter(|it| self.lives[*it].counts());
        let mut counted = counted.filter(|it| of(self.lives[*it].version));
        let first = counted.next().expect("there is one too many");
        let key = |it: InstanceId| {
            let life = &self.lives[it];
            let unready = u8::from(life.phase == Phase::Starting) + u8::from(!life.ready);
            (unready, self.crowd(it), life.started, it)
        };
        let last = counted.fold(first, |last, it| if key(it) > key(last) { it } else { last });
        let gone = self.stop(scaler, last);
        self.crowds.go(self.network, last);
        gone
    }

    /// Counts those of a service that are wanted; returns how many there are.
    pub(super) fn count_crowds(&mut self, all: Range<InstanceId>) -> u32 {
        self.crowds.clear();
        let mut there = 0;
        for it in all.map_ids().filter(|it| self.lives[*it].counts()) {
            self.crowds.come(self.network, it);
            there += 1;
        }
        there
    }

    /// How many of its own service are in an instance's zone, and on its host, when they were last
    /// counted; a host that is down is as crowded as can be.
    fn crowd(&self, instance: InstanceId) -> (bool, u32, u32) {
        let (in_zone, on_host) = self.crowds.around(self.network, instance);
        (self.down[self.network.instances[instance].host] > 0, in_zone, on_host)
    }

    fn launch(&mut self, scaler: ScalerId, instance: InstanceId, version: u32) {
        self.scalers[scaler].started += 1;
        let life = &mut self.lives[instance];
        life.turn(Phase::Starting, self.now);
        life.round += 1;
        life.missed = false;
        life.started = self.now;
        life.version = version;
        life.stamp = self.instances[instance].stamp;
        self.takes_its_request(scaler, instance);
        let service = &self.network.services[self.network.instances[instance].service];
        let life = &self.lives[instance];
        let (round, place) = (life.round, instance.index() - service.instances.start.index());
        let number = (place as u64) << 32 | u64::from(round);
        let luck = rng::mix(self.keys.control(service.key).wrapping_add(STARTS));
        let takes = service.start.draw(&mut self.keys.draw(luck, number));
        // Where its host is not there, or a fault keeps it down, it starts when that is over.
        if self.may_run(instance) {
            self.control(self.now + takes, Control::Started(instance, round));
        }
        self.restarts_anew(instance);
        self.change_version(scaler, instance);
        if !service.readiness {
            self.runs(instance, Belief::default());
            self.believe(instance);
        }
    }

    /// From now on it is one that there is.
    fn runs(&mut self, instance: InstanceId, belief: Belief) {
        self.instances[instance].belief = belief;
        self.instances[instance].ruled = self.has_rules_or_watchers(instance);
        let life = &mut self.lives[instance];
        life.turn(Phase::Running, self.now);
        (life.turned, life.runs_since) = (self.now, Some(self.now));
    }

    fn may_run(&self, instance: InstanceId) -> bool {
        let host = self.network.instances[instance].host;
        self.down[host] == 0 && !self.troubles.booting[host] && self.may_start(instance)
    }

    /// An instance has started, unless it was stopped meanwhile or its host went down: then it comes
    /// back with that.
    pub(super) fn started(&mut self, instance: InstanceId, round: u32) {
        let life = &self.lives[instance];
        let is_own = life.counts() && life.round == round;
        if is_own && life.stamp == self.instances[instance].stamp {
            self.instance_up(instance, life.stamp);
        }
    }

    /// Whether it is one that is off, or is to go: nothing starts there unless it is launched.
    pub(super) fn is_not_wanted(&self, instance: InstanceId) -> bool {
        !self.lives.is_empty()
            && self.scaler_of(instance).is_some()
            && matches!(self.lives[instance].phase, Phase::Off | Phase::Draining)
    }

    /// An instance that is up, after its host was down or for the first time; false if there is to
    /// be none.
    pub(super) fn comes_up(&mut self, instance: InstanceId) -> bool {
        if self.lives.is_empty() || self.scaler_of(instance).is_none() {
            return true;
        }
        match self.lives[instance].phase {
            Phase::Off | Phase::Draining => return false,
            Phase::Starting => {
                let service = self.network.instances[instance].service;
                let checked = self.network.services[service].health.is_some();
                let belief = if checked { Belief::unproven() } else { Belief::default() };
                self.runs(instance, belief);
            }
            Phase::Running => {}
        }
        true
    }

    fn has_rules_or_watchers(&self, instance: InstanceId) -> bool {
        let spec = &self.network.services[self.network.instances[instance].service];
        spec.admission.is_some() || spec.ejection.is_some() || self.is_tried_out(instance)
    }

    /// Notes whether an instance is ready, as far as its checks and its life are concerned.
    pub(super) fn note_readiness(&mut self, instance: InstanceId) {
        if self.lives.is_empty() {
            return;
        }
        let Some(scaler) = self.scaler_of(instance) else { return };
        let life = &mut self.lives[instance];
        let healthy = self.instances[instance].belief.healthy;
        let ready = life.phase == Phase::Running && !life.missed && healthy;
        if life.ready == ready {
            return;
        }
        (life.ready, life.turned) = (ready, self.now);
        let meter = &mut self.scalers[scaler].ready;
        if ready {
            meter.up(self.now)
        } else {
            meter.down(self.now)
        }
        self.tell_deploy(scaler);
    }

    /// True if it is gone at once.
    pub(super) fn stop(&mut self, scaler: ScalerId, instance: InstanceId) -> bool {
        self.scalers[scaler].stopped += 1;
        if self.lives[instance].phase == Phase::Starting {
            self.lives[instance].turn(Phase::Off, self.now);
            // Nothing that was planned for it starts the next that is placed there.
            self.instances[instance].stamp += 1;
            self.leave_if_empty(self.network.instances[instance].host);
            return false;
        }
        self.lives[instance].turn(Phase::Draining, self.now);
        self.believe(instance);
        // From now on somebody looks whether the last request has left.
        self.instances[instance].ruled = true;
        let round = self.lives[instance].round;
        if self.candidates[instance].outstanding == 0 {
            // While a deploy goes on whoever comes or goes makes it look again: one at a time.
            if self.scalers[scaler].rollout.since.is_some() {
                self.control(self.now, Control::Killed(instance, round));
                return false;
            }
            self.be_gone(instance);
            return true;
        }
        let grace = self.network.scalers[scaler].grace;
        self.control(self.now + grace, Control::Killed(instance, round));
        false
    }

    /// The grace of an instance is over.
    pub(super) fn killed(&mut self, instance: InstanceId, round: u32) {
        let life = &self.lives[instance];
        if life.phase == Phase::Draining && life.round == round {
            self.be_gone(instance);
            self.reset_the_dead();
            // There is room now for one that is wanted, of this service or another.
            self.all_come_to_wanted();
        }
    }

    /// A request has left an instance; if that drains and it was the last, the instance goes as soon
    /// as the clock has caught up.
    pub(super) fn look_whether_drained(&mut self, instance: InstanceId) {
        if !self.lives.is_empty()
            && self.lives[instance].phase == Phase::Draining
            && self.candidates[instance].outstanding == 0
        {
            let round = self.lives[instance].round;
            self.control(self.now, Control::Killed(instance, round));
        }
    }

    pub(super) fn be_gone(&mut self, instance: InstanceId) {
        self.lives[instance].turn(Phase::Off, self.now);
        self.instances[instance].stamp += 1;
        self.turn(instance, Health::Down);
        self.probe.dismissed(instance);
        self.leave_if_empty(self.network.instances[instance].host);
    }

    /// There are never more than are wanted, nobody gets requests who is not there, and those who
    /// are ready are counted.
    pub(super) fn audit_scaling(&self) -> Result<(), Failure> {
        for scaler in self.network.scalers.ids() {
            let broken = |law| Failure::Broken { law, what: "scaler", index: scaler.index() };
            let service = self.network.scalers[scaler].service;
            let all = self.network.services[service].instances.clone();
            let (mut there, mut ready, mut astray) = (0, 0, 0);
            let state = &self.scalers[scaler];
            for it in all.map_ids() {
                there += u32::from(self.lives[it].counts());
                ready += u32::from(self.lives[it].ready);
                let gone = self.lives[it].phase == Phase::Off;
                let used = self.pools[self.instances[it].workers].in_use() > 0;
                let chosen = self.candidates[it].healthy && self.lives[it].phase != Phase::Running;
                let works = gone && (used || self.instances[it].state == Health::Up);
                astray += u32::from(chosen || works);
            }
            match () {
                () if there > state.wanted.level() + self.surge(scaler) => {
                    Err(broken("more instances than wanted"))
                }
                () if ready != state.ready.level() => Err(broken("ready instances are miscounted")),
                () if self.any_ill_sized(scaler) => {
                    Err(broken("an instance requests more or less than it may"))
                }
                () if astray > 0 => Err(broken("an instance works that is not there")),
                () => Ok(()),
            }?;
        }
        Ok(())
    }
}
