//! tmp
pub struct Claim { pub weight: f64, pub cap: f64, pub share: f64 }
pub fn fill(mut cap: f64, claims: &mut [Claim]) {
    for c in claims.iter_mut() { c.share = -1.0; }
    loop {
        let w: f64 = claims.iter().filter(|c| c.share < 0.0).map(|c| c.weight).sum();
        if w == 0.0 { return; }
        let per = cap / w; let mut any = false;
        for c in claims.iter_mut() { if c.share < 0.0 && c.cap <= per * c.weight { c.share = c.cap; cap -= c.cap; any = true; } }
        if !any { for c in claims.iter_mut() { if c.share < 0.0 { c.share = per * c.weight; } } return; }
    }
}
