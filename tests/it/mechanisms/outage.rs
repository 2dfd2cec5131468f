//! The outage of a zone from its beginning until everything is as before, with a service and a database in it.

use super::*;
use outgrow::network::{HostId, InstanceId, ServiceId};
use outgrow::rng::{Draw, Keys, key_of};
use outgrow::sim::{Probe, Replicated};
use outgrow::units::Time;

/// When what happened, in milliseconds after the first second.
#[derive(Default)]
struct Course(Vec<(f64, String)>);

impl Course {
    fn note(&mut self, now: Time, what: String) {
        if now > Time::ZERO {
            self.0.push((now.nanos() as f64 / 1e6 - 1000.0, what));
        }
    }
}

const NAMES: [&str; 4] = ["app.0", "app.1", "db.0", "db.1"];

impl Probe for Course {
    fn turned(&mut self, now: Time, instance: InstanceId, up: bool) {
        let name = NAMES[instance.index()];
        self.note(now, format!("{name} {}", if up { "up" } else { "down" }));
    }
    fn believed(&mut self, now: Time, instance: InstanceId, healthy: bool) {
        let name = NAMES[instance.index()];
        if name.starts_with("app") {
            self.note(now, format!("{name} {}", if healthy { "taken back" } else { "left out" }));
        }
    }
    fn replicated(&mut self, now: Time, _: ServiceId, what: Replicated) {
        match what {
            Replicated::Detected => self.note(now, "missed".into()),
            Replicated::Promoted { lost } => self.note(now, format!("promoted, {lost} lost")),
            Replicated::Committed { .. } => self.note(now, "write".into()),
            Replicated::Applied { .. } | Replicated::Read { .. } => {}
        }
    }
}

/// The first check of the first of two instances, each 100 ms, at or after a time.
fn check_from(at_ms: f64) -> f64 {
    let luck = Keys::new(1, 0).control(key_of("app"));
    let phase_ms = Draw::at(luck, 0).below(100_000_000) as f64 / 1e6;
    phase_ms + 100.0 * ((at_ms - phase_ms) / 100.0).ceil()
}

/// A request to the service each 10 ms, and these writes.
fn zones(writes: &[f64]) -> Model {
    let hosts = r#""two": { "cores": 64, "count": 2, "boot": "50ms" },
        "data": { "cores": 64, "count": 2, "boot": "50ms", "disk": { "access": "1ms", "sync": "4ms" } }"#;
    let services = r#""app": { "hosts": "two", "instances": 2, "balance": "round_robin", "start": "30ms",
            "health": { "interval": "100ms", "timeout": "25ms", "unhealthy": 2, "healthy": 2 },
            "operations": { "run": [{ "wait": "1ms" }] } },
        "db": { "hosts": "data", "instances": 2, "start": "20ms", "replication": { "mode": "async" },
            "failover": { "detection": "60ms", "promotion": "40ms" },
            "operations": { "write": [{ "commit": {} }] } }"#;
    let each = (0..90).map(|i| (f64::from(i) * 10.0, "app.run", r#""timeout": "20ms""#));
    let writes = writes.iter().map(|at| (*at, "db.write", ""));
    let requests: Vec<Request> = each.chain(writes).collect();
    let first = [HostId::new(0), HostId::new(2)];
    let model = scene(hosts, "", services, &requests);
    model.fault(first.to_vec(), "1205ms", "1405ms", FaultStyle::Crash)
}

#[test]
fn the_outage_of_a_zone_runs_its_whole_course_from_the_fault_until_traffic_is_back() {
    let model = zones(&[190.0, 210.0, 304.0, 306.0, 600.0]);
    let plan = Plan { window: crate::support::span("1.99s"), ..plan(1, "1s") };
    let (Course(seen), _) = model.watch(&plan, Course::default());
    // Two checks fail, and the service's instance is left out; two pass once it has started, and it is
    // taken back. The database's primary is missed after 60 ms and its standby promoted 40 ms later; each
    // write takes a flush of 4 ms. Hosts are back at 405, and have booted at 455.
    let (left_out, back) = (check_from(205.0) + 100.0, check_from(485.0) + 100.0);
    let mut expected = vec![
        (194.0, "write"),
        (205.0, "app.0 down"),
        (205.0, "db.0 down"),
        (265.0, "missed"),
        (305.0, "promoted, 0 lost"),
        (310.0, "write"),
        (left_out, "app.0 left out"),
        (475.0, "db.0 up"),
        (485.0, "app.0 up"),
        (back, "app.0 taken back"),
        (604.0, "write"),
    ];
    expected.sort_by(|a, b| a.0.total_cmp(&b.0));
    let near = |((at, what), (then, expected)): (&(f64, String), &(f64, &str))| {
        (at - then).abs() < 1e-6 && what == expected
    };
    let alike = seen.len() == expected.len() && seen.iter().zip(&expected).all(near);
    assert!(alike, "{seen:#?} instead of {expected:#?}");
    let ends = ends(&model);
    // Of the service's requests every other one is sent in vain, the last before it is left out.
    let lost: Vec<f64> =
        (0..90).filter(|i| ends[*i].1 != "answered").map(|i| i as f64 * 10.0).collect();
    let sent: Vec<f64> =
        (0..).map(|i| 220.0 + 20.0 * f64::from(i)).take_while(|at| *at <= left_out).collect();
    assert_eq!(lost, sent);
    // The first write after the promotion is the first that succeeds.
    let writes = [
        (194.0, "answered"),
        (210.0, "unreachable"),
        (304.0, "unreachable"),
        (310.0, "answered"),
        (604.0, "answered"),
    ];
    assert_eq!(ends[90..], writes);
    // And traffic returns when it is taken back, not before.
    let served_until = |at_ms: f64| {
        let end = outgrow::units::Span::from_nanos((1e6 * (1000.0 + at_ms)) as u64);
        let plan = Plan { window: end, ..plan };
        busy_ms(&model, &model.watch(&plan, ()).1, "app", 0)
    };
    let (before, after) = (served_until(206.0), served_until(back + 25.0));
    assert_eq!(served_until(back), before);
    assert!(after > before && after < before + 3.0, "{before} {after}");
}
