//! What a pending event costs in each event structure: the hold model.
//!
//! Jones, "An empirical comparison of priority-queue and event-set implementations", CACM 29(4),
//! 1986: with N events pending, take the first out and schedule it again. The time shown is that
//! of one such hold. Delays are exponential with a mean of N microseconds, so that the structures
//! meet one event a microsecond whatever N; they are drawn beforehand.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use outgrow::sim::calendar::{Heap, Lanes, OneShot, Ring};
use outgrow::units::Time;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand_distr::{Distribution, Exp1};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

criterion_group!(benches, hold, lanes, ring);
criterion_main!(benches);

/// What a structure must do to be measured; an event is an order and 8 bytes.
trait Pending {
    fn push(&mut self, at: u64, order: u64, event: u64);
    fn pop(&mut self) -> Option<(u64, u64)>;
}

macro_rules! pending {
    ($structure:ty) => {
        impl Pending for $structure {
            #[inline]
            fn push(&mut self, at: u64, order: u64, event: u64) {
                <$structure>::push(self, Time::from_nanos(at), order, event);
            }
            #[inline]
            fn pop(&mut self) -> Option<(u64, u64)> {
                <$structure>::pop(self).map(|it| (it.at.nanos(), it.event))
            }
        }
    };
}
pending!(Heap<u64>);
pending!(OneShot<u64>);

/// The yardstick: time and event, without an order among equals.
impl Pending for BinaryHeap<Reverse<(u64, u64)>> {
    #[inline]
    fn push(&mut self, at: u64, _: u64, event: u64) {
        BinaryHeap::push(self, Reverse((at, event)));
    }
    #[inline]
    fn pop(&mut self) -> Option<(u64, u64)> {
        BinaryHeap::pop(self).map(|Reverse(it)| it)
    }
}

fn hold(criterion: &mut Criterion) {
    for count in [30, 1_000, 100_000] {
        let mut group = criterion.benchmark_group(format!("hold {count}"));
        bench_hold(&mut group, "std BinaryHeap", count, BinaryHeap::with_capacity(count));
        bench_hold(&mut group, "heap", count, Heap::with_capacity(count));
        bench_hold(&mut group, "wheel", count, OneShot::with_heap_limit(24, count));
        bench_hold(&mut group, "switching", count, OneShot::with_capacity(count));
        group.finish();
    }
}

fn bench_hold<P: Pending>(
    group: &mut BenchmarkGroup<WallTime>,
    name: &str,
    count: usize,
    mut pending: P,
) {
    let mean_ns = count as f64 * 1e3;
    let delays = delays(mean_ns);
    let mut scheduled = 0;
    for delay in delays.iter().cycle().take(count) {
        pending.push(*delay, scheduled, scheduled);
        scheduled += 1;
    }
    let mut hold = |pending: &mut P| {
        let (now, event) = pending.pop().expect("as many are pushed as popped");
        scheduled += 1;
        // Not in the order of the draws, so that one round of them differs from the next.
        let draw = scheduled.wrapping_mul(40_503) ^ (scheduled >> 16);
        pending.push(now + delays[draw as usize % delays.len()], scheduled, event);
        now
    };
    (0..2 * count).for_each(|_| _ = hold(&mut pending));
    group.bench_function(name, |bencher| bencher.iter(|| hold(&mut pending)));
}

fn delays(mean_ns: f64) -> Vec<u64> {
    let mut random = SmallRng::seed_from_u64(1);
    let draw = |_| (mean_ns * Distribution::<f64>::sample(&Exp1, &mut random)) as u64;
    (0..1 << 16).map(draw).collect()
}

/// The first of so many slots is dated anew.
fn lanes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lanes");
    let delays = delays(1e6);
    for slots in [1, 2, 4, 16, 64] {
        let mut lanes = Lanes::new(slots);
        (0..slots).for_each(|slot| lanes.set(slot, Time::from_nanos(delays[slot]), slot as u64));
        let mut order = slots as u64;
        group.bench_function(slots.to_string(), |bencher| {
            bencher.iter(|| {
                let (now, _, slot) = lanes.first();
                order += 1;
                let delay = delays[order as usize % delays.len()];
                lanes.set(slot, Time::from_nanos(now.nanos() + delay), order);
            });
        });
    }
    group.finish();
}

/// A thousand timers set and lapsed, one for one.
fn ring(criterion: &mut Criterion) {
    let mut ring = Ring::new();
    (0..1000).for_each(|i| ring.push(Time::from_nanos(i), i, i));
    let mut scheduled = 1000;
    criterion.bench_function("ring", |bencher| {
        bencher.iter(|| {
            scheduled += 1;
            ring.push(Time::from_nanos(scheduled), scheduled, scheduled);
            black_box((ring.head(), ring.pop()))
        });
    });
}
