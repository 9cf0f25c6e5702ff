//! How a scene is set up.

use std::{rc::Rc, sync::Arc, time::Duration};

use local_aws::{
    LambdaFunction, LocalSecretsManager,
    secrets_manager::{RotationSettings, Settings},
};
use serde_json::{Value, json};

// Circle: a case returns the builder of its scenes, and the builder reads the parts of the case.
use super::{
    Database, Owner, RotationStrategy,
    case::Scenes,
    database_lookup::{DatabaseLookup, Managed},
    gate::Gate,
    scene::{ATTEMPTS, Scene},
    trace::Trace,
    verdict::Failure,
};

/// The setup of a scene.
pub(super) struct SceneBuilder<'a, D> {
    scenes: &'a Scenes<D>,
    environment: Vec<(String, String)>,
    twin_environment: Vec<(String, String)>,
    region: Option<&'a str>,
    stale_reads: u32,
    with_deployed_master: bool,
    managed: Option<Managed>,
    edit: Box<dyn FnOnce(&mut Value) + 'a>,
    edit_master: Box<dyn FnOnce(&mut Value) + 'a>,
}

impl<'a, D: Database> SceneBuilder<'a, D> {
    pub(super) fn new(scenes: &'a Scenes<D>) -> Self {
        Self {
            scenes,
            environment: Vec::new(),
            twin_environment: Vec::new(),
            region: None,
            stale_reads: 0,
            with_deployed_master: true,
            managed: None,
            edit: Box::new(|_| {}),
            edit_master: Box::new(|_| {}),
        }
    }

    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A variable of the second process only.
    pub(super) fn twin_env(mut self, name: &str, value: &str) -> Self {
        self.twin_environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The function's Region; the secret's does not change.
    pub(super) fn region(self, region: &'a str) -> Self {
        Self { region: Some(region), ..self }
    }

    pub(super) fn stale_reads(self, reads: u32) -> Self {
        Self { stale_reads: reads, ..self }
    }

    /// Leaves out `MASTER_SECRET_ARN`, so that only the secret's `masterarn` names the master.
    pub(super) fn without_deployed_master(self) -> Self {
        Self { with_deployed_master: false, ..self }
    }

    /// The master secret is one that an AWS service manages.
    pub(super) fn managed(self, managed: Managed) -> Self {
        Self { managed: Some(managed), ..self }
    }

    /// Changes the secret's value before the secret is created.
    pub(super) fn document(self, edit: impl FnOnce(&mut Value) + 'a) -> Self {
        Self { edit: Box::new(edit), ..self }
    }

    /// Changes the master secret's value before that secret is created.
    pub(super) fn master(self, edit: impl FnOnce(&mut Value) + 'a) -> Self {
        Self { edit_master: Box::new(edit), ..self }
    }

    pub(super) async fn start(self) -> Result<Scene<D>, Failure> {
        let scenes = self.scenes;
        let database = Rc::clone(&scenes.database);
        let mut tenant = database.create_tenant().await?;
        let lookup = match self.managed {
            Some(managed) => Some(DatabaseLookup::start(managed, &mut tenant).await?),
            None => None,
        };
        let rights = database.rights(&tenant, tenant.original()).await?;
        let mut settings = Settings::default();
        settings.rotation =
            RotationSettings { attempts: ATTEMPTS, pause: Duration::from_millis(1), ..settings.rotation };
        settings.trouble.stale_reads = self.stale_reads;
        let manager = LocalSecretsManager::start(settings).await?;
        let mut master_document = tenant.master.clone();
        (self.edit_master)(&mut master_document);
        let master = create_master(&manager, self.managed.map(|managed| managed.owner), &master_document)?;
        let mut document = tenant.document.clone();
        if scenes.strategy == RotationStrategy::MasterUser {
            document["masterarn"] = json!(master);
        }
        (self.edit)(&mut document);
        let secret = manager.create_secret("application", &document.to_string())?;

        let mut function = LambdaFunction::builder(&scenes.program)
            .timeout(Duration::from_secs(20))
            .env("SECRETS_MANAGER_ENDPOINT", manager.endpoint())
            .log_format(scenes.log_format)
            .log_level("TRACE");
        if let Some(region) = self.region {
            function = function.region(region);
        }
        if scenes.strategy == RotationStrategy::MasterUser && self.with_deployed_master {
            function = function.env("MASTER_SECRET_ARN", &master);
        }
        function = function.env("TLS_CA_BUNDLE", database.server().authority_pem());
        for (name, value) in self.environment {
            function = function.env(name, value);
        }
        if let Some((name, value)) = lookup.as_ref().map(DatabaseLookup::environment) {
            function = function.env(name, value);
        }
        let mut twin = function.clone();
        for (name, value) in self.twin_environment {
            twin = twin.env(name, value);
        }
        let twin = Arc::new(Gate::new(twin.build()?));
        let gate = Arc::new(Gate::new(function.build()?));
        manager.register(gate.function().arn(), gate.clone());
        let trace = |gate: &Arc<Gate>| Trace {
            gate: Arc::clone(gate),
            manager: manager.handle(),
            tenant: tenant.clone(),
            secrets: [secret.clone(), master.clone()],
        };
        scenes.remember(trace(&gate));
        scenes.remember(trace(&twin));
        let (strategy, own_trace) = (scenes.strategy, trace(&gate));
        Ok(Scene {
            database,
            strategy,
            manager,
            gate,
            twin,
            tenant,
            secret,
            master,
            rights,
            own_trace,
            lookup,
        })
    }
}

/// Creates the master's secret: with its document, or as the service that manages it would.
fn create_master(
    manager: &LocalSecretsManager,
    owner: Option<Owner>,
    document: &Value,
) -> Result<String, Failure> {
    let Some(owner) = owner else { return Ok(manager.create_secret("master", &document.to_string())?) };
    let (service, (key, arn)) = owner.tag();
    let value = json!({"username": document["username"], "password": document["password"]});
    Ok(manager.create_managed_secret("master", &value.to_string(), service, &[(key, &arn)])?)
}
