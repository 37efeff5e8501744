//! Given, when, then: the laws of notification.

mod contact;
mod given;
mod golden;
mod notice;
mod service;
