//! A slowdown: a device that works, and takes longer (a gray failure).
//!
//! P. Huang et al., "Gray failure: the Achilles' heel of cloud-scale systems", HotOS 2017. The work
//! under way on a processor goes on at the new speed at once; an access to a disk, a flush and a
//! batch of an accelerator take the time that they began with. A disk's limits of its rate stay
//! what they are.

use crate::problem::{Code, Findings};
use schemars::JsonSchema;
use serde::Deserialize;

/// Speeds while it lasts, as multiples of the usual; what is not given is as fast as ever.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slow {
    /// Of the processor. At 0 it stands still, as in a virtual machine that is paused, and whatever
    /// computes goes on afterwards where it was.
    #[serde(default = "as_ever")]
    pub cpu: f64,
    /// Of the disks.
    #[serde(default = "as_ever")]
    pub disk: f64,
    /// Of the accelerators.
    #[serde(default = "as_ever")]
    pub accelerator: f64,
}

fn as_ever() -> f64 {
    1.0
}

/// An access or a batch at a lower speed would outlast any fault.
const SLOWEST: f64 = 1e-3;

impl Slow {
    pub fn check(&self, findings: &mut Findings) {
        let Slow { cpu, disk, accelerator } = *self;
        let least = |key| if key == "cpu" { 0.0 } else { SLOWEST };
        for (key, speed) in [("cpu", cpu), ("disk", disk), ("accelerator", accelerator)] {
            if !(least(key)..=1.0).contains(&speed) {
                let rule =
                    format!("must be from {} to 1 times the usual speed, not {speed}", least(key));
                findings.wrong_at(key, Code::E007, rule, "a tenth of the usual: 0.1");
            }
        }
        if [cpu, disk, accelerator] == [1.0; 3] {
            let mend = "\"slow\": { \"cpu\": 0.1 }";
            findings.wrong(Code::E004, "nothing is slower than usual", mend);
        }
    }
}
