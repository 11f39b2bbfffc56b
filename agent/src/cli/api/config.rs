//! From flags, files and the environment to the configuration of a client.

use std::{env, io, time::Duration};

use kube::{
    Config,
    config::{KubeConfigOptions, Kubeconfig, KubeconfigError},
};

use super::{ApiArgs, error::words};
use crate::{cli::exit::Failure, cluster::kubernetes::is_proxied};

/// Whether there is an API server to find without any flag: `KUBECONFIG`, the file in the home directory, or
/// a pod's service account.
pub(in crate::cli) fn has_default() -> bool {
    let home = env::home_dir().map(|home| home.join(".kube/config"));
    is_set("KUBECONFIG") || home.is_some_and(|file| file.is_file()) || is_set("KUBERNETES_SERVICE_HOST")
}

fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| !value.is_empty())
}

pub(super) async fn read(args: &ApiArgs, timeout: Duration) -> Result<Config, Failure> {
    let ApiArgs { kubeconfig, context, namespace: _ } = args;
    let (file, name) = match kubeconfig {
        Some(path) => (Kubeconfig::read_from(path), path.display().to_string()),
        None => (Kubeconfig::read(), "the kubeconfig".to_owned()),
    };
    // Only where nobody named a file or a context.
    let is_in_pod = !args.is_given() && !is_set("KUBECONFIG") && is_set("KUBERNETES_SERVICE_HOST");
    let file = match file {
        Err(KubeconfigError::ReadConfig(..) | KubeconfigError::FindPath) if is_in_pod => {
            let incluster = Config::incluster().map_err(|error| Failure::Usage(error.to_string()))?;
            return Ok(bounded(incluster, timeout));
        }
        Err(error) => return Err(unusable(&name, &error)),
        Ok(file) => file,
    };
    if let Some(context) = context.as_ref().or(file.current_context.as_ref()) {
        known(context, &file, &name)?;
    } else {
        return Err(Failure::Usage(format!("{name}: no current context; name one with --context")));
    }
    let options = KubeConfigOptions { context: context.clone(), ..KubeConfigOptions::default() };
    let config = Config::from_custom_kubeconfig(file, &options);
    let mut config = config.await.map_err(|error| unusable(&name, &error))?;
    if !is_proxied(&config) {
        config.proxy_url = None;
    }
    Ok(bounded(config, timeout))
}

/// One answer in time, or none: a dead node's 503 is not worth a second try.
fn bounded(mut config: Config, timeout: Duration) -> Config {
    config.connect_timeout = Some(timeout);
    // `Api::call` bounds the whole of an answer; a stream of events may be silent for hours.
    config.read_timeout = None;
    config.write_timeout = Some(timeout);
    config.default_retry = false;
    config
}

fn known(context: &str, file: &Kubeconfig, name: &str) -> Result<(), Failure> {
    if file.contexts.iter().any(|known| known.name == context) {
        return Ok(());
    }
    let names: Vec<_> = file.contexts.iter().map(|known| known.name.as_str()).collect();
    let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    Err(Failure::Usage(format!("{name}: no context {context:?}; there is {there}")))
}

fn unusable(name: &str, error: &KubeconfigError) -> Failure {
    Failure::Usage(match error {
        KubeconfigError::ReadConfig(error, path) => match error.kind() {
            io::ErrorKind::NotFound => format!("{}: no such file", path.display()),
            _ => format!("{}: {error}", path.display()),
        },
        KubeconfigError::FindPath => "no kubeconfig: give --kubeconfig FILE".to_owned(),
        // A drawing of the place; its first line says it in words.
        KubeconfigError::Parse(error) => {
            let text = error.to_string();
            format!("{name} is no kubeconfig: {}", text.lines().next().unwrap_or_default())
        }
        other => format!("{name}: {}", words(other)),
    })
}
