//! Closed networks of several classes: so many customers of each think, visit stations, and think again.
//!
//! The product form of Baskett, Chandy, Muntz & Palacios (JACM 22, 1975), with the exact figures of mean
//! value analysis over vectors of customers (Reiser & Lavenberg, JACM 27(2), 1980), got by convolution:
//! the constant that normalizes the chances of all states is put together station by station (Reiser &
//! Kobayashi, "Queuing networks with multiple closed chains: theory and computational algorithms", IBM J.
//! Res. Dev. 19, 1975). All terms are positive, where the recursion of mean values loses all digits at
//! stations of many servers; logarithms keep them from overflowing.

use super::closed::Station;

/// The customers of one class.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    pub customers: u32,
    pub think_s: f64,
    /// What one of them asks of each station between two thoughts. All classes meet the same stations: a
    /// queue with the same number of servers, or a delay, at each place.
    pub stations: Vec<Station>,
}

/// What holds of one class in the long run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OfChain {
    pub throughput_per_s: f64,
    /// From the end of a thought to the beginning of the next.
    pub response_s: f64,
}

/// With so many steps an answer takes about a second.
const MOST_STEPS: f64 = 2e7;

/// Solves the network for every class. At queues with one line, first come first served, all classes must
/// have the same exponential service a visit; cores that are shared alike may do any work.
///
/// Takes as many steps as there are vectors of customers, times stations and classes; and the square of
/// their number for each station of several servers. `None` where that is too many, where there is nobody,
/// or nothing to do and nothing to think about, where a time is negative or not finite, or where the
/// stations of the classes are not the same.
pub fn closed_classes(chains: &[Chain]) -> Option<Vec<OfChain>> {
    let first = chains.first()?;
    let sensible = |it: &Chain| it.customers > 0 && is_time(it.think_s) && is_alike(first, it);
    if !chains.iter().all(sensible) {
        return None;
    }
    let servers = |k: usize| servers_needed(chains, k);
    let stations = 0..first.stations.len();
    let (delays, queues): (Vec<usize>, Vec<usize>) = stations.partition(|k| servers(*k).is_none());
    let several = queues.iter().filter(|k| servers(**k) > Some(1)).count() as f64;
    let each = (first.stations.len() * chains.len()) as f64;
    let count: f64 = chains.iter().map(|it| f64::from(it.customers) + 1.0).product();
    if count * each.max(1.0) + several * count * count > MOST_STEPS {
        return None;
    }
    let all = Vectors::up_to(chains);
    let away_s = |it: &Chain| it.think_s + delays.iter().map(|k| demand_s(it, *k)).sum::<f64>();
    let away_s: Vec<f64> = chains.iter().map(away_s).collect();
    let mut constants: Vec<f64> = all.iter().map(|n| delay(n, &away_s)).collect();
    for k in queues {
        let demands_s: Vec<f64> = chains.iter().map(|it| demand_s(it, k)).collect();
        match servers(k)? {
            1 => all.add_server(&mut constants, &demands_s),
            several => constants = all.add_servers(&constants, &demands_s, several),
        }
    }
    let whole = all.len() - 1;
    let of_chain = |(chain, step): (&Chain, &usize)| {
        let throughput_per_s = libm::exp(constants[whole - step] - constants[whole]);
        let response_s = f64::from(chain.customers) / throughput_per_s - chain.think_s;
        let known = throughput_per_s.is_finite() && throughput_per_s > 0.0;
        known.then_some(OfChain { throughput_per_s, response_s: response_s.max(0.0) })
    };
    chains.iter().zip(&all.steps).map(of_chain).collect()
}

fn is_time(seconds: f64) -> bool {
    seconds >= 0.0 && seconds.is_finite()
}

fn is_alike(first: &Chain, other: &Chain) -> bool {
    let same = |(a, b): (&Station, &Station)| match (a, b) {
        (Station::Queue { servers: a, .. }, Station::Queue { servers: b, demand_s }) => {
            a == b && *b > 0 && is_time(*demand_s)
        }
        (Station::Delay { .. }, Station::Delay { demand_s }) => is_time(*demand_s),
        _ => false,
    };
    first.stations.len() == other.stations.len()
        && first.stations.iter().zip(&other.stations).all(same)
}

fn demand_s(chain: &Chain, station: usize) -> f64 {
    match chain.stations[station] {
        Station::Queue { demand_s, .. } | Station::Delay { demand_s } => demand_s,
    }
}

/// The servers of a station; none where nobody ever waits.
fn servers_needed(chains: &[Chain], station: usize) -> Option<u32> {
    let comes = |it: &&Chain| demand_s(it, station) > 0.0;
    let most: u32 = chains.iter().filter(comes).map(|it| it.customers).sum();
    match chains[0].stations[station] {
        Station::Queue { servers, .. } if servers < most => Some(servers),
        _ => None,
    }
}

/// All vectors of customers up to those that there are, each with the ones before it in the list.
struct Vectors {
    most: Vec<usize>,
    /// How far apart in the list two vectors are that differ by one customer of a class.
    steps: Vec<usize>,
    all: Vec<Vec<usize>>,
}

impl Vectors {
    fn up_to(chains: &[Chain]) -> Vectors {
        let most: Vec<usize> = chains.iter().map(|it| it.customers as usize).collect();
        let mut steps = Vec::new();
        let mut all = vec![Vec::new()];
        for most in &most {
            steps.iter_mut().for_each(|it| *it *= most + 1);
            steps.push(1);
            let longer = |head: &Vec<usize>| {
                let head = head.clone();
                (0..=*most).map(move |n| head.iter().copied().chain([n]).collect())
            };
            all = all.iter().flat_map(longer).collect();
        }
        Vectors { most, steps, all }
    }

    fn len(&self) -> usize {
        self.all.len()
    }

    fn iter(&self) -> impl Iterator<Item = &Vec<usize>> {
        self.all.iter()
    }

    /// Puts a station of one server to a network whose constants are known:
    /// G'(n) = G(n) + Σ D_r G'(n − e_r).
    fn add_server(&self, constants: &mut [f64], demands_s: &[f64]) {
        let logs: Vec<f64> = demands_s.iter().map(|it| libm::log(*it)).collect();
        for (i, n) in self.all.iter().enumerate() {
            let mut sum = Sum::of(constants[i]);
            for (r, log) in logs.iter().enumerate().filter(|it| n[it.0] > 0) {
                sum.add(log + constants[i - self.steps[r]]);
            }
            constants[i] = sum.log();
        }
    }

    /// The same of several servers: the sum over all ways to part the customers between the station and
    /// the rest.
    fn add_servers(&self, constants: &[f64], demands_s: &[f64], servers: u32) -> Vec<f64> {
        let own: Vec<f64> = self.all.iter().map(|n| queue(n, demands_s, servers)).collect();
        let mut sums = vec![Sum::of(f64::NEG_INFINITY); self.len()];
        for (i, (here, own)) in self.all.iter().zip(&own).enumerate() {
            for (j, (there, rest)) in self.all.iter().zip(constants).enumerate() {
                let fits =
                    here.iter().zip(there).zip(&self.most).all(|((a, b), most)| a + b <= *most);
                if fits {
                    // The places of two vectors add up to that of their sum.
                    sums[i + j].add(own + rest);
                }
            }
        }
        sums.into_iter().map(|it| it.log()).collect()
    }
}

/// The weight of so many customers in a delay, Π Z^n / n!; its logarithm, as all weights here.
fn delay(n: &[usize], away_s: &[f64]) -> f64 {
    let of = |(n, z): (&usize, &f64)| power(*n, *z) - libm::lgamma(*n as f64 + 1.0);
    n.iter().zip(away_s).map(of).sum()
}

/// The weight of so many customers at a queue: in how many orders they may stand there, Π D^n, and by
/// how many servers they are served while there are 1, 2, …
fn queue(n: &[usize], demands_s: &[f64], servers: u32) -> f64 {
    let total: usize = n.iter().sum();
    let of = |(n, d): (&usize, &f64)| power(*n, *d) - libm::lgamma(*n as f64 + 1.0);
    let each: f64 = n.iter().zip(demands_s).map(of).sum();
    let busy = |it: usize| libm::log(it.min(servers as usize) as f64);
    each + libm::lgamma(total as f64 + 1.0) - (1..=total).map(busy).sum::<f64>()
}

/// ln(x^n), where x⁰ is one of any x.
fn power(n: usize, x: f64) -> f64 {
    if n == 0 { 0.0 } else { n as f64 * libm::log(x) }
}

/// A sum of positive terms, of which the logarithms are known.
#[derive(Clone, Copy)]
struct Sum {
    greatest: f64,
    /// In units of the greatest.
    sum: f64,
}

impl Sum {
    fn of(log: f64) -> Sum {
        Sum { greatest: log, sum: 1.0 }
    }

    fn add(&mut self, log: f64) {
        if log == f64::NEG_INFINITY {
            return;
        }
        if log > self.greatest {
            self.sum = 1.0 + self.sum * libm::exp(self.greatest - log);
            self.greatest = log;
        } else {
            self.sum += libm::exp(log - self.greatest);
        }
    }

    fn log(self) -> f64 {
        self.greatest + libm::log(self.sum)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{close, closed};
    use super::*;

    fn chain(customers: u32, think_s: f64, demands_s: &[f64], servers: &[u32]) -> Chain {
        let station = |(demand_s, servers): (&f64, &u32)| match servers {
            0 => Station::Delay { demand_s: *demand_s },
            servers => Station::Queue { demand_s: *demand_s, servers: *servers },
        };
        let stations = demands_s.iter().zip(servers).map(station).collect();
        Chain { customers, think_s, stations }
    }

    #[test]
    fn one_job_of_each_class_agrees_with_lazowska() {
        // Lazowska, Zahorjan, Graham & Sevcik, Quantitative System Performance, 1984, p. 142.
        let chains = [chain(1, 0.0, &[1.0, 3.0], &[1, 1]), chain(1, 0.0, &[2.0, 4.0], &[1, 1])];
        let got = closed_classes(&chains).unwrap();
        close(got[0].throughput_per_s, 3.0 / 19.0);
        close(got[1].throughput_per_s, 2.0 / 19.0);
        close(got[0].response_s, 19.0 / 3.0);
    }

    /// Throughputs by the recursion of mean values over vectors of customers, for single servers and
    /// delays: what comes finds what is there with one customer of its class less.
    fn mean_values(chains: &[Chain]) -> Vec<f64> {
        let all = Vectors::up_to(chains);
        let stations = chains[0].stations.len();
        let mut queues = vec![vec![0.0; stations]; all.len()];
        let mut throughputs = vec![0.0; chains.len()];
        for (i, n) in all.iter().enumerate().skip(1) {
            for (r, chain) in chains.iter().enumerate().filter(|it| n[it.0] > 0) {
                let stay = |k: usize| match chain.stations[k] {
                    Station::Queue { demand_s, .. } => {
                        demand_s * (1.0 + queues[i - all.steps[r]][k])
                    }
                    Station::Delay { demand_s } => demand_s,
                };
                let stays: Vec<f64> = (0..stations).map(stay).collect();
                throughputs[r] = n[r] as f64 / (chain.think_s + stays.iter().sum::<f64>());
                for (queue, stay) in queues[i].iter_mut().zip(&stays) {
                    *queue += throughputs[r] * stay;
                }
            }
        }
        throughputs
    }

    #[test]
    fn single_servers_and_delays_agree_with_mean_value_analysis() {
        let (one, three) = ([1, 1, 0], [1, 1, 1, 0]);
        for chains in [
            vec![chain(10, 0.0, &[1.0, 0.09, 0.0], &one), chain(25, 30.0, &[0.1, 0.9, 0.2], &one)],
            vec![
                chain(4, 2.0, &[0.3, 0.0, 0.2, 1.0], &three),
                chain(7, 0.0, &[0.1, 0.5, 0.0, 0.0], &three),
                chain(3, 9.0, &[0.0, 0.7, 2.0, 0.5], &three),
            ],
            vec![chain(300, 1e3, &[0.5], &[1]), chain(200, 10.0, &[0.05], &[1])],
        ] {
            let got = closed_classes(&chains).unwrap();
            for (got, expected) in got.iter().zip(mean_values(&chains)) {
                close(got.throughput_per_s, expected);
            }
        }
    }

    #[test]
    fn customers_who_are_alike_share_what_one_class_of_all_of_them_has() {
        let servers = [2, 1, 0, 8];
        let demands_s = [0.9, 0.2, 0.4, 3.0];
        let parted = [chain(6, 5.0, &demands_s, &servers), chain(14, 5.0, &demands_s, &servers)];
        let whole = chain(20, 5.0, &demands_s, &servers);
        let expected = closed(20, 5.0, &whole.stations).unwrap();
        let got = closed_classes(&parted).unwrap();
        close(got[0].throughput_per_s + got[1].throughput_per_s, expected.throughput_per_s);
        close(got[0].response_s, expected.response_s);
        close(got[1].response_s, expected.response_s);
        close(closed_classes(&[whole]).unwrap()[0].throughput_per_s, expected.throughput_per_s);
    }

    #[test]
    fn two_shared_cores_agree_with_their_markov_chain() {
        // Its twelve states, solved in fractions: two customers of 0.5 s who think for 1 s, three of 1.2 s
        // who think for 2 s.
        let chains = [chain(2, 1.0, &[0.5], &[2]), chain(3, 2.0, &[1.2], &[2])];
        let got = closed_classes(&chains).unwrap();
        close(got[0].throughput_per_s, 1123.0 / 951.0);
        close(got[1].throughput_per_s, 1045.0 / 1268.0);
    }

    #[test]
    fn classes_that_meet_nowhere_are_as_if_alone() {
        let chains = [chain(5, 1.0, &[0.4, 0.0], &[1, 3]), chain(9, 2.0, &[0.0, 1.5], &[1, 3])];
        let got = closed_classes(&chains).unwrap();
        for (own, got) in chains.iter().zip(got) {
            let alone = closed(own.customers, own.think_s, &own.stations).unwrap();
            close(got.throughput_per_s, alone.throughput_per_s);
        }
    }

    #[test]
    fn what_makes_no_sense_or_takes_too_long_has_no_answer() {
        let one = |customers, think_s, demand_s| chain(customers, think_s, &[demand_s], &[1]);
        assert_eq!(closed_classes(&[]), None);
        assert_eq!(closed_classes(&[one(0, 1.0, 1.0)]), None);
        assert_eq!(closed_classes(&[one(3, 0.0, 0.0), one(2, 1.0, 1.0)]), None);
        assert_eq!(closed_classes(&[one(3, -1.0, 1.0)]), None);
        assert_eq!(closed_classes(&[one(1, 1.0, 1.0), chain(1, 1.0, &[1.0], &[2])]), None);
        assert_eq!(closed_classes(&[one(10_000, 1.0, 1.0), one(10_000, 1.0, 1.0)]), None);
    }
}
