//! M/M/c with impatience: Erlang A.

/// Poisson arrivals at exponential servers; who waits longer than an exponential patience leaves
/// (Palm, 1957; Garnett, Mandelbaum & Reiman, "Designing a call center with impatient customers",
/// M&SOM 4(3), 2002).
#[derive(Clone, Debug, PartialEq)]
pub struct ErlangA {
    arrivals_per_s: f64,
    patience_s: f64,
    servers: u32,
    /// Mean numbers in line and in service.
    in_line: f64,
    busy: f64,
}

impl ErlangA {
    /// `None` unless all figures are positive and finite. There is always a steady state.
    pub fn new(
        arrivals_per_s: f64,
        service_s: f64,
        servers: u32,
        patience_s: f64,
    ) -> Option<ErlangA> {
        let positive = |it: f64| it > 0.0 && it.is_finite();
        if ![arrivals_per_s, service_s, patience_s].into_iter().all(positive) || servers == 0 {
            return None;
        }
        // A birth and death process; weights relative to the largest so far, so that none overflows.
        let (mut weight, mut sum, mut in_line, mut busy) = (1.0, 1.0, 0.0, 0.0);
        let most = f64::from(servers);
        for n in 1..u32::MAX {
            let n = f64::from(n);
            let leaves_per_s = n.min(most) / service_s + (n - most).max(0.0) / patience_s;
            weight *= arrivals_per_s / leaves_per_s;
            sum += weight;
            in_line += weight * (n - most).max(0.0);
            busy += weight * n.min(most);
            if n > most && arrivals_per_s < leaves_per_s && weight * n < 1e-17 * (sum + in_line) {
                break;
            }
            if weight > 1e200 {
                for it in [&mut weight, &mut sum, &mut in_line, &mut busy] {
                    *it *= 1e-200;
                }
            }
        }
        let (in_line, busy) = (in_line / sum, busy / sum);
        Some(ErlangA { arrivals_per_s, patience_s, servers, in_line, busy })
    }

    /// The share of requests that leave without service.
    pub fn abandoned(&self) -> f64 {
        self.in_line / self.patience_s / self.arrivals_per_s
    }

    pub fn utilization(&self) -> f64 {
        self.busy / f64::from(self.servers)
    }

    pub fn in_line_mean(&self) -> f64 {
        self.in_line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::{Mmck, close};

    #[test]
    fn without_patience_it_is_erlang_b_and_with_endless_patience_mmc() {
        let lost = ErlangA::new(3.0, 1.0, 4, 1e-12).unwrap().abandoned();
        assert!((lost - crate::theory::erlang_b(3.0, 4)).abs() < 1e-9, "{lost}");
        let patient = ErlangA::new(3.0, 1.0, 4, 1e12).unwrap();
        let mmc = crate::theory::Mmc::new(3.0, 1.0, 4).unwrap();
        assert!((patient.in_line_mean() - mmc.in_line_mean()).abs() < 1e-8);
    }

    #[test]
    fn patience_as_long_as_service_makes_all_leave_alike() {
        // Then each leaves at rate 1, waiting or served: the number there is Poisson.
        let it = ErlangA::new(5.0, 1.0, 5, 1.0).unwrap();
        close(it.in_line_mean() + it.utilization() * 5.0, 5.0);
        let poisson: f64 = (6..60)
            .map(|n| {
                let log = f64::from(n) * libm::log(5.0) - 5.0 - libm::lgamma(f64::from(n) + 1.0);
                f64::from(n - 5) * libm::exp(log)
            })
            .sum();
        close(it.in_line_mean(), poisson);
        // And with a line that nobody enters, Mmck says the same of the servers as Erlang B.
        close(Mmck::new(5.0, 1.0, 5, 0).unwrap().refused(), crate::theory::erlang_b(5.0, 5));
    }

    #[test]
    fn what_is_not_positive_has_no_answer() {
        assert_eq!(ErlangA::new(1.0, 1.0, 0, 1.0), None);
        assert_eq!(ErlangA::new(1.0, 1.0, 1, 0.0), None);
        assert_eq!(ErlangA::new(f64::NAN, 1.0, 1, 1.0), None);
    }
}
