//! A function that is killed at a random moment.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use local_aws::{BoxFuture, Function, FunctionError, LambdaFunction};
use serde_json::Value;

/// A function's process, and when it is to be killed.
pub(crate) struct Mortal {
    function: LambdaFunction,
    fate: Mutex<Option<Fate>>,
    kills: AtomicUsize,
}

/// A planned kill.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fate {
    pub(crate) step: &'static str,
    /// The time, counted from the invocation of that step.
    pub(crate) after: Duration,
}

impl Mortal {
    pub(crate) fn new(function: LambdaFunction) -> Arc<Self> {
        Arc::new(Self { function, fate: Mutex::new(None), kills: AtomicUsize::new(0) })
    }

    pub(crate) fn function(&self) -> &LambdaFunction {
        &self.function
    }

    /// Plans one kill; `None` cancels it.
    pub(crate) fn set_fate(&self, fate: Option<Fate>) {
        *self.fate.lock().unwrap_or_else(PoisonError::into_inner) = fate;
    }

    /// How often it was killed during its work.
    pub(crate) fn kills(&self) -> usize {
        self.kills.load(Ordering::Relaxed)
    }

    fn take_fate(&self, event: &Value) -> Option<Duration> {
        let mut fate = self.fate.lock().unwrap_or_else(PoisonError::into_inner);
        let due = fate.take_if(|fate| event["Step"] == fate.step);
        due.map(|fate| fate.after)
    }
}

impl Function for Mortal {
    fn invoke(&self, event: Value) -> BoxFuture<'_, Result<Value, FunctionError>> {
        Box::pin(async move {
            let Some(after) = self.take_fate(&event) else { return self.function.invoke(&event).await };
            // Dropping an invocation in the middle kills its process with SIGKILL.
            let answer = tokio::time::timeout(after, self.function.invoke(&event)).await;
            answer.unwrap_or_else(|_| {
                self.kills.fetch_add(1, Ordering::Relaxed);
                Err(FunctionError {
                    error_type: "Runtime.ExitError".to_owned(),
                    message: "killed".to_owned(),
                })
            })
        })
    }
}
