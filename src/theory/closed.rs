//! Closed networks: a fixed number of customers who think, visit stations, and think again.
//!
//! The exact figures of mean value analysis (Reiser & Lavenberg, JACM 27(2), 1980), by another way:
//! its recursion loses all digits at stations of many servers, where it takes the probability of
//! an empty station as one minus the rest (with 64 servers and 400 customers who think for five
//! services it finds 22.7 busy instead of 63.4). Here two parts of the network at a time are put
//! together into one that is equivalent to them (Chandy, Herzog & Woo, "Parametric analysis of
//! queuing networks", IBM J. Res. Dev. 19, 1975), with sums of positive terms alone.

/// A station of a closed network, with the mean service that a customer needs there between two
/// thoughts: service of a visit × visits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Station {
    /// Servers with one line before them, exponential; or shared cores, with any work.
    Queue { demand_s: f64, servers: u32 },
    /// A delay that nobody waits for.
    Delay { demand_s: f64 },
}

/// What holds in a closed network in the long run.
#[derive(Clone, Debug, PartialEq)]
pub struct Closed {
    pub throughput_per_s: f64,
    /// From the end of a thought to the beginning of the next.
    pub response_s: f64,
    /// The stations in the order given.
    pub stations: Vec<AtStation>,
}

/// What holds at one station.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AtStation {
    /// Time spent there between two thoughts, over all visits.
    pub residence_s: f64,
    /// Mean number of customers there, waiting or served.
    pub customers: f64,
    /// Busy share of the servers; of a delay, none.
    pub utilization: f64,
}

/// With so many an answer takes about a second.
pub const MOST_CUSTOMERS: u32 = 5_000;

/// Solves the network of `customers` who think for `think_s` on average.
///
/// Takes a time of stations × customers². `None` if there is nobody or more than
/// [`MOST_CUSTOMERS`], if there is nothing to do and nothing to think about, or if a time is
/// negative or not finite or a queue has no server.
pub fn closed(customers: u32, think_s: f64, stations: &[Station]) -> Option<Closed> {
    let sensible = stations.iter().all(Station::is_sensible) && is_time(think_s);
    if customers == 0 || customers > MOST_CUSTOMERS || !sensible {
        return None;
    }
    let n = customers as usize;
    let own: Vec<Option<Rates>> = stations.iter().map(|station| station.rates(n)).collect();
    // Whatever comes after a station, from each on; then one pass with whatever comes before.
    let mut after: Vec<Option<Rates>> = vec![None];
    for rates in own.iter().rev() {
        after.push(join(rates.as_ref(), after[after.len() - 1].as_ref()));
    }
    let mut before = Station::Delay { demand_s: think_s }.rates(n);
    let throughput_per_s = join(before.as_ref(), after[stations.len()].as_ref())?[n - 1];
    let mut figures = Vec::with_capacity(stations.len());
    for (i, (station, rates)) in stations.iter().zip(&own).enumerate() {
        let others = join(before.as_ref(), after[stations.len() - 1 - i].as_ref());
        let customers = customers_at(n, rates.as_ref(), others.as_ref());
        figures.push(AtStation {
            residence_s: customers / throughput_per_s,
            customers,
            utilization: station.utilization(throughput_per_s),
        });
        before = join(before.as_ref(), rates.as_ref());
    }
    let response_s = figures.iter().map(|figures| figures.residence_s).sum();
    Some(Closed { throughput_per_s, response_s, stations: figures })
}

/// The rate at which customers leave a part of the network while 1, 2, … are there; it never
/// falls. A part that takes no time has none.
type Rates = Vec<f64>;

impl Station {
    fn is_sensible(&self) -> bool {
        match *self {
            Station::Queue { demand_s, servers } => is_time(demand_s) && servers > 0,
            Station::Delay { demand_s } => is_time(demand_s),
        }
    }

    fn rates(&self, customers: usize) -> Option<Rates> {
        let (demand_s, most) = match *self {
            Station::Queue { demand_s, servers } => (demand_s, servers as usize),
            Station::Delay { demand_s } => (demand_s, customers),
        };
        (demand_s > 0.0).then(|| (1..=customers).map(|n| n.min(most) as f64 / demand_s).collect())
    }

    fn utilization(&self, throughput_per_s: f64) -> f64 {
        match *self {
            Station::Queue { demand_s, servers } => {
                throughput_per_s * demand_s / f64::from(servers)
            }
            Station::Delay { .. } => 0.0,
        }
    }
}

fn is_time(seconds: f64) -> bool {
    seconds >= 0.0 && seconds.is_finite()
}

/// The part of the network that two parts make, as seen by the rest: with n customers it gives
/// them back as fast as they would circle through the two alone.
fn join(one: Option<&Rates>, other: Option<&Rates>) -> Option<Rates> {
    let (Some(one), Some(other)) = (one, other) else { return one.or(other).cloned() };
    let rate = |k: usize| if k == 0 { 0.0 } else { one[k - 1] };
    Some((1..=one.len()).map(|n| average(n, one, other, rate)).collect())
}

/// Mean number of `n` customers who are in `here` and not in `others`.
fn customers_at(n: usize, here: Option<&Rates>, others: Option<&Rates>) -> f64 {
    match (here, others) {
        (None, _) => 0.0,
        (Some(_), None) => n as f64,
        (Some(here), Some(others)) => average(n, here, others, |k| k as f64),
    }
}

/// The mean of `value(k)` where `n` customers circle and k of them are in `one`.
///
/// The probabilities of k and k + 1 are as the rates out of and into `one`. They rise to one top
/// and fall, since rates never fall; weights that grow too great are scaled down, and what then
/// vanishes is of no weight.
fn average(n: usize, one: &[f64], other: &[f64], value: impl Fn(usize) -> f64) -> f64 {
    const GREAT: f64 = 1e200;
    let (mut weight, mut weights, mut sum) = (1.0, 1.0, value(0));
    for k in 1..=n {
        weight *= other[n - k] / one[k - 1];
        if weight > GREAT {
            weight /= GREAT;
            weights /= GREAT;
            sum /= GREAT;
        }
        weights += weight;
        sum += weight * value(k);
    }
    sum / weights
}

#[cfg(test)]
mod tests {
    use super::super::close;
    use super::*;

    fn queues<const N: usize>(demands_s: [f64; N]) -> Vec<Station> {
        demands_s.map(|demand_s| Station::Queue { demand_s, servers: 1 }).to_vec()
    }

    #[test]
    fn terminals_with_a_cpu_and_two_disks_agree_with_jain() {
        // Jain, The Art of Computer Systems Performance Analysis; N = 20: Q 1.991, 16.177, 0.5.
        let stations = queues([2.0, 3.0, 1.0]);
        for (customers, throughput, response, residence) in [
            (1, 0.1, 6.0, [2.0, 3.0, 1.0]),
            (5, 0.289751847723, 13.2561453509, [3.75561097257, 8.16209476309, 1.33843961525]),
            (20, 0.333246512221, 56.0156318718, [5.97342571325, 48.542596932, 1.49960922661]),
            (100, 0.333333333333, 296.0, [6.0, 288.5, 1.5]),
        ] {
            let got = closed(customers, 4.0, &stations).unwrap();
            close(got.throughput_per_s, throughput);
            close(got.response_s, response);
            for (station, residence) in got.stations.iter().zip(residence) {
                close(station.residence_s, residence);
                close(station.customers, residence * throughput);
            }
        }
    }

    #[test]
    fn servers_and_delays_without_thought_agree_with_bolch() {
        // Bolch, Greiner, de Meer & Trivedi, example 8.4: Q 0.624, 0.473, 0.686, 1.217; X 1.218.
        let stations = [
            Station::Queue { demand_s: 0.5, servers: 2 },
            Station::Queue { demand_s: 0.3, servers: 1 },
            Station::Queue { demand_s: 0.4, servers: 1 },
            Station::Delay { demand_s: 1.0 },
        ];
        let got = closed(3, 0.0, &stations).unwrap();
        close(got.throughput_per_s, 1.21746063384);
        let customers = [0.623679489735, 0.472872234403, 0.685987642017, 1.21746063384];
        for (station, customers) in got.stations.iter().zip(customers) {
            close(station.customers, customers);
        }
        close(got.stations[0].utilization, 0.304365158461);
    }

    #[test]
    fn customers_of_several_servers_agree_with_the_repairmans_chain() {
        for (customers, think_s, servers, throughput, response) in [
            (20, 10.0, 1, 0.998130950148, 10.0374509948),
            (50, 10.0, 4, 3.88498232897, 2.87007140988),
            (4, 1.0, 2, 1.7, 1.35294117647),
        ] {
            let station = Station::Queue { demand_s: 1.0, servers };
            let got = closed(customers, think_s, &[station]).unwrap();
            close(got.throughput_per_s, throughput);
            close(got.response_s, response);
        }
    }

    /// Throughput and queues by the recursion of Reiser & Lavenberg for single servers.
    fn mean_value_analysis(customers: u32, think_s: f64, demands_s: &[f64]) -> (f64, Vec<f64>) {
        let mut queues = vec![0.0; demands_s.len()];
        let mut throughput = 0.0;
        for n in 1..=customers {
            let stay = |(demand_s, queue): (&f64, &f64)| demand_s * (1.0 + queue);
            let residences: Vec<f64> = demands_s.iter().zip(&queues).map(stay).collect();
            throughput = f64::from(n) / (think_s + residences.iter().sum::<f64>());
            queues = residences.iter().map(|residence| residence * throughput).collect();
        }
        (throughput, queues)
    }

    #[test]
    fn single_servers_agree_with_mean_value_analysis_from_one_customer_to_a_thousand() {
        let demands_s = [0.605, 2.1, 1.35, 2.1, 0.001];
        for (customers, think_s) in [(1, 15.0), (37, 0.0), (300, 15.0), (1000, 1e5)] {
            let got = closed(customers, think_s, &queues(demands_s)).unwrap();
            let (throughput, in_queues) = mean_value_analysis(customers, think_s, &demands_s);
            close(got.throughput_per_s, throughput);
            for (station, in_queue) in got.stations.iter().zip(in_queues) {
                close(station.customers, in_queue);
            }
        }
    }

    #[test]
    fn many_servers_lose_no_digits() {
        // With as many customers as servers nobody waits; with more it is the repairman's chain.
        let servers = 64;
        let nobody_waits = closed(64, 3.0, &[Station::Queue { demand_s: 1.0, servers }]).unwrap();
        close(nobody_waits.throughput_per_s, 16.0);
        let (customers, think_s) = (400u32, 5.0);
        let got = closed(customers, think_s, &[Station::Queue { demand_s: 1.0, servers }]).unwrap();
        let (mut weight, mut weights, mut busy) = (1.0, 1.0, 0.0);
        for n in 1..=customers {
            let arrivals = f64::from(customers - n + 1) / think_s;
            weight *= arrivals / f64::from(n.min(servers));
            weights += weight;
            busy += weight * f64::from(n.min(servers));
        }
        close(got.throughput_per_s, busy / weights);
    }

    #[test]
    fn what_takes_no_time_is_no_matter() {
        let with = closed(7, 2.0, &queues([0.0, 0.4, 0.0])).unwrap();
        let without = closed(7, 2.0, &queues([0.4])).unwrap();
        assert_eq!(with.throughput_per_s, without.throughput_per_s);
        assert_eq!(with.stations[0].customers, 0.0);
        let alone = closed(5, 0.0, &queues([0.5])).unwrap();
        assert_eq!((alone.throughput_per_s, alone.stations[0].customers), (2.0, 5.0));
    }

    #[test]
    fn what_makes_no_sense_has_no_answer() {
        assert_eq!(closed(5, 0.0, &queues([0.0])), None);
        assert_eq!(closed(0, 1.0, &queues([1.0])), None);
        assert_eq!(closed(3, -1.0, &queues([1.0])), None);
        assert_eq!(closed(3, 1.0, &[Station::Queue { demand_s: 1.0, servers: 0 }]), None);
        assert_eq!(closed(MOST_CUSTOMERS + 1, 1.0, &queues([1.0])), None);
    }
}
