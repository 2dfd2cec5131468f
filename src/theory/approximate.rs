//! Queues of any law, roughly.

use super::erlang::Mmc;

/// The mean wait in GI/G/c: that of M/M/c, times the mean of the squared coefficients of variation
/// of gaps and services (Allen & Cunneen). With one server it is Kingman's bound for heavy traffic;
/// it is exact for M/M/c and M/G/1. `None` as for [`Mmc::new`].
pub fn allen_cunneen_waiting_mean_s(
    arrivals_per_s: f64,
    gap_cv2: f64,
    service_s: f64,
    service_cv2: f64,
    servers: u32,
) -> Option<f64> {
    let queue = Mmc::new(arrivals_per_s, service_s, servers)?;
    Some(queue.waiting_mean_s() * (gap_cv2 + service_cv2) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::allen_cunneen_waiting_mean_s;
    use crate::theory::{Mg1, close};

    #[test]
    fn it_is_exact_for_mg1_and_half_of_mm1_for_md1() {
        let mg1 = Mg1::new(0.8, 1.0, 4.0).unwrap().waiting_mean_s();
        close(allen_cunneen_waiting_mean_s(0.8, 1.0, 1.0, 4.0, 1).unwrap(), mg1);
        close(allen_cunneen_waiting_mean_s(0.8, 1.0, 1.0, 0.0, 1).unwrap(), 2.0);
        assert_eq!(allen_cunneen_waiting_mean_s(0.8, 0.0, 1.0, 0.0, 1), Some(0.0));
        assert_eq!(allen_cunneen_waiting_mean_s(1.0, 1.0, 1.0, 1.0, 1), None);
    }
}
