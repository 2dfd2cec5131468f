//! tmp
use crate::rng::Draw; use schemars::JsonSchema; use serde::Deserialize;
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Balance { #[default] None, Random, RoundRobin }
#[derive(Clone, Copy, Debug)]
pub struct Candidate { pub outstanding: u32, pub healthy: bool }
#[derive(Default)]
pub struct State(usize);
impl Balance { pub fn pick(&self, s: &mut State, c: &[Candidate], _all: bool, d: &mut Draw) -> usize { match self { Balance::None => 0, Balance::Random => d.below(c.len() as u64) as usize, Balance::RoundRobin => { let i = s.0; s.0 = if i + 1 == c.len() {0} else {i+1}; i } } } }
