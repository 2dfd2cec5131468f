//! The draws are uniform and independent between neighbouring keys, and follow their laws.

use super::*;

const DRAWS: u64 = 1 << 20;
const KEYS: Keys = Keys::new(2026, 0);

const CLASS: u64 = KEYS.class(key_of("generate"));
const ARRIVALS: u64 = KEYS.arrivals(key_of("generate"));
const ONE: u64 = request(CLASS, 81_234);

const fn first(key: u64, purpose: u64) -> u64 {
    Draw::at(key, purpose).bits()
}
fn second(key: u64, purpose: u64) -> u64 {
    let mut draw = Draw::at(key, purpose);
    draw.bits();
    draw.bits()
}

type Bits = fn(u64) -> u64;

/// Bits keyed in every way in which a simulation keys them, by a running number.
const KEYED: &[(&str, Bits)] = &[
    ("requests, first output", |n| first(request(CLASS, n), 0)),
    ("requests, second output", |n| second(request(CLASS, n), 3)),
    ("purposes of one request", |n| first(ONE, n)),
    ("purposes, second output", |n| second(ONE, n)),
    ("16 purposes each", |n| first(request(CLASS, n / 16), n % 16)),
    ("attempts of one request", |n| first(attempt(ONE, n as u32), 0)),
    ("4 attempts each", |n| first(attempt(request(CLASS, n / 4), n as u32 % 4), 1)),
    ("gaps of arrivals", |n| first(ARRIVALS, n)),
    ("faults", |n| first(KEYS.fault(n), 0)),
    ("control loops", |n| first(KEYS.control(n), 0)),
    ("replications", |n| first(request(Keys::new(7, n as u32).class(CLASS), 0), 0)),
    ("seeds", |n| first(Keys::new(n, 0).arrivals(CLASS), 0)),
];

/// Pearson's statistic as a normal deviate (Wilson & Hilferty 1931).
fn chi_square(counts: &[u64]) -> f64 {
    let expected = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
    let sum: f64 = counts.iter().map(|&n| (n as f64 - expected).powi(2) / expected).sum();
    let freedom = (counts.len() - 1) as f64;
    let spread = 2.0 / (9.0 * freedom);
    ((sum / freedom).cbrt() - (1.0 - spread)) / spread.sqrt()
}

/// The largest of the 1,700 deviates looked at here is below 4.5 in 99 cases of 100.
fn believable(z: f64, what: &str, name: &str) {
    assert!(z.abs() < 4.5, "{name}: {what} is {z:.1} standard deviations from chance");
}

#[test]
fn keyed_bits_are_uniform_from_the_top_and_from_the_bottom() {
    for (name, bits) in KEYED {
        let (mut top, mut bottom) = (vec![0; 1024], vec![0; 1024]);
        for n in 0..DRAWS {
            top[(bits(n) >> 54) as usize] += 1;
            bottom[(bits(n) & 1023) as usize] += 1;
        }
        believable(chi_square(&top), "the top", name);
        believable(chi_square(&bottom), "the bottom", name);
    }
}

#[test]
fn neighbouring_keys_give_independent_pairs() {
    for (name, bits) in KEYED {
        for lag in [1, 2, 16] {
            let mut pairs = vec![0; 1 << 12];
            for n in 0..DRAWS {
                pairs[(bits(n) >> 58 << 6 | bits(n + lag) >> 58) as usize] += 1;
            }
            believable(chi_square(&pairs), "pairs", name);
        }
    }
}

#[test]
fn neighbouring_keys_are_not_correlated() {
    let unit = |bits: u64| (bits >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
    for (name, bits) in KEYED {
        for lag in [1, 2, 3, 16, 1000] {
            let sum: f64 = (0..DRAWS).map(|n| unit(bits(n)) * unit(bits(n + lag))).sum();
            believable(sum * 12.0 / (DRAWS as f64).sqrt(), "the serial correlation", name);
        }
    }
}

#[test]
fn every_bit_is_set_and_flips_half_of_the_time() {
    for (name, bits) in KEYED {
        let (mut set, mut flipped) = ([0u64; 64], [0u64; 64]);
        for n in 0..DRAWS {
            let (here, flip) = (bits(n), bits(n) ^ bits(n + 1));
            let mut bit = 0;
            while bit < 64 {
                set[bit] += here >> bit & 1;
                flipped[bit] += flip >> bit & 1;
                bit += 1;
            }
        }
        let half = DRAWS as f64 / 2.0;
        let deviate = |count: u64| (count as f64 - half) / (half / 2.0).sqrt();
        for bit in 0..64 {
            believable(deviate(set[bit]), "a bit", name);
            believable(deviate(flipped[bit]), "a flip", name);
        }
    }
}

#[test]
fn no_two_of_a_million_keys_are_the_same() {
    let mut keys = Vec::new();
    for name in ["login", "generate", "track"] {
        let class = KEYS.class(key_of(name));
        keys.extend([class, KEYS.arrivals(key_of(name)), KEYS.fault(key_of(name))]);
        keys.push(KEYS.control(key_of(name)));
        for number in 0..100_000 {
            let request = request(class, number);
            keys.extend([request, attempt(request, 0), attempt(request, 1)]);
            keys.push(attempt(request, 2));
        }
    }
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert!(count > 1_000_000 && keys.len() == count, "{} of {count} differ", keys.len());
}

#[test]
fn runs_classes_and_spaces_have_keys_of_their_own() {
    let a = key_of("a");
    assert_ne!(Keys::new(1, 0), Keys::new(0, 1));
    assert_ne!(KEYS.class(a), Keys::new(2026, 1).class(a));
    assert_ne!(KEYS.class(a), KEYS.class(key_of("b")));
    assert_ne!(KEYS.class(a), KEYS.arrivals(a));
    assert_ne!(KEYS.fault(a), KEYS.control(a));
}

#[test]
fn the_bits_are_those_of_the_published_generator() {
    // The first outputs of SplitMix64 from state 1234567, as in the test vectors of Vigna's
    // splitmix64.c that Rosetta Code lists.
    let mut draw = Draw::at(1_234_567, 0);
    let bits: Vec<u64> = (0..3).map(|_| draw.bits()).collect();
    assert_eq!(
        bits,
        [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
    );
}

/// Mean, variance and largest distance from `below`, the distribution function, of draws that
/// are the first of their keys.
fn compare(name: &str, draw: fn(&mut Draw) -> f64, moments: [f64; 3], below: fn(f64) -> f64) {
    let class = KEYS.class(key_of(name));
    let drawn = |n| draw(&mut Draw::at(request(class, n), 5));
    let mut all: Vec<f64> = (0..DRAWS).map(drawn).collect();
    let (count, [mean, variance, fourth]) = (DRAWS as f64, moments);
    let average = all.iter().sum::<f64>() / count;
    let square = all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
    believable((average - mean) / (variance / count).sqrt(), "the mean", name);
    let error = ((fourth - variance * variance) / count).sqrt();
    believable((square - variance) / error, "the variance", name);
    all.sort_by(f64::total_cmp);
    let far = |(n, &x): (usize, &f64)| (below(x) - n as f64 / count).abs();
    let distance = all.iter().enumerate().map(far).fold(0.0, f64::max);
    // Kolmogorov: exceeded once in 5,000.
    assert!(distance * count.sqrt() < 2.1, "{name}: {distance}");
}

#[test]
fn exponential_normal_and_uniform_draws_follow_their_laws() {
    compare("unit", Draw::unit, [0.5, 1.0 / 12.0, 1.0 / 80.0], |x| x);
    compare("exponential", Draw::exponential, [1.0, 1.0, 9.0], |x| -(-x).exp_m1());
    compare("normal", Draw::normal, [0.0, 1.0, 3.0], |z| {
        0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
    });
}

#[test]
fn the_tails_drawn_again_follow_their_laws() {
    let tail = |draw: fn(&mut Draw) -> f64| {
        let drawn = |n| draw(&mut Draw::at(KEYS.control(n), 0));
        (0..DRAWS).map(drawn).sum::<f64>() / DRAWS as f64
    };
    let error = 1.0 / (DRAWS as f64).sqrt();
    let exponential = tail(Draw::exponential_tail);
    believable((exponential - EXPONENTIAL_TAIL - 1.0) / error, "the mean", "exponential tail");
    // The inverse Mills ratio; the tail's standard deviation is about a quarter.
    let density = (-NORMAL_TAIL * NORMAL_TAIL / 2.0).exp() / std::f64::consts::TAU.sqrt();
    let beyond = 0.5 * libm::erfc(NORMAL_TAIL / std::f64::consts::SQRT_2);
    let normal = tail(Draw::normal_tail);
    believable((normal - density / beyond) / (error / 4.0), "the mean", "normal tail");
}

#[test]
fn whole_numbers_below_an_end_are_uniform() {
    let mut counts = [0; 7];
    for n in 0..DRAWS {
        counts[Draw::at(KEYS.fault(n), 0).below(7) as usize] += 1;
    }
    believable(chi_square(&counts), "below 7", "faults");
    assert_eq!(Draw::at(1, 1).below(1), 0);
}

#[test]
fn mirrored_draws_follow_their_laws_and_lie_opposite() {
    let pair = |n| [Side::PLAIN, Side::MIRRORED].map(|it| it.draw(request(CLASS, n), 5));
    let (mut sum, mut product) = (0.0, 0.0);
    for n in 0..DRAWS {
        let [mut plain, mut mirrored] = pair(n);
        assert_eq!(plain.unit() + mirrored.unit(), 1.0 - 1.0 / (1u64 << 53) as f64);
        let [mut plain, mut mirrored] = pair(n);
        assert_eq!(plain.normal(), -mirrored.normal());
        let [mut plain, mut mirrored] = pair(n);
        assert_eq!(plain.below(7) + mirrored.below(7), 6);
        let [mut plain, mut mirrored] = pair(n);
        let (x, y) = (plain.exponential(), mirrored.exponential());
        assert!(((-x).exp() + (-y).exp() - 1.0).abs() < 1e-15, "{x} and {y}");
        sum += y - 1.0;
        product += (x - 1.0) * (y - 1.0);
    }
    let count = DRAWS as f64;
    believable(sum / count.sqrt(), "the mean", "mirrored exponentials");
    // The covariance of ln u and ln (1 - u) is 1 - π²/6; that of one product has a deviation below 1.5.
    let expected = 1.0 - std::f64::consts::PI.powi(2) / 6.0;
    believable((product / count - expected) * count.sqrt() / 1.5, "the covariance", "pairs");
    for (name, draw) in [("unit", Draw::unit as fn(&mut Draw) -> f64), ("tail", exponential)] {
        let below = if name == "unit" { |x: f64| x } else { |x: f64| -(-x).exp_m1() };
        let mut all: Vec<f64> = (0..DRAWS).map(|n| draw(&mut pair(n)[1])).collect();
        all.sort_by(f64::total_cmp);
        let far = |(n, &x): (usize, &f64)| (below(x) - n as f64 / count).abs();
        let distance = all.iter().enumerate().map(far).fold(0.0, f64::max);
        assert!(distance * count.sqrt() < 2.1, "{name}: {distance}");
    }
}

fn exponential(draw: &mut Draw) -> f64 {
    draw.exponential()
}

#[test]
fn an_odd_run_has_the_keys_of_the_even_one_before_it() {
    let [first, second, third] = [0, 1, 2].map(|it| Keys::in_pairs(7, it));
    assert_eq!(first, Keys::new(7, 0));
    assert_eq!(third, Keys::new(7, 2));
    assert_eq!((second.root, second.side), (first.root, Side::MIRRORED));
}
