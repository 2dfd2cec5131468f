//! Random valid models by seed, with every kind of step, and faults to go with them.

use outgrow::ids::Id;
use outgrow::network::{Fault, FaultStyle, HostId, Network};
use outgrow::rng::Draw;
use outgrow::units::{Span, Time};
use serde_json::{Value, json};

/// Chance, for as long as one model takes to write.
pub struct Dice(Draw);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(Draw::at(outgrow::rng::mix(seed), 0x5EED))
    }
    fn below(&mut self, end: u64) -> u64 {
        self.0.below(end)
    }
    fn from(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }
    fn chance(&mut self, of: f64) -> bool {
        self.0.unit() < of
    }
    fn one_of<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[self.below(all.len() as u64) as usize]
    }

    /// Whole milliseconds as often as not, so that things fall on the same instant.
    fn time(&mut self, longest_ms: u64) -> Value {
        let ms = self.from(1, longest_ms);
        match self.below(6) {
            0..=2 => json!(format!("{ms}ms")),
            3 => json!({ "exponential": format!("{ms}ms") }),
            4 => json!({ "lognormal": { "mean": format!("{ms}ms"), "cv": 1.5 } }),
            _ => json!({ "hyperexponential": { "mean": format!("{ms}ms"), "cv": 2.0 } }),
        }
    }

    fn span(&mut self, low_ms: u64, high_ms: u64) -> Value {
        json!(format!("{}ms", self.from(low_ms, high_ms)))
    }
}

/// What the steps of one service may refer to.
struct Place {
    service: u64,
    services: u64,
    operations: Vec<u64>,
    pools: u64,
    disk: bool,
    limits: bool,
}

/// A model's text. Without `closed` classes, its work comes to an end when its arrivals do.
pub fn random_model(seed: u64, closed: bool) -> Value {
    let mut dice = Dice::new(seed);
    let zones = dice.from(1, 3);
    let groups = dice.from(1, 3);
    let services = dice.from(1, 4);
    let operations: Vec<u64> = (0..services).map(|_| dice.from(1, 2)).collect();
    let mut model = json!({ "name": format!("seed {seed}") });
    model["zones"] = (0..zones).map(|it| (format!("z{it}"), json!({}))).collect();
    model["links"] = links(&mut dice, zones);
    let disks: Vec<bool> = (0..groups).map(|_| dice.chance(0.8)).collect();
    let sticky: Vec<bool> = (0..groups).map(|_| dice.chance(0.2)).collect();
    let host_groups = (0..groups).map(|it| {
        (format!("h{it}"), host(&mut dice, zones, disks[it as usize], sticky[it as usize]))
    });
    model["hosts"] = host_groups.collect();
    let mut written = serde_json::Map::new();
    for service in 0..services {
        let group = dice.below(groups);
        let pools = dice.below(3);
        let disk = disks[group as usize];
        let limits = !sticky[group as usize];
        let place =
            Place { service, services, operations: operations.clone(), pools, disk, limits };
        written.insert(format!("s{service}"), self::service(&mut dice, group, &place));
    }
    model["services"] = Value::Object(written);
    let classes = dice.from(1, 3);
    let traffic =
        (0..classes).map(|it| (format!("c{it}"), class(&mut dice, operations[0], closed)));
    model["traffic"] = traffic.collect();
    model
}

fn links(dice: &mut Dice, zones: u64) -> Value {
    let count = dice.below(3);
    let link = |dice: &mut Dice| {
        let end = |dice: &mut Dice| match dice.below(3) {
            0 => "*".to_owned(),
            _ => format!("z{}", dice.below(zones)),
        };
        let between = [end(dice), end(dice)];
        let latency = if dice.chance(0.1) { json!("0s") } else { dice.time(3) };
        json!({ "between": between, "latency": latency })
    };
    (0..count).map(|_| link(dice)).collect()
}

fn host(dice: &mut Dice, zones: u64, disk: bool, sticky: bool) -> Value {
    let mut host = json!({ "count": dice.from(1, 3), "cores": dice.from(1, 4) });
    if dice.chance(0.5) {
        host["zones"] =
            json!([format!("z{}", dice.below(zones)), format!("z{}", dice.below(zones))]);
    }
    if dice.chance(0.3) {
        host["speed"] = json!(*dice.one_of(&[0.5, 2.0]));
    }
    if dice.chance(0.5) {
        host["boot"] = dice.span(0, 100);
    }
    if dice.chance(0.3) {
        host["wake"] = json!({ "delay": dice.time(2), "cpu": dice.span(0, 2) });
    }
    if sticky {
        host["affinity"] = dice.span(1, 5);
    }
    if dice.chance(0.3) {
        host["switch"] = json!({ "cost": dice.span(0, 2), "slice": dice.span(1, 3) });
    }
    if disk {
        let depth = dice.from(1, 3);
        host["disk"] = match dice.chance(0.5) {
            true => json!({ "depth": depth, "access": dice.time(4) }),
            false => {
                json!({ "depth": depth, "iops": dice.from(200, 2000), "bandwidth": "10MiB/s" })
            }
        };
        if dice.chance(0.5) {
            host["disk"]["sync"] = dice.time(4);
        }
    }
    host
}

fn service(dice: &mut Dice, group: u64, place: &Place) -> Value {
    let balance =
        *dice.one_of(&["none", "random", "round_robin", "least_outstanding", "power_of_two"]);
    let mut service = json!({
        "hosts": format!("h{group}"), "instances": dice.from(1, 4), "balance": balance,
    });
    match dice.below(4) {
        0 => {}
        1 => service["connections"] = json!(dice.from(1, 8)),
        2 => service["workers"] = json!(dice.from(1, 8)),
        _ => {
            service["workers"] = json!(dice.from(1, 4));
            service["line"] = json!(dice.below(8));
        }
    }
    if dice.chance(0.3) {
        service["cpu"] = json!({ "request": 2.0 });
        if dice.chance(0.5) && place.limits {
            service["cpu"]["limit"] = json!(*dice.one_of(&[0.5, 1.0, 1.5]));
        }
    }
    if dice.chance(0.6) {
        service["health"] = json!({
            "interval": dice.span(10, 100), "timeout": dice.span(0, 150),
            "unhealthy": dice.from(1, 3), "healthy": dice.from(1, 2),
        });
    }
    if dice.chance(0.5) {
        service["start"] = dice.span(0, 50);
    }
    service["pools"] = (0..place.pools).map(|it| (format!("p{it}"), pool(dice))).collect();
    let count = place.operations[place.service as usize];
    let operations = (0..count).map(|it| (format!("o{it}"), steps(dice, place, 3, 0)));
    service["operations"] = operations.collect();
    service
}

fn pool(dice: &mut Dice) -> Value {
    let mut pool = json!({ "size": dice.from(1, 4) });
    if dice.chance(0.6) {
        pool["patience"] = dice.span(0, 40);
    }
    if dice.chance(0.3) {
        pool["line"] = json!(dice.below(5));
    }
    pool
}

/// Rows are taken in the order of their tables: `tables` is the first that may still be locked.
const TABLES: u64 = 3;

fn steps(dice: &mut Dice, place: &Place, nesting: u64, tables: u64) -> Value {
    let count = dice.below(4);
    (0..count).map(|_| step(dice, place, nesting, tables)).collect()
}

fn step(dice: &mut Dice, place: &Place, nesting: u64, tables: u64) -> Value {
    let calls = place.service + 1 < place.services;
    match dice.below(12) {
        0 | 1 => json!({ "cpu": dice.time(6) }),
        2 => json!({ "wait": dice.time(10) }),
        3 if place.disk => disk(dice),
        4 if place.disk => json!({ "commit": {} }),
        5..=8 if calls => call(dice, place),
        9 if nesting > 0 => parallel(dice, place, nesting - 1, tables),
        10 if nesting > 0 => choose(dice, place, nesting - 1, tables),
        11 if nesting > 0 && tables < TABLES => {
            let table = dice.from(tables, TABLES - 1);
            let count = if table == 0 { 3 } else { 50 };
            let rows = json!({ "rows": count, "skew": 0.7, "table": format!("t{table}") });
            json!({ "lock": rows, "do": steps(dice, place, nesting - 1, table + 1) })
        }
        _ => json!({ "wait": "0s" }),
    }
}

fn disk(dice: &mut Dice) -> Value {
    match dice.chance(0.5) {
        true => json!({ "disk": { "read": "8KiB", "count": dice.from(1, 4), "hit": 0.5 } }),
        false => json!({ "disk": { "write": "64KiB", "count": dice.from(1, 2) } }),
    }
}

fn call(dice: &mut Dice, place: &Place) -> Value {
    let to = dice.from(place.service + 1, place.services - 1);
    let operation = dice.below(place.operations[to as usize]);
    let mut call = json!({ "call": format!("s{to}.o{operation}"), "times": dice.from(1, 2) });
    if dice.chance(0.3) {
        call["share"] = json!(0.5);
    }
    if place.pools > 0 && dice.chance(0.6) {
        call["through"] = json!(format!("p{}", dice.below(place.pools)));
    }
    if dice.chance(0.4) {
        call["timeout"] = dice.span(1, 60);
    }
    if dice.chance(0.4) {
        call["retry"] = retry(dice);
    }
    call
}

fn retry(dice: &mut Dice) -> Value {
    let mut retry = json!({ "attempts": dice.from(1, 4) });
    match dice.below(4) {
        0 => {}
        1 => retry["backoff"] = dice.span(0, 20),
        _ => {
            let jitter = *dice.one_of(&["none", "full", "equal"]);
            retry["backoff"] = json!({ "exponential": { "base": dice.span(1, 10), "cap": "40ms", "jitter": jitter } });
        }
    }
    retry
}

fn parallel(dice: &mut Dice, place: &Place, nesting: u64, tables: u64) -> Value {
    let branches = dice.from(1, 3);
    let lists: Vec<Value> = (0..branches).map(|_| steps(dice, place, nesting, tables)).collect();
    let mut parallel = json!({ "parallel": lists });
    if dice.chance(0.5) {
        parallel["need"] = json!(dice.from(1, branches));
    }
    parallel
}

fn choose(dice: &mut Dice, place: &Place, nesting: u64, tables: u64) -> Value {
    let count = dice.from(1, 3);
    let option = |dice: &mut Dice| json!({ "weight": dice.from(1, 3), "do": steps(dice, place, nesting, tables) });
    let options: Vec<Value> = (0..count).map(|_| option(dice)).collect();
    json!({ "choose": options })
}

fn class(dice: &mut Dice, operations: u64, closed: bool) -> Value {
    let mut class = json!({ "call": format!("s0.o{}", dice.below(operations)) });
    if closed && dice.chance(0.5) {
        class["closed"] = json!({ "users": dice.from(1, 30), "think": dice.time(50) });
    } else {
        class["rate"] = json!(format!("{}/s", dice.from(20, 300)));
    }
    if dice.chance(0.5) {
        class["timeout"] = dice.span(5, 200);
    }
    if dice.chance(0.5) {
        class["retry"] = retry(dice);
    }
    class
}

/// Up to four faults of hosts or zones between 0.1 s and 1.5 s, which may overlap.
pub fn random_faults(seed: u64, network: &Network) -> Vec<Fault> {
    let mut dice = Dice::new(!seed);
    let fault = |dice: &mut Dice| {
        let all: Vec<HostId> = network.hosts.ids().collect();
        let one = *dice.one_of(&all);
        let zone = network.hosts[one].zone;
        let hosts = match dice.chance(0.5) {
            true => all.into_iter().filter(|it| network.hosts[*it].zone == zone).collect(),
            false => vec![HostId::new(one.index())],
        };
        let at = Span::from_nanos(dice.from(100, 1000) * 1_000_000);
        let length = Span::from_nanos(dice.from(1, 500) * 1_000_000);
        let style = *dice.one_of(&[FaultStyle::Crash, FaultStyle::Silence]);
        Fault { hosts, at: Time::ZERO + at, until: Time::ZERO + at + length, style }
    };
    (0..dice.below(5)).map(|_| fault(&mut dice)).collect()
}
