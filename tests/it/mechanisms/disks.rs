//! What limits disks, burst credits, chunks, writes that nobody waits for, log volumes, buffers.

use super::*;

/// A database on a host with these devices.
fn database(devices: &str, service: &str, requests: &[Request]) -> Model {
    let hosts = format!(r#""rack": {{ "cores": 64, {devices} }}"#);
    let services = format!(
        r#""db": {{ "hosts": "rack", {service} "operations": {{
            "page": [{{ "disk": {{ "read": "8KiB" }} }}], "mib": [{{ "disk": {{ "read": "1MiB" }} }}],
            "scan": [{{ "disk": {{ "read": "4MiB", "chunk": "1MiB" }} }}],
            "gentle": [{{ "disk": {{ "read": "4MiB", "chunk": "1MiB", "rate": "50MiB/s" }} }}],
            "lazy": [{{ "disk": {{ "write": "1MiB", "wait": false }} }}, {{ "wait": "1ms" }}],
            "commit": [{{ "commit": {{}} }}], "slow": [{{ "wait": "100ms" }}] }} }}"#
    );
    scene(&hosts, "", &services, requests)
}

fn on_disk(disk: &str, requests: &[Request]) -> Model {
    database(&format!(r#""disk": {{ {disk} }}"#), "", requests)
}

#[test]
fn accesses_under_way_share_the_bandwidth() {
    // A MiB takes 10 ms: four together take as long as they would one after the other.
    let shared = r#""bandwidth": "100MiB/s", "depth": 4"#;
    let four = [(0.0, "db.mib", ""); 4];
    answered_at(&on_disk(shared, &four), &[10.0, 20.0, 30.0, 40.0]);
    let alone = [(0.0, "db.mib", ""), (10.0, "db.mib", "")];
    answered_at(&on_disk(shared, &alone), &[10.0, 20.0]);
    // Operations and bytes each have their limit: a page waits for the bytes before it.
    let both = r#""bandwidth": "100MiB/s", "iops": 1000, "depth": 2"#;
    let mixed = [(0.0, "db.mib", ""), (0.0, "db.page", ""), (11.0, "db.page", "")];
    answered_at(&on_disk(both, &mixed), &[10.0, 10.078125, 13.0]);
}

#[test]
fn accesses_of_their_own_time_are_limited_in_number_and_in_bytes() {
    let provisioned = r#""access": "2ms", "depth": 8, "iops": 1000, "bandwidth": "1000MiB/s""#;
    let five = [(0.0, "db.page", ""); 5];
    answered_at(&on_disk(provisioned, &five), &[2.0, 2.0, 3.0, 4.0, 5.0]);
    let slow = r#""access": "2ms", "depth": 8, "bandwidth": "100MiB/s""#;
    answered_at(&on_disk(slow, &[(0.0, "db.mib", ""), (0.0, "db.mib", "")]), &[10.0, 20.0]);
}

#[test]
fn credits_pay_for_a_burst_and_then_the_baseline_is_left() {
    // 2 ms an access while there are credits. Two come in in the second before the requests do.
    let burst = |start: f64| {
        format!(r#""iops": 2, "burst": {{ "iops": 500, "credits": 10, "start": {start} }}"#)
    };
    let five = [(0.0, "db.page", ""); 5];
    answered_at(&on_disk(&burst(0.0), &five[..3]), &[2.0, 4.0, 500.0]);
    answered_at(&on_disk(&burst(0.2), &five), &[2.0, 4.0, 6.0, 8.0, 500.0]);
    // Only so many are kept, however many come in.
    let few = r#""iops": 100, "burst": { "iops": 500, "credits": 2 }"#;
    answered_at(&on_disk(few, &five), &[2.0, 4.0, 10.0, 20.0, 30.0]);
}

#[test]
fn credits_of_bytes_pay_for_bytes() {
    // A MiB takes 10 ms, 2 ms while there are credits: there are for two of four.
    let burst =
        r#""bandwidth": "100MiB/s", "burst": { "bandwidth": "500MiB/s", "credit_bytes": "2MiB" }"#;
    let four = [(0.0, "db.mib", ""); 4];
    answered_at(&on_disk(burst, &four), &[2.0, 4.0, 10.0, 20.0]);
}

#[test]
fn as_long_as_there_are_credits_a_disk_is_as_fast_as_its_burst() {
    let requests = [(0.0, "db.page", ""); 4];
    let full = r#""iops": 100, "burst": { "iops": 500, "credits": 1000 }"#;
    answered_at(&on_disk(full, &requests), &[2.0, 4.0, 6.0, 8.0]);
    answered_at(&on_disk(r#""iops": 500"#, &requests), &[2.0, 4.0, 6.0, 8.0]);
}

#[test]
fn a_scan_comes_in_chunks_and_lets_others_in_between() {
    let disk = r#""bandwidth": "100MiB/s""#;
    let requests = [(0.0, "db.scan", ""), (1.0, "db.mib", ""), (12.0, "db.mib", "")];
    answered_at(&on_disk(disk, &requests), &[60.0, 20.0, 40.0]);
}

#[test]
fn whoever_holds_itself_back_asks_for_a_chunk_no_sooner_than_its_rate_says() {
    // A MiB in 20 ms each, which take 10: the last is asked for at 60.
    let disk = r#""bandwidth": "100MiB/s""#;
    let requests = [(0.0, "db.gentle", ""), (1.0, "db.mib", ""), (12.0, "db.mib", "")];
    answered_at(&on_disk(disk, &requests), &[70.0, 20.0, 30.0]);
    // A disk that is slower than its rate is asked without a pause.
    let slow = r#""bandwidth": "25MiB/s""#;
    answered_at(&on_disk(slow, &[(0.0, "db.gentle", "")]), &[160.0]);
}

#[test]
fn a_write_that_nobody_waits_for_keeps_the_disk_busy_all_the_same() {
    let disk = r#""bandwidth": "100MiB/s""#;
    let requests = [(0.0, "db.lazy", ""), (0.0, "db.lazy", ""), (5.0, "db.mib", "")];
    let model = on_disk(disk, &requests);
    let (ends, usage) = outcome(&model);
    assert_eq!(ends, [(1.0, "answered"), (1.0, "answered"), (30.0, "answered")]);
    let group = model.pools("rack.disk");
    let pools = model.network.pools.ids();
    let own = pools.filter(|it| model.network.pools[*it].group == group);
    assert_eq!(own.map(|it| usage.pools[it].busy).sum::<u128>(), 30_000_000);
}

#[test]
fn a_log_volume_keeps_flushes_out_of_the_line_of_the_disk() {
    let disk = r#""disk": { "access": "10ms", "sync": "4ms" }"#;
    let requests = [(0.0, "db.page", ""), (0.0, "db.page", ""), (1.0, "db.commit", "")];
    answered_at(&database(disk, "", &requests), &[10.0, 20.0, 24.0]);
    let log = format!(r#"{disk}, "log": {{ "access": "1ms", "sync": "3ms" }}"#);
    answered_at(&database(&log, "", &requests), &[10.0, 20.0, 4.0]);
}

#[test]
fn a_log_volume_alone_is_enough_to_commit_to() {
    let hosts = r#""rack": { "cores": 64, "log": { "iops": 250 } }"#;
    let db = r#""db": { "hosts": "rack", "operations": { "commit": [{ "commit": {} }] } }"#;
    answered_at(&scene(hosts, "", db, &[(0.0, "db.commit", "")]), &[4.0]);
}

#[test]
fn commits_gather_before_a_flush_if_enough_others_are_at_work() {
    let disk = r#""disk": { "access": "1ms", "sync": "4ms" }"#;
    let gather = r#""group_commit": { "delay": "2ms", "siblings": 1 },"#;
    // Alone, nobody waits. With another at work, the first waits for two more to join it.
    answered_at(&database(disk, gather, &[(0.0, "db.commit", "")]), &[4.0]);
    let requests = [
        (0.0, "db.slow", ""),
        (1.0, "db.commit", ""),
        (2.0, "db.commit", ""),
        (2.5, "db.commit", ""),
        (4.0, "db.commit", ""),
    ];
    answered_at(&database(disk, gather, &requests), &[100.0, 7.0, 7.0, 7.0, 13.0]);
    let never = r#""group_commit": { "delay": "0s" },"#;
    answered_at(&database(disk, never, &requests), &[100.0, 5.0, 9.0, 9.0, 9.0]);
}

#[test]
fn a_buffer_that_holds_all_answers_all_once_it_has_read_it() {
    let disk = r#""disk": { "access": "10ms" }"#;
    let warm = r#""buffer": { "memory": "1GiB", "data": "8KiB" },"#;
    let requests = [(0.0, "db.page", ""), (50.0, "db.page", "")];
    answered_at(&database(disk, warm, &requests), &[0.0, 50.0]);
    let cold = r#""buffer": { "memory": "1GiB", "data": "8KiB", "cold": true },"#;
    answered_at(&database(disk, cold, &requests), &[10.0, 50.0]);
    // Reads in chunks go past it.
    let scan = [(0.0, "db.scan", "")];
    answered_at(&database(disk, warm, &scan), &[40.0]);
}

#[test]
fn a_buffer_is_empty_after_a_restart() {
    let disk = r#""boot": "1ms", "disk": { "access": "10ms" }"#;
    let warm = r#""buffer": { "memory": "1GiB", "data": "8KiB" },"#;
    let requests = [(0.0, "db.page", ""), (50.0, "db.page", ""), (100.0, "db.page", "")];
    let model = database(disk, warm, &requests);
    let hosts = model.hosts("rack");
    let model = model.fault(hosts, "1010ms", "1020ms", outgrow::network::FaultStyle::Crash);
    answered_at(&model, &[0.0, 60.0, 100.0]);
}

#[test]
fn limits_that_never_bind_change_nothing() {
    let plain = on_disk(r#""iops": 1000, "depth": 4"#, &[(0.0, "db.mib", ""); 9]);
    let wide = r#""iops": 1000, "depth": 4, "burst": { "iops": 1000.1, "credits": 1e9 }"#;
    let wide = on_disk(wide, &[(0.0, "db.mib", ""); 9]);
    let times = |model: &Model| ends(model).iter().map(|it| it.0).collect::<Vec<_>>();
    for (a, b) in times(&plain).into_iter().zip(times(&wide)) {
        assert!((a / b - 1.0).abs() < 1e-3, "{a} {b}");
    }
    let fast =
        on_disk(r#""iops": 1000, "depth": 4, "bandwidth": "1GiB/s""#, &[(0.0, "db.mib", ""); 9]);
    assert_eq!(ends(&fast), ends(&plain));
}
