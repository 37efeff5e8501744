//! Who acts, when a command changes something.

use anyhow::bail;
use countersign_kernel::Actor;
use countersign_runtime::{Config, access::Access};

use crate::{
    cli::{Acting, Source},
    client::Client,
};

impl Acting {
    /// The key under which the change is made: the one that was given, or a new one.
    pub fn key(&self) -> String {
        self.idempotency_key.clone().unwrap_or_else(|| countersign_runtime::new_id().to_string())
    }

    /// The person named with `--as`, from the access file of this configuration.
    pub fn actor(&self, config: &Config) -> anyhow::Result<Actor> {
        let Some(name) = &self.name else {
            bail!(
                "say who acts: --as NAME, one of `countersign access list` (or --url and --token-file, for a \
                 running Countersign)"
            );
        };
        Ok(Access::new(config.people_file()).by_name(name)?)
    }

    /// The running Countersign to tell, in the name of whose token it is; `None` when the command works on a
    /// data folder.
    #[expect(clippy::unused_self, reason = "only commands in which somebody acts insist on a token")]
    pub fn client(&self, source: &Source) -> anyhow::Result<Option<Client>> {
        let Some(client) = source.client() else { return Ok(None) };
        if source.token_file.is_none() {
            bail!(
                "a running Countersign wants to know who acts: name the file with your token, --token-file FILE"
            );
        }
        Ok(Some(client))
    }
}
