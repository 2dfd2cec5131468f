//! Who decides how many instances a service has.

use super::*;
use crate::model::file::HostGroup;
use crate::parts::scaling::Scaling;
use crate::parts::scaling::metric::requested;
use crate::parts::scaling::timetable::{Entry, Timetable};

/// How long Kubernetes lets an instance go on that is told to stop
/// (`terminationGracePeriodSeconds`).
const GRACE: Span = Span::from_whole_secs(30);

impl Compiler<'_> {
    pub(super) fn provisioner(
        &mut self,
        id: GroupId,
        name: &str,
        group: &HostGroup,
    ) -> Option<ProvisionerId> {
        let spec = group.autoscaling.as_ref()?;
        let room = u64::from(group.cores) * 1000;
        Some(self.network.provisioners.push(Provisioner {
            group: id,
            first: group.count,
            min: spec.min.unwrap_or(group.count),
            takes: spec.provision.law(),
            scan_interval: spec.scan_interval,
            room,
            used: (room as f64 * spec.utilization) as u64,
            unneeded: spec.unneeded,
            delay_after_add: spec.delay_after_add,
            key: key_of(&format!("{name} provisioning")),
        }))
    }

    pub(super) fn scaler(&mut self, id: ServiceId, service: &Service) -> Option<ScalerId> {
        if !service.comes_and_goes() {
            return None;
        }
        // Nobody decides anew how many there are: always as many as at the beginning.
        let always = || {
            let entries = vec![Entry { at: Span::ZERO, instances: service.instances }];
            Scaling::Timetable(Timetable { entries, every: Span::from_whole_secs(366 * 86_400) })
        };
        let spec = service.scaling.clone().unwrap_or_else(always);
        Some(self.network.scalers.push(Scaler {
            service: id,
            spec,
            first: service.instances,
            request: service.cpu.map_or(0, |it| requested(it.request)),
            deploy: service.deploy.clone(),
            disruption: service.disruption_budget,
            reschedule: service.reschedule,
            grace: service.grace.unwrap_or(GRACE),
        }))
    }
}
