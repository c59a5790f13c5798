//! The business logic: one record in; a record, a list of records, or {"error": ...} out.
use serde_json::{json, Value};

pub fn handle(record: &Value) -> Value {
    if let Some(names) = record["names"].as_array() {
        return names.iter().filter_map(Value::as_str).map(greet).collect();
    }
    match record["name"].as_str() {
        Some(name) => greet(name),
        None => json!({ "error": "The record has no name." }),
    }
}

fn greet(name: &str) -> Value {
    json!({ "name": name, "message": format!("Goddag, {name}.") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greets_by_name() {
        let answer = handle(&json!({ "name": "Åse" }));
        assert_eq!(answer, json!({ "name": "Åse", "message": "Goddag, Åse." }));
    }

    #[test]
    fn greets_each_of_many() {
        let answer = handle(&json!({ "names": ["Bo"] }));
        assert_eq!(answer, json!([{ "name": "Bo", "message": "Goddag, Bo." }]));
    }

    #[test]
    fn refuses_a_record_without_a_name() {
        assert_eq!(handle(&json!({})), json!({ "error": "The record has no name." }));
    }
}
