//! Which services are answered from a feed, and which feed each of them is.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::{Route, Service, Unfit, Way};

/// A feed that is followed (dòng tin).
#[derive(Clone)]
pub struct FeedPlan {
    /// Its own schemas and the operation that reads it.
    pub service: Arc<Service>,
    /// The one agency that is followed: nobody's unit could choose between two.
    pub route: Arc<Route>,
    /// The service that is answered from it, `postal.tracking`.
    pub answers: Arc<Service>,
    /// How often it is asked for news, as the manifest says.
    pub every_s: u64,
}

/// Takes the feeds out of what can be asked, each with the service it answers.
pub(super) fn take_out(
    services: &mut BTreeMap<String, Arc<Service>>,
    documents: &BTreeMap<String, Value>,
    ways: &BTreeMap<&str, Vec<Way<'_>>>,
    unfit: &mut Vec<Unfit>,
) -> BTreeMap<String, FeedPlan> {
    let every_s = |name: &str| ways.get(name)?.iter().find_map(|way| way.feed_every_s);
    let mut feeds = BTreeMap::new();
    for name in services.keys().cloned().collect::<Vec<_>>() {
        let follows =
            services.get(&name).and_then(|service| documents.get(&service.id)?.get("x-follows")?.as_str());
        match (follows, every_s(&name)) {
            (None, None) => {}
            (Some(answered), Some(every_s)) => {
                let Some(service) = services.remove(&name) else { continue };
                let Some(route) = service.routes.first().cloned() else { continue };
                match services.get(answered).filter(|answers| answers.feed.as_ref() == Some(&name)) {
                    Some(answers) => {
                        let answers = Arc::clone(answers);
                        feeds.insert(name, FeedPlan { service, route, answers, every_s });
                    }
                    None => {
                        unfit.push(Unfit::new(&service.id, format!("{answered} does not say x-feed {name}")))
                    }
                }
            }
            (Some(_), None) => unfit.push(Unfit::new(&name, "says x-follows, and its operation is no feed")),
            (None, Some(_)) => {
                unfit.push(Unfit::new(&name, "its operation is a feed, and nothing follows it"))
            }
        }
    }
    let followed =
        |service: &&Arc<Service>| service.feed.as_ref().is_some_and(|feed| !feeds.contains_key(feed));
    for service in services.values().filter(followed) {
        unfit.push(Unfit::new(&service.id, "its x-feed does not follow for it"));
    }
    feeds
}

/// Pointers as manifests write them: `/order_number` is `order_number`.
pub(super) fn dotted(pointers: &[String]) -> Vec<String> {
    pointers.iter().map(|pointer| pointer.trim_start_matches('/').replace('/', ".")).collect()
}
