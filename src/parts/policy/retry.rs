//! tmp
use crate::rng::Draw; use crate::units::Span; use crate::problem::Findings; use schemars::JsonSchema; use serde::Deserialize;
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct Retry { pub attempts: u32, #[serde(default)] pub backoff: Span }
impl Default for Retry { fn default() -> Self { Retry { attempts: 1, backoff: Span::ZERO } } }
impl Retry { pub fn delay(&self, n: u32, _: &mut Draw) -> Span { self.backoff * (1 << (n-1)) } pub fn check(&self, _: &mut Findings) {} }
