//! Random valid models by seed, with every kind of step, and faults to go with them.

use outgrow::ids::Id;
use outgrow::network::{Failing, Fault, FaultStyle, HostId, Network, When};
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
            5 if self.chance(0.7) => match self.below(5) {
                0 => json!({ "uniform": { "min": "0s", "max": format!("{ms}ms") } }),
                1 => json!({ "erlang": { "stages": 3, "mean": format!("{ms}ms") } }),
                2 => json!({ "gamma": { "mean": format!("{ms}ms"), "cv": 1.5 } }),
                3 => json!({ "weibull": { "shape": 0.7, "mean": format!("{ms}ms") } }),
                _ => {
                    json!({ "pareto": { "alpha": 1.2, "min": "500us", "max": format!("{ms}ms") } })
                }
            },
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
    /// Whether there is a pool "c" of connections to the next service that must be opened.
    connects: bool,
    disk: bool,
    limits: bool,
    accelerator: Accelerator,
}

/// What the hosts of a service have.
#[derive(Clone, Copy)]
enum Accelerator {
    None,
    Batches,
    Tokens,
}

/// A model's text. Without `closed` classes, its work comes to an end when its arrivals do.
pub fn random_model(seed: u64, closed: bool) -> Value {
    let mut dice = Dice::new(seed);
    let zones = dice.from(1, 3);
    let groups = dice.from(1, 3);
    let services = dice.from(1, 4);
    let operations: Vec<u64> = (0..services).map(|_| dice.from(1, 2)).collect();
    let mut model = json!({ "name": format!("seed {seed}") });
    let zone = |it: u64| json!({ "provider": format!("p{}", it % 2) });
    model["zones"] = (0..zones).map(|it| (format!("z{it}"), zone(it))).collect();
    if dice.chance(0.3) {
        model["zones"]["z0"]["egress"] = json!("0.09/GB");
    }
    model["links"] = links(&mut dice, zones);
    let disks: Vec<bool> = (0..groups).map(|_| dice.chance(0.8)).collect();
    let sticky: Vec<bool> = (0..groups).map(|_| dice.chance(0.2)).collect();
    use Accelerator::{Batches, None, Tokens};
    let accelerators: Vec<Accelerator> =
        (0..groups).map(|_| *dice.one_of(&[None, Batches, Tokens])).collect();
    let host_groups = (0..groups as usize).map(|it| {
        let host = host(&mut dice, zones, disks[it], sticky[it], accelerators[it]);
        (format!("h{it}"), host)
    });
    model["hosts"] = host_groups.collect();
    let mut written = serde_json::Map::new();
    for service in 0..services {
        let group = dice.below(groups);
        let pools = dice.below(3);
        let disk = disks[group as usize];
        let (limits, accelerator) = (!sticky[group as usize], accelerators[group as usize]);
        let connects = service + 1 < services && dice.chance(0.5);
        let operations = operations.clone();
        let place =
            Place { service, services, operations, pools, connects, disk, limits, accelerator };
        written.insert(format!("s{service}"), self::service(&mut dice, group, &place));
    }
    // What is kept open must not be more than the other end takes.
    for service in 1..services {
        let to = &written[&format!("s{service}")];
        if to.get("connections").is_some() || to.get("line") == Some(&json!(0)) {
            let from = &mut written[&format!("s{}", service - 1)];
            if let Some(minimum) = from.pointer_mut("/pools/c/connect/minimum") {
                *minimum = json!(0);
            }
        }
    }
    model["services"] = Value::Object(written);
    model["queues"] = queues(&mut dice, &operations);
    let classes = dice.from(1, 4);
    let traffic =
        (0..classes).map(|it| (format!("c{it}"), class(&mut dice, operations[0], closed)));
    model["traffic"] = traffic.collect();
    if dice.chance(0.3) {
        sessions(&mut dice, &operations, &mut model);
    }
    model["faults"] = faults(&mut dice, zones, &model);
    growing_hosts(&mut dice, &mut model);
    vertical_ones_fit(&mut model);
    model
}

/// Where requests move there is room for what is requested at first, and somebody may be evicted.
fn vertical_ones_fit(model: &mut Value) {
    let services = model["services"].as_object_mut().expect("written above");
    let is_vertical = |it: &Value| it.pointer("/scaling/vertical").is_some();
    let hosts: Vec<Value> =
        services.values().filter(|it| is_vertical(it)).map(|it| it["hosts"].clone()).collect();
    for service in services.values_mut().filter(|it| hosts.contains(&it["hosts"])) {
        if let Some(request) = service.pointer_mut("/cpu/request") {
            *request = json!(0.05);
        }
        if is_vertical(service) && service.get("disruption_budget").is_some() {
            service["disruption_budget"] = json!({ "max_unavailable": 1 });
        }
    }
}

/// Hosts that come and go, quickly.
fn growing_hosts(dice: &mut Dice, model: &mut Value) {
    let groups = model["hosts"].as_object().expect("written above").len();
    for group in 0..groups {
        let group = format!("h{group}");
        let services = model["services"].as_object().expect("written above");
        let mut there = services.values().filter(|it| it["hosts"] == json!(group));
        if dice.chance(0.7) || there.any(|it| it.get("replication").is_some()) {
            continue;
        }
        let hosts = &mut model["hosts"][&group];
        let count = hosts["count"].as_u64().unwrap_or(1);
        hosts["autoscaling"] = json!({
            "min": dice.from(1, count), "max": dice.from(count, count + 3),
            "provision": { "exponential": dice.span(1, 200) }, "scan_interval": dice.span(10, 60),
            "utilization": dice.one_of(&[0.3, 0.7, 1.0]), "unneeded": dice.span(0, 300),
            "delay_after_add": dice.span(0, 200),
        });
        let request = f64::from(hosts["cores"].as_u64().expect("a number") as u32) / 64.0;
        let services = model["services"].as_object_mut().expect("written above");
        for service in services.values_mut().filter(|it| it["hosts"] == json!(group)) {
            let limit = service.get("cpu").and_then(|it| it.get("limit")).cloned();
            service["cpu"] = json!({ "request": request * dice.from(1, 4) as f64 });
            limit.into_iter().for_each(|it| service["cpu"]["limit"] = it);
        }
    }
}

/// Sessions that ask for a class of their own, which leaves those there are as they were.
fn sessions(dice: &mut Dice, operations: &[u64], model: &mut Value) {
    let mut asked = class(dice, operations[0], false);
    let keys = asked.as_object_mut().expect("a class has keys");
    ["rate", "background", "batch"].iter().for_each(|key| drop(keys.remove(*key)));
    model["traffic"]["asked"] = asked;
    let mut session = json!({ "rate": format!("{}/s", dice.from(5, 60)) });
    session["leave_on_failure"] = json!(*dice.one_of(&[0.0, 0.5, 1.0]));
    if dice.chance(0.5) {
        session["steps"] = json!([
            { "ask": "asked", "think": dice.time(20), "times": { "geometric": { "mean": 3, "most": 9 } } },
            { "ask": "asked", "share": 0.5 }
        ]);
    } else {
        session["graph"] = json!({ "begin": "b", "states": {
            "a": { "ask": "asked", "think": dice.time(20), "then": { "b": 0.7 } },
            "b": { "ask": "asked", "then": { "a": 0.5, "b": 0.2 } }
        } });
    }
    model["sessions"] = json!({ "visit": session });
}

/// Up to three things that fail again and again.
fn faults(dice: &mut Dice, zones: u64, model: &Value) -> Value {
    let named = |dice: &mut Dice, key: &str, numbers: &str| {
        let all: Vec<&String> = model[key].as_object().expect("written above").keys().collect();
        let name = *dice.one_of(&all);
        match model[key][name][numbers].as_u64().unwrap_or(1) {
            count if dice.chance(0.7) => format!("{name}.{}", dice.below(count)),
            _ => name.clone(),
        }
    };
    let fault = |dice: &mut Dice| {
        let mut fault = json!({ "every": dice.span(20, 900), "for": dice.time(300) });
        if dice.chance(0.5) {
            fault["every"] = json!({ "exponential": fault["every"] });
        }
        let end = |dice: &mut Dice| match dice.below(4) {
            0 => "*".to_owned(),
            1 => "p0".to_owned(),
            _ => format!("z{}", dice.below(zones)),
        };
        let kind = dice.below(7);
        match kind {
            0 => fault["zone"] = json!("any"),
            1 => fault["host"] = json!(named(dice, "hosts", "count")),
            2 | 3 => fault["instance"] = json!(named(dice, "services", "instances")),
            4 => {
                fault["link"] = json!([end(dice), end(dice)]);
                fault["loss"] = json!(*dice.one_of(&["0%", "20%", "100%"]));
                if dice.chance(0.5) {
                    fault["latency"] = dice.time(5);
                }
            }
            5 if zones > 1 => fault["partition"] = json!(["z0", *dice.one_of(&["z1", "*", "p1"])]),
            _ => {
                fault["zone"] = json!("any");
                let cpu = *dice.one_of(&[0.0, 0.1, 0.5]);
                fault["slow"] = json!({ "cpu": cpu, "disk": 0.2, "accelerator": 0.5 });
            }
        }
        if fault.get("slow").is_none() && kind != 4 && dice.chance(0.5) {
            fault["style"] = json!("silence");
        }
        fault
    };
    (0..dice.below(4)).map(|_| fault(dice)).collect()
}

/// A queue for each service but the first, whose operations those above it may send to, and one for
/// dead letters.
fn queues(dice: &mut Dice, operations: &[u64]) -> Value {
    let mut queues = serde_json::Map::new();
    for (service, count) in operations.iter().enumerate().skip(1) {
        let mut queue = json!({ "call": format!("s{service}.o{}", dice.below(*count)) });
        queue["consumers"] = json!(dice.from(1, 6));
        queue["attempts"] = json!(dice.from(1, 4));
        if dice.chance(0.3) {
            queue["length"] = json!(dice.from(5, 20));
            queue["full"] = json!(*dice.one_of(&["refuse", "drop_oldest"]));
        }
        if dice.chance(0.5) {
            queue["batch"] = json!(dice.from(2, 5));
            if dice.chance(0.5) {
                queue["linger"] = dice.span(0, 20);
                queue["enough"] = json!(dice.from(1, 2));
            }
        }
        if dice.chance(0.5) {
            queue["redeliver_after"] = dice.span(1, 40);
        }
        if dice.chance(0.5) {
            queue["pause"] = dice.span(0, 20);
        }
        if dice.chance(0.5) {
            queue["dead_letter"] = json!("dead");
        }
        queues.insert(format!("q{service}"), queue);
    }
    queues.insert("dead".to_owned(), json!({}));
    Value::Object(queues)
}

fn links(dice: &mut Dice, zones: u64) -> Value {
    let count = dice.below(3);
    let link = |dice: &mut Dice| {
        let end = |dice: &mut Dice| match dice.below(4) {
            0 => "*".to_owned(),
            1 => "p0".to_owned(),
            _ => format!("z{}", dice.below(zones)),
        };
        let between = [end(dice), end(dice)];
        let latency = if dice.chance(0.1) { json!("0s") } else { dice.time(3) };
        let mut link = json!({ "between": between, "latency": latency });
        if dice.chance(0.4) {
            link["bandwidth"] = json!(*dice.one_of(&["10MB/s", "100MB/s", "1GB/s"]));
        }
        if dice.chance(0.3) {
            link["egress"] = json!({ "p0": "0.02/GB", "z0": "0.01/GB" });
        }
        link
    };
    (0..count).map(|_| link(dice)).collect()
}

fn host(dice: &mut Dice, zones: u64, disk: bool, sticky: bool, accelerator: Accelerator) -> Value {
    let mut host = json!({ "count": dice.from(1, 3), "cores": dice.from(1, 4) });
    host["provision"] = dice.time(200);
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
        host["disk"] = self::device(dice);
        if dice.chance(0.3) {
            host["log"] = self::device(dice);
        }
    }
    match accelerator {
        Accelerator::None => {}
        Accelerator::Batches => host["accelerator"] = batches(dice),
        Accelerator::Tokens => host["accelerator"] = tokens(dice),
    }
    host
}

fn batches(dice: &mut Dice) -> Value {
    let most = dice.from(3, 8);
    let mut batch = json!({ "most": most, "base": dice.time(5), "per_item": dice.span(0, 1) });
    if dice.chance(0.6) {
        batch["wait"] = dice.span(0, 10);
        if dice.chance(0.5) {
            batch["enough"] = json!(dice.from(1, most));
        }
    }
    json!({ "count": dice.from(1, 2), "batch": batch })
}

fn tokens(dice: &mut Dice) -> Value {
    let mut generation = json!({
        "most": dice.from(1, 6), "base": "500us", "per_sequence": "100us",
        "per_prompt_token": *dice.one_of(&["0s", "50us"]),
    });
    let kind = *dice.one_of(&["continuous", "continuous", "static"]);
    if dice.chance(0.7) {
        generation["memory"] = json!(dice.from(40, 90));
        if kind == "continuous" && dice.chance(0.4) {
            generation["admission"] = json!("reserve");
        }
    }
    json!({ "count": dice.from(1, 2), kind: generation })
}

/// What a step asks of such accelerators.
fn inference(dice: &mut Dice, of: Accelerator) -> Value {
    let count = |dice: &mut Dice, most: u64| match dice.below(3) {
        0 => json!(dice.from(1, most)),
        1 => json!({ "uniform": { "least": 1, "most": most } }),
        _ => json!({ "geometric": { "mean": most as f64 / 2.0, "most": most } }),
    };
    match of {
        Accelerator::None => json!({ "wait": "0s" }),
        Accelerator::Batches => json!({ "accelerator": { "items": count(dice, 3) } }),
        Accelerator::Tokens => {
            json!({ "accelerator": { "prompt": count(dice, 20), "output": count(dice, 20) } })
        }
    }
}

/// A disk with any of the limits that there are.
fn device(dice: &mut Dice) -> Value {
    let mut disk = json!({ "depth": dice.from(1, 3) });
    match dice.below(4) {
        0 | 1 => disk["access"] = dice.time(4),
        2 => {
            disk["access"] = dice.time(4);
            disk["iops"] = json!(dice.from(200, 2000));
        }
        _ => {
            disk["iops"] = json!(dice.from(200, 2000));
            disk["bandwidth"] = json!("10MiB/s");
        }
    }
    if dice.chance(0.5) {
        disk["sync"] = dice.time(4);
    }
    match dice.below(4) {
        0 if disk.get("iops").is_some() => {
            disk["burst"] = json!({ "iops": 5000, "credits": dice.from(1, 300), "start": 0.5 });
        }
        1 => {
            disk["bandwidth"] = json!("5MiB/s");
            disk["burst"] = json!({ "bandwidth": "20MiB/s", "credit_bytes": "1MiB" });
        }
        _ => {}
    }
    disk
}

fn service(dice: &mut Dice, group: u64, place: &Place) -> Value {
    let balance =
        *dice.one_of(&["none", "random", "round_robin", "least_outstanding", "power_of_two"]);
    let mut service = json!({
        "hosts": format!("h{group}"), "instances": dice.from(1, 4), "balance": balance,
    });
    balancing(dice, &mut service);
    match dice.below(4) {
        0 => {}
        1 => service["connections"] = json!(dice.from(1, 8)),
        2 => service["workers"] = json!(dice.from(1, 8)),
        _ => {
            service["workers"] = json!(dice.from(1, 4));
            service["line"] = json!(dice.below(8));
        }
    }
    admission(dice, &mut service);
    if dice.chance(0.3) {
        service["cpu"] = json!({ "request": 2.0 });
        if dice.chance(0.5) && place.limits {
            service["cpu"]["limit"] = json!(*dice.one_of(&[0.5, 1.0, 1.5]));
        }
    }
    if service.get("slow_start").is_some() || dice.chance(0.6) {
        service["health"] = json!({
            "interval": dice.span(10, 100), "timeout": dice.span(0, 150),
            "unhealthy": dice.from(1, 3), "healthy": dice.from(1, 2),
        });
    }
    if dice.chance(0.5) {
        service["start"] = dice.span(0, 50);
    }
    scaling(dice, &mut service);
    operations_on(dice, &mut service);
    service["pools"] = (0..place.pools).map(|it| (format!("p{it}"), pool(dice))).collect();
    if place.connects {
        service["pools"]["c"] = connecting_pool(dice, place);
    }
    if dice.chance(0.3) {
        service["buffer"] =
            json!({ "memory": "1MiB", "data": "3MiB", "skew": 0.8, "cold": dice.chance(0.5) });
    }
    let count = place.operations[place.service as usize];
    let operations = (0..count).map(|it| (format!("o{it}"), steps(dice, place, 3, 0)));
    service["operations"] = operations.collect();
    let sized = |steps: &Value| {
        steps.get(0).is_none_or(|it| it.get("cpu").is_some() || it.get("wait").is_some())
    };
    let all_sized = service["operations"].as_object().is_some_and(|it| it.values().all(sized));
    if has_line(&service) && all_sized && dice.chance(0.3) {
        service["discipline"] = json!("shortest_first");
    }
    if service["operations"].to_string().contains("\"commit\"") && dice.chance(0.3) {
        service["group_commit"] = json!({ "delay": dice.span(0, 5), "siblings": dice.below(3) });
    }
    if service["operations"].to_string().contains("\"commit\"") && dice.chance(0.5) {
        replication(dice, &mut service);
    }
    service
}

/// Instances that come and go, quickly.
fn scaling(dice: &mut Dice, service: &mut Value) {
    if service["balance"] == "none" || service.get("subset").is_some() || dice.chance(0.6) {
        return;
    }
    let instances = service["instances"].as_u64().expect("a number");
    let metrics = [json!({ "cores": 0.2 }), json!({ "outstanding": 2 }), json!({ "line": 1 })];
    let first = dice.one_of(&metrics).clone();
    let second = dice.one_of(&metrics).clone();
    let down = json!({ "stabilization": dice.span(0, 100) });
    let (min, max) = (dice.from(1, instances), dice.from(instances, 7));
    let period = dice.span(10, 80);
    service["scaling"] = match dice.below(5) {
        0 => json!({ "target_tracking": {
            "min": min, "max": max, "metric": first, "period": period, "warm_up": dice.span(0, 200),
            "out_after": dice.from(1, 3), "in_after": dice.from(1, 5), "scale_in": dice.chance(0.8),
        } }),
        1 => json!({ "step": {
            "min": min, "max": max, "metric": dice.one_of(&["cores", "outstanding", "line"]),
            "period": period, "warm_up": dice.span(0, 200), "datapoints": dice.from(1, 3),
            "steps": [
                { "above": 1, "add": dice.from(1, 2) }, { "above": 4, "add_percent": 80 },
                { "below": 0.5, "remove": 1 },
            ],
        } }),
        2 => json!({ "timetable": { "every": "1s", "entries": [
            { "at": dice.span(0, 200), "instances": instances },
            { "at": dice.span(201, 900), "instances": max },
        ] } }),
        _ => json!({ "hpa": {
            "min": min, "max": max, "metrics": [first, second],
            "sync_period": period, "scrape_interval": dice.span(10, 80),
            "behavior": { "scale_down": down },
        } }),
    };
    if dice.chance(0.5) {
        service["grace"] = dice.span(0, 100);
    }
    if dice.chance(0.2) {
        vertical(dice, service);
    }
}

/// Requests that move, quickly.
fn vertical(dice: &mut Dice, service: &mut Value) {
    let limit = service.get("cpu").and_then(|it| it.get("limit")).cloned();
    service["cpu"] = json!({ "request": 0.05 });
    limit.into_iter().for_each(|it| service["cpu"]["limit"] = it);
    service["scaling"] = json!({ "vertical": {
        "min": *dice.one_of(&[0.01, 0.05]), "max": *dice.one_of(&[0.05, 0.3, 1.0]),
        "interval": dice.span(10, 80), "half_life": "1s", "confidence": "1s", "min_instances": 1,
        "lower_percentile": *dice.one_of(&[0.3, 0.9]), "lifetime": dice.span(0, 300),
        "tolerance": *dice.one_of(&[0.2, 0.5, 1.0]),
    } });
}

/// New versions that are brought out, and restarts.
fn operations_on(dice: &mut Dice, service: &mut Value) {
    if dice.chance(0.3) {
        service["restart"] = json!({
            "backoff": dice.span(1, 40), "max": dice.span(40, 200), "reset": dice.span(0, 300),
        });
    }
    if service["balance"] != "none" && service.get("subset").is_none() && dice.chance(0.3) {
        let strategy = match dice.below(6) {
            0 => json!("recreate"),
            1 => json!("blue_green"),
            2 | 3 => canary(dice),
            _ => json!({ "rolling": {
                "max_surge": dice.from(1, 2),
                "max_unavailable": *dice.one_of(&["0%", "30%", "100%"]),
            } }),
        };
        service["deploy"] = json!({ "at": dice.span(0, 400), "strategy": strategy });
        if dice.chance(0.5) {
            service["deploy"]["every"] = dice.one_of(&[json!("1s"), json!("2s")]).clone();
        }
        if dice.chance(0.5) {
            let (cpu, fails) = (*dice.one_of(&[0.5, 1.0, 3.0]), *dice.one_of(&["0%", "20%"]));
            service["deploy"]["changes"] = json!({ "cpu": cpu, "fails": fails });
        }
        if dice.chance(0.5) {
            service["grace"] = dice.span(0, 100);
        }
    }
    if service["balance"] != "none" && service.get("subset").is_none() && dice.chance(0.3) {
        service["reschedule"] =
            json!({ "detection": dice.span(0, 100), "eviction": dice.span(0, 200) });
        if service.get("cpu").is_some() {
            service["cpu"]["request"] = json!(0.125);
        }
    }
    let comes_and_goes =
        ["scaling", "deploy", "reschedule"].iter().any(|it| service.get(it).is_some());
    let at_once = service.get("deploy").is_some_and(|it| it["strategy"] == json!("recreate"));
    if comes_and_goes && !at_once && dice.chance(0.3) {
        let part = *dice.one_of(&["0%", "40%", "100%"]);
        let key = *dice.one_of(&["min_available", "max_unavailable"]);
        service["disruption_budget"] = json!({ key: part });
    }
    if service.get("restart").is_some() && dice.chance(0.5) {
        let interval = dice.from(5, 60);
        let timeout = dice.from(1, interval);
        service["liveness"] = json!({
            "interval": format!("{interval}ms"), "timeout": format!("{timeout}ms"),
            "failures": dice.from(1, 3), "cpu": format!("{}ms", dice.below(timeout + 1)),
        });
    }
    let starts =
        ["scaling", "restart", "deploy", "reschedule"].iter().any(|it| service.get(it).is_some());
    if starts && dice.chance(0.3) {
        service["readiness"] = json!(false);
    }
}

/// A new version that is tried on a part of the instances.
fn canary(dice: &mut Dice) -> Value {
    let steps: Vec<Value> = (0..dice.from(1, 2))
        .map(|_| json!({ "share": *dice.one_of(&["10%", "50%", "100%"]), "hold": dice.span(0, 200) }))
        .collect();
    let mut canary = json!({ "steps": steps, "max_surge": dice.from(1, 2) });
    if dice.chance(0.8) {
        canary["objective"] = json!({
            "failures": *dice.one_of(&["0%", "10%"]), "p95": dice.span(1, 100),
            "requests": dice.from(1, 20),
        });
    }
    json!({ "canary": canary })
}

/// A primary and its standbys.
fn replication(dice: &mut Dice, service: &mut Value) {
    let instances = dice.from(2, 4);
    service["instances"] = json!(instances);
    let not_of_replicas = [
        "subset",
        "outlier_ejection",
        "scaling",
        "grace",
        "deploy",
        "restart",
        "liveness",
        "disruption_budget",
        "reschedule",
        "readiness",
    ];
    for key in not_of_replicas {
        service.as_object_mut().map(|it| it.remove(key));
    }
    let mode = match dice.below(4) {
        0 => json!("async"),
        1 => json!("sync"),
        _ => json!({ "quorum": dice.from(1, instances - 1) }),
    };
    service["replication"] = json!({ "mode": mode, "apply": dice.span(0, 3) });
    let waits = service["replication"]["mode"] != json!("async");
    let strict = waits && dice.chance(0.3);
    if strict {
        service["replication"]["strict"] = json!(true);
    } else if waits && dice.chance(0.8) {
        service["replication"]["patience"] = dice.span(0, 200);
    }
    let operations = service["operations"].as_object().expect("written above");
    let reads = operations.iter().filter(|(_, steps)| {
        let steps = steps.to_string();
        !["\"commit\"", "\"lock\"", "\"write\""].iter().any(|it| steps.contains(it))
    });
    let reads: serde_json::Map<String, Value> =
        reads.map(|it| (it.0.clone(), json!(*dice.one_of(&["standbys", "any"])))).collect();
    if reads.is_empty() {
        service.as_object_mut().map(|it| it.remove("balance"));
        service.as_object_mut().map(|it| it.remove("slow_start"));
    } else if service["balance"] == json!("none") {
        service["balance"] = json!("random");
    }
    service["replication"]["reads"] = Value::Object(reads);
    if dice.chance(0.8) {
        service["failover"] = json!({ "promotion": dice.time(100) });
        if service.get("health").is_none() || dice.chance(0.5) {
            service["failover"]["detection"] = dice.time(100);
        }
        if dice.chance(0.3) {
            service["failover"]["coverage"] = json!(0.7);
        }
        if !strict && dice.chance(0.4) {
            service["failover"]["fencing"] = json!(false);
            service["failover"]["noticed"] = dice.time(200);
        }
    }
}

/// Balancers that look at more than load, and what goes with any balancer.
fn balancing(dice: &mut Dice, service: &mut Value) {
    let then = *dice.one_of(&["random", "round_robin", "least_outstanding", "power_of_two"]);
    match dice.below(8) {
        0 => {
            service["balance"] =
                json!({ "weighted": { "weights": [dice.from(1, 3)], "then": then } });
        }
        1 => {
            service["balance"] =
                json!({ "consistent_hash": { "keys": dice.from(1, 50), "skew": 0.8 } });
            if dice.chance(0.5) {
                service["balance"]["consistent_hash"]["bound"] = json!(1.3);
            }
        }
        2 | 3 => service["balance"] = json!({ "nearest_zone": { "then": then } }),
        _ => {}
    }
    if service["balance"] == json!("none") {
        return;
    }
    if service["balance"].get("consistent_hash").is_none() && dice.chance(0.2) {
        service["slow_start"] = json!({ "over": dice.span(1, 300) });
    }
    if dice.chance(0.2) {
        let (consecutive, base) = (dice.from(1, 4), dice.span(1, 100));
        service["outlier_ejection"] =
            json!({ "consecutive": consecutive, "base": base, "share": 0.5, "interval": "50ms" });
    }
    if dice.chance(0.2) {
        service["subset"] = json!(dice.from(1, service["instances"].as_u64().unwrap_or(1)));
    }
}

/// Whether anybody may ever wait for a worker of it.
fn has_line(service: &Value) -> bool {
    service.get("workers").is_some() && service.get("line") != Some(&json!(0))
}

/// Rules by which it lets requests in, of any kind that it can have.
fn admission(dice: &mut Dice, service: &mut Value) {
    let has_line = has_line(service);
    if has_line && dice.chance(0.7) {
        service["discipline"] = match dice.below(9) {
            0 => json!("lifo"),
            1 => json!({ "adaptive_lifo": { "above": dice.from(1, 4) } }),
            2 => json!({ "fair": { "weights": { "c0": 2.5 } } }),
            _ => {
                json!({ "priority": { "classes": { "c0": dice.below(3) }, "preemptive": dice.chance(0.9) } })
            }
        };
    }
    match dice.below(6) {
        0 if has_line => service["patience"] = dice.time(20),
        1 if has_line => {
            service["adaptive_patience"] =
                json!({ "long": dice.span(10, 40), "short": dice.span(0, 9) });
        }
        _ => {}
    }
    if has_line && dice.chance(0.2) {
        service["codel"] = json!({ "target": dice.span(0, 4), "interval": dice.span(5, 30) });
    }
    if has_line && dice.chance(0.3) {
        service["discard_expired"] = json!(true);
    }
    if dice.chance(0.2) {
        let (burst, shared) = (dice.from(1, 9), dice.chance(0.5));
        service["rate_limits"] = json!([{ "rate": format!("{}/s", dice.from(20, 300)), "burst": burst, "shared": shared }]);
    }
    if service.get("workers").or(service.get("connections")).is_some() && dice.chance(0.2) {
        service["shed"] = json!([{ "above": 0.7, "classes": ["c0"], "share": 0.5 }]);
    }
}

/// Connections to an operation of the next service, which may do anything to open one.
fn connecting_pool(dice: &mut Dice, place: &Place) -> Value {
    let mut pool = pool(dice);
    let to = place.service + 1;
    let operation = dice.below(place.operations[to as usize]);
    pool["connect"] = json!({ "call": format!("s{to}.o{operation}"), "minimum": dice.below(2) });
    if dice.chance(0.7) {
        pool["connect"]["idle"] = dice.span(0, 50);
    }
    pool
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
    match dice.below(18) {
        17 => json!({ "fail": 0.1 }),
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
        14 | 15 => inference(dice, place.accelerator),
        12 | 13 if nesting > 0 => cache(dice, place, nesting - 1, tables),
        16 if calls => {
            let to = dice.from(place.service + 1, place.services - 1);
            json!({ "send": format!("q{to}"), "times": dice.from(1, 2), "share": 0.8 })
        }
        _ => json!({ "wait": "0s" }),
    }
}

/// One of two caches of the service, or a bare share of hits.
fn cache(dice: &mut Dice, place: &Place, nesting: u64, tables: u64) -> Value {
    let mut caches = [
        json!({ "hit": 0.5 }),
        json!({ "keys": 20, "skew": 0.8, "capacity": 5, "name": "own", "ttl": "50ms", "evict": "lfu", "cold": true }),
        json!({ "keys": 10, "skew": 0.5, "name": "all", "shared": true, "ttl": "30ms", "renew": true }),
    ];
    // Only what is furthest in may wait for others' fetches, lest they wait for each other.
    let may_wait = nesting == 0;
    if may_wait && dice.chance(0.7) {
        caches[0] = json!({ "keys": 3, "name": "awaited", "cold": true, "ttl": "20ms", "coalesce": true, "shared": place.service == 0 });
    }
    let which = dice.below(3) as usize;
    json!({ "cache": caches[which], "miss": steps(dice, place, nesting, tables) })
}

fn disk(dice: &mut Dice) -> Value {
    match dice.below(5) {
        0 => json!({ "disk": { "read": "8KiB", "count": dice.from(1, 4), "hit": 0.5 } }),
        1 => json!({ "disk": { "read": "8KiB", "count": dice.from(1, 4) } }),
        2 => json!({ "disk": { "read": "256KiB", "chunk": "64KiB", "rate": "4MiB/s" } }),
        3 => json!({ "disk": { "write": "64KiB", "count": dice.from(1, 2), "wait": false } }),
        _ => json!({ "disk": { "write": "64KiB", "count": dice.from(1, 2) } }),
    }
}

fn call(dice: &mut Dice, place: &Place) -> Value {
    let to = dice.from(place.service + 1, place.services - 1);
    let operation = dice.below(place.operations[to as usize]);
    let mut call = json!({ "call": format!("s{to}.o{operation}"), "times": dice.from(1, 2) });
    let over_connections = place.connects && to == place.service + 1 && dice.chance(0.5);
    if dice.chance(0.3) {
        call["share"] = json!(0.5);
    }
    if over_connections {
        call["through"] = json!("c");
    } else if place.pools > 0 && dice.chance(0.6) {
        call["through"] = json!(format!("p{}", dice.below(place.pools)));
    }
    for key in ["request", "answer"] {
        if dice.chance(0.3) {
            call[key] = size(dice);
        }
    }
    policies(dice, &mut call, place.service, to);
    if dice.chance(0.2) {
        call["fallback"] = steps(dice, place, 0, TABLES);
    }
    call
}

fn size(dice: &mut Dice) -> Value {
    match dice.below(4) {
        0 => json!("2kB"),
        1 => json!({ "exponential": "5kB" }),
        2 => json!({ "lognormal": { "mean": "3kB", "cv": 2 } }),
        _ => json!({ "pareto": { "alpha": 1.2, "min": "500B", "max": "1MB" } }),
    }
}

/// What a class or call does to live with failure. Calls to one service share a breaker, and so have the
/// same.
fn policies(dice: &mut Dice, caller: &mut Value, from: u64, to: u64) {
    if dice.chance(0.4) {
        caller["timeout"] = dice.span(10, 60);
    }
    match dice.below(5) {
        0 | 1 => caller["retry"] = retry(dice),
        2 => caller["hedge"] = hedge(dice),
        _ => {}
    }
    if dice.chance(0.25) {
        let window = if to.is_multiple_of(2) { json!(4 + to) } else { json!("50ms") };
        caller["breaker"] = json!({
            "window": window, "minimum": 3, "open": "30ms", "slow": "20ms", "trials": 1 + from,
        });
    }
    if dice.chance(0.2) {
        let deadline = dice.span(61, 150);
        caller["deadline"] =
            if dice.chance(0.5) { deadline } else { json!({ "exponential": deadline }) };
    }
    if dice.chance(0.3) {
        caller["cancel"] = json!(true);
    }
}

fn hedge(dice: &mut Dice) -> Value {
    let after = match dice.below(3) {
        0 => json!({ "percentile": 0.8 }),
        _ => dice.span(0, 9),
    };
    let mut hedge = json!({ "after": after, "most": dice.from(2, 4) });
    if dice.chance(0.3) {
        hedge["budget"] = json!({ "ratio": 0.2, "burst": 3, "reserve": "5/s" });
    }
    hedge
}

fn retry(dice: &mut Dice) -> Value {
    let mut retry = json!({ "attempts": dice.from(1, 4) });
    if dice.chance(0.3) {
        retry["budget"] = json!({ "ratio": 0.3, "burst": 2, "reserve": "5/s" });
    }
    if dice.chance(0.2) {
        retry["on"] = json!(["timeout", "refused"]);
    }
    match dice.below(5) {
        0 => {}
        1 => retry["backoff"] = dice.span(0, 20),
        2 => {
            let kinds = [
                json!({ "fixed": { "pause": dice.span(0, 9), "jitter": "full" } }),
                json!({ "decorrelated": { "base": dice.span(1, 5), "cap": "40ms" } }),
                json!({ "random": dice.time(5) }),
            ];
            retry["backoff"] = dice.one_of(&kinds).clone();
        }
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
    if dice.chance(0.3) {
        parallel["cancel"] = json!(true);
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
        if dice.chance(0.2) {
            class["batch"] = json!({ "uniform": { "least": 1, "most": 4 } });
        }
    }
    if dice.chance(0.3) {
        class["answer"] = size(dice);
    }
    policies(dice, &mut class, 0, 0);
    if dice.chance(0.2) {
        class["background"] = json!(true);
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
        let at = Time::ZERO + at;
        if dice.chance(0.2) {
            let when = When::ForGood { at, key: dice.below(1000) };
            return Fault { what: Failing::Hosts(hosts, style), when };
        }
        Fault::of_hosts(hosts, at, at + length, style)
    };
    (0..dice.below(5)).map(|_| fault(&mut dice)).collect()
}
