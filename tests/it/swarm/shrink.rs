//! Makes a failing case smaller, one piece at a time, for as long as it still fails.

use serde_json::Value;

/// The value with everything left out that `fails` does not need.
pub fn shrink(mut value: Value, fails: &dyn Fn(&Value) -> bool) -> Value {
    loop {
        let smaller = pieces(&value).into_iter().rev().find_map(|path| {
            let smaller = without(&value, &path);
            fails(&smaller).then_some(smaller)
        });
        match smaller {
            Some(smaller) => value = smaller,
            None => return value,
        }
    }
}

/// The path of everything that could be left out, the larger before what is in it.
fn pieces(value: &Value) -> Vec<Vec<String>> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(entries) => entries.iter().map(|(key, it)| (key.clone(), it)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(i, it)| (i.to_string(), it)).collect()
        }
        _ => Vec::new(),
    };
    let mut paths = Vec::new();
    for (key, child) in children {
        paths.push(vec![key.clone()]);
        let inner = pieces(child).into_iter();
        paths.extend(inner.map(|path| [vec![key.clone()], path].concat()));
    }
    paths
}

fn without(value: &Value, path: &[String]) -> Value {
    let mut smaller = value.clone();
    let (last, above) = path.split_last().expect("not the whole");
    let pointer: String = above.iter().map(|it| format!("/{it}")).collect();
    match smaller.pointer_mut(&pointer) {
        Some(Value::Object(entries)) => {
            entries.shift_remove(last);
        }
        Some(Value::Array(items)) => {
            items.remove(last.parse::<usize>().expect("a place"));
        }
        _ => unreachable!("the path came from the value"),
    }
    smaller
}
