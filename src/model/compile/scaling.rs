//! Who decides how many instances a service has.

use super::*;
use crate::parts::scaling::Scaling;
use crate::parts::scaling::hpa::thousandths;

/// How long Kubernetes lets an instance go on that is told to stop
/// (`terminationGracePeriodSeconds`).
const GRACE: Span = Span::from_whole_secs(30);

impl Compiler<'_> {
    pub(super) fn scaler(&mut self, id: ServiceId, service: &Service) -> Option<ScalerId> {
        let Scaling::Hpa(spec) = service.scaling.as_ref()?;
        Some(self.network.scalers.push(Scaler {
            service: id,
            spec: (**spec).clone(),
            first: service.instances,
            request: service.cpu.map_or(0, |it| thousandths(it.request)),
            grace: service.grace.unwrap_or(GRACE),
        }))
    }
}
