//! Poisson arrivals at one server that takes any time: M/G/1 and M/D/1.

use super::tail::quantile;

/// M/G/1: Poisson arrivals, independent service, one server, first come first served.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mg1 {
    arrivals_per_s: f64,
    service_s: f64,
    service_cv2: f64,
}

impl Mg1 {
    /// `service_cv2` is the squared coefficient of variation, variance / mean².
    ///
    /// `None` unless rates are positive, the variation finite and work arrives slower than it can
    /// be done.
    pub fn new(arrivals_per_s: f64, service_s: f64, service_cv2: f64) -> Option<Mg1> {
        let positive = arrivals_per_s > 0.0 && service_s > 0.0;
        let steady = arrivals_per_s * service_s < 1.0;
        (positive && steady && service_cv2 >= 0.0 && service_cv2.is_finite()).then_some(Mg1 {
            arrivals_per_s,
            service_s,
            service_cv2,
        })
    }

    /// Also the probability that an arrival waits.
    pub fn utilization(&self) -> f64 {
        self.arrivals_per_s * self.service_s
    }

    /// λ E\[S²\] / (2 (1 − ρ)): Pollaczek (1930) and Khinchine (1932).
    pub fn waiting_mean_s(&self) -> f64 {
        let square = self.service_s * self.service_s * (1.0 + self.service_cv2);
        self.arrivals_per_s * square / (2.0 * (1.0 - self.utilization()))
    }

    pub fn response_mean_s(&self) -> f64 {
        self.waiting_mean_s() + self.service_s
    }

    /// E\[W\]² + λ E\[S³\] / (3 (1 − ρ)), from the third moment of service (Takács, 1962).
    pub fn waiting_variance_s2(&self, service_third_moment_s3: f64) -> f64 {
        let mean = self.waiting_mean_s();
        let skew = self.arrivals_per_s * service_third_moment_s3;
        mean * mean + skew / (3.0 * (1.0 - self.utilization()))
    }

    pub fn in_line_mean(&self) -> f64 {
        self.arrivals_per_s * self.waiting_mean_s()
    }

    pub fn in_system_mean(&self) -> f64 {
        self.arrivals_per_s * self.response_mean_s()
    }
}

/// M/D/1: as M/G/1, with a service that always takes the same time; here waiting has a
/// distribution in closed form.
#[derive(Clone, Debug, PartialEq)]
pub struct Md1 {
    arrivals_per_s: f64,
    service_s: f64,
    /// Probability of at most 0, 1, … in the system, until nothing is missing.
    at_most: Vec<f64>,
}

/// States are counted until this probability is left.
const NEGLIGIBLE: f64 = 1e-15;
/// Beyond it no state is counted; reached at a utilization of 0.9998.
const MOST_STATES: usize = 100_000;

impl Md1 {
    /// `None` as for [`Mg1::new`].
    pub fn new(arrivals_per_s: f64, service_s: f64) -> Option<Md1> {
        let mg1 = Mg1::new(arrivals_per_s, service_s, 0.0)?;
        Some(Md1 { arrivals_per_s, service_s, at_most: md1_at_most(mg1.utilization()) })
    }

    pub fn waiting_mean_s(&self) -> f64 {
        let rho = self.arrivals_per_s * self.service_s;
        rho * self.service_s / (2.0 * (1.0 - rho))
    }

    pub fn response_mean_s(&self) -> f64 {
        self.waiting_mean_s() + self.service_s
    }

    /// The probability to wait longer than `t_s`.
    ///
    /// Franx, "A simple solution for the M/D/c waiting time distribution", Oper. Res. Lett. 29,
    /// 2001, for one server. All of its terms are positive, while those of Erlang's series
    /// alternate and lose all digits where waits are long.
    pub fn waiting_tail(&self, t_s: f64) -> f64 {
        let services = (t_s / self.service_s).floor() + 1.0;
        let arrivals = self.arrivals_per_s * (services * self.service_s - t_s);
        let last = self.at_most.len() - 1;
        let (mut chance, mut within) = (libm::exp(-arrivals), 0.0);
        let mut j = 0.0;
        while j < services && chance > 0.0 {
            // At most m in line is at most m + 1 in the system.
            within += chance * self.at_most[((services - j) as usize).min(last)];
            j += 1.0;
            chance *= arrivals / j;
        }
        (1.0 - within).max(0.0)
    }

    pub fn waiting_quantile_s(&self, q: f64) -> f64 {
        quantile(q, self.response_mean_s(), |t_s| self.waiting_tail(t_s))
    }

    pub fn response_quantile_s(&self, q: f64) -> f64 {
        self.waiting_quantile_s(q) + self.service_s
    }
}

/// The distribution of the number in an M/D/1, from the flow across each level:
/// p(j+1) P(A=0) = p(0) P(A>j) + Σ p(i) P(A>j+1−i), A ~ Poisson(ρ) arrivals in a service
/// (Tijms, *A First Course in Stochastic Models*, section 9.2). Nothing is subtracted.
fn md1_at_most(rho: f64) -> Vec<f64> {
    let more_than = poisson_tails(rho);
    let mut p = vec![1.0 - rho];
    let mut at_most = vec![1.0 - rho];
    while 1.0 - at_most[at_most.len() - 1] > NEGLIGIBLE && p.len() < MOST_STATES {
        let j = p.len() - 1;
        let from_empty = p[0] * more_than.get(j).copied().unwrap_or(0.0);
        let from_others: f64 =
            p[1..].iter().rev().zip(&more_than[1..]).map(|(p, more)| p * more).sum();
        let next = (from_empty + from_others) * libm::exp(rho);
        p.push(next);
        at_most.push((at_most[j] + next).min(1.0));
        // Rounding may keep the sum from ever reaching one.
        if next < NEGLIGIBLE * NEGLIGIBLE {
            break;
        }
    }
    at_most
}

/// P(A > 0), P(A > 1), … for A ~ Poisson(`mean`), down to nothing.
fn poisson_tails(mean: f64) -> Vec<f64> {
    let mut chances = vec![libm::exp(-mean)];
    while chances[chances.len() - 1] > 1e-300 && chances.len() < 200 {
        chances.push(chances[chances.len() - 1] * mean / chances.len() as f64);
    }
    let mut tails = vec![0.0; chances.len()];
    for k in (1..chances.len()).rev() {
        tails[k - 1] = tails[k] + chances[k];
    }
    tails
}

#[cfg(test)]
mod tests {
    use super::super::close;
    use super::*;

    #[test]
    fn waits_agree_with_pollaczek_and_khinchine() {
        for (arrivals_per_s, service_s, cv2, mean) in [
            (0.8, 1.0, 0.0, 2.0),             // constant
            (0.8, 1.0, 1.0 / 3.0, 8.0 / 3.0), // Erlang-3
            (0.8, 1.0, 4.0, 10.0),            // hyperexponential
            (0.6, 1.0, 1.0 / 12.0, 0.8125),   // uniform from 0.5 to 1.5
            (0.5, 1.0, 0.8, 0.9),             // Pareto, α = 2.5
        ] {
            let mg1 = Mg1::new(arrivals_per_s, service_s, cv2).unwrap();
            close(mg1.waiting_mean_s(), mean);
            close(mg1.in_line_mean(), mean * arrivals_per_s);
            close(mg1.in_system_mean(), (mean + service_s) * arrivals_per_s);
        }
    }

    #[test]
    fn the_variance_of_waits_agrees_with_takacs() {
        // A constant of 1 has third moment 1, an Erlang-3 with mean 1 has 20 / 9.
        close(Mg1::new(0.8, 1.0, 0.0).unwrap().waiting_variance_s2(1.0), 16.0 / 3.0);
        let erlang = Mg1::new(0.8, 1.0, 1.0 / 3.0).unwrap();
        close(erlang.waiting_variance_s2(20.0 / 9.0), 10.0740740741);
    }

    #[test]
    fn constant_service_agrees_with_erlangs_series() {
        let md1 = Md1::new(0.8, 1.0).unwrap();
        close(md1.waiting_mean_s(), 2.0);
        close(md1.waiting_tail(0.0), 0.8);
        assert_eq!(md1.waiting_quantile_s(0.2), 0.0);
        let waits = [1.27593987338, 5.01151149845, 6.62032499684, 10.355886792];
        for (q, wait) in [0.5, 0.9, 0.95, 0.99].into_iter().zip(waits) {
            close(md1.waiting_quantile_s(q), wait);
            close(md1.response_quantile_s(q), wait + 1.0);
        }
    }

    #[test]
    fn the_integral_of_the_tail_of_waits_is_their_mean_even_at_high_load() {
        let md1 = Md1::new(0.98, 1.0).unwrap();
        let step = 0.01;
        let tail = |i: i32| md1.waiting_tail(step * f64::from(i));
        // Simpson's rule; waits beyond 1,200 have probability 1e-20.
        let integral: f64 =
            (0..60_000).map(|i| tail(2 * i) + 4.0 * tail(2 * i + 1) + tail(2 * i + 2)).sum();
        let mean = integral * step / 3.0;
        assert!((mean / md1.waiting_mean_s() - 1.0).abs() < 1e-6, "{mean}");
    }

    #[test]
    fn a_server_that_cannot_keep_up_has_no_steady_state() {
        assert_eq!(Mg1::new(1.0, 1.0, 1.0), None);
        assert_eq!(Mg1::new(0.5, 1.0, f64::INFINITY), None);
        assert_eq!(Md1::new(2.0, 1.0), None);
    }
}
