//! Given, when, then: the laws of notification.

mod given;
mod notice;
