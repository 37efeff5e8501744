//! TLS with a named provider of cryptography. A process with the gRPC journal adapter links two of them, and
//! then a configuration that leaves the choice open panics.

use std::sync::Arc;

use async_nats::rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::{NatsError, TlsFiles};

/// Reads the files. Blocks for as long as that takes.
pub(crate) fn client_config(files: &TlsFiles) -> Result<ClientConfig, NatsError> {
    let mut authorities = RootCertStore::empty();
    if let Some(authority) = &files.authority {
        for certificate in CertificateDer::pem_file_iter(authority).map_err(unusable)? {
            authorities.add(certificate.map_err(unusable)?).map_err(unusable)?;
        }
    } else {
        // Machines have odd certificates among many good ones; a missing one shows when it is needed.
        authorities.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_root_certificates(authorities);
    match &files.identity {
        None => Ok(config.with_no_client_auth()),
        Some((certificates, key)) => {
            let certificates = CertificateDer::pem_file_iter(certificates)
                .map_err(unusable)?
                .collect::<Result<Vec<_>, _>>()
                .map_err(unusable)?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(unusable)?;
            config.with_client_auth_cert(certificates, key).map_err(unusable)
        }
    }
}

fn unusable(error: impl std::fmt::Display) -> NatsError {
    NatsError::Credentials(error.to_string())
}
