//! What a call is, and how calls are defined.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::instance::Instance;

/// Is implemented by each question that the core is asked.
pub trait Call: Serialize + DeserializeOwned {
    /// Names the interface and the function.
    const NAME: &'static str;
    /// Is what the core answers.
    type Answer: Serialize;
    /// Asks it.
    fn make(&self, instance: &mut Instance) -> crate::Trapped<Self::Answer>;
}

/// Defines calls: a name, the contract's name, arguments, the answer, and how it is asked.
macro_rules! calls {
    ($(
        $(#[$doc:meta])*
        $Call:ident $name:literal { $($(#[$attribute:meta])* $field:ident: $Field:ty),* $(,)? } -> $Answer:ty:
            |$call:ident, $instance:ident| $body:block;
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
            #[expect(clippy::allow_attributes, reason = "a call without arguments has nothing to describe")]
            #[allow(missing_docs, reason = "the arguments are the contract's, which describes them")]
            pub struct $Call { $($(#[$attribute])* pub $field: $Field),* }

            impl $crate::calls::call::Call for $Call {
                const NAME: &'static str = $name;
                type Answer = $Answer;
                fn make(&self, $instance: &mut $crate::instance::Instance) -> $crate::Trapped<$Answer> {
                    let $call = self;
                    let _ = $call;
                    $body
                }
            }
        )*

        /// Asks what a recording says was asked; none where it is no question of this module.
        pub(super) fn make_again(
            name: &str,
            with: &serde_json::Value,
            instance: &mut $crate::instance::Instance,
        ) -> Option<$crate::Trapped<serde_json::Value>> {
            match name {
                $($name => Some($crate::calls::call::again::<$Call>(with, instance)),)*
                _ => None,
            }
        }
    };
}

pub(super) use calls;

pub(super) fn again<C: Call>(with: &Value, instance: &mut Instance) -> crate::Trapped<Value> {
    let call: C = serde_json::from_value(with.clone())?;
    Ok(serde_json::to_value(call.make(instance)?)?)
}
