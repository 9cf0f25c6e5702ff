//! The function as Secrets Manager invokes it, behind a gate.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use local_aws::{BoxFuture, Function, FunctionError, LambdaFunction};
use serde_json::Value;

/// Forwards the service's invocations while it is open. While it is closed it fails them, so that a case can
/// take the events of a rotation and drive its steps itself. It records events and answers.
pub(super) struct Gate {
    function: LambdaFunction,
    open: AtomicBool,
    events: Mutex<Vec<Value>>,
    errors: Mutex<Vec<FunctionError>>,
}

impl Gate {
    pub(super) fn new(function: LambdaFunction) -> Self {
        Self { function, open: AtomicBool::new(true), events: Mutex::default(), errors: Mutex::default() }
    }

    pub(super) fn set_open(&self, open: bool) {
        self.open.store(open, Ordering::SeqCst);
    }

    /// Invokes the function whether or not the gate is open.
    pub(super) async fn pass(&self, event: &Value) -> Result<Value, FunctionError> {
        let answer = self.function.invoke(event).await;
        if let Err(error) = &answer {
            lock(&self.errors).push(error.clone());
        }
        answer
    }

    pub(super) fn function(&self) -> &LambdaFunction {
        &self.function
    }

    /// Every event that the service sent, oldest first.
    pub(super) fn events(&self) -> Vec<Value> {
        lock(&self.events).clone()
    }

    /// Every error that the function answered, oldest first.
    pub(super) fn errors(&self) -> Vec<FunctionError> {
        lock(&self.errors).clone()
    }
}

impl Function for Gate {
    fn invoke(&self, event: Value) -> BoxFuture<'_, Result<Value, FunctionError>> {
        Box::pin(async move {
            lock(&self.events).push(event.clone());
            if self.open.load(Ordering::SeqCst) {
                return self.pass(&event).await;
            }
            let message = "the case drives this rotation itself".to_owned();
            Err(FunctionError { error_type: "Gate.Closed".to_owned(), message })
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
