//! Closed forms and exact chains, through the model file, within four standard errors.
//!
//! The models with one line of expected figures are in `oracles/`, each with its source; those whose
//! reference is computed stand below.

use crate::support::{Diary, agrees, agrees_within, model, model_with, plan};
use outgrow::network::SessionId;
use outgrow::sim::Ended;
use outgrow::units::Time;
use rayon::prelude::*;
use serde_json::Value;

/// A test for each model in a file of `oracles/`.
macro_rules! oracles {
    ($file:literal as $module:ident: $($name:ident)*) => {
        mod $module {
            const ORACLES: &str = include_str!($file);

            $(#[test] fn $name() { super::agrees_with_its_oracle(ORACLES, stringify!($name)); })*

            #[test]
            fn every_oracle_is_asked() {
                let all: serde_json::Value = serde_json::from_str(ORACLES).unwrap();
                let names: Vec<&str> = all.as_object().unwrap().keys().map(String::as_str).collect();
                assert_eq!(names, ["_", $(stringify!($name)),*]);
            }
        }
    };
}

oracles! { "oracles/stations.json" as stations:
    mm1 mm4 mm16 md1 md2 mg1_lognormal mg1_hyperexponential disk_is_mmc one_row_is_mm1
    ps1_exponential ps1_constant ps1_hyperexponential ps4_exponential ps4_lognormal
    ps_is_proportional a_limit_is_a_smaller_host
    mm1k mmck mm1k_overload erlang_b_exponential erlang_b_constant erlang_b_lognormal
    tandem jackson feedback repairman_1 repairman_4 two_classes_mva two_classes_of_two_cores
    pools_before_pools tight_pools closed_pools
    random_balancing round_robin_of_two round_robin_of_four shortest_line_of_two shorter_of_both
    power_of_two_among_ten fork_join split_merge quorum fan_out
    timeout_at_one_server timeout_at_four_servers cache_aside group_commit
}

oracles! { "oracles/cpu.json" as cpu:
    three_cores cores_fall_asleep half_is_lost_between_slices programs_stick_to_a_core
    a_container_of_half_the_weight two_rows_held_in_turn the_busiest_row_of_many
}

oracles! { "oracles/disks.json" as disks:
    bandwidth_is_md1 credits_delay_as_md1_beyond_their_room
    buffer_of_a_tenth buffer_of_pages_read_alike
    opening_is_a_setup opening_takes_its_time
}

oracles! { "oracles/distributions.json" as distributions:
    me1 mgamma1 mu1 mweibull1 mpareto1 dm1 e2m1 um1 half_of_regular_gaps dm4 e2e2 mmpp_mild interrupted_poisson
}

oracles! { "oracles/caches.json" as caches:
    bare_ratio lru_of_three lru_of_a_hundred lru_of_equals lfu_of_equals random_and_fifo_are_alike ttl_from_storing ttl_renewed
}

oracles! { "oracles/queues.json" as queues:
    one_consumer four_consumers ten_consumers a_queue_that_refuses a_queue_that_drops
    batches_of_up_to_four batches_of_three_to_eight a_batch_of_one_is_plain
    deliveries_fail_and_messages_die a_share_sends_twice
}

oracles! { "oracles/lines.json" as lines:
    priority_of_two priority_of_three priority_at_three_servers preemptive_resume preemptive_resume_of_waits
    last_come_first_served shortest_job_first
    erlang_a erlang_a_overloaded constant_patience constant_patience_overloaded discarding_the_expired
    token_bucket fair_shares
}

oracles! { "oracles/arrivals.json" as arrivals:
    batches_of_two_to_four batches_of_three geometric_batches
    sessions_on_a_shared_processor sessions_through_a_graph open_beside_closed
}

oracles! { "oracles/balancing.json" as balancing:
    weighted_at_random weighted_turns power_of_two_among_a_hundred least_outstanding_at_high_load
}

oracles! { "oracles/accelerators.json" as accelerators:
    whatever_waits_is_a_batch batches_like_resnets bulk_service_of_up_to_four
    bulk_service_of_three_to_eight a_second_is_waited_for one_at_a_time_is_mg1
    two_at_a_time_are_mm2 one_sequence_at_a_time_is_mg1 ample_room_is_mginf_in_slots
    static_batches_are_bulk_service
}

oracles! { "oracles/policies.json" as policies:
    errors_are_tried_again retrial deadline_anywhere in_vain
    hedge_of_two hedge_of_three hedge_at_the_median hedge_of_two_points
    breaker_of_one_call budget_of_a_tenth
}

oracles! { "oracles/faults.json" as faults:
    one_component one_component_that_ages two_of_three five_of_six_in_three_zones
    a_server_that_breaks_down a_zone_down_of_three a_tenth_is_lost
}

oracles! { "oracles/links.json" as links:
    a_link_is_mm1_each_way a_link_is_md1 a_link_is_mg1
}

oracles! { "oracles/replication.json" as replication:
    a_standby_takes_over nine_of_ten_failovers_work no_standby first_of_three_standbys
    all_of_two_standbys applying_is_md1 stale_reads
}

oracles! { "oracles/textbook.json" as textbook:
    mm2 mm10 mm50 two_lines_into_one bookstore
    four_with_room_for_two two_with_room_for_one erlang_b_of_one erlang_b_hyperexponential mpareto5
    h2m1 h2e2 ps3 four_users_of_two_servers central_server
    two_processors_and_a_delay interactive_users one_job_of_each_class fork_join_of_four retries_of_retries
}

fn agrees_with_its_oracle(all: &str, name: &str) {
    let all: Value = serde_json::from_str(all).unwrap();
    let case = &all[name];
    let mut text = case.clone();
    for key in ["source", "window", "replications", "expect", "error"] {
        text.as_object_mut().unwrap().remove(key);
    }
    text["name"] = name.into();
    let model = model(&text.to_string());
    let window = case["window"].as_str().unwrap();
    let replications = case["replications"].as_u64().unwrap_or(20) as u32;
    // Long enough for a line at a load of 0.9 to have forgotten that it began empty.
    let warm_up = outgrow::units::Span::parse(window).unwrap().as_secs() / 20.0;
    let seen = model.replicate(replications, &format!("{warm_up}s"), window);
    let error = case["error"].as_f64().unwrap_or(0.0);
    for (metric, value) in case["expect"].as_object().unwrap() {
        let estimates: Vec<f64> = seen.iter().map(|it| it.metric(metric)).collect();
        agrees_within(&format!("{name} {metric}"), &estimates, value.as_f64().unwrap(), error);
    }
}

/// Exact mean value analysis of one class: throughput and response with so many users who think so
/// long, by the demands at the stations (Reiser and Lavenberg, JACM 27(2), 1980).
fn mva(demands: &[f64], think: f64, users: u32) -> (f64, f64) {
    let mut lines = vec![0.0; demands.len()];
    let (mut throughput, mut response) = (0.0, 0.0);
    for n in 1..=users {
        let stays: Vec<f64> = demands.iter().zip(&lines).map(|(d, q)| d * (1.0 + q)).collect();
        response = stays.iter().sum();
        throughput = f64::from(n) / (think + response);
        lines = stays.iter().map(|it| throughput * it).collect();
    }
    (throughput, response)
}

#[test]
fn a_closed_network_agrees_with_mean_value_analysis_at_every_population() {
    // Jain, "The Art of Computer Systems Performance Analysis", 1991, example 34.2: a processor
    // and two disks, visited 16, 10 and 5 times. At 20 users the disk has 16.18 waiting.
    for users in [1, 5, 20] {
        let model = model(&format!(
            r#"{{ "name": "jain", "hosts": {{ "box": {{ "cores": 64 }} }},
                 "services": {{
                   "front": {{ "hosts": "box", "operations": {{ "go": [
                     {{ "call": "cpu.run", "times": 8 }}, {{ "call": "a.io", "times": 10 }},
                     {{ "call": "cpu.run", "times": 8 }}, {{ "call": "b.io", "times": 5 }} ] }} }},
                   "cpu": {{ "hosts": "box", "workers": 1, "operations": {{ "run": [{{ "cpu": {{ "exponential": "125ms" }} }}] }} }},
                   "a": {{ "hosts": "box", "workers": 1, "operations": {{ "io": [{{ "wait": {{ "exponential": "300ms" }} }}] }} }},
                   "b": {{ "hosts": "box", "workers": 1, "operations": {{ "io": [{{ "wait": {{ "exponential": "200ms" }} }}] }} }} }},
                 "traffic": {{ "user": {{ "call": "front.go", "closed": {{ "users": {users}, "think": {{ "exponential": "4s" }} }} }} }} }}"#
        ));
        let (throughput, response) = mva(&[2.0, 3.0, 1.0], 4.0, users);
        let seen = model.replicate(20, "2000s", "40000s");
        let of = |metric: &str| seen.iter().map(|it| it.metric(metric)).collect::<Vec<_>>();
        agrees(&format!("{users} users, throughput"), &of("user.goodput"), throughput);
        agrees(&format!("{users} users, response"), &of("user.response.mean"), response);
        let busy: Vec<f64> = seen.iter().map(|it| it.metric("a.busy")).collect();
        agrees(&format!("{users} users, disk a"), &busy, 3.0 * throughput);
    }
}

#[test]
fn recorded_counts_are_played_as_a_poisson_process_of_that_rate() {
    let counts = [50.0, 15.0, 0.0, 30.0];
    let model = model_with(
        r#"{ "name": "recorded", "hosts": { "box": { "cores": 64 } },
             "services": { "app": { "hosts": "box", "operations": { "run": [] } } },
             "traffic": { "user": { "call": "app.run", "recorded":
               { "file": "counts.csv", "column": "requests", "every": "10s", "scale": 2 } } } }"#,
        &|_| Ok("time,requests\n0,50\n10,15\n20,0\n30,30\n".to_owned()),
    );
    let counted: Vec<[f64; 5]> = (0..4000)
        .into_par_iter()
        .map(|seed| {
            let (diary, _) = model.watch(&plan(seed, "50s"), Diary::default());
            let mut counts = [0.0; 5];
            diary.born.iter().for_each(|it| counts[(it.0 / 10_000_000_000) as usize] += 1.0);
            counts
        })
        .collect();
    for (i, count) in counts.into_iter().enumerate() {
        let theory = 2.0 * count;
        let own: Vec<f64> = counted.iter().map(|it| it[i]).collect();
        agrees(&format!("count {i}"), &own, theory);
        // Poisson: the variance is the mean. An estimate of it scatters by about √(2 / 4000).
        let squares: Vec<f64> = own.iter().map(|it| (it - theory).powi(2)).collect();
        let (variance, _) = crate::support::mean_and_error(&squares);
        let z = (variance - theory) / (theory.max(1.0) * (2.0 / 4000f64).sqrt());
        assert!(z.abs() < 4.5, "count {i}: a variance of {variance}, not {theory}");
    }
    assert!(counted.iter().all(|it| it[4] == 0.0), "nothing comes after the last interval");
}

#[test]
fn unlimited_servers_under_a_changing_rate_hold_a_poisson_number() {
    // Eick, Massey and Whitt, "The physics of the Mt/G/∞ queue", Operations Research 41(4), 1993:
    // the mean at t is ∫ λ(u) P(S > t − u) du. Rate 3/s until 20 s, then 1/s; mean service 5 s.
    let model = model_with(
        r#"{ "name": "mt-g-inf", "hosts": { "box": { "cores": 64 } },
             "services": { "app": { "hosts": "box", "operations": { "run": [{ "wait": { "exponential": "5s" } }] } } },
             "traffic": { "user": { "call": "app.run", "recorded":
               { "file": "counts.csv", "column": "requests", "every": "20s" } } } }"#,
        &|_| Ok("time,requests\n0,60\n20,20\n".to_owned()),
    );
    let inside = |at_s: f64| {
        let until = at_s.min(20.0);
        let early = 3.0 * 5.0 * ((-(at_s - until) / 5.0).exp() - (-at_s / 5.0).exp());
        let late = if at_s > 20.0 { 5.0 * (1.0 - (-(at_s - 20.0) / 5.0).exp()) } else { 0.0 };
        early + late
    };
    let diaries: Vec<Diary> = (0..4000)
        .into_par_iter()
        .map(|seed| model.watch(&plan(seed, "40s"), Diary::default()).0)
        .collect();
    for at_s in [5.0, 20.0, 22.0, 35.0] {
        let at = (at_s * 1e9) as u64;
        let level = |it: &Diary| {
            let born = it.born.iter().filter(|it| it.0 <= at).count();
            (born - it.answered.iter().filter(|it| it.0 <= at).count()) as f64
        };
        let levels: Vec<f64> = diaries.iter().map(level).collect();
        agrees(&format!("inside at {at_s} s"), &levels, inside(at_s));
    }
}

/// When sessions begin and end.
#[derive(Default)]
struct Stays(Vec<(u64, i32)>);

impl outgrow::sim::Probe for Stays {
    fn session_begun(&mut self, now: Time, _: SessionId) {
        self.0.push((now.nanos(), 1));
    }
    fn session_ended(&mut self, now: Time, _: SessionId, _: Ended) {
        self.0.push((now.nanos(), -1));
    }
}

#[test]
fn sessions_under_a_rate_that_rises_and_falls_lag_behind_it() {
    // Eick, Massey and Whitt, "Mt/G/∞ queues with sinusoidal arrival rates", Management Science
    // 39(2), 1993: 4 + 3 sin γt sessions a second, a swing a minute, of 5 s on average or of 10 s
    // always. What they hold is a Poisson number that lags behind the rate and swings less.
    let gamma = std::f64::consts::TAU / 60.0;
    let begun_until = |t: f64| 4.0 * t + 3.0 * (1.0 - (gamma * t).cos()) / gamma;
    let rows = (0..240).map(|i| f64::from(i) / 4.0);
    let rows = rows.map(|t| format!("{t},{}\n", begun_until(t + 0.25) - begun_until(t)));
    let counts = format!("time,sessions\n{}", rows.collect::<String>());
    let random = |t: f64| {
        let (s, gone) = (5.0, (-t / 5.0).exp());
        let swing = (gamma * t).sin() - gamma * s * (gamma * t).cos() + gamma * s * gone;
        4.0 * s * (1.0 - gone) + 3.0 * s * swing / (1.0 + (gamma * s).powi(2))
    };
    let constant = |t: f64| begun_until(t) - begun_until(t - 10.0);
    let laws: [(&str, &(dyn Fn(f64) -> f64 + Sync)); 2] =
        [(r#"{ "exponential": "5s" }"#, &random), (r#""10s""#, &constant)];
    for (think, inside) in laws {
        let model = model_with(
            &format!(
                r#"{{ "name": "mt-g-inf", "hosts": {{ "box": {{ "cores": 64 }} }},
                     "services": {{ "app": {{ "hosts": "box", "operations": {{ "run": [] }} }} }},
                     "traffic": {{ "page": {{ "call": "app.run" }} }},
                     "sessions": {{ "visit": {{ "steps": [{{ "ask": "page", "think": {think} }}], "recorded":
                       {{ "file": "counts.csv", "column": "sessions", "every": "250ms" }} }} }} }}"#
            ),
            &|_| Ok(counts.clone()),
        );
        let stays: Vec<Stays> = (0..4000)
            .into_par_iter()
            .map(|seed| model.watch(&plan(seed, "60s"), Stays::default()).0)
            .collect();
        for at_s in [15.0, 20.0, 45.0, 52.5] {
            let at = (at_s * 1e9) as u64;
            let level = |it: &Stays| -> i32 {
                it.0.iter().take_while(|it| it.0 <= at).map(|it| it.1).sum()
            };
            let levels: Vec<f64> = stays.iter().map(|it| f64::from(level(it))).collect();
            let theory = inside(at_s);
            agrees(&format!("{think}: inside at {at_s} s"), &levels, theory);
            // Poisson: the variance is the mean. An estimate of it scatters by about √(2 / 4000).
            let squares: Vec<f64> = levels.iter().map(|it| (it - theory).powi(2)).collect();
            let (variance, _) = crate::support::mean_and_error(&squares);
            let z = (variance - theory) / (theory * (2.0 / 4000f64).sqrt());
            assert!(z.abs() < 4.5, "{think} at {at_s} s: a variance of {variance}, not {theory}");
        }
    }
}

#[test]
fn group_commit_does_as_many_commits_a_flush_as_there_are_clients() {
    // Constant flushes of 10 ms and clients who do not think: after the first flush, all of them
    // wait for the same one. Throughput grows with concurrency; each commit takes one flush.
    for users in [1u32, 2, 50] {
        let model = model(&format!(
            r#"{{ "name": "commits", "hosts": {{ "box": {{ "cores": 64, "disk": {{ "access": "1ms", "sync": "10ms" }} }} }},
                 "services": {{ "db": {{ "hosts": "box", "operations": {{ "write": [{{ "commit": {{}} }}] }} }} }},
                 "traffic": {{ "user": {{ "call": "db.write", "closed": {{ "users": {users}, "think": "0s" }} }} }} }}"#
        ));
        let seen = model.replicate(1, "1s", "10s");
        let (rate, response) =
            (seen[0].metric("user.goodput"), seen[0].metric("user.response.mean"));
        // The first to ask does not wait for the others: two groups take turns.
        let expected = if users == 1 { 100.0 } else { 100.0 * f64::from(users) / 2.0 };
        assert!((rate / expected - 1.0).abs() < 0.005, "{users}: {rate}");
        assert!((0.01..=0.02).contains(&response), "{users}: {response}");
    }
}

#[test]
fn commits_that_gather_all_share_each_flush() {
    // All write for half a millisecond, and the first waits one for the others: one flush in 11.5 ms.
    for users in [10u32, 50] {
        let model = model(&format!(
            r#"{{ "name": "gather", "hosts": {{ "box": {{ "cores": 64, "disk": {{ "access": "1ms", "sync": "10ms" }} }} }},
                 "services": {{ "db": {{ "hosts": "box", "group_commit": {{ "delay": "1ms" }},
                   "operations": {{ "write": [{{ "wait": "500us" }}, {{ "commit": {{}} }}] }} }} }},
                 "traffic": {{ "user": {{ "call": "db.write", "closed": {{ "users": {users}, "think": "0s" }} }} }} }}"#
        ));
        let rate = model.replicate(1, "1s", "10s")[0].metric("user.goodput");
        let expected = f64::from(users) / 0.0115;
        assert!((rate / expected - 1.0).abs() < 0.005, "{users}: {rate}, not {expected}");
    }
}

#[test]
fn burst_credits_last_as_long_as_amazon_says() {
    // EBS User Guide, "gp2 volumes": a full bucket of 5.4 million lasts 2,000 s, 2,400 s and 3,600 s
    // at 3,000 accesses a second for volumes of 100, 250 and 500 GiB. Here it is a hundredth of that.
    for (gib, lasts_s) in [(100, 20.0), (250, 24.0), (500, 36.0)] {
        let model = model(&format!(
            r#"{{ "name": "gp2", "hosts": {{ "box": {{ "cores": 64, "disk": {{ "iops": {}, "depth": 4,
                   "burst": {{ "iops": 3000, "credits": 54000 }} }} }} }},
                 "services": {{ "db": {{ "hosts": "box", "operations": {{ "read": [{{ "disk": {{ "read": "8KiB" }} }}] }} }} }},
                 "traffic": {{ "user": {{ "call": "db.read", "closed": {{ "users": 8, "think": "0s" }} }} }} }}"#,
            3 * gib
        ));
        let seen = model.replicate(1, "0s", "40s");
        let disk = seen[0].usage.volumes.as_slice()[0];
        let out_s = disk.ran_out.unwrap().as_secs();
        assert!((out_s - lasts_s).abs() < 0.02, "{gib} GiB: {out_s} s");
        // What is read is what there was and what came in, to the last access under way.
        let all = seen[0].metric("user.goodput") * 40.0;
        assert!((all - (54_000.0 + 3.0 * f64::from(gib) * 40.0)).abs() <= 8.0, "{gib} GiB: {all}");
    }
}

#[test]
fn renewal_arrivals_at_even_spacing_wait_as_in_d_m_1() {
    // D/M/1, load 0.8: waiting σ / (μ (1 − σ)), where σ = exp(−(1 − σ) / 0.8) is the chance to wait
    // (Kleinrock, "Queueing Systems" 1, 1975, section 6.3).
    let sigma = (0..200).fold(0.5_f64, |it, _| (-(1.0 - it) / 0.8).exp());
    let model = model(
        r#"{ "name": "dm1", "hosts": { "box": { "cores": 1 } },
             "services": { "app": { "hosts": "box", "workers": 1, "operations": { "run": [{ "cpu": { "exponential": "1s" } }] } } },
             "traffic": { "user": { "call": "app.run", "every": "1.25s" } } }"#,
    );
    let seen = model.replicate(40, "1000s", "40000s");
    let waits: Vec<f64> = seen.iter().map(|it| it.metric("app.waiting.mean")).collect();
    agrees("mean wait", &waits, sigma / (1.0 - sigma));
}

#[test]
fn a_clients_second_try_has_other_luck_than_its_calls_second_try() {
    // Each try of the call has its answer in time with a chance of one half; two tries of two tries
    // fail all together once in sixteen.
    let model = model(
        r#"{ "name": "tries", "hosts": { "box": { "cores": 64 } },
             "services": {
               "front": { "hosts": "box", "operations": { "go": [{ "call": "back.run", "timeout": "693147181ns", "retry": { "attempts": 2 } }] } },
               "back": { "hosts": "box", "operations": { "run": [{ "wait": { "exponential": "1s" } }] } } },
             "traffic": { "user": { "call": "front.go", "rate": "100/s", "timeout": "60s", "retry": { "attempts": 2 } } } }"#,
    );
    let seen = model.replicate(40, "10s", "100s");
    let failed: Vec<f64> = seen.iter().map(|it| it.metric("user.failed.timeout")).collect();
    agrees("share that fails", &failed, 0.0625);
}

#[test]
fn waking_and_switching_that_take_no_time_change_nothing() {
    let with = |host: &str| {
        let text = format!(
            r#"{{ "name": "free", "hosts": {{ "box": {{ "cores": 2, {host} "speed": 1 }} }},
                 "services": {{
                   "a": {{ "hosts": "box", "cpu": {{ "request": 2 }}, "operations": {{ "go": [{{ "cpu": {{ "exponential": "10ms" }} }}, {{ "call": "b.run" }}] }} }},
                   "b": {{ "hosts": "box", "operations": {{ "run": [{{ "cpu": {{ "exponential": "5ms" }} }}] }} }} }},
                 "traffic": {{ "user": {{ "call": "a.go", "rate": "100/s" }} }} }}"#
        );
        model(&text).watch(&plan(7, "100s"), Diary::default()).0.responses_ms()
    };
    let plain = with("");
    let free = with(
        r#""wake": { "delay": "0s" }, "switch": { "cost": "0s", "slice": "1ms" }, "affinity": "0s","#,
    );
    assert!(plain.len() > 9000);
    assert_ne!(plain, with(r#""switch": { "cost": "10us" },"#), "a cost is felt");
    assert_ne!(plain, with(r#""wake": { "delay": "10us" },"#), "a delay is felt");
    // Affinity for work of no length leaves each on the core with the fewest.
    assert_ne!(plain, free);
    let free = with(r#""wake": { "delay": "0s" }, "switch": { "cost": "0s", "slice": "1ms" },"#);
    assert_eq!(plain.len(), free.len());
    for (plain, free) in plain.iter().zip(&free) {
        assert!((plain - free).abs() < 1e-5, "{plain} and {free}");
    }
}
