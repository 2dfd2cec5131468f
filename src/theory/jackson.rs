//! Open networks of exponential servers with Poisson arrivals: Jackson's.

use super::erlang::Mmc;
use super::tail::{poisson_mixture, quantile};

/// A place of an open network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node {
    /// Mean visits of a request.
    pub visits: f64,
    /// Mean service of one visit.
    pub service_s: f64,
    pub servers: u32,
}

/// A network in which each node behaves as an M/M/c of its own, at λ × visits (Jackson,
/// "Networks of waiting lines", Operations Research 5, 1957).
#[derive(Clone, Debug, PartialEq)]
pub struct OpenNetwork {
    nodes: Vec<(Node, Mmc)>,
}

impl OpenNetwork {
    /// `None` if some node cannot keep up, or if a figure is not positive.
    pub fn new(arrivals_per_s: f64, nodes: &[Node]) -> Option<OpenNetwork> {
        let solve = |&node: &Node| {
            let queue = Mmc::new(arrivals_per_s * node.visits, node.service_s, node.servers)?;
            Some((node, queue))
        };
        Some(OpenNetwork { nodes: nodes.iter().map(solve).collect::<Option<_>>()? })
    }

    /// The nodes in the order given, each as a queue of its own; its times are those of one visit.
    pub fn queues(&self) -> impl Iterator<Item = &Mmc> {
        self.nodes.iter().map(|(_, queue)| queue)
    }

    pub fn response_mean_s(&self) -> f64 {
        self.nodes.iter().map(|(node, queue)| node.visits * queue.response_mean_s()).sum()
    }

    pub fn in_system_mean(&self) -> f64 {
        self.queues().map(Mmc::in_system_mean).sum()
    }

    /// The quantile of the response of single servers in series, each visited once.
    ///
    /// There the responses of the nodes are independent and exponential (Reich, "Waiting times
    /// when queues are in tandem", Ann. Math. Statist. 28, 1957). `None` of any other network:
    /// where requests can overtake, responses depend on each other.
    pub fn series_response_quantile_s(&self, q: f64) -> Option<f64> {
        let in_series = |node: &Node| node.visits == 1.0 && node.servers == 1;
        if self.nodes.is_empty() || !self.nodes.iter().all(|(node, _)| in_series(node)) {
            return None;
        }
        let rates: Vec<f64> = self.queues().map(|queue| 1.0 / queue.response_mean_s()).collect();
        Some(quantile(q, self.response_mean_s(), |t_s| series_tail(&rates, t_s)))
    }
}

/// The probability that exponentials with these rates, one after the other, take longer than
/// `t_s`; equal rates are no exception.
fn series_tail(rates: &[f64], t_s: f64) -> f64 {
    let fastest = rates.iter().copied().fold(0.0, f64::max);
    let mut in_phase = vec![0.0; rates.len()];
    in_phase[0] = 1.0;
    let unfinished = std::iter::repeat_with(|| {
        let unfinished = in_phase.iter().sum();
        let mut entering = 0.0;
        for (phase, rate) in in_phase.iter_mut().zip(rates) {
            let leaving = *phase * rate / fastest;
            *phase += entering - leaving;
            entering = leaving;
        }
        unfinished
    });
    poisson_mixture(fastest * t_s, unfinished)
}

#[cfg(test)]
mod tests {
    use super::super::close;
    use super::*;

    fn node(visits: f64, service_s: f64) -> Node {
        Node { visits, service_s, servers: 1 }
    }

    #[test]
    fn three_in_series_agree_with_reich() {
        let nodes = [node(1.0, 1.0), node(1.0, 1.25), node(1.0, 2.0 / 3.0)];
        let network = OpenNetwork::new(0.6, &nodes).unwrap();
        close(network.response_mean_s(), 8.61111111111);
        close(network.in_system_mean(), 5.16666666667);
        let responses = [7.30517828491, 16.0932082615, 19.6314812906, 27.7344919473];
        for (q, response_s) in [0.5, 0.9, 0.95, 0.99].into_iter().zip(responses) {
            close(network.series_response_quantile_s(q).unwrap(), response_s);
        }
    }

    #[test]
    fn equals_in_series_respond_as_an_erlang() {
        let network = OpenNetwork::new(0.5, &[node(1.0, 1.0); 2]).unwrap();
        let t = network.series_response_quantile_s(0.9).unwrap();
        close((-0.5 * t).exp() * (1.0 + 0.5 * t), 0.1);
    }

    #[test]
    fn four_nodes_agree_with_bolch() {
        // Bolch, Greiner, de Meer & Trivedi, example 7.4: N = 4, 0.429, 1.5, 0.25.
        let nodes = [node(5.0, 0.04), node(2.5, 0.03), node(2.5, 0.06), node(1.0, 0.05)];
        let network = OpenNetwork::new(4.0, &nodes).unwrap();
        close(network.response_mean_s(), 1.54464285714);
        for (queue, in_node) in network.queues().zip([4.0, 0.428571428571, 1.5, 0.25]) {
            close(queue.in_system_mean(), in_node);
        }
        assert_eq!(network.series_response_quantile_s(0.5), None);
    }

    #[test]
    fn a_network_is_as_steady_as_its_least_steady_node() {
        assert_eq!(OpenNetwork::new(4.0, &[node(1.0, 0.1), node(2.5, 0.1)]), None);
    }
}
