//! Poisson arrivals at exponential servers: Erlang's formulas, M/M/c and M/M/c/K.

use super::tail::{poisson_mixture, quantile};

/// The share of arrivals that find all of `servers` busy and are lost, in M/G/c/c.
///
/// Erlang's B formula (1917) by its recursion B(c) = aB(c−1) / (c + aB(c−1)), which has no
/// factorials to overflow. `offered_load` is arrival rate × mean service. It holds for every
/// distribution of service (Sevastyanov, 1957).
pub fn erlang_b(offered_load: f64, servers: u32) -> f64 {
    (1..=servers).fold(1.0, |blocked, server| {
        let held = offered_load * blocked;
        held / (f64::from(server) + held)
    })
}

/// The share of arrivals that must wait in M/M/c; `None` unless `offered_load` < `servers`.
///
/// Erlang's C formula from B: C = B / (1 − ρ(1 − B)), ρ = a / c
/// (Kleinrock, *Queueing Systems* 1, section 3.5).
pub fn erlang_c(offered_load: f64, servers: u32) -> Option<f64> {
    let rho = offered_load / f64::from(servers);
    let blocked = erlang_b(offered_load, servers);
    (rho < 1.0).then(|| blocked / (1.0 - rho * (1.0 - blocked)))
}

/// M/M/c: Poisson arrivals, exponential service, `c` servers, one unbounded line, first come
/// first served.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mmc {
    arrivals_per_s: f64,
    service_s: f64,
    servers: u32,
    waits: f64,
}

impl Mmc {
    /// `None` if work arrives as fast as it can be done or faster, or if a figure is not positive.
    pub fn new(arrivals_per_s: f64, service_s: f64, servers: u32) -> Option<Mmc> {
        let sensible = arrivals_per_s > 0.0 && service_s > 0.0 && servers > 0;
        let waits = erlang_c(arrivals_per_s * service_s, servers).filter(|_| sensible)?;
        Some(Mmc { arrivals_per_s, service_s, servers, waits })
    }

    pub fn utilization(&self) -> f64 {
        self.offered_load() / f64::from(self.servers)
    }

    /// The probability that an arrival waits.
    pub fn waiting_probability(&self) -> f64 {
        self.waits
    }

    pub fn waiting_mean_s(&self) -> f64 {
        self.waits / self.drain_per_s()
    }

    /// Waiting is zero, or with probability C exponential with rate cμ − λ.
    pub fn waiting_variance_s2(&self) -> f64 {
        self.waits * (2.0 - self.waits) / (self.drain_per_s() * self.drain_per_s())
    }

    /// The probability to wait longer than `t_s`.
    pub fn waiting_tail(&self, t_s: f64) -> f64 {
        self.waits * libm::exp(-self.drain_per_s() * t_s)
    }

    /// # Panics
    /// If `q` is not inside [0, 1), as in the other quantiles of this room.
    pub fn waiting_quantile_s(&self, q: f64) -> f64 {
        assert!((0.0..1.0).contains(&q), "no quantile at {q}");
        (libm::log(self.waits / (1.0 - q)) / self.drain_per_s()).max(0.0)
    }

    pub fn response_mean_s(&self) -> f64 {
        self.waiting_mean_s() + self.service_s
    }

    pub fn response_variance_s2(&self) -> f64 {
        self.waiting_variance_s2() + self.service_s * self.service_s
    }

    /// The probability that a response takes longer than `t_s` (Gross & Harris, *Fundamentals of
    /// Queueing Theory*, chapter 2).
    ///
    /// Exponentials with rates r ≤ s together exceed t with e^(−rt) (1 + r (1 − e^(−(s−r)t)) /
    /// (s−r)), written here so that equal rates need no case of their own.
    pub fn response_tail(&self, t_s: f64) -> f64 {
        let (mu, drain) = (1.0 / self.service_s, self.drain_per_s());
        let (slow, fast) = (mu.min(drain), mu.max(drain));
        let apart = (fast - slow) * t_s;
        let meeting = if apart > 0.0 { -libm::expm1(-apart) / apart } else { 1.0 };
        let of_those_who_wait = libm::exp(-slow * t_s) * (1.0 + slow * t_s * meeting);
        (1.0 - self.waits) * libm::exp(-mu * t_s) + self.waits * of_those_who_wait
    }

    pub fn response_quantile_s(&self, q: f64) -> f64 {
        quantile(q, self.response_mean_s(), |t_s| self.response_tail(t_s))
    }

    /// Mean number waiting, by Little's law.
    pub fn in_line_mean(&self) -> f64 {
        self.arrivals_per_s * self.waiting_mean_s()
    }

    /// Mean number waiting or in service.
    pub fn in_system_mean(&self) -> f64 {
        self.arrivals_per_s * self.response_mean_s()
    }

    /// The probability of just `n` in the system.
    pub fn in_system_probability(&self, n: u32) -> f64 {
        // From the c-th state, whose probability follows from C, up by ρ and down by n / a.
        let at_servers = self.waits * (1.0 - self.utilization());
        if n >= self.servers {
            return at_servers * libm::pow(self.utilization(), f64::from(n - self.servers));
        }
        (n + 1..=self.servers).rev().fold(at_servers, |p, n| p * f64::from(n) / self.offered_load())
    }

    fn offered_load(&self) -> f64 {
        self.arrivals_per_s * self.service_s
    }

    /// How fast a line is drained beyond what arrives: cμ − λ.
    fn drain_per_s(&self) -> f64 {
        f64::from(self.servers) / self.service_s - self.arrivals_per_s
    }
}

/// M/M/c/K: as M/M/c, but who finds `k` in the system is refused at once.
///
/// Waiting and response are those of the requests that are let in.
#[derive(Clone, Debug, PartialEq)]
pub struct Mmck {
    arrivals_per_s: f64,
    service_s: f64,
    servers: u32,
    /// Probability of 0 to K in the system.
    probabilities: Vec<f64>,
}

impl Mmck {
    /// Solves the birth-death balance p(n+1) min(n+1, c) μ = p(n) λ (Gross & Harris, chapter 2).
    ///
    /// `line` is the number of places to wait, K − c. `None` if a figure is not positive.
    pub fn new(arrivals_per_s: f64, service_s: f64, servers: u32, line: u32) -> Option<Mmck> {
        if !(arrivals_per_s > 0.0 && service_s > 0.0 && servers > 0) {
            return None;
        }
        let ratio = |n: u32| arrivals_per_s * service_s / f64::from(n.min(servers));
        let capacity = servers.checked_add(line)?;
        // Up and down from the most probable state, so that nothing can overflow.
        let mode = (1..=capacity).take_while(|&n| ratio(n) >= 1.0).count() as u32;
        let mut probabilities = vec![1.0; capacity as usize + 1];
        for n in mode + 1..=capacity {
            probabilities[n as usize] = probabilities[n as usize - 1] * ratio(n);
        }
        for n in (0..mode).rev() {
            probabilities[n as usize] = probabilities[n as usize + 1] / ratio(n + 1);
        }
        let sum: f64 = probabilities.iter().sum();
        probabilities.iter_mut().for_each(|p| *p /= sum);
        Some(Mmck { arrivals_per_s, service_s, servers, probabilities })
    }

    /// The probability of 0, 1, … K in the system.
    pub fn in_system_probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// The share of arrivals that are refused.
    pub fn refused(&self) -> f64 {
        self.probabilities[self.probabilities.len() - 1]
    }

    pub fn throughput_per_s(&self) -> f64 {
        self.arrivals_per_s * self.probabilities[..self.probabilities.len() - 1].iter().sum::<f64>()
    }

    pub fn utilization(&self) -> f64 {
        self.throughput_per_s() * self.service_s / f64::from(self.servers)
    }

    pub fn in_system_mean(&self) -> f64 {
        self.probabilities.iter().enumerate().map(|(n, p)| n as f64 * p).sum()
    }

    pub fn in_line_mean(&self) -> f64 {
        let beyond = self.probabilities.iter().skip(self.servers as usize);
        beyond.enumerate().map(|(waiting, p)| waiting as f64 * p).sum()
    }

    /// The probability that a request that is let in waits.
    pub fn waiting_probability(&self) -> f64 {
        self.found_waiting().sum()
    }

    pub fn waiting_mean_s(&self) -> f64 {
        self.in_line_mean() / self.throughput_per_s()
    }

    pub fn response_mean_s(&self) -> f64 {
        self.waiting_mean_s() + self.service_s
    }

    /// The probability to wait longer than `t_s`.
    ///
    /// While one waits all servers are busy, and requests leave as a Poisson process with rate cμ;
    /// who finds k − 1 waiting starts at the k-th.
    pub fn waiting_tail(&self, t_s: f64) -> f64 {
        let waiting = self.found_waiting().scan(self.waiting_probability(), |waiting, starts| {
            let still = *waiting;
            *waiting -= starts;
            Some(still)
        });
        poisson_mixture(self.departures(t_s), waiting)
    }

    pub fn waiting_quantile_s(&self, q: f64) -> f64 {
        quantile(q, self.response_mean_s(), |t_s| self.waiting_tail(t_s))
    }

    /// The probability that a response takes longer than `t_s`.
    ///
    /// The same Poisson process goes on while one is served: one of its c kinds of events is one's
    /// own end.
    pub fn response_tail(&self, t_s: f64) -> f64 {
        let stays = 1.0 - 1.0 / f64::from(self.servers);
        let mut waiting = self.waiting_probability();
        let mut served = 1.0 - waiting;
        let starts = self.found_waiting().chain(std::iter::repeat(0.0));
        let inside = starts.map(|starts| {
            let still = waiting + served;
            waiting -= starts;
            served = served * stays + starts;
            still
        });
        poisson_mixture(self.departures(t_s), inside)
    }

    pub fn response_quantile_s(&self, q: f64) -> f64 {
        quantile(q, self.response_mean_s(), |t_s| self.response_tail(t_s))
    }

    fn departures(&self, t_s: f64) -> f64 {
        f64::from(self.servers) / self.service_s * t_s
    }

    /// Of those let in, the shares that find all servers busy and 0, 1, … waiting before them.
    fn found_waiting(&self) -> impl Iterator<Item = f64> {
        let last = self.probabilities.len() - 1;
        let let_in = self.throughput_per_s() / self.arrivals_per_s;
        self.probabilities[self.servers as usize..last].iter().map(move |p| p / let_in)
    }
}

#[cfg(test)]
mod tests {
    use super::super::close;
    use super::*;

    #[test]
    fn erlang_b_blocks_as_the_tables_say() {
        close(erlang_b(8.0, 10), 0.121661064253);
        close(erlang_b(0.9, 1), 0.473684210526);
        assert_eq!(erlang_b(5.0, 0), 1.0);
        assert!(erlang_b(9_900.0, 10_000) > 0.0, "no overflow with many servers");
    }

    #[test]
    fn erlang_c_is_rho_with_one_server_and_nothing_without_a_steady_state() {
        close(erlang_c(0.7, 1).unwrap(), 0.7);
        assert_eq!(erlang_c(2.0, 2), None);
        assert_eq!(Mmc::new(2.0, 1.0, 2), None);
        assert_eq!(Mmc::new(0.0, 1.0, 2), None);
        assert_eq!(Mmc::new(f64::NAN, 1.0, 2), None);
    }

    /// (p_wait, mean wait, wait p50 and p99, response p50 and p99, p0)
    #[track_caller]
    fn check(arrivals_per_s: f64, service_s: f64, servers: u32, expected: [f64; 7]) {
        let [waits, mean, wait_p50, wait_p99, response_p50, response_p99, idle] = expected;
        let mmc = Mmc::new(arrivals_per_s, service_s, servers).unwrap();
        close(mmc.waiting_probability(), waits);
        close(mmc.waiting_mean_s(), mean);
        close(mmc.response_mean_s(), mean + service_s);
        close(mmc.in_line_mean(), mean * arrivals_per_s);
        close(mmc.waiting_quantile_s(0.5), wait_p50);
        close(mmc.waiting_quantile_s(0.99), wait_p99);
        close(mmc.response_quantile_s(0.5), response_p50);
        close(mmc.response_quantile_s(0.99), response_p99);
        close(mmc.in_system_probability(0), idle);
    }

    #[test]
    fn waits_and_responses_agree_with_kleinrock_and_gross_and_harris() {
        // Twelve digits by an independent implementation of the closed forms; the third as
        // printed by Gross & Harris, example 4.1: wait 1.14 min, 3.44 customers.
        #[rustfmt::skip]
        let cases = [
            (0.9, 1.0, 1, [0.9, 9.0, 5.87786664902, 44.9980967033,
                           6.9314718056, 46.0517018599, 0.1]),
            (3.2, 1.0, 4, [0.596432471787, 0.745540589734, 0.220447411637, 5.11047616842,
                           1.34619905382, 6.89320374888, 0.0273025118311]),
            (2.0 / 3.0, 4.0, 4, [0.378418329638, 1.13525498891, 0.0, 10.9002455486,
                           3.85949763676, 21.0696144668, 0.059866962306]),
            (45.0, 1.0, 50, [0.363864467207, 0.0727728934414, 0.0, 0.718839272494,
                           0.776469597472, 4.69223383476, 2.41762440359e-20]),
        ];
        for (arrivals_per_s, service_s, servers, expected) in cases {
            check(arrivals_per_s, service_s, servers, expected);
        }
    }

    #[test]
    fn variances_and_probabilities_agree_too() {
        let mmc = Mmc::new(9.0, 1.0, 10).unwrap();
        close(mmc.waiting_variance_s2(), 0.89026119688);
        close(mmc.response_variance_s2(), 1.89026119688);
        close(mmc.in_system_mean(), 15.018583717);
        for (n, p) in [(0, 6.95968742428e-05), (3, 0.0084560202205), (5, 0.034246881893)] {
            close(mmc.in_system_probability(n), p);
        }
        let sum: f64 = (0..1000).map(|n| mmc.in_system_probability(n)).sum();
        close(sum, 1.0);
    }

    #[test]
    fn equal_rates_of_service_and_drain_need_no_case_of_their_own() {
        // Two servers, one busy on average: cμ − λ = μ, and one in three waits.
        let mmc = Mmc::new(1.0, 1.0, 2).unwrap();
        let t = 2.5f64;
        close(mmc.response_tail(t), (-t).exp() * (1.0 + t / 3.0));
        let near = Mmc::new(1.0 + 1e-12, 1.0, 2).unwrap();
        close(near.response_tail(t), mmc.response_tail(t));
    }

    #[test]
    fn a_bounded_line_agrees_with_the_birth_death_balance() {
        let mmck = Mmck::new(0.8, 1.0, 1, 9).unwrap();
        close(mmck.refused(), 0.0234928575799);
        close(mmck.throughput_per_s(), 0.781205713936);
        close(mmck.utilization(), 0.781205713936);
        close(mmck.in_system_mean(), 2.96631426648);
        close(mmck.in_line_mean(), 2.18510855255);
        close(mmck.waiting_mean_s(), 2.79709750398);
        close(mmck.waiting_probability(), 0.77594195008);
        close(mmck.waiting_quantile_s(0.5), 1.84006528635);
        close(mmck.waiting_quantile_s(0.99), 12.3921796429);
        close(mmck.response_quantile_s(0.5), 2.95583965364);
        close(mmck.response_quantile_s(0.99), 13.6970093732);
    }

    #[test]
    fn a_bounded_line_in_front_of_many_agrees_even_when_overloaded() {
        // Printed in the tests of the GNU Octave queueing package: pK = 0.293543.
        let mmck = Mmck::new(50.0, 0.1, 4, 2).unwrap();
        close(mmck.refused(), 0.293542993481);
        close(mmck.in_system_probabilities()[0], 0.00721411260779);
        close(mmck.waiting_mean_s(), 0.0232688011914);
        close(mmck.waiting_quantile_s(0.95), 0.0894090631268);
        close(mmck.response_quantile_s(0.95), 0.329368112711);
        close(mmck.response_mean_s(), 0.123268801191);
    }

    #[test]
    fn without_a_line_a_bounded_system_is_erlangs_loss_system() {
        let mmck = Mmck::new(8.0, 1.0, 10, 0).unwrap();
        close(mmck.refused(), erlang_b(8.0, 10));
        assert_eq!(mmck.waiting_quantile_s(0.99), 0.0);
        close(mmck.response_quantile_s(0.9), 10f64.ln());
        let huge = Mmck::new(20_000.0, 1.0, 10_000, 0).unwrap();
        close(huge.refused(), erlang_b(20_000.0, 10_000));
    }

    #[test]
    fn a_long_line_is_as_good_as_an_endless_one() {
        let bounded = Mmck::new(9.0, 1.0, 10, 500).unwrap();
        let endless = Mmc::new(9.0, 1.0, 10).unwrap();
        close(bounded.response_quantile_s(0.99), endless.response_quantile_s(0.99));
        close(bounded.waiting_mean_s(), endless.waiting_mean_s());
    }
}
