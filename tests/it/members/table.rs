//! The table of members as it is: read, and changed, in its stand-in itself.

use chrono::{DateTime, TimeDelta, Utc};
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

/// Makes every release of a person one of so long ago.
pub(super) async fn released_ago(laptop: &Laptop, ago: TimeDelta) {
    set_times(laptop, ("released", "at"), laptop.clock.now() - ago).await;
}

/// Makes every verification that holds one of so long ago.
pub(super) async fn held_for(laptop: &Laptop, ago: TimeDelta) {
    set_times(laptop, ("held", "since"), laptop.clock.now() - ago).await;
}

async fn set_times(laptop: &Laptop, (map, name): (&str, &str), time: DateTime<Utc>) {
    for mut entry in entries(laptop).await {
        if entry.get(map).is_some() {
            entry[map]["M"][name]["N"] = json!(time.timestamp_millis().to_string());
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
