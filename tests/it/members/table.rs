//! The table of members as it is: read, and changed, in its stand-in itself.

use login_kit::Laptop;
use serde_json::{Value, json};

use super::{Member, SIGNED};

/// Every entry.
pub(super) async fn entries(laptop: &Laptop) -> Vec<Value> {
    let scanned = asked(laptop, "Scan", &json!({})).await;
    scanned["Items"].as_array().unwrap().clone()
}

/// The members who hold a person in the table.
pub(super) async fn holders(laptop: &Laptop) -> Vec<String> {
    let entries = entries(laptop).await;
    let persons = entries.iter().filter(|entry| {
        let key = entry["key"]["S"].as_str().unwrap();
        key.starts_with("person#")
    });
    let holders = persons.filter_map(|entry| entry["held"]["M"]["member"]["S"].as_str());
    holders.map(str::to_owned).collect()
}

/// Ends the leases of a member's passes in the table, as if their minute had passed.
pub(super) async fn lapse(laptop: &Laptop, member: &Member<'_>) {
    for mut entry in entries(laptop).await {
        if entry.to_string().contains(&member.sub()) && entry.get("pending").is_some() {
            entry["pending"]["M"]["until"]["N"] = json!("1");
            asked(laptop, "PutItem", &json!({ "Item": entry })).await;
        }
    }
}

async fn asked(laptop: &Laptop, operation: &str, request: &Value) -> Value {
    let mut request = request.clone();
    request["TableName"] = json!("digital-auth-members");
    let table = laptop.members.as_ref().unwrap().table.url();
    let sent = reqwest::Client::new()
        .post(table)
        .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
        .header("x-amz-date", "20260205T000000Z")
        .header("content-type", "application/x-amz-json-1.0")
        .header("authorization", SIGNED)
        .body(request.to_string())
        .send();
    let answer = sent.await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert_eq!(status, 200, "{operation}: {text}");
    serde_json::from_str(&text).unwrap()
}
