//! The environment of one case.

use std::{rc::Rc, sync::Arc, time::Duration};

use local_aws::{
    FunctionError, LocalSecretsManager,
    secrets_manager::{Operation, RotationOutcome, RotationRecord},
};
use serde_json::{Value, json};
use test_servers::Logins;

use super::{
    Database, RotationStrategy, Tenant,
    canaries::Canaries,
    database_lookup::DatabaseLookup,
    gate::Gate,
    trace::Trace,
    verdict::{Failure, Verdict, ensure},
};

/// The steps, in the service's order.
pub(super) const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];

/// Retries of the service within which a rotation must converge once faults stop.
pub(super) const ATTEMPTS: u32 = 4;

/// A tenant with its secret, and the function that rotates it.
pub(super) struct Scene<D> {
    pub(super) database: Rc<D>,
    pub(super) strategy: RotationStrategy,
    pub(super) manager: LocalSecretsManager,
    /// The function that the service invokes.
    pub(super) gate: Arc<Gate>,
    /// A second process of the same function, for concurrent calls.
    pub(super) twin: Arc<Gate>,
    pub(super) tenant: Tenant,
    pub(super) secret: String,
    pub(super) master: String,
    /// The privileges of the tenant's user before any rotation.
    pub(super) rights: String,
    pub(super) own_trace: Trace,
    /// The service that describes the server, where the master is managed.
    pub(super) lookup: Option<DatabaseLookup>,
}

/// A rotation that a case drives itself: its events without their `Step`.
#[derive(Clone)]
pub(super) struct Rotation {
    pub(super) event: Value,
}

impl Rotation {
    pub(super) fn version(&self) -> &str {
        self.event["ClientRequestToken"].as_str().unwrap_or_default()
    }

    pub(super) fn step(&self, step: &str) -> Value {
        let mut event = self.event.clone();
        event["Step"] = json!(step);
        event
    }
}

impl<D: Database> Scene<D> {
    /// `RotateSecret`, driven by the service to its end.
    pub(super) async fn rotate(&self) -> Result<RotationRecord, Failure> {
        let version = self.manager.rotate(&self.secret, self.gate.function().arn())?;
        Ok(self.manager.wait_for_rotation(&self.secret, &version, Duration::from_secs(90)).await?)
    }

    /// The same, but it must succeed.
    pub(super) async fn rotate_well(&self) -> Result<RotationRecord, Failure> {
        let record = self.rotate().await?;
        match record.outcome {
            Some(RotationOutcome::Succeeded) => Ok(record),
            _ => Err(format!("the rotation did not succeed: {record:?}").into()),
        }
    }

    /// `RotateSecret` with a closed gate: afterwards AWSPENDING exists without a value, and the case drives
    /// the steps.
    pub(super) async fn begin(&self) -> Result<Rotation, Failure> {
        self.gate.set_open(false);
        let record = self.rotate().await;
        self.gate.set_open(true);
        record?;
        let mut event = self.gate.events().pop().ok_or("the service sent no event")?;
        event.as_object_mut().ok_or("the event is no object")?.remove("Step");
        Ok(Rotation { event })
    }

    pub(super) async fn step(&self, rotation: &Rotation, step: &str) -> Result<Value, FunctionError> {
        self.gate.pass(&rotation.step(step)).await
    }

    /// Runs all four steps, up to the first one that fails.
    pub(super) async fn steps(&self, rotation: &Rotation) -> Result<(), FunctionError> {
        for step in STEPS {
            self.step(rotation, step).await?;
        }
        Ok(())
    }

    /// Runs the steps from the first one again and again, as the service does, until they succeed.
    pub(super) async fn converge(&self, rotation: &Rotation) -> Verdict {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            match self.steps(rotation).await {
                Ok(()) => return Ok(()),
                Err(error) => last = Some(error),
            }
        }
        Err(format!("not converged after {ATTEMPTS} attempts: {last:?}").into())
    }

    pub(super) fn document(&self, stage: &str) -> Result<Value, Failure> {
        Ok(serde_json::from_str(&self.manager.value(&self.secret, stage)?)?)
    }

    /// Checks that AWSCURRENT logs in with the original privileges; with alternating users, AWSPREVIOUS, too.
    pub(super) async fn check_live(&self) -> Verdict {
        let mut stages = vec!["AWSCURRENT"];
        let versions = self.manager.stages(&self.secret)?;
        if self.strategy == RotationStrategy::MasterUser
            && versions.values().flatten().any(|stage| stage == "AWSPREVIOUS")
        {
            stages.push("AWSPREVIOUS");
        }
        for stage in stages {
            let document = self.document(stage)?;
            let username = document["username"].as_str().unwrap_or_default();
            ensure!(self.database.opens(&document).await?, "{stage} ({username}) does not log in");
            let rights = self.database.rights(&self.tenant, username).await?;
            let had = &self.rights;
            ensure!(rights == *had, "the rights of {stage} ({username}) are\n{rights}\nand were\n{had}");
        }
        Ok(())
    }

    /// Checks that some labeled version logs in (single user), or AWSCURRENT itself (alternating users).
    pub(super) async fn check_open(&self) -> Verdict {
        let stages: &[&str] = match self.strategy {
            // What the killed process had sent may take effect between two logins, so the first one is
            // repeated.
            RotationStrategy::SingleUser => &["AWSCURRENT", "AWSPENDING", "AWSCURRENT", "AWSPENDING"],
            RotationStrategy::MasterUser => &["AWSCURRENT"],
        };
        for stage in stages {
            if let Ok(document) = self.document(stage)
                && self.database.opens(&document).await?
            {
                return Ok(());
            }
        }
        Err("no labeled version that should log in does".into())
    }

    /// Logins of all users of the tenant.
    pub(super) fn logins(&self) -> Logins {
        self.tenant.users().into_iter().fold(Logins::default(), |sum, user| sum + self.database.logins(user))
    }

    /// Logins of the master.
    pub(super) fn master_logins(&self) -> Logins {
        self.database.logins(self.tenant.master_name())
    }

    /// The state that a step must not change, for comparison: labels, value writes by clients, logins,
    /// refusals.
    pub(super) fn untouched(&self) -> Result<String, Failure> {
        let writes: Vec<_> =
            self.manager.calls().into_iter().filter(|call| is_write(call.operation)).collect();
        let Logins { accepted, refused } = self.logins();
        Ok(format!(
            "labels {:?}, {} writes, {accepted} logins, {refused} refused logins",
            self.manager.stages(&self.secret)?,
            writes.len(),
        ))
    }

    /// The service that describes the server.
    pub(super) fn lookup(&self) -> Result<&DatabaseLookup, Failure> {
        Ok(self.lookup.as_ref().ok_or("the master is not managed")?)
    }

    /// The values that must not appear anywhere.
    pub(super) fn canaries(&self) -> Canaries {
        self.own_trace.canaries()
    }

    /// A manual `PutSecretValue` into the pending version.
    pub(super) fn put_pending(&self, rotation: &Rotation, value: &str) -> Verdict {
        let request = json!({
            "SecretId": self.secret,
            "ClientRequestToken": rotation.version(),
            "RotationToken": rotation.event["RotationToken"],
            "SecretString": value,
            "VersionStages": ["AWSPENDING"],
        });
        self.manager.call_inside(Operation::PutSecretValue, request)?;
        Ok(())
    }
}

fn is_write(operation: Operation) -> bool {
    matches!(operation, Operation::PutSecretValue | Operation::UpdateSecretVersionStage)
}
