//! Secrets: every one named is given, every one given is named (C13).

use std::collections::{BTreeMap, BTreeSet};

use crate::agency::{CredentialKind, Verify};
use crate::diagnostic::Place;

use super::Checker;
use super::known::{Scope, Way};
use super::mention::{Mention, of_drawing, of_exchange, of_inbound};
use super::nearest::meant;

impl<'a> Checker<'a> {
    /// A secret drawn somewhere.
    pub(super) fn secret(&mut self, name: &str, place: &Place, scope: &Scope<'a>) {
        if scope.way == Way::Read {
            let message = format!("the secret `{name}` stands in a block that reads");
            self.error("C13", (place, &scope.at), message, "secrets go out only: draw it in a request");
        }
        self.secret_given(name, (place, &scope.at));
    }

    fn secret_given(&mut self, name: &str, spot: (&Place, &str)) {
        let given = self.given();
        if !given.contains_key(name) {
            self.error(
                "C13",
                spot,
                format!("no credentials give the secret `{name}`"),
                meant(name, given.keys().copied()),
            );
        }
    }

    /// The secrets of seals and inbound checks, and those that nothing uses.
    pub(super) fn seals_and_secrets(&mut self) {
        let mut used: BTreeSet<&str> = BTreeSet::new();
        for (name, seal) in &self.agency.seals {
            self.secret_given(&seal.secret, (&seal.place, &format!("seal.{name}")));
            used.insert(&seal.secret);
        }
        for (name, plan) in &self.agency.inbound {
            if let Some(Verify::Equals { secret, .. }) = &plan.verify {
                self.secret_given(secret, (&plan.place, &format!("inbound.{name}.verify")));
                used.insert(secret);
            }
        }
        let mut mentions: Vec<Mention<'_>> = self.agency.exchanges.values().flat_map(of_exchange).collect();
        mentions.extend(self.agency.inbound.values().flat_map(of_inbound));
        self.agency.shapes.values().for_each(|shape| of_drawing(shape, &mut mentions));
        used.extend(
            mentions
                .iter()
                .filter_map(|mention| if let Mention::Secret(name) = mention { Some(*name) } else { None }),
        );
        for (name, place) in self.given().into_iter().filter(|(name, _)| !used.contains(name)) {
            let message = format!("nothing uses the secret `{name}`");
            self.note("C13", (place, "credentials"), message, "drop it, or draw it: { secret = … }");
        }
    }

    /// The secrets that credentials give, each with its place.
    fn given(&self) -> BTreeMap<&'a str, &'a Place> {
        let agency = self.agency;
        let mut given = BTreeMap::new();
        for credential in agency.credentials.values() {
            match &credential.kind {
                CredentialKind::Secrets { names } => {
                    given.extend(names.iter().map(|name| (name.as_str(), &credential.place)));
                }
                CredentialKind::SessionLogin { exchange, .. } => {
                    let block =
                        agency.exchanges.get(exchange).and_then(|plan| plan.verdicts.get("completed"));
                    let fields = block.map(|block| block.fields.as_slice()).unwrap_or_default();
                    given.extend(fields.iter().map(|field| (field.name.as_str(), &field.place)));
                }
                CredentialKind::LgspToken { .. }
                | CredentialKind::C06Signature
                | CredentialKind::Mtls
                | CredentialKind::OauthPassword { .. }
                | CredentialKind::Basic
                | CredentialKind::ApiKey { .. } => {}
            }
        }
        given
    }
}
