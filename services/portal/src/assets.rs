//! Stylesheet and icon, under names that change with their content: browsers may keep them for ever.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
};
use countersign_kernel::derive_uuid;

use crate::failure::Failure;

/// A file that pages link to.
pub(crate) struct Asset {
    name: String,
    media_type: &'static str,
    content: &'static str,
}

impl Asset {
    fn new(extension: &str, media_type: &'static str, content: &'static str) -> Self {
        let digest = derive_uuid("portal asset", &[content]).simple().to_string();
        Self { name: format!("{}.{extension}", &digest[..16]), media_type, content }
    }

    /// Address of the file.
    pub(crate) fn href(&self) -> String {
        format!("/static/{}", self.name)
    }
}

/// The one stylesheet.
pub(crate) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("css", "text/css; charset=utf-8", include_str!("../assets/portal.css")));

/// The icon in tabs and bookmarks.
pub(crate) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("svg", "image/svg+xml", include_str!("../assets/icon.svg")));

pub(crate) async fn serve(Path(name): Path<String>) -> Result<Response, Failure> {
    let asset =
        [&*STYLE, &*ICON].into_iter().find(|asset| asset.name == name).ok_or(Failure::NotFound(None))?;
    let headers = [
        (header::CONTENT_TYPE, asset.media_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, asset.content).into_response())
}
