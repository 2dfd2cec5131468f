//! Processor sharing: M/G/c-PS, all requests served at once by cores shared equally.

use super::erlang::Mmc;

/// Poisson arrivals of any work at `cores` cores that all requests share equally, none of them on
/// more than one core at a time.
///
/// The queue is symmetric, so that the number in it has the same law as in M/M/c whatever the
/// distribution of the work (Kelly, *Reversibility and Stochastic Networks*, 1979, section 3.3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MgcPs {
    same_law: Mmc,
    cores: u32,
}

impl MgcPs {
    /// `None` as for [`Mmc::new`].
    pub fn new(arrivals_per_s: f64, work_s: f64, cores: u32) -> Option<MgcPs> {
        Mmc::new(arrivals_per_s, work_s, cores).map(|same_law| MgcPs { same_law, cores })
    }

    pub fn utilization(&self) -> f64 {
        self.same_law.utilization()
    }

    pub fn response_mean_s(&self) -> f64 {
        self.same_law.response_mean_s()
    }

    pub fn in_system_mean(&self) -> f64 {
        self.same_law.in_system_mean()
    }

    pub fn in_system_probability(&self, n: u32) -> f64 {
        self.same_law.in_system_probability(n)
    }

    /// Mean response of the requests that need just `work_s`: x / (1 − ρ) on one core
    /// (Kleinrock, *Queueing Systems* 2, section 4.4; Sakata, Noguchi & Oizumi, 1969).
    ///
    /// `None` with more cores, where it is not known in closed form.
    pub fn response_mean_given_s(&self, work_s: f64) -> Option<f64> {
        (self.cores == 1).then(|| work_s / (1.0 - self.utilization()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::close;
    use super::*;

    #[test]
    fn shared_cores_hold_as_many_as_an_mmc_whatever_the_work() {
        let one = MgcPs::new(0.8, 1.0, 1).unwrap();
        close(one.response_mean_s(), 5.0);
        close(one.in_system_probability(4), 0.08192);
        let four = MgcPs::new(3.2, 1.0, 4).unwrap();
        close(four.response_mean_s(), 1.74554058973);
        close(four.in_system_mean(), 5.58572988715);
        let three = MgcPs::new(10.0, 1.0 / 12.0, 3).unwrap();
        close(three.response_mean_s(), 0.0855529512039);
        close(three.in_system_probability(8), 6.89302580098e-05);
    }

    #[test]
    fn on_one_core_a_response_is_in_proportion_to_its_work() {
        // 0.56/s need half a second, 0.14/s three seconds: load 0.7.
        let mixed = MgcPs::new(0.7, 1.0, 1).unwrap();
        close(mixed.response_mean_given_s(0.5).unwrap(), 5.0 / 3.0);
        close(mixed.response_mean_given_s(3.0).unwrap(), 10.0);
        close(mixed.in_system_mean(), 7.0 / 3.0);
        assert_eq!(MgcPs::new(0.7, 1.0, 2).unwrap().response_mean_given_s(1.0), None);
    }
}
