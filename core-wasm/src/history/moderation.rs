//! Reads what was decided about showing an agent's message, as Codex 0.171 answers it: it knows the form that it writes itself,
//! and answers that nothing was decided where a rollout has another, that of 0.169 among them.

use alloc::string::String;

use serde_json::{Map, Value};

/// Returns the `display` of a moderation as it is answered; `null` where it is in another form.
pub(super) fn display(told: &Value) -> Value {
    decided(told).map_or(Value::Null, Value::Object)
}

/// `{"mode":"show","version":1,"trustedContacts":…}`, `{"mode":"hide",…,"replacement":{…}}` or
/// `{"mode":"block",…,"reason":{…}}`; what a mode needs must be there, and what it does not know is left out.
fn decided(told: &Value) -> Option<Map<String, Value>> {
    let told = told.as_object()?;
    let mode = told.get("mode")?.as_str()?;
    told.get("version")?.as_u64()?;
    let mut shown = only(told, &["mode", "version"]);
    let mut part = |key: &str, known: &[&str], required: &[&str]| {
        let part = told.get(key)?.as_object()?;
        required.iter().all(|key| part.contains_key(*key)).then_some(())?;
        shown.insert(key.into(), only(part, known).into());
        Some(())
    };
    match mode {
        "show" => {
            part("annotation", &["kind", "subject"], &["kind"]);
            let contacts = told.get("trustedContacts").filter(|contacts| contacts.is_string())?;
            shown.insert("trustedContacts".into(), contacts.clone());
        }
        "hide" => part("replacement", &["kind"], &["kind"])?,
        "block" => {
            let protects = told.get("reason")?.get("kind")? == "protection";
            let required: &[&str] = if protects { &["kind", "protectionType"] } else { &["kind"] };
            part("reason", &["kind", "trustedAccess", "protectionType"], required)?;
        }
        _ => return None,
    }
    Some(shown)
}

fn only(told: &Map<String, Value>, keys: &[&str]) -> Map<String, Value> {
    keys.iter().filter_map(|key| Some((String::from(*key), told.get(*key)?.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::display;

    #[test]
    fn a_decision_is_answered_in_the_form_that_0_171_writes_and_in_no_other() {
        for (told, wanted) in [
            (json!({ "mode": "show", "version": 1, "trustedContacts": "skip" }), true),
            (json!({ "mode": "show", "version": 1, "trusted_contacts": "skip" }), false),
            (json!({ "mode": "hide", "version": 1, "replacement": { "kind": "k" } }), true),
            (json!({ "mode": "hide", "version": 1 }), false),
            (json!({ "mode": "block", "version": 1, "reason": { "kind": "cyber", "trustedAccess": true } }), true),
            (
                json!({ "mode": "block", "version": 1, "reason": { "kind": "protection", "protection_type": "x" } }),
                false,
            ),
            (json!({ "action": "block", "block_type": "cyber", "cyber_trusted_access": true }), false),
            (json!({ "mode": "later", "version": 1 }), false),
            (json!("block"), false),
        ] {
            let wanted = if wanted { told.clone() } else { Value::Null };
            assert_eq!(display(&told), wanted);
        }
    }

    #[test]
    fn what_a_decision_does_not_know_is_left_out() {
        let told = json!({ "mode": "block", "version": 1, "reason": { "kind": "cyber", "trusted_access": true } });
        let wanted = json!({ "mode": "block", "version": 1, "reason": { "kind": "cyber" } });
        assert_eq!(display(&told), wanted);
    }
}
