//! Independent gaps of any law at one exponential server: G/M/1.

/// G/M/1: renewal arrivals, exponential service, one server, first come first served.
///
/// An arrival finds n in the system with probability (1 − σ) σⁿ, where σ is the root below one of
/// σ = A*(μ (1 − σ)) and A* the Laplace–Stieltjes transform of the gaps (Kendall, "Stochastic
/// processes occurring in the theory of queues", Ann. Math. Statist. 24, 1953; Kleinrock, *Queueing
/// Systems* 1, 1975, section 6.4).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gm1 {
    service_s: f64,
    /// 1 − σ: the chance that an arrival finds nobody.
    idle: f64,
}

impl Gm1 {
    /// `transform` is the mean of e^(−s A) over the gaps A, with s per second.
    ///
    /// `None` unless service takes time, and gaps longer on average; or so little longer that rounding
    /// hides the root.
    pub fn new(gap_s: f64, service_s: f64, transform: impl Fn(f64) -> f64) -> Option<Gm1> {
        if service_s <= 0.0 || service_s >= gap_s {
            return None;
        }
        // In x = 1 − σ. The difference is convex, nought at x = 0 and positive at 1, and falls first.
        let beyond = |x: f64| transform(x / service_s) - 1.0 + x > 0.0;
        let (mut low, mut high) = (0.5, 1.0);
        while beyond(low) {
            (low, high) = (0.5 * low, low);
            if low < LEAST {
                return None;
            }
        }
        loop {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                return Some(Gm1 { service_s, idle: high });
            }
            if beyond(middle) { high = middle } else { low = middle }
        }
    }

    /// The probability that an arrival waits, σ.
    pub fn waiting_probability(&self) -> f64 {
        1.0 - self.idle
    }

    pub fn waiting_mean_s(&self) -> f64 {
        self.waiting_probability() * self.response_mean_s()
    }

    /// Waiting is zero, or with probability σ as long as a response.
    ///
    /// # Panics
    /// If `q` is not inside [0, 1), as in the other quantiles of this room.
    pub fn waiting_quantile_s(&self, q: f64) -> f64 {
        assert!((0.0..1.0).contains(&q), "no quantile at {q}");
        let beyond = self.waiting_probability() / (1.0 - q);
        (libm::log(beyond) * self.response_mean_s()).max(0.0)
    }

    /// Responses are exponential with this mean.
    pub fn response_mean_s(&self) -> f64 {
        self.service_s / self.idle
    }

    /// # Panics
    /// If `q` is not inside [0, 1).
    pub fn response_quantile_s(&self, q: f64) -> f64 {
        assert!((0.0..1.0).contains(&q), "no quantile at {q}");
        -libm::log1p(-q) * self.response_mean_s()
    }
}

/// Of a root closer to one rounding leaves fewer than four digits.
const LEAST: f64 = 1e-6;

#[cfg(test)]
mod tests {
    use super::super::{Mmc, close};
    use super::*;

    #[test]
    fn two_stages_of_different_rates_agree_with_kleinrock() {
        // Section 6.4: A*(s) = 2 μ² / ((s + μ) (s + 2 μ)) has σ = 2 − √2.
        let queue = Gm1::new(1.5, 1.0, |s| 2.0 / ((s + 1.0) * (s + 2.0))).unwrap();
        close(queue.waiting_probability(), 2.0 - 2.0f64.sqrt());
        close(queue.response_mean_s(), 1.0 + 2.0f64.sqrt());
    }

    #[test]
    fn with_poisson_arrivals_it_is_mm1() {
        for rho in [0.01, 0.5, 0.99] {
            let queue = Gm1::new(2.0 / rho, 2.0, |s| 1.0 / (1.0 + s * 2.0 / rho)).unwrap();
            let mm1 = Mmc::new(rho / 2.0, 2.0, 1).unwrap();
            close(queue.waiting_probability(), rho);
            close(queue.waiting_mean_s(), mm1.waiting_mean_s());
            close(queue.waiting_quantile_s(0.995), mm1.waiting_quantile_s(0.995));
            close(queue.response_quantile_s(0.95), mm1.response_quantile_s(0.95));
        }
    }

    #[test]
    fn regular_and_bursty_gaps_have_the_waits_of_their_roots() {
        // At a load of 0.8; roots by mpmath to twelve digits.
        let constant = Gm1::new(1.25, 1.0, |s| libm::exp(-1.25 * s)).unwrap();
        close(constant.waiting_mean_s(), 1.692_730_839_92);
        close(constant.response_quantile_s(0.95), 8.066_700_681_14);
        let erlang = Gm1::new(1.25, 1.0, |s| libm::pow(1.0 + 0.625 * s, -2.0)).unwrap();
        close(erlang.waiting_mean_s(), 2.843_979_766_99);
    }

    #[test]
    fn most_arrivals_at_a_nearly_idle_server_do_not_wait() {
        let queue = Gm1::new(1.0, 1e-3, |s| libm::exp(-s)).unwrap();
        assert!(queue.waiting_probability() < 1e-300);
        assert_eq!(queue.waiting_quantile_s(0.99), 0.0);
    }

    #[test]
    fn what_comes_as_fast_as_it_is_served_or_takes_no_time_has_no_answer() {
        let constant = |gap_s: f64| Gm1::new(gap_s, 1.0, |s| libm::exp(-gap_s * s));
        assert_eq!((constant(1.0), constant(0.5)), (None, None));
        assert!(constant(1.000_01).is_some(), "it waits long, and not for ever");
        assert_eq!(constant(1.0 + 1e-9), None);
        assert_eq!(Gm1::new(1.0, 0.0, |s| libm::exp(-s)), None);
    }
}
