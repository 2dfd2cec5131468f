//! What becomes of the instances of a host that is gone: when they are missed, given up and replaced.

use super::*;
use outgrow::network::{ClassId, HostId, InstanceId};
use outgrow::sim::{Probe, Reason, ScalingUse};
use outgrow::units::Time;

const RUN: u64 = 49_000;

/// What is seen of instances and of requests that failed, in milliseconds.
#[derive(Default)]
pub struct Course {
    /// When which instance came to answer, or answered no more.
    pub truth: Vec<(u64, usize, bool)>,
    /// When callers came to send requests to it, or sent no more.
    pub belief: Vec<(u64, usize, bool)>,
    pub failed: Vec<(u64, &'static str)>,
}

fn ms(now: Time) -> u64 {
    now.nanos() / 1_000_000
}

impl Probe for Course {
    fn turned(&mut self, now: Time, instance: InstanceId, up: bool) {
        self.truth.push((ms(now), instance.index(), up));
    }
    fn believed(&mut self, now: Time, instance: InstanceId, healthy: bool) {
        self.belief.push((ms(now), instance.index(), healthy));
    }
    fn failed(&mut self, now: Time, _: ClassId, reason: Reason) {
        self.failed.push((ms(now), Reason::NAMES[reason.index()]));
    }
}

impl Course {
    /// Both after the start of the run, at which places that nobody needs are left out.
    pub fn later(mut self) -> Course {
        self.truth.retain(|it| it.0 > 0);
        self.belief.retain(|it| it.0 > 0);
        self
    }
}

/// Instances that take 2 s to start and are missed on a host that has been gone for 4 s, and given up
/// 6 s later; the first host of the group is gone from 10.05 s on for so long, and takes 0.1 s to boot.
/// A request every 100 ms takes 1 ms.
fn outage(hosts: &str, service: &str, lasts: &str, style: &str) -> Model {
    model(&format!(
        r#"{{ "name": "outage", "zones": {{ "a": {{}}, "b": {{}} }},
             "hosts": {{ "box": {{ "cores": 2, "boot": "100ms", {hosts} }} }},
             "services": {{ "app": {{ "hosts": "box", "balance": "round_robin", "start": "2s", {service}
                 "reschedule": {{ "detection": "4s", "eviction": "6s" }},
                 "operations": {{ "run": [{{ "wait": "1ms" }}] }} }} }},
             "faults": [{{ "host": "box.0", "every": "10050ms", "for": "{lasts}", "style": "{style}" }}],
             "traffic": {{ "user": {{ "call": "app.run", "every": "100ms" }} }} }}"#
    ))
}

fn course(model: &Model) -> (Course, ScalingUse) {
    let (course, usage) = model.watch(&plan(1, "49s"), Course::default());
    (course.later(), usage.scalers.as_slice()[0])
}

fn area(instances: u64, less_ms: u64) -> u128 {
    u128::from((instances * RUN - less_ms) * 1_000_000)
}

const THREE: &str = r#""instances": 3,"#;

#[test]
fn an_instance_of_a_dead_host_is_missed_then_given_up_and_another_starts_elsewhere() {
    let model = outage(r#""count": 3"#, THREE, "30s", "crash");
    let (course, used) = course(&model);
    let another = model.network.instances.ids().nth(3).unwrap();
    assert_ne!(model.network.instances[another].host, HostId::new(0));
    assert_eq!(course.truth, [(10_050, 0, false), (22_050, 3, true)]);
    assert_eq!(course.belief, [(14_050, 0, false), (22_050, 3, true)]);
    assert_eq!((used.evicted, used.started, used.stopped), (1, 1, 0));
    assert_eq!(used.ready_ns, area(3, 22_050 - 14_050));
    // Every third request goes there until the host is missed.
    assert!(course.failed.iter().all(|it| it.1 == "unreachable"));
    let times: Vec<u64> = course.failed.iter().map(|it| it.0).collect();
    let first = times[0];
    assert!((10_050..10_350).contains(&first), "{first}");
    let expected: Vec<u64> = (first..14_050).step_by(300).collect();
    assert_eq!(times, expected);
}

#[test]
fn a_silent_host_keeps_those_who_wait_there_until_it_is_back_and_its_instance_never_answers_again()
{
    let model = outage(r#""count": 3"#, THREE, "30s", "silence");
    let (course, used) = course(&model);
    assert_eq!(course.truth, [(10_050, 0, false), (22_050, 3, true)]);
    assert_eq!(course.belief, [(14_050, 0, false), (22_050, 3, true)]);
    assert_eq!((used.evicted, used.started, used.stopped), (1, 1, 0));
    // As many as are refused where it has crashed.
    assert!(course.failed.iter().all(|it| *it == (40_050, "reset")), "{:?}", course.failed);
    assert!((13..=14).contains(&course.failed.len()), "{}", course.failed.len());
}

#[test]
fn a_host_that_is_back_before_its_instances_are_given_up_starts_them_again() {
    let (course, used) = course(&outage(r#""count": 3"#, THREE, "8s", "crash"));
    // Back at 18.05, booted at 18.15, started at 20.15; gone again at 28.1.
    assert_eq!(course.truth[..2], [(10_050, 0, false), (20_150, 0, true)]);
    assert_eq!(course.belief[..2], [(14_050, 0, false), (20_150, 0, true)]);
    assert_eq!((used.evicted, used.started), (0, 0));
}

#[test]
fn a_host_that_has_not_booted_when_their_time_is_over_has_lost_its_instances() {
    // Back at 20.03, booted at 20.13; given up at 20.05.
    let (course, used) = course(&outage(r#""count": 3"#, THREE, "9980ms", "crash"));
    assert_eq!(course.truth[..2], [(10_050, 0, false), (22_050, 3, true)]);
    assert_eq!((used.evicted, used.started), (1, 1));
}

#[test]
fn those_given_up_wait_for_room_and_find_it_on_the_host_that_is_back() {
    let four = r#""instances": 4, "cpu": { "request": 1 },"#;
    let model = outage(r#""count": 2"#, four, "30s", "crash");
    let (course, used) = course(&model);
    let up: Vec<(u64, bool)> = course.truth.iter().map(|it| (it.0, it.2)).collect();
    let (down, back) = (10_050, 40_150 + 2_000);
    assert_eq!(up, [(down, false), (down, false), (back, true), (back, true)]);
    let anew =
        course.truth[2..].iter().map(|it| model.network.instances[InstanceId::new(it.1)].host);
    assert!(anew.into_iter().all(|it| it == HostId::new(0)));
    assert_eq!((used.evicted, used.started), (2, 2));
    assert_eq!(used.ready_ns, area(4, 2 * (back - 14_050)));
}

#[test]
fn the_new_one_comes_where_the_fewest_are() {
    let model = outage(r#""count": 4"#, r#""instances": 4,"#, "30s", "crash");
    let (course, _) = course(&model);
    let [(_, gone, false), (22_050, new, true)] = course.truth[..] else {
        panic!("{:?}", course.truth)
    };
    let host = |it| model.network.instances[InstanceId::new(it)].host;
    // In the zone that has lost one, on the host that is left there.
    assert_eq!((host(gone), host(new)), (HostId::new(0), HostId::new(2)));
}

#[test]
fn those_given_up_ask_for_hosts_where_these_come_and_go() {
    let hosts =
        r#""count": 2, "autoscaling": { "max": 3, "provision": "7s", "scan_interval": "1s" }"#;
    let service = r#""instances": 4, "cpu": { "request": 1 }, "scaling": { "hpa": {
        "min": 4, "max": 4, "metrics": [{ "line": 1 }] } },"#;
    let (course, used) = course(&outage(hosts, service, "30s", "crash"));
    // Given up at 20.05, asked for with the next look, there 7 s and started 2 s later.
    let scan = outgrow::rng::Draw::at(
        outgrow::rng::Keys::new(1, 0).control(outgrow::rng::key_of("box provisioning")),
        u64::MAX,
    )
    .below(1_000_000_000);
    let asked = scan + (20_050_000_000 - scan).div_ceil(1_000_000_000) * 1_000_000_000;
    let up = (asked + 9_000_000_000) / 1_000_000;
    let turns: Vec<(u64, bool)> = course.truth.iter().map(|it| (it.0, it.2)).collect();
    assert_eq!(turns, [(10_050, false), (10_050, false), (up, true), (up, true)]);
    assert_eq!((used.evicted, used.started), (2, 2));
}

#[test]
fn there_are_never_more_than_are_asked_for_when_the_host_is_back() {
    for style in ["crash", "silence"] {
        let model = outage(r#""count": 3"#, THREE, "15s", style);
        #[derive(Default)]
        struct Up(i32, i32);
        impl Probe for Up {
            fn turned(&mut self, now: Time, _: InstanceId, up: bool) {
                if now > Time::ZERO {
                    self.0 += if up { 1 } else { -1 };
                    self.1 = self.1.max(self.0);
                }
            }
        }
        let (Up(now, most), usage) = model.watch(&plan(1, "49s"), Up::default());
        assert!(now <= 0 && most <= 0, "{style}: {most} too many");
        assert!(usage.scalers.as_slice()[0].evicted > 0);
    }
}
